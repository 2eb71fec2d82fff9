"""`dirichlet_confidence`: the probability that the winner is the most frequent of all answers."""

import math
from collections.abc import Sequence
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl.aggregates import confidence, dirichlet_confidence, tally
from tests.dsl.method_twins import dirichlet_probability


def certainty(votes: Sequence[float], *, weighted: bool = False) -> float:
    """The confidence in the first of the most frequent answers."""
    answers = [str(number) for number in range(len(votes))]
    if weighted:
        return dirichlet_confidence(tally(answers, votes))
    each = [answer for answer, count in zip(answers, votes, strict=True) for _ in range(int(count))]
    return dirichlet_confidence(tally(each))


@given(st.lists(st.integers(1, 30), min_size=2, max_size=9))
def test_it_is_the_dirichlet_probability(votes: list[int]) -> None:
    ordered = sorted(votes, reverse=True)
    exact = float(dirichlet_probability(ordered))
    assert certainty(votes) == pytest.approx(exact, abs=1e-12)


@pytest.mark.parametrize("votes", [[300, 290, 280], [500, 3, 2, 1], [1] * 40, [600, 590, 5]])
def test_many_votes_and_many_answers_are_as_exact(votes: list[int]) -> None:
    assert certainty(votes) == pytest.approx(float(dirichlet_probability(votes)), abs=1e-11)


@given(st.integers(0, 300), st.integers(0, 300))
def test_below_three_answers_it_is_confidence(first: int, second: int) -> None:
    counted = tally(["a"] * first + ["b"] * second)
    assert dirichlet_confidence(counted) == confidence(counted)


@given(st.lists(st.integers(1, 20), min_size=3, max_size=6))
def test_whole_weights_give_the_bits_of_votes(votes: list[int]) -> None:
    assert certainty(list(map(float, votes)), weighted=True) == certainty(votes)


@given(st.lists(st.floats(-2, 0), min_size=1, max_size=2), st.floats(0, 9), st.floats(0, 9))
def test_votes_below_0_count_as_0(below: list[float], first: float, second: float) -> None:
    votes = [first, second, *below]
    zeros = [first, second, *(0.0 for _ in below)]
    assert certainty(votes, weighted=True) == certainty(zeros, weighted=True)


def integrated(votes: Sequence[float]) -> float:
    """The same integral over log x by small steps, each distribution as a sum of its density."""
    width = 0.002
    points = [width * index for index in range(-20_000, 2_500)]

    def density(vote: float, t: float) -> float:
        return math.exp((vote + 1) * t - math.exp(t) - math.lgamma(vote + 1))

    product = [1.0] * len(points)
    for vote in votes[1:]:
        values = [density(vote, t) for t in points]
        below = accumulate(width * (a + b) / 2 for a, b in pairwise([0.0, *values]))
        product = [one * other for one, other in zip(product, below, strict=True)]
    leading = [density(votes[0], t) for t in points]
    return sum(width * one * other for one, other in zip(leading, product, strict=True))


@pytest.mark.parametrize("votes", [[2.5, 1.25, 0.5], [7.75, 7.5, 3.25, 0.125], [0.3, 0.2, 0.1]])
def test_weights_are_shapes_of_their_own(votes: list[float]) -> None:
    assert certainty(votes, weighted=True) == pytest.approx(integrated(votes), abs=1e-6)


@given(st.lists(st.integers(0, 40), min_size=3, max_size=7), st.integers(0, 6))
def test_a_vote_for_the_winner_never_lowers_it(votes: list[int], more: int) -> None:
    ordered = sorted(votes, reverse=True)
    before = certainty([one + 1 for one in ordered])
    after = certainty([ordered[0] + 1 + more, *(one + 1 for one in ordered[1:])])
    assert after >= before - 1e-12


@pytest.mark.parametrize(
    "votes", [[1e6, 1e6, 1e6], [1e300, 1.0, 1.0], [1e6, 0.0, 0.0], [1e-300, 1e-300, 1e-300]]
)
def test_it_is_a_probability_for_votes_of_any_size(votes: list[float]) -> None:
    assert 1 / len(votes) - 1e-9 <= certainty(votes, weighted=True) <= 1
