"""Integers saturate, reals stay finite, and nothing is undefined."""

import math
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl import numeric
from dsl.numeric import MAX_INT, MAX_REAL, MIN_INT

EDGES = [MIN_INT, MIN_INT + 1, -2, -1, 0, 1, 2, MAX_INT - 1, MAX_INT]
integers = st.sampled_from(EDGES) | st.integers(MIN_INT, MAX_INT) | st.integers(-50, 50)
reals = st.floats(allow_nan=False, allow_infinity=False)


def nearest_int(exact: Fraction) -> int:
    assert exact.denominator == 1
    return min(max(int(exact), MIN_INT), MAX_INT)


def nearest_real(exact: Fraction) -> float:
    try:
        return float(exact)
    except OverflowError:
        return MAX_REAL if exact > 0 else -MAX_REAL


@settings(deadline=None)
@given(integers, integers)
def test_integer_sums_and_products_are_exact_or_the_nearest_bound(a: int, b: int) -> None:
    x, y = Fraction(a), Fraction(b)
    assert numeric.add_int(a, b) == nearest_int(x + y)
    assert numeric.sub_int(a, b) == nearest_int(x - y)
    assert numeric.mul_int(a, b) == nearest_int(x * y)
    assert numeric.neg_int(a) == nearest_int(-x)
    assert numeric.abs_int(a) == nearest_int(abs(x))


@settings(deadline=None)
@given(integers, integers.filter(bool))
def test_integer_division_goes_to_the_floor_and_the_remainder_has_the_divisors_sign(
    a: int, b: int
) -> None:
    quotient = math.floor(Fraction(a, b))
    assert numeric.floordiv_int(a, b) == nearest_int(Fraction(quotient))
    assert numeric.mod_int(a, b) == a - b * quotient
    assert MIN_INT <= numeric.mod_int(a, b) <= MAX_INT


@settings(deadline=None)
@given(integers, reals)
def test_division_by_zero_gives_0(a: int, x: float) -> None:
    assert numeric.floordiv_int(a, 0) == 0
    assert numeric.mod_int(a, 0) == 0
    for zero in (0.0, -0.0):
        assert numeric.div_real(x, zero).hex() == (0.0).hex()


def test_the_one_quotient_that_64_bits_cannot_hold_saturates() -> None:
    assert numeric.floordiv_int(MIN_INT, -1) == MAX_INT
    assert numeric.mod_int(MIN_INT, -1) == 0


@settings(deadline=None)
@given(reals, reals)
def test_operations_on_reals_are_rounded_once_and_stay_finite(a: float, b: float) -> None:
    x, y = Fraction(a), Fraction(b)
    assert numeric.add_real(a, b) == nearest_real(x + y)
    assert numeric.sub_real(a, b) == nearest_real(x - y)
    assert numeric.mul_real(a, b) == nearest_real(x * y)
    if b != 0:
        assert numeric.div_real(a, b) == nearest_real(x / y)


@pytest.mark.parametrize(
    "operation",
    [numeric.add_real, numeric.mul_real, lambda a, b: numeric.sub_real(a, -b)],
)
def test_reals_saturate_on_both_sides(operation: Callable[[float, float], float]) -> None:
    assert operation(MAX_REAL, MAX_REAL) == MAX_REAL
    assert operation(-MAX_REAL, MAX_REAL) in (0.0, -MAX_REAL)
    assert numeric.div_real(-MAX_REAL, 0.25) == -MAX_REAL
    assert numeric.div_real(1.0, 5e-324) == MAX_REAL


def test_non_finite_values_become_finite() -> None:
    assert numeric.finite(math.inf) == MAX_REAL
    assert numeric.finite(-math.inf) == -MAX_REAL
    assert numeric.finite(math.nan) == 0.0
    assert numeric.finite(-1.5) == -1.5


@settings(deadline=None)
@given(reals)
def test_signs_and_roots_of_reals(x: float) -> None:
    assert numeric.neg_real(x) == -x
    assert numeric.abs_real(x) == max(x, -x)
    root = numeric.sqrt_real(x)
    if x <= 0:
        assert root == 0.0
        return
    # The nearest double: the exact root lies within half a step on either side.
    exact = Fraction(x)
    low = (Fraction(root) + Fraction(math.nextafter(root, 0.0))) / 2
    high = (Fraction(root) + Fraction(math.nextafter(root, math.inf))) / 2
    assert low**2 <= exact <= high**2


@settings(deadline=None)
@given(reals | st.floats(-1e3, 1e3) | st.integers(-400, 400).map(lambda n: n / 2))
def test_reals_become_integers_by_floor_ceiling_and_half_to_even(x: float) -> None:
    exact = Fraction(x)
    assert numeric.floor_int(x) == nearest_int(Fraction(math.floor(exact)))
    assert numeric.ceil_int(x) == nearest_int(Fraction(math.ceil(exact)))
    assert numeric.round_int(x) == nearest_int(Fraction(round(exact)))


def test_rounding_to_integers_saturates_and_halves_go_to_the_even_side() -> None:
    assert [numeric.round_int(x) for x in (0.5, 1.5, 2.5, -0.5, -1.5)] == [0, 2, 2, 0, -2]
    for convert in (numeric.floor_int, numeric.ceil_int, numeric.round_int):
        assert convert(1e300) == MAX_INT
        assert convert(-1e300) == MIN_INT
        assert convert(9223372036854775808.0) == MAX_INT


@settings(deadline=None)
@given(st.floats(-1e15, 1e15), st.integers(-20, 20))
def test_rounding_to_decimals_is_that_of_python(x: float, digits: int) -> None:
    assert numeric.round_digits(x, digits) == round(x, digits)


def test_rounding_to_decimals_takes_any_number_of_them() -> None:
    assert numeric.round_digits(0.70 - 0.40 * 0.3, 4) == 0.58
    assert numeric.round_digits(2.5, MAX_INT) == 2.5
    assert numeric.round_digits(2.5, MIN_INT) == 0.0
    assert numeric.round_digits(MAX_REAL, -308) == MAX_REAL
    assert numeric.round_digits(-MAX_REAL, -308) == -MAX_REAL
