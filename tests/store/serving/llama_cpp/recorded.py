"""What is asked of the real server whose exchanges are recorded, and of the recording again.

`tests.llamacpp.record` asks a real server, and writes ``exchanges.jsonl``.
"""

import json
from pathlib import Path

from store.collection.draw_requests import (
    DrawSettings,
    ProbeSettings,
    request_branches,
    request_interval,
    request_openings,
    request_probes,
    request_token,
)
from store.forcing import ForcingTokens
from store.serving.errors import ServingError
from store.serving.llama_cpp.client import LlamaServer
from store.serving.requests import CompletionRequest, Structured
from tests.vllm.reasoners.questions import sums

MODEL = "medium"
FILE = Path(__file__).with_name("exchanges.jsonl")
TEXTS = ("Wait\n", "a4+10=4", "</think>\n\nThe final answer is \\boxed{", "é😀")
MESSAGES = ({"role": "user", "content": sums(3, 1)[0]["question"]},)

PROMPT = [1, 299, 201, 308, 269, 271, 321, 223, 19, 18, 16, 201, 67, 22, 14, 68, 27, 33, 2, 201, 1,
          324, 201, 325, 201]  # fmt: skip
"""The question ``a4,b9?`` in the model's chat template."""
FIRST = [67, 22, 13, 18, 31, 22, 201]
"""``a4+0=4``, the first line of a chain."""
SECOND = [68, 27, 13, 22, 31, 21, 201]
"""``b9+4=3``."""
PREFIXES = (FIRST, [*FIRST, *SECOND], FIRST[:3])
ASK = (274, 320, 318, 303, 301, 312, 93)
FORCED = ForcingTokens((326, 201, 201), ASK, (326, 201, 201, *ASK), (326,))
WORD = 22
"""A token that is allowed alone."""
DRAWING = DrawSettings(interval=14, max_tokens=40, temperature=1.0, seed=5)
SIGNALS = DrawSettings(
    interval=6, max_tokens=6, temperature=0.8, top_p=0.9, top_k=50, min_p=0.01,
    repetition_penalty=1.1, logprobs=True,
)  # fmt: skip

REQUESTS: dict[str, CompletionRequest] = {
    "branches": request_branches(PROMPT, "q", 0, 3, DRAWING),
    "interval": request_interval(PROMPT, "q", 1, [*FIRST, *SECOND], DRAWING),
    "signals": request_branches(PROMPT, "q", 0, 2, SIGNALS),
    "probes": request_probes(PROMPT, PREFIXES, FORCED, ProbeSettings(max_tokens=8, stop=["}"])),
    "digits": request_probes(PROMPT, PREFIXES, FORCED, ProbeSettings(max_tokens=8, regex=r"\d{2}")),
    "letters": request_probes(PROMPT, PREFIXES, FORCED, ProbeSettings(choice=["A", "B"])),
    "openings": request_openings(PROMPT, PREFIXES, FORCED),
    "truth": request_token([*PROMPT, *FIRST, *SECOND], WORD),
    "cut_character": CompletionRequest(
        prompt=[PROMPT], max_tokens=4, temperature=0.0, top_p=1.0, top_k=0, min_p=0.0,
        repetition_penalty=1.0, logprobs=3, structured_outputs=Structured(choice=["é"]),
    ),
    "too_long": request_branches([64] * 2000, "q", 0, 1, DRAWING),
    "no_token": request_branches([1_000_000], "q", 0, 1, DRAWING),
}  # fmt: skip
"""Requests by name; the last two are refused."""

QUESTIONS = sums(3, 2)
HOW = (
    "--family", "think", "--force-end", "</think>\\n\\n", "--instruction", "", "--interval", "50",
    "--max-tokens", "200", "--branches", "3", "--temperature", "1", "--probe-stop", "}",
    "--equivalence", "exact", "--model", MODEL, "--questions", "sums.jsonl",
)  # fmt: skip
COMMANDS = (
    ("collect", *HOW, "--entropy", "--token-ids", "-o", "whole.recording"),
    ("collect", *HOW, "--stepwise", "--probe-regex", r"\d", "-o", "steps.recording"),
    ("run", "cmc", *HOW, "--beta", "0.5", "--seeds", "2"),
)
"""Command lines, without the address of the server."""


def write_questions(folder: Path) -> None:
    """Write the file of questions that the commands name."""
    text = "".join(json.dumps(question) + "\n" for question in QUESTIONS)
    (folder / "sums.jsonl").write_text(text)


async def ask_everything(url: str) -> None:
    """Ask a server for all that the tests compare, besides the commands."""
    async with LlamaServer(url, MODEL) as client:
        await client.served()
        for text in TEXTS:
            await client.detokenize(await client.tokenize(text))
        await client.tokenize_chat(MESSAGES)
        await client.tokenize_chat(MESSAGES, {"enable_thinking": False})
        for request in REQUESTS.values():
            try:
                await client.complete(request)
            except ServingError:  # some are refused, and the refusals are recorded as well
                continue
