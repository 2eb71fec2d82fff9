"""Compare what two servers sampled: `python -m tests.llamacpp.compare A.recording B.recording`.

Both recordings have the same questions, sampled with the same settings. Figures of a branch are
compared by a bootstrap over questions. Answers are compared by the total variation between their
distributions, averaged over questions, and by how often a random split of the pooled branches of
each question differs as much.
"""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from store.reader import Recording, open_recording
from store.records import Branch

SAMPLES = 2000
"""Bootstrap samples, and random splits."""


class Pair(NamedTuple):
    """The branches of one question at both servers, and its correct answer."""

    gold: str
    first: Sequence[Branch]
    second: Sequence[Branch]


FIGURES: dict[str, Callable[[Branch, str], float]] = {
    "correct, %": lambda branch, gold: 100.0 * (branch.final == gold),
    "tokens": lambda branch, gold: float(branch.tokens),
    "ended, %": lambda branch, gold: 100.0 * (branch.finish == "stop"),
    "correct at the first probe, %": lambda branch, gold: (
        100.0 * (branch.answers[0] == gold) if branch.answers else float("nan")
    ),
    "tokens of a probe": lambda branch, gold: (
        float(np.mean(branch.probe_tokens)) if branch.probe_tokens else float("nan")
    ),
}
"""Figures of a branch; a branch without a figure is left out."""


def pair(first: Recording, second: Recording) -> list[Pair]:
    """Pair the questions of both recordings."""
    numbered = {question.id: number for number, question in enumerate(second.questions)}
    return [
        Pair(question.gold, first.branches(number), second.branches(numbered[question.id]))
        for number, question in enumerate(first.questions)
    ]


def compare_figure(
    pairs: Sequence[Pair], figure: Callable[[Branch, str], float], chance: np.random.Generator
) -> tuple[float, float, float, float]:
    """Return a figure's mean at both, and the interval of the difference over questions."""

    def means(branches: Sequence[Branch], gold: str) -> float:
        return float(np.nanmean([figure(branch, gold) for branch in branches]))

    values = np.array([[means(p.first, p.gold), means(p.second, p.gold)] for p in pairs])
    drawn = chance.integers(len(pairs), size=(SAMPLES, len(pairs)))
    differences = (values[:, 1] - values[:, 0])[drawn].mean(axis=1)
    low, high = np.quantile(differences, (0.025, 0.975))
    return float(values[:, 0].mean()), float(values[:, 1].mean()), float(low), float(high)


def variation(first: Sequence[str], second: Sequence[str]) -> float:
    """Return the total variation between the shares of two lists of answers."""
    shares = Counter({answer: count / len(first) for answer, count in Counter(first).items()})
    shares.subtract({answer: count / len(second) for answer, count in Counter(second).items()})
    return sum(map(abs, shares.values())) / 2


def compare_answers(
    pairs: Sequence[Pair], chance: np.random.Generator
) -> tuple[float, float, float]:
    """Return the mean variation, that of random splits, and the share of splits beyond it."""
    pools = [(len(p.first), [branch.final for branch in (*p.first, *p.second)]) for p in pairs]
    found = float(np.mean([variation(pool[:size], pool[size:]) for size, pool in pools]))
    splits = []
    for _ in range(SAMPLES):
        mixed = [
            (size, [str(answer) for answer in chance.permutation(pool)]) for size, pool in pools
        ]
        splits.append(np.mean([variation(pool[:size], pool[size:]) for size, pool in mixed]))
    return found, float(np.mean(splits)), float(np.mean(np.array(splits) >= found))


def main(paths: Sequence[str]) -> None:
    """Compare two recordings, and write a row for each figure."""
    chance = np.random.default_rng(0)
    first, second = (open_recording(Path(path)) for path in paths)
    pairs = pair(first, second)
    sys.stdout.write(f"{first.provenance.engine} and {second.provenance.engine}\n")
    for name, figure in FIGURES.items():
        one, other, low, high = compare_figure(pairs, figure, chance)
        sys.stdout.write(
            f"{name:<30}{one:8.1f} {other:8.1f} {other - one:+7.1f} [{low:+.1f}, {high:+.1f}]\n"
        )
    found, expected, share = compare_answers(pairs, chance)
    sys.stdout.write(
        f"total variation of answers {found:.3f}; {expected:.3f} between random splits, of which"
        f" {100 * share:.0f} % differ as much\n"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
