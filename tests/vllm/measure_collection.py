"""What collecting costs beside the engine itself: `python -m tests.vllm.measure_collection`.

The same work three times, one after the other, on a tiny reasoner: the bare offline engine, which
is handed everything at once; `rheostat collect` from a server; `rheostat collect --offline`. Then
the probes alone, for the share of them that the prefix cache holds.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from store.answers.equivalence import Exact
from store.answers.extraction import extractor
from store.collection.chains import ExistingChain
from store.collection.collector import Collection, begin_journal
from store.collection.draw_requests import DrawSettings, ProbeSettings, question_seed
from store.collection.preparation import CollectionPlan, CollectionSetup, prepare_collection
from store.collection.probing import AnswerRules
from store.collection.progress import CollectionProgress
from store.collection.questions import CollectionQuestion
from store.collection.settings import Settings
from store.forcing import Forcing
from store.reader import open_recording
from store.serving.endpoints import list_endpoints
from store.serving.engine import Engine
from store.serving.offline.client import OfflineEngine
from store.serving.vllm_server import VllmServer
from tests.vllm.conftest import REASONERS
from tests.vllm.reasoners.questions import sums
from tests.vllm.serving import PYTHON, calm, serving

ENGINE: dict[str, str | int | float | bool] = {
    "enforce_eager": True, "dtype": "float32", "max_model_len": 1024, "block_size": 32,
    "max_num_seqs": 64,
}  # fmt: skip

SETTINGS = Settings(
    benchmark="sums",
    drawing=DrawSettings(interval=25, max_tokens=600, temperature=1.0),
    probing=ProbeSettings(max_tokens=8, stop=["}"]),
    forcing=Forcing(end="</think>\n\n", ask="The final answer is \\boxed{", mark="</think>"),
    token_ids=True,
)
READING = AnswerRules(extractor("boxed"), Exact())


class Timed(NamedTuple):
    """One way of doing the work."""

    name: str
    seconds: float
    tokens: int
    share: float | None
    """Of prompt tokens, found in the prefix cache."""


async def timed(
    name: str, engine: Engine, work: CollectionPlan, path: Path
) -> tuple[Timed, CollectionSetup]:
    """Collects, and says how long it took, boot and prompts apart."""
    where = list_endpoints([engine], 1, 128)
    prepared = await prepare_collection(work, where, READING)
    with begin_journal(path, work, prepared) as writer:
        collection = Collection(work, prepared, where, READING, writer)
        collection.tally = CollectionProgress(collection.tally.branches, 0)
        await collection.run()
        seconds = collection.tally.seconds
        writer.seal()
    tally = collection.tally
    share = None if tally.cache is None else tally.cache.share
    return Timed(name, seconds, tally.generated, share), prepared


def bare(prepared: CollectionSetup, work: CollectionPlan, folder: Path) -> Timed:
    """The bare engine on the same work."""
    told: dict[str, Any] = {
        "model": str(REASONERS / "medium"), "arguments": ENGINE,
        "prompts": [question.prompt_ids for question in prepared.questions],
        "seeds": [question_seed(0, question.id) for question in prepared.questions],
        "count": work.branches, "max_tokens": 600, "interval": 25,
        "forced": prepared.forced.both, "probe_tokens": 8, "stop": ["}"],
    }  # fmt: skip
    (folder / "told.json").write_text(json.dumps(told))
    script = str(Path(__file__).parent / "bare.py")
    subprocess.run(
        [str(PYTHON), script, str(folder / "told.json"), str(folder / "figures.json")],
        env=calm(), check=True, capture_output=True,
    )  # fmt: skip
    figures = json.loads((folder / "figures.json").read_text())
    tokens = figures["tokens"] + figures["probe_tokens"]
    return Timed("the bare engine", figures["drawing"] + figures["probing"], tokens, None)


def probes_of(path: Path, work: CollectionPlan) -> CollectionPlan:
    """The same work where the chains exist already."""
    recording = open_recording(path)
    chains = {
        question.id: [
            ExistingChain(token_ids=branch.token_ids, finish=branch.finish)
            for branch in recording.branches(number)
        ]
        for number, question in enumerate(recording.questions)
    }
    settings = msgspec.structs.replace(work.settings, source="chains")
    return CollectionPlan(settings, work.questions, 0, chains)


async def from_server(
    url: str, work: CollectionPlan, folder: Path
) -> tuple[list[Timed], CollectionSetup]:
    """Collects from a server, and then makes the probes alone."""
    async with VllmServer(url, "medium") as server:
        found, prepared = await timed("from a server", server, work, folder / "server")
        alone = probes_of(folder / "server", work)
        probed, _ = await timed("its probes alone", server, alone, folder / "probes")
    return [found, probed], prepared


async def offline(work: CollectionPlan, folder: Path) -> Timed:
    """Collects without a server."""
    async with OfflineEngine(PYTHON, str(REASONERS / "medium"), ENGINE) as engine:
        found, _ = await timed("--offline", engine, work, folder / "offline")
    return found


def main(questions: int, branches: int, base_url: str | None) -> None:
    """Measures, and writes a table."""
    asked = [
        CollectionQuestion(task["id"], task["question"], task["answer"])
        for task in sums(5, questions)
    ]
    work = CollectionPlan(SETTINGS, asked, branches)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with ExitStack() as stack:
            url = base_url or stack.enter_context(
                serving(REASONERS / "medium", "medium", folder / "log")
            )
            served, prepared = asyncio.run(from_server(url, work, folder))
        least = bare(prepared, work, folder)
        show([least, *served], least)
        without = asyncio.run(offline(work, folder))
        show([without], least)
        same = (folder / "server").read_bytes() == (folder / "offline").read_bytes()
    sys.stdout.write(f"the same bytes from the server and without: {same}\n")


def show(rows: Sequence[Timed], least: Timed) -> None:
    """Rows of the table, in percent of the bare engine; the probes alone are other work."""
    for row in rows:
        cache = "" if row.share is None else f"{100 * row.share:.1f} % cached"
        ratio = (
            "" if row.name == "its probes alone" else f"{100 * least.seconds / row.seconds:.0f} %"
        )
        rate = row.tokens / row.seconds
        sys.stdout.write(
            f"{row.name:<18}{row.seconds:8.1f} s {row.tokens:>9,} tokens {rate:>8,.0f}/s"
            f" {ratio:>6} {cache}\n"
        )
    sys.stdout.flush()


if __name__ == "__main__":
    import os

    os.environ.update(calm())
    words = argparse.ArgumentParser(description="Measures collection on the CPU.")
    words.add_argument("--questions", type=int, default=16)
    words.add_argument("--branches", type=int, default=32)
    words.add_argument("--base-url", help="a server of medium that runs already")
    options = words.parse_args()
    main(options.questions, options.branches, options.base_url)
