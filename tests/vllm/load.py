"""Asks a chat interface as fast as it answers, and says how fast that was: run by any Python.

    python load.py URL MODEL QUESTIONS --at-once 16 --count 200 [--max-tokens 600]

It is a process of its own, so that what it measures is not slowed by it more than it must be.
Prints JSON: requests a second, and seconds of a request in the middle and at the 95th percentile.
"""

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp


async def measured(asked: argparse.Namespace) -> dict[str, Any]:
    """Asks so many times, so many at once."""
    lines = Path(asked.questions).read_text().splitlines()
    questions = [json.loads(line)["question"] for line in lines]
    waits: list[float] = []
    tokens = 0
    numbers = iter(range(asked.count))

    async def one(session: aiohttp.ClientSession) -> None:
        nonlocal tokens
        for number in numbers:
            content = questions[number % len(questions)]
            body = {
                "model": asked.model, "messages": [{"role": "user", "content": content}],
                "temperature": 1.0, "max_tokens": asked.max_tokens, "seed": number,
            }  # fmt: skip
            began = time.monotonic()
            async with session.post(f"{asked.url}/chat/completions", json=body) as reply:
                document = await reply.json()
                if reply.status != 200:
                    raise SystemExit(json.dumps(document))
            waits.append(time.monotonic() - began)
            tokens += document["usage"]["completion_tokens"]

    began = time.monotonic()
    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(one(session) for _ in range(asked.at_once)))
    took = time.monotonic() - began
    ranked = sorted(waits)
    return {
        "requests": len(waits),
        "per_second": round(len(waits) / took, 2),
        "tokens_per_second": round(tokens / took),
        "middle": round(ranked[len(ranked) // 2], 3),
        "p95": round(ranked[len(ranked) * 95 // 100], 3),
    }


if __name__ == "__main__":
    words = argparse.ArgumentParser()
    words.add_argument("url")
    words.add_argument("model")
    words.add_argument("questions")
    words.add_argument("--at-once", type=int, default=16)
    words.add_argument("--count", type=int, default=200)
    words.add_argument("--max-tokens", type=int, default=600)
    found = asyncio.run(measured(words.parse_args()))
    sys.stdout.write(json.dumps(found) + "\n")
