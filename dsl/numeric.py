"""The numbers of Rheo: what every operator and function of numbers gives, to the last bit.

Integers have 64 bits and saturate. Reals are IEEE doubles that never become infinite or NaN: a
result beyond the largest double is the largest, of the same sign. Anything divided by 0 is 0.
Nothing here raises, and nothing asks a mathematical library: + - * / and square root of doubles,
rounded to nearest and not fused, are all that is needed. So the bits are the same on every machine
and in every engine that performs the same steps.
"""

import math
from typing import Final

from dsl.beta import (
    EXACT_VOTES,
    MOST_VOTES,
    beta_cdf,
    beta_confidence_int,
    beta_confidence_real,
    beta_quantile,
    confidence_table,
)
from dsl.exponentials import MAX_POWER, MAX_REAL, exp_real, log_real, pow_real

__all__ = [
    "EXACT_VOTES", "MAX_INT", "MAX_POWER", "MAX_REAL", "MIN_INT", "MOST_VOTES", "abs_int",
    "abs_real", "add_int", "add_real", "beta_cdf", "beta_confidence_int", "beta_confidence_real",
    "beta_quantile", "ceil_int", "confidence_table", "div_real", "exp_real", "finite", "floor_int",
    "floordiv_int", "log_real", "mod_int", "mul_int", "mul_real", "neg_int", "neg_real",
    "pow_real", "round_digits", "round_int", "saturate", "sqrt_real", "sub_int", "sub_real",
]  # fmt: skip

MAX_INT: Final = 2**63 - 1
MIN_INT: Final = -(2**63)

# Integers


def saturate(value: int) -> int:
    """Return the nearest integer of 64 bits."""
    if value > MAX_INT:
        return MAX_INT
    if value < MIN_INT:
        return MIN_INT
    return value


def add_int(a: int, b: int) -> int:
    """Return ``a + b``."""
    return saturate(a + b)


def sub_int(a: int, b: int) -> int:
    """Return ``a - b``."""
    return saturate(a - b)


def mul_int(a: int, b: int) -> int:
    """Return ``a * b``."""
    return saturate(a * b)


def floordiv_int(a: int, b: int) -> int:
    """Return ``a // b``: the integer at or below the quotient; 0 for ``b`` = 0."""
    return 0 if b == 0 else saturate(a // b)


def mod_int(a: int, b: int) -> int:
    """Return ``a % b``, the remainder of the floored quotient; 0 for ``b`` = 0."""
    return 0 if b == 0 else a % b


def neg_int(a: int) -> int:
    """Return ``-a``; `MAX_INT` for `MIN_INT`."""
    return saturate(-a)


def abs_int(a: int) -> int:
    """Return ``a`` without its sign; `MAX_INT` for `MIN_INT`."""
    return saturate(-a if a < 0 else a)


# Reals


def finite(value: float) -> float:
    """Return the nearest finite double; 0 for NaN."""
    if value > MAX_REAL:
        return MAX_REAL
    if value < -MAX_REAL:
        return -MAX_REAL
    # Only NaN differs from itself.
    return value if value == value else 0.0


def add_real(a: float, b: float) -> float:
    """Return ``a + b``."""
    return finite(a + b)


def sub_real(a: float, b: float) -> float:
    """Return ``a - b``."""
    return finite(a - b)


def mul_real(a: float, b: float) -> float:
    """Return ``a * b``."""
    return finite(a * b)


def div_real(a: float, b: float) -> float:
    """Return ``a / b``; 0 for ``b`` = 0."""
    return 0.0 if b == 0.0 else finite(a / b)


def neg_real(a: float) -> float:
    """Return ``-a``."""
    return -a


def abs_real(a: float) -> float:
    """Return ``a`` without its sign."""
    return abs(a)


def sqrt_real(a: float) -> float:
    """Return the square root, correctly rounded; 0 below 0."""
    return math.sqrt(a) if a > 0.0 else 0.0


# From reals to integers


def floor_int(a: float) -> int:
    """Return the integer at or below ``a``."""
    return saturate(math.floor(a))


def ceil_int(a: float) -> int:
    """Return the integer at or above ``a``."""
    return saturate(math.ceil(a))


def round_int(a: float) -> int:
    """Return the nearest integer, the even one of two."""
    return saturate(round(a))


def round_digits(a: float, digits: int) -> float:
    """Round ``a`` to ``digits`` decimals as Python's ``round`` does; only schedules use it.

    Rounds the exact decimal value of the double, ties to even, and takes the double that is nearest
    to the result. Digits below 0 round to tens, hundreds, and so on.
    """
    # Beyond these bounds rounding changes nothing or leaves 0, and Python takes no larger ones.
    bounded = min(max(digits, -400), 400)
    try:
        return finite(round(a, bounded))
    except OverflowError:
        # The decimal above the largest double.
        return MAX_REAL if a > 0.0 else -MAX_REAL
