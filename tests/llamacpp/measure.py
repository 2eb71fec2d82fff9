"""What collecting costs beside a bare llama.cpp server: `python -m tests.llamacpp.measure`.

The same work in turn on one server: a script that keeps every slot busy with `/completion` and
probes each chain as soon as it has ended; and `rheostat collect`, which sends the same seeds.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from store.collection.collector import Collection, begin_journal
from store.collection.draw_requests import list_prefixes, question_seed
from store.collection.preparation import CollectionPlan, CollectionSetup, prepare_collection
from store.collection.questions import CollectionQuestion
from store.serving.detection import open_server
from store.serving.endpoints import open_endpoints
from store.serving.llama_cpp.requests import SAMPLERS, SEEDS
from tests.llamacpp.serving import SLOTS, serving, write_model
from tests.vllm.conftest import REASONERS
from tests.vllm.measure_collection import READING, SETTINGS
from tests.vllm.reasoners.questions import sums

DRAWING, PROBING = SETTINGS.drawing, SETTINGS.probing


class Timed(NamedTuple):
    """One way of doing the work."""

    name: str
    seconds: float
    tokens: int
    prompts: int
    """Tokens of prompts, in all requests."""
    cached: int
    """Those of them that the server had cached."""


class BareClient:
    """A script that uses the server without rheostat.

    Args:
        url: the server's address.
        prepared: the prompts and what is forced.
        branches: of each question.
    """

    def __init__(self, url: str, prepared: CollectionSetup, branches: int):
        self._url = url
        self._forced = prepared.forced
        self._pending = [
            (question.prompt_ids or [], (question_seed(DRAWING.seed, question.id) + index) % SEEDS)
            for question in prepared.questions
            for index in range(branches)
        ]
        self.tokens = self.prompts = self.cached = 0

    async def run(self) -> None:
        """Draw and probe everything, with as many requests at once as the server has slots."""
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as tasks:
            for _ in range(SLOTS):
                tasks.create_task(self._work(session))

    async def _work(self, session: aiohttp.ClientSession) -> None:
        while self._pending:
            prompt, seed = self._pending.pop(0)
            chain = await self._complete(
                session, prompt, DRAWING.max_tokens, seed=seed, temperature=DRAWING.temperature
            )
            for prefix in list_prefixes(chain, DRAWING.interval):
                probed = [*prompt, *prefix, *self._forced.behind(prefix)]
                await self._complete(
                    session, probed, PROBING.max_tokens, temperature=0.0, stop=PROBING.stop
                )

    async def _complete(
        self, session: aiohttp.ClientSession, prompt: Sequence[int], most: int, **more: object
    ) -> list[int]:
        body: dict[str, Any] = {
            "prompt": list(prompt), "n_predict": most, "return_tokens": True, "top_p": 1.0,
            "top_k": 0, "min_p": 0.0, "samplers": SAMPLERS, **more,
        }  # fmt: skip
        async with session.post(f"{self._url}/completion", json=body) as response:
            reply = await response.json()
        self.tokens += reply["tokens_predicted"]
        self.prompts += reply["tokens_evaluated"]
        self.cached += reply["timings"]["cache_n"]
        return list(reply["tokens"])


async def measure_bare(url: str, prepared: CollectionSetup, branches: int) -> Timed:
    """Do the work without rheostat."""
    client = BareClient(url, prepared, branches)
    began = time.perf_counter()
    await client.run()
    seconds = time.perf_counter() - began
    return Timed("bare server", seconds, client.tokens, client.prompts, client.cached)


async def measure_collect(url: str, work: CollectionPlan, path: Path) -> Timed:
    """Do the work by a collection."""
    async with open_server(url, "medium") as engine:
        endpoints = await open_endpoints([engine], 1, SLOTS)
        prepared = await prepare_collection(work, endpoints, READING)
        with begin_journal(path, work, prepared) as writer:
            collection = Collection(work, prepared, endpoints, READING, writer)
            began = time.perf_counter()
            await collection.run()
            seconds = time.perf_counter() - began
        counters = await engine.counters()
    assert counters is not None
    return Timed(
        "rheostat collect", seconds, collection.tally.generated, counters.queries, counters.hits
    )


async def prepare(url: str, work: CollectionPlan) -> CollectionSetup:
    """Tokenize the prompts, and warm the server up."""
    async with open_server(url, "medium") as engine:
        return await prepare_collection(work, await open_endpoints([engine], 1, SLOTS), READING)


def main(questions: int, branches: int, rounds: int, options: Sequence[str]) -> None:
    """Measure both in turn, and write a row for each."""
    asked = [
        CollectionQuestion(task["id"], task["question"], task["answer"])
        for task in sums(5, questions)
    ]
    work = CollectionPlan(SETTINGS, asked, branches)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        write_model(REASONERS / "medium", folder / "model.gguf")
        url = stack.enter_context(
            serving(folder / "model.gguf", "medium", folder / "log", *options)
        )
        prepared = asyncio.run(prepare(url, work))
        for number in range(rounds):
            show(asyncio.run(measure_bare(url, prepared, branches)))
            show(asyncio.run(measure_collect(url, work, folder / f"{number}.recording")))


def show(row: Timed) -> None:
    """Write one row."""
    sys.stdout.write(
        f"{row.name:<18}{row.seconds:8.1f} s {row.tokens:>9,} tokens"
        f" {row.tokens / row.seconds:>8,.0f}/s {row.prompts:>9,} prompt tokens"
        f" {100 * row.cached / row.prompts:5.1f} % cached\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    words = argparse.ArgumentParser(description="Measures collection from llama.cpp on the CPU.")
    words.add_argument("--questions", type=int, default=8)
    words.add_argument("--branches", type=int, default=8)
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("options", nargs="*", help="options of the server, after --")
    typed = words.parse_args()
    main(typed.questions, typed.branches, typed.rounds, typed.options)
