"""Measures the reasoners over HTTP, each on a server of its own: run from the top.

    .venv/bin/python -m tests.vllm.reasoners.measure small medium large

Prints a row for each model, task and temperature. Questions are those of seed 1.
"""

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.vllm.reasoners.asking import Reasoner, voted
from tests.vllm.reasoners.questions import EXTRACT, stages, sums
from tests.vllm.serving import serving

SEED, AT_ONCE = 1, 4
SIZES = (16, 64)
"""Chains that vote together."""

Posed = tuple[str, str]
"""A question and its answer."""


class Figures(NamedTuple):
    """What came of a model's chains, over questions."""

    single: float
    """The share of chains that are right: pass@1."""

    votes: dict[int, float]
    """The share of votes that are right, by the chains that vote."""

    unanswered: float
    """The share of chains that gave no answer."""

    lengths: list[int]
    """Tokens of each chain, in order of size."""


def measured(reasoner: Reasoner, posed: Sequence[Posed], temperature: float) -> Figures:
    """Samples 64 chains for each question and votes over each group of 16 and over all."""
    count = max(SIZES)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        sampled = list(
            pool.map(lambda item: reasoner.chains(item[0], count, temperature, SEED), posed)
        )
    given = [[chain.answer for chain in chains] for chains in sampled]
    return Figures(
        mean(reply == answer for (_, answer), of in zip(posed, given, strict=True) for reply in of),
        {size: votes(posed, given, size) for size in SIZES},
        mean(reply is None for of in given for reply in of),
        sorted(len(chain.token_ids) for chains in sampled for chain in chains),
    )


def votes(posed: Sequence[Posed], given: Sequence[Sequence[str | None]], size: int) -> float:
    """The share of votes that are right, where each ``size`` answers vote together."""
    return mean(
        voted(of[index : index + size]) == answer
        for (_, answer), of in zip(posed, given, strict=True)
        for index in range(0, len(of), size)
    )


def row(name: str, task: str, temperature: float, figures: Figures) -> str:
    """A row of the table of README.md."""
    votes = " | ".join(f"{100 * figures.votes[size]:.0f} %" for size in SIZES)
    shortest, longest = figures.lengths[0], figures.lengths[-1]
    return (
        f"| `{name}` | {task} | {temperature} | {100 * figures.single:.0f} % | {votes}"
        f" | {shortest} / {median(figures.lengths):.0f} / {longest}"
        f" | {100 * figures.unanswered:.1f} % |\n"
    )


def main() -> None:
    """Measures the models that are named."""
    parser = argparse.ArgumentParser(description="Measures the tiny reasoners.")
    parser.add_argument("names", nargs="+")
    parser.add_argument("--models", type=Path, default=Path(__file__).parent)
    parser.add_argument("--temperatures", type=float, nargs="+", default=[0.7, 1.0])
    parser.add_argument("--count", type=int, default=100)
    asked = parser.parse_args()
    tasks = {
        "sum": [(task["question"], task["answer"]) for task in sums(SEED, asked.count)],
        "extract": [
            (EXTRACT.format(stage["question"]), stage["extracted"])
            for stage in stages(SEED, asked.count)
        ],
    }
    for name in asked.names:
        with (
            TemporaryDirectory() as folder,
            serving(asked.models / name, name, Path(folder) / "log") as url,
        ):
            for task, posed in tasks.items():
                for temperature in asked.temperatures:
                    figures = measured(Reasoner(url, name), posed, temperature)
                    sys.stdout.write(row(name, task, temperature, figures))
                    sys.stdout.flush()


if __name__ == "__main__":
    main()
