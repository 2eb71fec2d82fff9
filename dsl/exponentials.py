"""exp, log and pow of doubles: the same bits on every machine, and monotone.

No mathematical library is used: only + - * / of IEEE doubles, rounded to nearest, nothing fused.
Each function computes a value as an unevaluated sum of two doubles, about 106 bits of them, and
rounds that once. The error before the rounding is below 2**-68 of a logarithm, below 2**-68 of the
distance of e**x from 1 or of e**x, whichever is less, and below 2**-60 for a power. So results are
within 0.51 units in the last place.

That they are monotone follows. Two neighbouring arguments are at least 2**-53 apart, relative to
their size, so the values that belong to them are further apart than twice the error; the sums of
two doubles are in the right order, and rounding keeps order. So `exp_real` and `log_real` never
fall over all doubles above 0 (exp: over all doubles), and `pow_real` goes one way in its base for
each exponent and in its exponent for each base, for bases above 0.
"""

import math
from typing import NamedTuple

MAX_REAL = 1.7976931348623157e308
"""The largest real; results that would be beyond it are it."""

MAX_POWER = 64
"""Whole exponents up to this one, of either sign, are done by multiplication."""


class Pair(NamedTuple):
    """The exact sum of two doubles, the second no more than the rounding of the first."""

    high: float
    low: float


_SPLITTER = 134217729.0  # 2**27 + 1
_SQRT_2 = 1.4142135623730951
_PER_LN_2 = 1.4426950408889634
# The natural logarithm of 2 in two parts. The first has 42 bits, so that whole numbers of up to 11
# bits times it are exact.
_LN_2 = Pair(0.6931471805598903, 5.497923018708371e-14)

# Below this distance from 0, 1 + x is e**x to 75 bits.
_TINY = 7.275957614183426e-12  # 2**-37
# e**x is beyond the largest double above the one, and 0 below the other.
_TOO_LARGE, _TOO_SMALL = 710.0, -746.0

# 1/n!: n from 18 to 6 as doubles, since little of the sum hangs on them; n from 5 to 1 as pairs.
_INVERSE_FACTORIALS = (
    1.5619206968586225e-16, 2.8114572543455206e-15, 4.779477332387385e-14, 7.647163731819816e-13,
    1.1470745597729725e-11, 1.6059043836821613e-10, 2.08767569878681e-09, 2.505210838544172e-08,
    2.755731922398589e-07, 2.7557319223985893e-06, 2.48015873015873e-05, 0.0001984126984126984,
    0.001388888888888889,
)  # fmt: skip
_INVERSE_FACTORIAL_PAIRS = (
    Pair(0.008333333333333333, 1.1564823173178714e-19),
    Pair(0.041666666666666664, 2.3129646346357427e-18),
    Pair(0.16666666666666666, 9.25185853854297e-18),
    Pair(0.5, 0.0),
    Pair(1.0, 0.0),
)

# 1/(2j + 1): j from 16 to 3 as doubles, j from 2 to 0 as pairs.
_INVERSE_ODDS = (
    0.030303030303030304, 0.03225806451612903, 0.034482758620689655, 0.037037037037037035, 0.04,
    0.043478260869565216, 0.047619047619047616, 0.05263157894736842, 0.058823529411764705,
    0.06666666666666667, 0.07692307692307693, 0.09090909090909091, 0.1111111111111111,
    0.14285714285714285,
)  # fmt: skip
_INVERSE_ODD_PAIRS = (
    Pair(0.2, -1.1102230246251566e-17),
    Pair(0.3333333333333333, 1.850371707708594e-17),
    Pair(1.0, 0.0),
)


def exp_real(x: float) -> float:
    """E to the power ``x``; `MAX_REAL` where that is too large, 0 where it is too small."""
    return _exp(Pair(x, 0.0))


def log_real(x: float) -> float:
    """Return the natural logarithm, in nats; 0 at or below 0."""
    if x <= 0.0:
        return 0.0
    return log_pair(x).high


def pow_real(x: float, y: float) -> float:
    """``x`` to the power ``y``; 0 where ``x`` is at or below 0, even for ``y`` = 0.

    Exact wherever the power is a double and ``y`` is whole, up to `MAX_POWER` either way.
    """
    if x <= 0.0:
        return 0.0
    if -MAX_POWER <= y <= MAX_POWER and y == math.floor(y):
        return _whole_power(x, int(y))
    logarithm = log_pair(x)
    # Checked first, since a product that is far too large or small could not be split below.
    rough = y * logarithm.high
    if rough > _TOO_LARGE:
        return MAX_REAL
    if rough < _TOO_SMALL:
        return 0.0
    if -_TINY < rough < _TINY:
        return 1.0 + rough
    return _exp(_times(logarithm, Pair(y, 0.0)))


def log_pair(x: float) -> Pair:
    """Return the natural logarithm of ``x`` > 0 to 68 bits and more, relative to itself.

    x = m * 2**k with m between sqrt(1/2) and sqrt(2); log m is a series in s = (m - 1)/(m + 1).
    """
    m, k = _binary(x)
    if m > _SQRT_2:
        m, k = m * 0.5, k + 1
    s = _over(Pair(m - 1.0, 0.0), two_sum(m, 1.0))
    square = _times(s, s)
    tail = 0.0
    for odd in _INVERSE_ODDS:
        tail = tail * square.high + odd
    series = Pair(tail, 0.0)
    for pair in _INVERSE_ODD_PAIRS:
        series = _plus(_times(series, square), pair)
    series = _times(s, series)
    series = Pair(2.0 * series.high, 2.0 * series.low)
    return _plus(two_sum(k * _LN_2.high, k * _LN_2.low), series)


def _exp(x: Pair) -> float:
    """E to a power that is given as a pair.

    x = k * log 2 + r with r between -0.35 and 0.35; e**r is Taylor's series.
    """
    if x.high > _TOO_LARGE:
        return MAX_REAL
    if x.high < _TOO_SMALL:
        return 0.0
    if -_TINY < x.high < _TINY:
        return 1.0 + x.high
    k = math.floor(x.high * _PER_LN_2 + 0.5)
    r = _plus(two_sum(x.high, -k * _LN_2.high), two_sum(x.low, -k * _LN_2.low))
    tail = 0.0
    for coefficient in _INVERSE_FACTORIALS:
        tail = tail * r.high + coefficient
    series = Pair(tail, 0.0)
    for pair in _INVERSE_FACTORIAL_PAIRS:
        series = _plus(_times(series, r), pair)
    return _scaled(_plus(Pair(1.0, 0.0), _times(series, r)), k)


def _whole_power(x: float, n: int) -> float:
    """``x`` > 0 to a whole power, of its mantissa and its exponent apart, so nothing overflows."""
    m, k = _binary(x)
    exponent, base, power = abs(n), Pair(m, 0.0), Pair(1.0, 0.0)
    while exponent > 0:
        if exponent % 2 == 1:
            power = _times(power, base)
        base = _times(base, base)
        exponent //= 2
    if n < 0:
        power = _over(Pair(1.0, 0.0), power)
    return _scaled(power, k * n)


# Pairs


def two_sum(a: float, b: float) -> Pair:
    """Return the exact sum of two doubles."""
    total = a + b
    part = total - a
    return Pair(total, (a - (total - part)) + (b - part))


def _ordered_sum(a: float, b: float) -> Pair:
    """Return the exact sum of two doubles of which the first is the larger in size."""
    total = a + b
    return Pair(total, b - (total - a))


def _two_product(a: float, b: float) -> Pair:
    """Return the exact product of two doubles that are neither very large nor very small."""
    product = a * b
    part = _SPLITTER * a
    a_high = part - (part - a)
    a_low = a - a_high
    part = _SPLITTER * b
    b_high = part - (part - b)
    b_low = b - b_high
    error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return Pair(product, error)


def _plus(x: Pair, y: Pair) -> Pair:
    high, low = two_sum(x.high, y.high), two_sum(x.low, y.low)
    middle = _ordered_sum(high.high, high.low + low.high)
    return _ordered_sum(middle.high, low.low + middle.low)


def _times(x: Pair, y: Pair) -> Pair:
    product = _two_product(x.high, y.high)
    return _ordered_sum(product.high, product.low + (x.high * y.low + x.low * y.high))


def _over(x: Pair, y: Pair) -> Pair:
    first = x.high / y.high
    back = _times(y, Pair(first, 0.0))
    rest = _plus(x, Pair(-back.high, -back.low))
    return _ordered_sum(first, rest.high / y.high)


# Powers of two


class _Step(NamedTuple):
    exponent: int
    up: float
    """2**exponent."""
    down: float
    """2**-exponent."""


_STEPS = tuple(
    _Step(exponent, float(1 << exponent), 1.0 / float(1 << exponent))
    for exponent in (512, 256, 128, 64, 32, 16, 8, 4, 2, 1)
)
_LIFT = float(1 << 600)


class _Binary(NamedTuple):
    mantissa: float
    exponent: int


def _binary(x: float) -> _Binary:
    """``x`` > 0 as m * 2**k, exactly, with m from 1 to below 2."""
    k = 0
    if x < _STEPS[0].down:
        x, k = x * _LIFT, -600
    if x < 1.0:
        for step in _STEPS:
            if x * step.up < 2.0:
                x, k = x * step.up, k - step.exponent
    else:
        for step in _STEPS:
            if x >= step.up:
                x, k = x * step.down, k + step.exponent
    return _Binary(x, k)


def _power_of_two(k: int) -> float:
    """2**k for k from -1022 to 1023."""
    power, remaining = 1.0, abs(k)
    for step in _STEPS:
        if remaining >= step.exponent:
            power, remaining = power * (step.up if k > 0 else step.down), remaining - step.exponent
    return power


def _scaled(x: Pair, k: int) -> float:
    """``x * 2**k``, rounded once, for ``x`` from 2**-65 to 2**65; at most `MAX_REAL`."""
    if k > 1100:
        return MAX_REAL
    if k < -1200:
        return 0.0
    if k > 900:
        return min(x.high * _power_of_two(900) * _power_of_two(k - 900), MAX_REAL)
    if k > -900:
        return x.high * _power_of_two(k)
    # Where the result is subnormal: added to this, a number loses the very bits that are too many.
    heavy = _power_of_two(-1022 - k)
    high = x.high if x.high >= heavy else _plus(Pair(heavy, 0.0), x).high - heavy
    return high * _power_of_two(k + 250) * _power_of_two(-250)
