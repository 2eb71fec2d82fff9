"""The Beta distribution: how sure a majority is, the cumulative distribution, and its inverse.

The confidence in a majority of v1 votes over v2 is 1 - BetaCDF(0.5; v1 + 1, v2 + 1). For whole
votes up to `EXACT_VOTES` it is an exact fraction, rounded once. Everything else goes through the
regularised incomplete beta function: a leading factor by Stirling's series and deviances, times a
continued fraction. For shapes up to `MOST_SHAPE` its absolute error is below 1e-12, and for a
confidence the relative one too. Like all numbers of the language it is made of IEEE + - * / and
square root alone, so it has the same bits everywhere.
"""

from functools import cache
from math import sqrt
from typing import Final, NamedTuple

from dsl.exponentials import exp_real, log_real

EXACT_VOTES: Final = 256
"""Whole votes up to this many, on either side, have an exact confidence."""

MOST_VOTES: Final = 1_000_000
"""More votes than this count as this many."""

MOST_SHAPE: Final = 1_048_576.0
"""Larger shapes are scaled down to this, both by one factor, which keeps the mean."""

LEAST_SHAPE: Final = 1e-100
"""A smaller shape counts as 0."""

LEAST_X: Final = 1e-200
"""A smaller x counts as 0."""

QUANTILE_STEPS: Final = 53
"""Halvings of a quantile: it is a multiple of 2**-53."""


def beta_confidence_int(v1: int, v2: int) -> float:
    """Return ``1 - BetaCDF(0.5; v1 + 1, v2 + 1)``, from 0 to 1.

    It never falls in ``v1`` and never rises in ``v2``.

    Args:
        v1: votes for an answer; below 0 they count as 0, above `MOST_VOTES` as `MOST_VOTES`.
        v2: votes for another answer, with the same bounds.
    """
    v1 = min(max(v1, 0), MOST_VOTES)
    v2 = min(max(v2, 0), MOST_VOTES)
    if v1 <= EXACT_VOTES and v2 <= EXACT_VOTES:
        return confidence_table()[v1][v2]
    return _confidence(float(v1), float(v2))


def beta_confidence_real(v1: float, v2: float) -> float:
    """Return the confidence for votes with weights; bit-equal to integers for whole weights.

    Args:
        v1: weight of the votes for an answer, bounded like those of `beta_confidence_int`.
        v2: weight of the votes for another answer, with the same bounds.
    """
    v1 = min(max(v1, 0.0), float(MOST_VOTES))
    v2 = min(max(v2, 0.0), float(MOST_VOTES))
    whole1, whole2 = int(v1), int(v2)
    if whole1 == v1 and whole2 == v2:
        return beta_confidence_int(whole1, whole2)
    return _confidence(v1, v2)


def _confidence(v1: float, v2: float) -> float:
    """Return the confidence by the continued fraction, for votes within bounds."""
    if v1 == v2:
        return 0.5
    return _regularised(_shapes(v2 + 1.0, v1 + 1.0), 0.5)


@cache
def confidence_table() -> tuple[tuple[float, ...], ...]:
    """Row v1, column v2, both from 0 to `EXACT_VOTES`: the confidence in v1 votes over v2.

    Each is the sum of the binomials of n = v1 + v2 + 1 over 0 to v1, out of 2**n, rounded once.
    """
    # Pascal's rule holds for these sums too: each is the one above plus the one to its left.
    above = [0] * (EXACT_VOTES + 1)
    rows = []
    for v1 in range(EXACT_VOTES + 1):
        numerator = 1 << v1
        row = []
        for v2 in range(EXACT_VOTES + 1):
            numerator += above[v2]
            above[v2] = numerator
            row.append(numerator / (1 << (v1 + v2 + 1)))
        rows.append(tuple(row))
    return tuple(rows)


def beta_cdf(x: float, a: float, b: float) -> float:
    """Return the probability that a draw from Beta(a, b) is at most ``x``.

    A shape at or below 0 means the limit: all at 0 where only ``a`` is, all at 1 where only
    ``b`` is, half at each where both are.

    Args:
        x: any real; the distribution is on [0, 1], and below `LEAST_X` is 0.
        a: the shape that draws towards 1.
        b: the shape that draws towards 0.
    """
    if x < 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    if a < LEAST_SHAPE or b < LEAST_SHAPE:
        return _limit(a, b)
    if x < LEAST_X:
        return 0.0
    return _regularised(_shapes(a, b), x)


def beta_quantile(p: float, a: float, b: float) -> float:
    """Return the inverse of `beta_cdf`: a draw from Beta(a, b) is below it with probability ``p``.

    It never falls in ``p``. It is a multiple of 2**-53, and less than that below the exact one,
    but for the error of the distribution itself.

    Args:
        p: a probability; at or below 0 the result is 0, at or above 1 it is 1.
        a: as for `beta_cdf`, limits included: where both shapes are at or below 0, ``p`` below a
            half gives 0 and any other gives 1.
        b: the other shape, with the same limits.
    """
    if p <= 0.0:
        return 0.0
    if p >= 1.0:
        return 1.0
    if a < LEAST_SHAPE or b < LEAST_SHAPE:
        return 0.0 if p < _limit(a, b) else 1.0
    shapes = _shapes(a, b)
    low, width = 0.0, 1.0
    for _ in range(QUANTILE_STEPS):
        width = 0.5 * width
        if _regularised(shapes, low + width) <= p:
            low = low + width
    return low


def _limit(a: float, b: float) -> float:
    """Return the distribution inside of [0, 1) where at least one shape counts as 0."""
    if b >= LEAST_SHAPE:
        return 1.0
    return 0.0 if a >= LEAST_SHAPE else 0.5


class _Shapes(NamedTuple):
    """Two shapes, and what depends on them alone."""

    a: float
    b: float
    factor: float
    """The part of the leading factor without x."""


def _shapes(a: float, b: float) -> _Shapes:
    """Return the shapes as they count, both at least `LEAST_SHAPE` when they come."""
    largest = max(a, b)
    if largest > MOST_SHAPE:
        a = max(a / largest * MOST_SHAPE, LEAST_SHAPE)
        b = max(b / largest * MOST_SHAPE, LEAST_SHAPE)
    n = a + b
    error = stirling_error(n) - stirling_error(a) - stirling_error(b)
    # Both square roots apart, so that tiny shapes do not overflow.
    root = sqrt(a / n) * sqrt(b) / _SQRT_2_PI
    return _Shapes(a, b, root * exp_real(error))


_SQRT_2_PI = 2.5066282746310002
_STIRLING_FROM = 16.0
# B(2k) / (2k (2k - 1)), k from 6 to 1: what Stirling's series for log gamma is made of.
_STIRLING = (
    -0.0019175269175269176, 0.0008417508417508417, -0.0005952380952380953, 0.0007936507936507937,
    -0.002777777777777778, 0.08333333333333333,
)  # fmt: skip


def stirling_error(z: float) -> float:
    """``log gamma(z) - (z - 1/2) log z + z - log(2 pi) / 2`` for ``z`` > 0."""
    shift = 0.0
    if z < _STIRLING_FROM:
        # The recurrence of gamma, as often as it takes.
        start, product = z, 1.0
        while z < _STIRLING_FROM:
            product = product * z
            z = z + 1.0
        shift = (z - 0.5) * log_real(z) - (start - 0.5) * log_real(start) - (z - start)
        shift = shift - log_real(product)
    inverse = 1.0 / z
    square = inverse * inverse
    series = 0.0
    for coefficient in _STIRLING:
        series = series * square + coefficient
    return shift + series * inverse


def deviance(x: float, mean: float) -> float:
    """``x log(x / mean) + mean - x`` for ``x`` > 0 and ``mean`` > 0; never below 0.

    Where the two are near, their logarithm is a series in v = (x - mean)/(x + mean), since the
    terms of the formula all but cancel.
    """
    away = x - mean
    v = away / (x + mean)
    if v > 0.1 or v < -0.1:
        return x * log_real(x / mean) - away
    square = v * v
    tail = 0.0
    for k in range(10, 0, -1):
        tail = tail * square + 1.0 / (2 * k + 1)
    return away * v + 2.0 * x * v * square * tail


def _regularised(shapes: _Shapes, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b) for 0 < ``x`` < 1."""
    a, b = shapes.a, shapes.b
    n = a + b
    y = 1.0 - x
    exponent = deviance(a, n * x) + deviance(b, n * y)
    leading = shapes.factor * exp_real(-exponent)
    # The fraction converges fast on the side of the mean where the smaller part is.
    if x <= (a + 1.0) / (n + 2.0):
        return min(leading * _fraction(a, b, x) / a, 1.0)
    return max(1.0 - leading * _fraction(b, a, y) / b, 0.0)


_FLOOR = 1e-300
_ENOUGH = 2.220446049250313e-16
_MOST_TERMS = 20_000


def _fraction(a: float, b: float, x: float) -> float:
    """Evaluate the continued fraction of the incomplete beta function from the front (Lentz)."""
    n = a + b
    c = 1.0
    d = 1.0 / _off_zero(1.0 - n * x / (a + 1.0))
    value = d
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + (2 * m - 1)) * (a + 2 * m))
        d = 1.0 / _off_zero(1.0 + even * d)
        c = _off_zero(1.0 + even / c)
        value = value * (d * c)
        odd = -(a + m) * (n + m) * x / ((a + 2 * m) * (a + (2 * m + 1)))
        d = 1.0 / _off_zero(1.0 + odd * d)
        c = _off_zero(1.0 + odd / c)
        step = d * c
        value = value * step
        if -_ENOUGH <= step - 1.0 <= _ENOUGH:
            break
    return value


def _off_zero(value: float) -> float:
    return _FLOOR if -_FLOOR < value < _FLOOR else value
