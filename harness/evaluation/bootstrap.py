"""Bootstrap intervals over questions.

The questions of a benchmark are a sample; the seeds are not, because more of them can be played at
any time. So questions are resampled with replacement and the figure is computed again from each
resample; the interval covers the middle 95 % of the values. Every figure of one recording uses the
same resamples, so differences are paired.

Equal inputs give equal bits on every machine: resamples come from a bit generator with a fixed
stream, and sums are sums of integers, exact in any order.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
SEED = 0
LOW, HIGH = 2.5, 97.5
"""The percentiles that bound an interval of 95 %."""

_CELLS = 1 << 19
"""The most resampled questions in memory at once."""

Floats = NDArray[np.float64]


class Stratum(NamedTuple):
    """Questions that are resampled together."""

    totals: Floats
    """(Q, K) float64 whole numbers: what each question adds to each of K figures."""
    weight: float
    """The divisor of a total, besides Q, for a mean."""


class ConfidenceInterval(NamedTuple):
    """An interval of 95 %."""

    low: float
    high: float


def resample(strata: Sequence[Stratum], *, resamples: int = RESAMPLES, seed: int = SEED) -> Floats:
    """Return K figures computed again from each resample.

    A figure is the sum over strata of ``totals.sum(axis=0) / (Q * weight)``. Each stratum is
    resampled independently.

    Args:
        strata: At least one, each with at least one question.
        resamples: How many resamples.
        seed: Seed of the resamples; the first stratum's depend on it and on Q only.

    Returns:
        (resamples, K) float64 figures.
    """
    figures = np.zeros((resamples, strata[0].totals.shape[1]))
    for index, stratum in enumerate(strata):
        questions = len(stratum.totals)
        done = 0
        for counts in _blocks(questions, resamples, (seed, index)):
            sums = counts @ stratum.totals
            figures[done : done + len(counts)] += sums / (questions * stratum.weight)
            done += len(counts)
    return figures


def interval(samples: Floats) -> ConfidenceInterval:
    """Return the middle 95 % of resampled values, interpolated between ranks.

    If the interval reaches infinite values, its end is infinite.
    """
    ordered = np.sort(samples)
    return ConfidenceInterval(*(_percentile(ordered, percent) for percent in (LOW, HIGH)))


def _percentile(ordered: Floats, percent: float) -> float:
    rank = (len(ordered) - 1) * percent / 100
    below, above = ordered[int(np.floor(rank))], ordered[int(np.ceil(rank))]
    if below == above:  # true also if both are infinite
        return float(below)
    return float(below + (above - below) * (rank - np.floor(rank)))


def _blocks(questions: int, resamples: int, entropy: tuple[int, int]) -> Iterable[Floats]:
    if questions * resamples <= _CELLS:
        return (_one_block(questions, resamples, entropy),)
    return _drawings(questions, resamples, entropy)


@lru_cache(maxsize=8)
def _one_block(questions: int, resamples: int, entropy: tuple[int, int]) -> Floats:
    """Return all drawings of a small benchmark; reviews resample the same questions many times."""
    (counts,) = _drawings(questions, resamples, entropy)
    counts.flags.writeable = False
    return counts


def _drawings(questions: int, resamples: int, entropy: tuple[int, int]) -> Iterator[Floats]:
    """Yield (n, Q) blocks of how often each question was drawn, ``resamples`` rows in total."""
    # numpy fixes the stream of a bit generator, but not that of its distributions.
    bits = np.random.PCG64(np.random.SeedSequence(entropy))
    rows = max(1, _CELLS // questions)
    for start in range(0, resamples, rows):
        count = min(rows, resamples - start)
        raw = bits.random_raw(count * questions).reshape(count, questions)
        indexes = ((raw >> np.uint64(32)) * np.uint64(questions)) >> np.uint64(32)
        indexes += np.arange(count, dtype=np.uint64)[:, None] * np.uint64(questions)
        tally = np.bincount(indexes.ravel().astype(np.int64), minlength=count * questions)
        yield tally.reshape(count, questions).astype(np.float64)
