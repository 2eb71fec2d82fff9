"""exp, log and pow: within 0.51 units in the last place, in order, and pinned to the bit."""

import itertools
import math
import random
from collections.abc import Callable, Iterator
from decimal import Context, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dsl import exponentials
from dsl.numeric import MAX_REAL, exp_real, log_real, pow_real

DIGITS = Context(prec=60, Emax=10**6, Emin=-(10**6))
LARGEST_LOG = 709.782712893384
SMALLEST_LOG = -744.0

powers = st.floats(SMALLEST_LOG, LARGEST_LOG) | st.floats(-1e-3, 1e-3) | st.floats(-2, 2)
positive = (
    st.floats(5e-324, MAX_REAL)
    | st.floats(0.5, 2.0)
    | st.floats(1.0 - 1e-9, 1.0 + 1e-9)
    | st.floats(5e-324, 1e-300)
)
exponents = st.floats(-64, 64) | st.floats(-1e-3, 1e-3) | st.floats(-1e18, 1e18)


def error(found: float, exact: Decimal) -> Decimal:
    """The distance from the exact value in units in the last place."""
    with localcontext(DIGITS):
        return abs(Decimal(found) - exact) / Decimal(math.ulp(float(exact)))


def neighbours(x: float, count: int) -> Iterator[float]:
    """``x`` with ``count`` finite doubles on either side, in rising order."""
    for _ in range(count):
        x = math.nextafter(x, -MAX_REAL)
    for _ in range(2 * count + 1):
        yield x
        x = math.nextafter(x, MAX_REAL)


def never_falls(function: Callable[[float], float], arguments: Iterator[float]) -> bool:
    return all(low <= high for low, high in itertools.pairwise(map(function, arguments)))


# Accuracy


@settings(deadline=None)
@given(powers)
def test_exp_is_within_half_a_unit_and_a_little(x: float) -> None:
    with localcontext(DIGITS):
        exact = Decimal(x).exp()
    assert error(exp_real(x), exact) < Decimal("0.51")
    assert exp_real(x) == pytest.approx(math.exp(x), rel=3e-16, abs=5e-324)


@settings(deadline=None)
@given(positive.filter(lambda x: x != 1.0))
def test_log_is_within_half_a_unit_and_a_little(x: float) -> None:
    with localcontext(DIGITS):
        exact = Decimal(x).ln()
        pair = exponentials.log_pair(x)
        unrounded = Decimal(pair.high) + Decimal(pair.low)
        assert abs(unrounded / exact - 1) < Decimal(2) ** -68
    assert error(log_real(x), exact) < Decimal("0.51")
    assert log_real(x) == pytest.approx(math.log(x), rel=3e-16)


@settings(deadline=None)
@given(positive, exponents)
def test_pow_is_within_half_a_unit_and_a_little(x: float, y: float) -> None:
    with localcontext(DIGITS):
        logarithm = Decimal(x).ln() * Decimal(y)
        assume(SMALLEST_LOG < logarithm < LARGEST_LOG)
        exact = logarithm.exp()
    assert error(pow_real(x, y), exact) < Decimal("0.51")


@settings(deadline=None)
@given(st.floats(2.0**-15, 2.0**15), st.integers(-64, 64))
def test_whole_powers_are_the_exact_product_rounded_once(x: float, n: int) -> None:
    assert pow_real(x, float(n)) == float(Fraction(x) ** n)


@settings(deadline=None)
@given(positive)
def test_small_powers_agree_with_products(x: float) -> None:
    assert pow_real(x, 1.0) == x
    assert pow_real(x, 2.0) == min(x * x, MAX_REAL)
    assert pow_real(x, -1.0) == min(1.0 / x, MAX_REAL)


@settings(deadline=None)
@given(st.integers(-1074, 1023), st.integers(-64, 64))
def test_powers_of_two_are_exact(exponent: int, n: int) -> None:
    expected = math.ldexp(1.0, max(-1075, exponent * n)) if exponent * n < 1024 else MAX_REAL
    assert pow_real(math.ldexp(1.0, exponent), float(n)) == expected


@settings(deadline=None)
@given(positive)
def test_the_power_of_0_is_1(x: float) -> None:
    assert pow_real(x, 0.0) == 1.0


# Bounds and undefined values


def test_results_saturate_and_the_undefined_is_0() -> None:
    assert exp_real(0.0) == exp_real(-0.0) == exp_real(1e-300) == 1.0
    assert exp_real(709.79) == exp_real(1e308) == exp_real(MAX_REAL) == MAX_REAL
    assert exp_real(-745.14) == exp_real(-MAX_REAL) == 0.0
    assert exp_real(-745.13) == 5e-324
    assert log_real(0.0) == log_real(-0.0) == log_real(-3.0) == 0.0
    assert log_real(1.0) == 0.0


def test_powers_saturate_and_those_of_no_positive_base_are_0() -> None:
    for base, y in itertools.product((0.0, -0.0, -2.0, -MAX_REAL), (-1.5, -1.0, 0.0, 0.5, 2.0)):
        assert pow_real(base, y) == 0.0
    assert pow_real(1e200, 2.0) == pow_real(1e200, 2.5) == pow_real(2.0, MAX_REAL) == MAX_REAL
    assert pow_real(1e-200, -2.0) == pow_real(1e-200, -2.5) == pow_real(0.5, -MAX_REAL) == MAX_REAL
    assert pow_real(1e-200, 2.0) == pow_real(1e-200, 2.5) == pow_real(0.5, MAX_REAL) == 0.0
    assert pow_real(5e-324, 64.0) == 0.0
    assert pow_real(5e-324, -64.0) == MAX_REAL
    assert pow_real(1.0, MAX_REAL) == pow_real(1.0, -1e-300) == 1.0


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(-MAX_REAL, MAX_REAL))
def test_no_result_is_infinite_or_undefined(x: float, y: float) -> None:
    for found in (exp_real(x), log_real(x), pow_real(x, y)):
        assert math.isfinite(found)


# Order


@settings(deadline=None)
@given(powers, st.integers(1, 3))
def test_exp_never_falls_from_a_double_to_the_next(x: float, steps: int) -> None:
    assert never_falls(exp_real, neighbours(x, steps))


@settings(deadline=None)
@given(positive, st.integers(1, 3))
def test_log_never_falls_from_a_double_to_the_next(x: float, steps: int) -> None:
    assert never_falls(log_real, neighbours(max(x, 1e-320), steps))


@settings(deadline=None)
@given(positive, exponents)
def test_pow_is_monotone_in_its_base(x: float, y: float) -> None:
    sign = 1.0 if y >= 0 else -1.0
    assert never_falls(lambda base: sign * pow_real(base, y), neighbours(max(x, 1e-320), 3))


@settings(deadline=None)
@given(positive, exponents | st.integers(-64, 64).map(float))
def test_pow_is_monotone_in_its_exponent(x: float, y: float) -> None:
    sign = 1.0 if x >= 1 else -1.0
    assert never_falls(lambda exponent: sign * pow_real(x, exponent), neighbours(y, 3))


def test_order_is_kept_where_the_reduction_of_an_argument_changes() -> None:
    tiny = 2.0**-37
    for seam in (tiny, -tiny, 0.0, *((k + 0.5) * math.log(2) for k in (-1075, -2, -1, 0, 1, 1023))):
        assert never_falls(exp_real, neighbours(seam, 300))
    for seam in (1.0, 2.0, 0.5, math.sqrt(2), math.sqrt(0.5), 2.0**-1022, 2.0**600):
        assert never_falls(log_real, neighbours(seam, 300))
        assert never_falls(lambda base: pow_real(base, 0.3), neighbours(seam, 300))
    for base, whole in itertools.product((1.5, 1 + 2.0**-40, 3e5), (-64.0, -3.0, 0.0, 2.0, 64.0)):
        powers_of = (pow_real(base, y) for y in neighbours(whole, 300))
        assert all(low <= high for low, high in itertools.pairwise(powers_of))


@pytest.mark.slow
def test_order_is_kept_over_long_runs_of_doubles() -> None:
    random_numbers = random.Random(20)
    for _ in range(10):
        x, y = random_numbers.uniform(-740, 709), random_numbers.uniform(0.01, 40)
        base = math.exp(random_numbers.uniform(-15, 15))
        assert never_falls(exp_real, neighbours(x, 5_000))
        assert never_falls(log_real, neighbours(math.exp(x), 5_000))
        powers_of = (pow_real(one, y) for one in neighbours(base, 5_000))
        assert all(low <= high for low, high in itertools.pairwise(powers_of))


# Bits that every machine must give

EXP_BITS = [
    (1.0, "0x1.5bf0a8b145769p+1"),
    (-1.0, "0x1.78b56362cef38p-2"),
    (0.1, "0x1.1aec7b35a00d4p+0"),
    (1e-05, "0x1.0000a7c5e340ep+0"),
    (123.456, "0x1.1428e1cbc0143p+178"),
    (709.78, "0x1.fe9ce5c4c52b4p+1023"),
    (-708.5, "0x0.e6cf6d08897acp-1022"),
    (-745.0, "0x0.0000000000001p-1022"),
]
LOG_BITS = [
    (2.0, "0x1.62e42fefa39efp-1"),
    (10.0, "0x1.26bb1bbb55516p+1"),
    (0.1, "-0x1.26bb1bbb55515p+1"),
    (0.7, "-0x1.6d3c324e13f50p-2"),
    (1.0000001, "0x1.ad7f2847b6492p-24"),
    (5e-324, "-0x1.74385446d71c3p+9"),
    (MAX_REAL, "0x1.62e42fefa39efp+9"),
]
POW_BITS = [
    (2.0, 0.5, "0x1.6a09e667f3bcdp+0"),
    (0.1, 3.0, "0x1.0624dd2f1a9fdp-10"),
    (10.0, -7.0, "0x1.ad7f29abcaf48p-24"),
    (0.97, 12.5, "0x1.5de0c4d199319p-1"),
    (1.5, -300.25, "0x1.49b325724d129p-176"),
    (3.0, 64.0, "0x1.5ab6a57c7bc99p+101"),
    (1e-05, 60.5, "0x1.15940f7d1a470p-1005"),
]


def test_exp_log_and_pow_have_known_bits() -> None:
    assert [(x, exp_real(x).hex()) for x, _ in EXP_BITS] == EXP_BITS
    assert [(x, log_real(x).hex()) for x, _ in LOG_BITS] == LOG_BITS
    assert [(x, y, pow_real(x, y).hex()) for x, y, _ in POW_BITS] == POW_BITS
