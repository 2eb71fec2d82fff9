"""Name constants: a rational, a root, a multiple of a known constant, or else their digits."""

from fractions import Fraction
from typing import Any

from store.answers.evaluation import DIGITS, PRECISION, SHOWN

LARGEST = 75
"""The power of ten up to which a constant is named, so that all digits that are shown are exact."""

_SURD_DIGITS = 45
"""Digits with which a quadratic equation is searched for; all digits then confirm it."""


def name_constant(value: Any) -> str:  # noqa: ANN401
    """Name a constant.

    Raises:
        ArithmeticError: it is none.
    """
    import mpmath

    value = mpmath.mpmathify(value)
    if mpmath.isnan(value):
        raise ArithmeticError("it has no value")
    if mpmath.isinf(value):
        return "-oo" if mpmath.re(value) < 0 else "oo"
    if abs(value) > mpmath.mpf(10) ** LARGEST:
        raise ArithmeticError("it has more digits before its point than are computed")
    real, imaginary = mpmath.re(value), mpmath.im(value)
    tiny = mpmath.mpf(10) ** -PRECISION * max(1, abs(value))
    if abs(imaginary) <= tiny:
        return _real(real)
    part = _real(abs(imaginary))
    factor = "i" if part == "1" else f"{part}*i" if part.isdigit() else f"({part})*i"
    sign = "-" if imaginary < 0 else ""
    if abs(real) <= tiny:
        return sign + factor
    return f"{_real(real)} {sign or '+'} {factor}"


def _real(value: Any) -> str:  # noqa: ANN401
    import mpmath

    if (exact := _rational(value)) is not None:
        return str(exact)
    if (square := _rational(value * value)) is not None:
        return _root(square, negative=value < 0)
    for name, constant in (("pi", mpmath.pi), ("e", mpmath.e), ("pi^2", mpmath.pi**2)):
        if (factor := _rational(value / constant)) is not None:
            return _times(factor, name)
        if (factor := _rational(value * constant)) is not None:
            bottom = _times(Fraction(factor.denominator), name)
            return f"{factor.numerator}/{f'({bottom})' if '*' in bottom else bottom}"
    if (surd := _surd(value)) is not None:
        return surd
    return _endless(value)


def _endless(value: Any) -> str:  # noqa: ANN401
    """Write the first digits of a value; three dots distinguish it from the decimal fraction."""
    import mpmath

    count = SHOWN + max(0, int(mpmath.log10(abs(value))))
    digits, _, exponent = mpmath.nstr(value, count, min_fixed=-10, max_fixed=90).partition("e")
    power = f"*10^({int(exponent)})" if exponent else ""
    return f"{digits.ljust(count, '0')}...{power}"


def _rational(value: Any) -> Fraction | None:  # noqa: ANN401
    """Return the rational number of small terms that a value is to all its digits."""
    import mpmath

    if value == 0:
        return Fraction(0)
    if not mpmath.mpf(10) ** -20 < abs(value) < mpmath.mpf(10) ** 40:
        return None
    scale = 10 ** (DIGITS - 10)
    near = Fraction(int(mpmath.nint(value * scale)), scale).limit_denominator(10**12)
    gap = abs(value - mpmath.mpf(near.numerator) / near.denominator)
    return near if near and gap < mpmath.mpf(10) ** -PRECISION * max(1, abs(value)) else None


def _root(square: Fraction, *, negative: bool) -> str:
    """Write the root of a rational as a multiple of the root of a square-free integer."""
    inside = square.numerator * square.denominator
    outside, factor = 1, 2
    while factor * factor <= inside and factor < 10_000:
        while inside % (factor * factor) == 0:
            inside //= factor * factor
            outside *= factor
        factor += 1
    coefficient = Fraction(outside, square.denominator)
    return _times(-coefficient if negative else coefficient, f"sqrt({inside})")


def _times(factor: Fraction, name: str) -> str:
    top = {1: name, -1: f"-{name}"}.get(factor.numerator, f"{factor.numerator}*{name}")
    return top if factor.denominator == 1 else f"{top}/{factor.denominator}"


def _surd(value: Any) -> str | None:  # noqa: ANN401
    """Write a root of a quadratic equation with small integer coefficients."""
    import mpmath

    with mpmath.workdps(_SURD_DIGITS):
        powers = [mpmath.mpf(1), +value, value * value]
        relation = mpmath.pslq(powers, maxcoeff=10**10, maxsteps=2_000)
    if not relation or not relation[2]:
        return None
    c, b, a = relation
    if abs(a * value * value + b * value + c) > mpmath.mpf(10) ** -PRECISION * max(1, abs(a)):
        return None
    middle = Fraction(-b, 2 * a)
    spread = Fraction(b * b - 4 * a * c, 4 * a * a)
    if spread <= 0:
        return None
    above = value > mpmath.mpf(middle.numerator) / middle.denominator
    root = _root(spread, negative=not above)
    return f"{middle} - {root[1:]}" if root.startswith("-") else f"{middle} + {root}"
