"""The Beta distribution: exact for whole votes, close to scipy elsewhere, in order, and pinned."""

import itertools
import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from dsl.beta import (
    EXACT_VOTES,
    MOST_VOTES,
    beta_cdf,
    beta_confidence_int,
    beta_confidence_real,
    beta_quantile,
    confidence_table,
)
from dsl.numeric import MAX_INT, MAX_REAL, MIN_INT

whole_votes = st.integers(0, EXACT_VOTES)
many_votes = st.integers(0, 3 * EXACT_VOTES) | st.integers(0, MOST_VOTES + 10)
weights = st.floats(0, 200) | st.floats(0, 2) | st.floats(0, MOST_VOTES)
shapes = st.floats(0.05, 500) | st.floats(1, 5)


def exact_confidence(v1: int, v2: int) -> Fraction:
    n = v1 + v2 + 1
    return Fraction(sum(math.comb(n, j) for j in range(v1 + 1)), 2**n)


def exact_distribution(x: Fraction, a: int, b: int) -> Fraction:
    n = a + b - 1
    return sum(
        (math.comb(n, j) * x**j * (1 - x) ** (n - j) for j in range(a, n + 1)), start=Fraction(0)
    )


# Confidence


@settings(deadline=None)
@given(whole_votes, whole_votes)
def test_the_confidence_in_whole_votes_is_the_exact_fraction_rounded_once(v1: int, v2: int) -> None:
    assert beta_confidence_int(v1, v2) == float(exact_confidence(v1, v2))
    assert beta_confidence_real(float(v1), float(v2)) == beta_confidence_int(v1, v2)


@settings(deadline=None)
@given(st.integers(EXACT_VOTES + 1, EXACT_VOTES + 600), st.integers(0, EXACT_VOTES + 600))
def test_beyond_the_table_the_confidence_stays_close_to_the_exact_fraction(
    many: int, others: int
) -> None:
    for v1, v2 in ((many, others), (others, many)):
        exact = exact_confidence(v1, v2)
        assert beta_confidence_int(v1, v2) == pytest.approx(float(exact), rel=1e-12)


@settings(deadline=None)
@given(weights, weights)
def test_the_confidence_in_weighted_votes_is_that_of_scipy(v1: float, v2: float) -> None:
    reference = float(special.betainc(v2 + 1.0, v1 + 1.0, 0.5))
    assert beta_confidence_real(v1, v2) == pytest.approx(reference, rel=2e-12, abs=1e-290)


@settings(deadline=None)
@given(many_votes, many_votes)
def test_one_more_vote_never_lowers_the_confidence_in_its_answer(v1: int, v2: int) -> None:
    here = beta_confidence_int(v1, v2)
    assert here <= beta_confidence_int(v1 + 1, v2)
    assert here >= beta_confidence_int(v1, v2 + 1)


@settings(deadline=None)
@given(many_votes)
def test_votes_around_the_end_of_the_table_are_in_order(other: int) -> None:
    around = range(EXACT_VOTES - 3, EXACT_VOTES + 4)
    rising = [beta_confidence_int(votes, other) for votes in around]
    falling = [beta_confidence_int(other, votes) for votes in around]
    assert rising == sorted(rising)
    assert falling == sorted(falling, reverse=True)


@settings(deadline=None)
@given(weights, st.floats(-MAX_REAL, 0.0))
def test_votes_below_0_count_as_none(votes: float, negative: float) -> None:
    assert beta_confidence_real(votes, negative) == beta_confidence_real(votes, 0.0)
    assert beta_confidence_real(negative, votes) == beta_confidence_real(0.0, votes)
    assert beta_confidence_int(int(votes), MIN_INT) == beta_confidence_int(int(votes), 0)


def test_no_number_of_votes_is_too_large() -> None:
    assert beta_confidence_int(MAX_INT, MAX_INT) == beta_confidence_real(MAX_REAL, MAX_REAL) == 0.5
    assert beta_confidence_int(MAX_INT, 5) == beta_confidence_real(MAX_REAL, 0.5) == 1.0
    assert beta_confidence_int(5, MAX_INT) == beta_confidence_real(0.5, MAX_REAL) == 0.0


def test_a_tie_of_any_size_is_a_half() -> None:
    for votes in (0.0, 0.1, 7.0, 33.3, 256.0, 257.0, 12345.6, 1e6, 1e300):
        assert beta_confidence_real(votes, votes) == 0.5


def test_the_table_holds_every_pair_of_whole_votes() -> None:
    table = confidence_table()
    assert len(table) == EXACT_VOTES + 1
    assert {len(row) for row in table} == {EXACT_VOTES + 1}
    for v1, v2 in itertools.product((0, 1, 2, 63, 64, 127, 128, EXACT_VOTES), repeat=2):
        assert table[v1][v2] == float(exact_confidence(v1, v2))


# The distribution


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 255))
def test_the_distribution_is_the_binomial_sum_at_whole_shapes(a: int, b: int, part: int) -> None:
    exact = exact_distribution(Fraction(part, 256), a, b)
    found = beta_cdf(part / 256, float(a), float(b))
    assert found == pytest.approx(float(exact), rel=1e-11, abs=1e-12)


@settings(deadline=None)
@given(st.floats(1e-30, 1), st.floats(1e-3, 1e4), st.floats(1e-3, 1e4))
def test_the_distribution_is_that_of_scipy(x: float, a: float, b: float) -> None:
    assert beta_cdf(x, a, b) == pytest.approx(float(special.betainc(a, b, x)), abs=1e-12)


def test_far_tails_keep_their_relative_accuracy() -> None:
    for x, a, b in ((0.5, 900, 30), (0.25, 300, 400), (0.125, 100, 3), (0.875, 2000, 31)):
        exact = exact_distribution(Fraction(x), a, b)
        assert exact < Fraction(1, 10**20)
        assert beta_cdf(x, float(a), float(b)) == pytest.approx(float(exact), rel=1e-12)


def test_the_distribution_ends_at_0_and_1_and_shapes_at_0_are_limits() -> None:
    assert beta_cdf(-0.5, 2.0, 3.0) == beta_cdf(0.0, 2.0, 3.0) == 0.0
    assert beta_cdf(1.0, 2.0, 3.0) == beta_cdf(7.0, 2.0, 3.0) == 1.0
    for x in (0.0, 0.3, 0.999):
        assert beta_cdf(x, 0.0, 2.0) == beta_cdf(x, -1.0, 2.0) == 1.0
        assert beta_cdf(x, 2.0, 0.0) == 0.0
        assert beta_cdf(x, 0.0, -4.0) == 0.5
    assert beta_cdf(-1e-9, 0.0, 2.0) == 0.0
    assert beta_cdf(1.0, 2.0, 0.0) == 1.0


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False, min_value=0), st.floats(0, MAX_REAL))
def test_no_shape_breaks_the_distribution(a: float, b: float) -> None:
    for x in (5e-324, 1e-200, 1e-9, 0.5, math.nextafter(1.0, 0.0)):
        assert 0.0 <= beta_cdf(x, a, b) <= 1.0


# Quantiles


@given(st.floats(0.001, 0.999), shapes, shapes)
def test_a_quantile_is_where_the_distribution_crosses_the_probability(
    p: float, a: float, b: float
) -> None:
    found = beta_quantile(p, a, b)
    assert found * 2.0**53 == math.floor(found * 2.0**53)
    assert beta_cdf(found, a, b) <= p or found == 0.0
    assert beta_cdf(found + 2.0**-53, a, b) > p
    assert found == pytest.approx(float(special.betaincinv(a, b, p)), abs=1e-9)


@given(st.floats(0, 1), st.floats(0, 1), shapes, shapes)
def test_a_quantile_never_falls_in_its_probability(p: float, q: float, a: float, b: float) -> None:
    low, high = sorted((p, q))
    assert beta_quantile(low, a, b) <= beta_quantile(high, a, b)


def test_quantiles_of_certainties_and_of_shapes_at_0() -> None:
    assert beta_quantile(0.0, 2.0, 3.0) == beta_quantile(-1.0, 2.0, 3.0) == 0.0
    assert beta_quantile(1.0, 2.0, 3.0) == beta_quantile(2.0, 2.0, 3.0) == 1.0
    assert beta_quantile(0.3, 0.0, 2.0) == beta_quantile(0.99, -5.0, 2.0) == 0.0
    assert beta_quantile(0.3, 2.0, 0.0) == 1.0
    assert beta_quantile(0.49, 0.0, 0.0) == 0.0
    assert beta_quantile(0.5, 0.0, 0.0) == 1.0


def test_huge_shapes_keep_their_mean() -> None:
    assert beta_quantile(0.5, 3e300, 1e300) == pytest.approx(0.75, abs=1e-5)
    assert beta_quantile(0.5, MAX_REAL, MAX_REAL) == pytest.approx(0.5, abs=1e-5)
    assert beta_quantile(0.5, MAX_REAL, 1.0) == pytest.approx(1.0, abs=1e-5)


# Bits that every machine must give

CONFIDENCE_BITS = [
    (0.0, 0.0, "0x1.0000000000000p-1"),
    (3.0, 2.0, "0x1.5000000000000p-1"),
    (40.0, 24.0, "0x1.f4222dbfaf25dp-1"),
    (1.0, 127.0, "0x1.0400000000000p-122"),
    (0.5, 0.25, "0x1.23b362d57b9e0p-1"),
    (3.7, 2.2, "0x1.6d8bddf5aad24p-1"),
    (40.5, 24.0, "0x1.f597ff22b96a3p-1"),
    (300.0, 290.0, "0x1.51b37cd89ee66p-1"),
    (1234.5, 1200.25, "0x1.8325c03028af2p-1"),
]
QUANTILE_BITS = [
    (0.5, 2.0, 3.0, "0x1.8afc2ae92d484p-2"),
    (0.1, 0.5, 0.5, "0x1.90f1ecbbaafa0p-6"),
    (0.9, 30.0, 4.0, "0x1.e4638b257df7ap-1"),
    (0.25, 1000.5, 2000.25, "0x1.4f74309ee7a34p-2"),
]


def test_confidence_and_quantile_have_known_bits() -> None:
    confidences = [(a, b, beta_confidence_real(a, b).hex()) for a, b, _ in CONFIDENCE_BITS]
    quantiles = [(p, a, b, beta_quantile(p, a, b).hex()) for p, a, b, _ in QUANTILE_BITS]
    assert confidences == CONFIDENCE_BITS
    assert quantiles == QUANTILE_BITS
