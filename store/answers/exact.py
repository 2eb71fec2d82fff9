"""Evaluate exactly what is rational in an expression, as far as its size allows."""

from collections.abc import Sequence
from fractions import Fraction
from math import comb, factorial, gcd, lcm
from typing import Any

Expression = tuple[Any, ...]
"""A nested tuple, which can be sent to another process and is named by its content: ``("num",
"3/4")``, ``("sym", "x")``, ``("const", "pi")``, ``("+", a, b)``, ``("*", a, b)``, ``("/", a, b)``,
``("^", a, b)``, ``("fn", name, a, …)``."""

MOST_BITS = 200_000
"""Bits of a power that is still calculated."""

_MOST_FACTORIAL = 2_000
_MOST_TERMS = 1_000
_MOST_TERM_BITS = 20_000


def number(value: Fraction | int) -> Expression:
    """Make the expression of a rational number."""
    return ("num", _digits(Fraction(value)))


def negative(expression: Expression) -> Expression:
    """Change the sign of an expression."""
    return ("*", number(-1), expression)


def rational(expression: Expression) -> Fraction:
    """Read the value of a ``num`` expression."""
    text: str = expression[1]
    if "0x" not in text:
        return Fraction(text)
    top, bottom = text.split("/")
    return Fraction(int(top, 16), int(bottom, 16))


def fold(expression: Expression) -> Expression:
    """Evaluate every rational part exactly, as far as its size allows."""
    if expression[0] in ("num", "sym", "const"):
        return expression
    start = 2 if expression[0] == "fn" else 1
    parts = tuple(fold(part) for part in expression[start:])
    folded = (*expression[:start], *parts)
    if all(part[0] == "num" for part in parts):
        value = _evaluated(expression[:start], [rational(part) for part in parts])
        if value is not None:
            return number(value)
    return folded


def _evaluated(head: Sequence[str], values: list[Fraction]) -> Fraction | None:
    """Evaluate one operation on rationals; ``None`` where the value is none, or too large."""
    if head[0] == "fn":
        return _function_value(head[1], values)
    left, right = values
    if head[0] == "+":
        return left + right
    if head[0] == "*":
        return left * right
    if head[0] == "/":
        return left / right if right else None
    return _power(left, right)


def _power(base: Fraction, exponent: Fraction) -> Fraction | None:
    if exponent.denominator != 1:
        return _root(base, exponent)
    power = exponent.numerator
    if power < 0 and not base:
        return None
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if bits > 1 and bits * abs(power) > MOST_BITS:
        return None
    if abs(power) > MOST_BITS:
        power = power % 2 if base in (-1, 1) else power
    return base**power if base or power else Fraction(1)


def _root(base: Fraction, exponent: Fraction) -> Fraction | None:
    """Return the rational root of a rational, where there is one."""
    index = exponent.denominator
    if base < 0 or index > 64 or base.numerator.bit_length() > 4_000:
        return None
    top, bottom = _integer_root(base.numerator, index), _integer_root(base.denominator, index)
    if top**index != base.numerator or bottom**index != base.denominator:
        return None
    return _power(Fraction(top, bottom), Fraction(exponent.numerator))


def _integer_root(value: int, index: int) -> int:
    """Return the largest integer whose power does not exceed ``value``."""
    low, high = 0, 1 << (value.bit_length() // index + 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**index <= value else (low, middle - 1)
    return low


def _function_value(name: str, values: list[Fraction]) -> Fraction | None:
    first = values[0]
    is_whole = all(value.denominator == 1 for value in values)
    if name == "abs" and len(values) == 1:
        return abs(first)
    if name == "floor" and len(values) == 1:
        return Fraction(first.numerator // first.denominator)
    if name == "ceil" and len(values) == 1:
        return Fraction(-(-first.numerator // first.denominator))
    if name == "factorial" and is_whole and 0 <= first <= _MOST_FACTORIAL:
        return Fraction(factorial(int(first)))
    if name == "binom" and is_whole and len(values) == 2:
        top, bottom = map(int, values)
        return Fraction(comb(top, bottom)) if 0 <= bottom <= top <= 10_000 else None
    if name in ("gcd", "lcm") and is_whole:
        return Fraction((gcd if name == "gcd" else lcm)(*map(int, values)))
    if name in ("max", "min"):
        return max(values) if name == "max" else min(values)
    return None


def evaluate_series(
    term: Expression, index: Expression, bounds: tuple[Fraction, Fraction], *, is_sum: bool
) -> Fraction | None:
    """Add up or multiply the values of a term over a range of integers.

    Args:
        term: the expression of one term.
        index: the variable that takes the integers.
        bounds: the first and the last integer.
        is_sum: whether the values are added up.

    Returns:
        The value; ``None`` where a term is no rational number, or there is too much to calculate.
    """
    low, high = bounds
    if low.denominator * high.denominator != 1 or high - low > _MOST_TERMS:
        return None
    total = Fraction(0 if is_sum else 1)
    for value in range(int(low), int(high) + 1):
        folded = fold(_substitute(term, index, number(value)))
        if folded[0] != "num":
            return None
        total = total + rational(folded) if is_sum else total * rational(folded)
        if total.denominator.bit_length() + total.numerator.bit_length() > _MOST_TERM_BITS:
            return None
    return total


def _substitute(expression: Expression, symbol: Expression, value: Expression) -> Expression:
    if expression == symbol:
        return value
    if expression[0] in ("num", "sym", "const"):
        return expression
    start = 2 if expression[0] == "fn" else 1
    parts = (_substitute(part, symbol, value) for part in expression[start:])
    return (*expression[:start], *parts)


def _digits(value: Fraction) -> str:
    """Write a rational exactly, also where it has more digits than Python prints."""
    if max(value.numerator.bit_length(), value.denominator.bit_length()) < 12_000:
        return str(value)
    return f"{_hexadecimal(value.numerator)}/{_hexadecimal(value.denominator)}"


def _hexadecimal(value: int) -> str:
    return f"{'-' if value < 0 else ''}0x{abs(value):x}"
