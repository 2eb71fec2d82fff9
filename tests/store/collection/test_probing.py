"""Signals of a chain, and what a collection will take."""

import math

import pytest

from store.collection.estimate import estimate_cost
from store.collection.probing import interval_means, token_entropy
from store.collection.progress import CollectionProgress, Prices
from store.records import Question
from store.serving.replies import CompletionResult
from tests.store.collection.small import SETTINGS


def test_means_cover_each_interval_and_the_remainder() -> None:
    assert interval_means([1.0, 3.0, 5.0, 7.0, 2.0], 2) == [2.0, 6.0, 2.0]


def first_token(*probabilities: float) -> CompletionResult:
    logprobs = [math.log(probability) for probability in probabilities]
    return CompletionResult([1], "", "length", [0.0], [logprobs])


def test_entropy_counts_the_remaining_mass_as_one_token() -> None:
    assert token_entropy(first_token(1.0)) == pytest.approx(0.0, abs=1e-12)
    assert token_entropy(first_token(0.5, 0.5)) == pytest.approx(math.log(2))
    assert token_entropy(first_token(0.5)) == pytest.approx(math.log(2))
    assert token_entropy(first_token(0.25, 0.25, 0.25)) == pytest.approx(math.log(4))


def test_estimate_sums_all_requests() -> None:
    questions = [Question(id="a", gold="1", prompt_ids=[1] * 10)]
    prices = Prices(per_million_in=1.0, per_million_out=2.0)
    found = estimate_cost(SETTINGS, questions, {"a": 5}, {"a": [100] * 5}, 20, 4, prices)
    assert (found.branches, found.tokens, found.probes) == (5, 500, 10)
    assert found.probe_tokens == 80
    assert found.sent == 5 * 10 + 5 * ((10 + 40 + 20) + (10 + 80 + 20))
    assert found.requests == 2 + 5
    assert found.usd == pytest.approx((found.sent + 2 * 580) / 1e6)


def test_cost_adds_hourly_and_token_prices() -> None:
    prices = Prices(per_hour=3600.0, per_million_in=1.0, per_million_out=2.0)
    assert prices.usd(10**6, 10**6, 2.0) == pytest.approx(5.0)
    assert prices.known
    assert not Prices().known


def test_remaining_time_is_estimated_from_recorded_branches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [0.0]
    monkeypatch.setattr("store.collection.progress.time.monotonic", lambda: clock[0])
    tally = CollectionProgress(branches=10, held=2)
    assert tally.rate() is None
    clock[0], tally.drawn, tally.recorded, tally.done = 10.0, 1000, 800, 4
    assert tally.rate() == pytest.approx(100.0)
    assert tally.seconds_left(999) == pytest.approx((4 * 200 - 200) / 100)
