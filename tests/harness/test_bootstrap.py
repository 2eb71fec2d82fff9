from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from harness.evaluation import bootstrap
from harness.evaluation.bootstrap import Stratum, interval, resample

Floats = NDArray[np.float64]


def right_counts(questions: int, seeds: int, seed: int) -> Floats:
    """(Q, 1) right answers of questions of very different difficulty."""
    chance = np.random.default_rng(seed)
    return chance.binomial(seeds, chance.beta(0.6, 0.6, questions)).astype(np.float64)[:, None]


def test_intervals_are_those_of_scipy() -> None:
    counts = right_counts(30, 100, seed=1)
    shares = counts[:, 0] / 100
    ours = interval(resample([Stratum(counts, 100.0)], resamples=40_000)[:, 0])
    theirs = stats.bootstrap(
        (shares,), np.mean, n_resamples=40_000, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    # Two sets of drawings differ by chance: here, by far less than 0.003 at each end.
    assert ours.low == pytest.approx(theirs.low, abs=0.003)
    assert ours.high == pytest.approx(theirs.high, abs=0.003)


def test_paired_intervals_are_those_of_scipy() -> None:
    one, other = right_counts(40, 50, seed=3), right_counts(40, 50, seed=4)
    samples = resample([Stratum(np.hstack([one, other]), 50.0)], resamples=40_000)
    ours = interval(samples[:, 0] - samples[:, 1])

    def difference(a: Floats, b: Floats, axis: int = -1) -> Floats:
        return np.asarray(np.mean(a, axis=axis) - np.mean(b, axis=axis))

    theirs = stats.bootstrap(
        (one[:, 0] / 50, other[:, 0] / 50), difference, paired=True, n_resamples=40_000,
        method="percentile", rng=np.random.default_rng(5),
    ).confidence_interval  # fmt: skip
    assert ours.low == pytest.approx(theirs.low, abs=0.005)
    assert ours.high == pytest.approx(theirs.high, abs=0.005)


def coverage(questions: int, worlds: int, strata: int) -> float:
    """The share of simulated benchmarks whose interval holds the true accuracy, 0.6."""
    chance = np.random.default_rng(6)
    held = 0
    for replay_environment in range(worlds):
        parts = [
            Stratum(
                chance.binomial(20, chance.beta(1.2, 0.8, questions)).astype(float)[:, None],
                20.0 * strata,
            )
            for _ in range(strata)
        ]
        low, high = interval(resample(parts, resamples=1000, seed=replay_environment)[:, 0])
        held += low <= 0.6 <= high
    return held / worlds


@pytest.mark.parametrize("strata", [1, 2])
def test_intervals_cover_the_truth_at_their_level(strata: int) -> None:
    # A standard error is 0.8 points; percentile intervals of 60 questions fall short by about 1.
    assert 0.92 <= coverage(60, worlds=800, strata=strata) <= 0.97


def test_the_interval_of_equal_questions_is_a_point() -> None:
    samples = resample([Stratum(np.full((30, 1), 7.0), 10.0)], resamples=500)
    assert interval(samples[:, 0]) == (0.7, 0.7)


def test_resamples_are_shared_by_all_figures() -> None:
    one, other = right_counts(12, 9, seed=7), right_counts(12, 9, seed=8)
    both = resample([Stratum(np.hstack([one, other, one]), 9.0)], resamples=300)
    alone = resample([Stratum(other, 9.0)], resamples=300)
    assert (both[:, 0] == both[:, 2]).all()
    assert (both[:, 1] == alone[:, 0]).all()


def test_strata_are_resampled_separately() -> None:
    counts = right_counts(12, 9, seed=9)
    twice = resample([Stratum(counts, 18.0), Stratum(counts, 18.0)], resamples=2000)
    once = resample([Stratum(counts, 9.0)], resamples=2000)
    assert twice.std() == pytest.approx(once.std() / np.sqrt(2), rel=0.1)


def test_block_size_does_not_change_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = right_counts(12, 9, seed=10)
    whole = resample([Stratum(counts, 9.0)], resamples=1000)
    monkeypatch.setattr(bootstrap, "_CELLS", 100)
    assert (resample([Stratum(counts, 9.0)], resamples=1000) == whole).all()


def test_resamples_are_reproducible() -> None:
    counts = np.arange(5.0)[:, None] ** 3
    result = resample([Stratum(counts, 1.0)], resamples=6)[:, 0]
    assert result.tolist() == [
        18.4,
        38.0,
        31.0,
        16.2,
        16.2,
        36.6,
    ]


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=200))
def test_an_interval_interpolates_between_ranks_as_numpy_does(values: Sequence[float]) -> None:
    result = interval(np.array(values))
    expected = np.percentile(values, [2.5, 97.5])
    assert result == pytest.approx(tuple(expected), rel=1e-9, abs=1e-9)


def test_an_interval_may_be_open() -> None:
    values = np.array([*range(96), *[np.inf] * 4], dtype=float)
    low, high = interval(values)
    assert low == pytest.approx(2.475)
    assert high == np.inf
    assert interval(np.full(10, np.inf)) == (np.inf, np.inf)
