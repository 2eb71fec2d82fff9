"""Distinguish rational numbers that are too large to calculate, by their residues."""

from fractions import Fraction
from hashlib import blake2b

from store.answers.exact import Expression, rational

_PRIMES = (2**127 - 1, 2**521 - 1)
_MOST_FACTORS = 300_000


def residues(expression: Expression) -> str | None:
    """Name a rational number by its residues modulo two primes, equal for equal numbers.

    ``None`` where the expression is no such number, or a part of it is too large even so.
    """
    results = [_residue(expression, prime) for prime in _PRIMES]
    if None in results:
        return None
    return blake2b(repr(results).encode(), digest_size=12).hexdigest()


def _residue(expression: Expression, prime: int) -> int | None:
    head, *parts = expression
    if head == "num":
        return _of_fraction(rational(expression), prime)
    if head == "fn" and parts[0] == "factorial":
        return _factorial(parts[1], prime)
    if head not in ("+", "*", "/", "^"):
        return None
    left = _residue(parts[0], prime)
    if head == "^":
        is_integer = parts[1][0] == "num" and rational(parts[1]).denominator == 1
        if left is None or not left or not is_integer:
            return None
        return pow(left, int(rational(parts[1])), prime)
    right = _residue(parts[1], prime)
    if left is None or right is None:
        return None
    if head == "+":
        return (left + right) % prime
    if head == "*":
        return left * right % prime
    return left * pow(right, -1, prime) % prime if right else None


def _of_fraction(value: Fraction, prime: int) -> int | None:
    bottom = value.denominator % prime
    return value.numerator * pow(bottom, -1, prime) % prime if bottom else None


def _factorial(argument: Expression, prime: int) -> int | None:
    if argument[0] != "num":
        return None
    value = rational(argument)
    if value.denominator != 1 or not 0 <= value <= _MOST_FACTORS:
        return None
    product = 1
    for factor in range(2, int(value) + 1):
        product = product * factor % prime
    return product
