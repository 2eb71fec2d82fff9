"""Sums and what is made of sums, over the branches of a set or the values of a window, in order.

Every fold of nothing is 0. Sums run from the first value to the last and saturate as they go.
"""

from collections.abc import Sequence

from dsl.numeric import add_int, add_real, div_real, mul_real, sub_real


def sum_ints(values: Sequence[int]) -> int:
    """The saturating sum of integers."""
    total = 0
    for value in values:
        total = add_int(total, value)
    return total


def sum_reals(values: Sequence[float]) -> float:
    """The saturating sum of reals."""
    total = 0.0
    for value in values:
        total = add_real(total, value)
    return total


def mean_reals(values: Sequence[float]) -> float:
    """The mean."""
    return div_real(sum_reals(values), float(len(values)))


def variance_reals(values: Sequence[float]) -> float:
    """The mean squared distance from the mean, in two passes."""
    mean = mean_reals(values)
    total = 0.0
    for value in values:
        off = sub_real(value, mean)
        total = add_real(total, mul_real(off, off))
    return div_real(total, float(len(values)))


def min_reals(values: Sequence[float]) -> float:
    """The smallest."""
    return min(values, default=0.0)


def max_reals(values: Sequence[float]) -> float:
    """The largest."""
    return max(values, default=0.0)


def min_ints(values: Sequence[int]) -> int:
    """The smallest."""
    return min(values, default=0)


def max_ints(values: Sequence[int]) -> int:
    """The largest."""
    return max(values, default=0)
