"""Intervals by bootstrap over questions: how far a figure might lie from what was measured.

The questions of a benchmark are a sample; the seeds are not, since more of them can be had at will.
So questions are drawn with replacement, as many as there are, and the figure is made anew from each
drawing; the interval holds the middle 95 % of what comes out. Every figure of one recording sees
the same drawings, so differences are paired.

Equal inputs give equal bits on every machine: the drawings come from a bit generator whose stream
is fixed, and sums are sums of whole numbers, exact in whatever order they are taken.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
SEED = 0
LOW, HIGH = 2.5, 97.5
"""The percentiles that bound an interval of 95 %."""

_CELLS = 1 << 22
"""The most drawn questions that are held at once."""

Floats = NDArray[np.float64]


class Stratum(NamedTuple):
    """Questions that are drawn together."""

    totals: Floats
    """(Q, K) whole numbers: for each of K figures, what each question adds to it."""
    weight: float
    """What a total is divided by, besides Q, when it is made into a mean."""


class ConfidenceInterval(NamedTuple):
    """An interval of 95 %."""

    low: float
    high: float


def resample(strata: Sequence[Stratum], *, resamples: int = RESAMPLES, seed: int = SEED) -> Floats:
    """The K figures, made anew from each drawing.

    A figure is the sum over strata of ``totals.sum(axis=0) / (Q * weight)``. Each stratum has
    drawings of its own.

    Args:
        strata: at least one, each with at least one question.
        resamples: how many drawings.
        seed: of the drawings; the first stratum's depend on it and on Q alone.

    Returns:
        (resamples, K) figures.
    """
    figures = np.zeros((resamples, strata[0].totals.shape[1]))
    for index, stratum in enumerate(strata):
        questions = len(stratum.totals)
        done = 0
        for counts in _drawings(questions, resamples, (seed, index)):
            sums = counts @ stratum.totals
            figures[done : done + len(counts)] += sums / (questions * stratum.weight)
            done += len(counts)
    return figures


def interval(samples: Floats) -> ConfidenceInterval:
    """The middle 95 % of resampled values, between ranks where it must be.

    Where the interval reaches infinite values, its end is infinite.
    """
    ordered = np.sort(samples)
    return ConfidenceInterval(*(_percentile(ordered, percent) for percent in (LOW, HIGH)))


def _percentile(ordered: Floats, percent: float) -> float:
    rank = (len(ordered) - 1) * percent / 100
    below, above = ordered[int(np.floor(rank))], ordered[int(np.ceil(rank))]
    if below == above:  # also where both are infinite
        return float(below)
    return float(below + (above - below) * (rank - np.floor(rank)))


def _drawings(questions: int, resamples: int, entropy: tuple[int, int]) -> Iterator[Floats]:
    """(n, Q) blocks of how often each question was drawn, ``resamples`` rows in all."""
    # The stream of a bit generator is fixed; what distributions make of it may change.
    bits = np.random.PCG64(np.random.SeedSequence(entropy))
    rows = max(1, _CELLS // questions)
    for start in range(0, resamples, rows):
        count = min(rows, resamples - start)
        raw = bits.random_raw(count * questions).reshape(count, questions)
        drawn = ((raw >> np.uint64(32)) * np.uint64(questions)) >> np.uint64(32)
        drawn += np.arange(count, dtype=np.uint64)[:, None] * np.uint64(questions)
        tally = np.bincount(drawn.ravel().astype(np.int64), minlength=count * questions)
        yield tally.reshape(count, questions).astype(np.float64)
