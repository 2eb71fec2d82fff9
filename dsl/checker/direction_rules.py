"""The rules of the direction proof: which way each operator and function follows its operands.

A rule gives, for operands within bounds, the sense in which the result follows each operand while
the others stay (1: it follows, -1: it opposes, 0: it does not care, ``None``: no rule), and bounds
of the result. All functions here are monotone in floating point wherever they are in the reals:
rounding to nearest and saturation keep order, and `exp`, `log` and `pow` are made to. So the value
at a corner of the operands' bounds, computed by the very function that runs, is an exact bound.
"""

from collections.abc import Callable, Sequence
from itertools import product
from typing import NamedTuple, TypeAlias

from dsl import numeric
from dsl.checker.tendency import Behaviour
from dsl.operations import Number, Operation

Sense: TypeAlias = int | None


class OperationShape(NamedTuple):
    """The shape of an operation under a rule: bounds, and the sense for each operand."""

    low: Number
    high: Number
    senses: tuple[Sense, ...]


Operands: TypeAlias = Sequence[Behaviour]
Rule: TypeAlias = Callable[[Operation, Operands], OperationShape]


def apply_rule(word: str, function: Operation, operands: Operands) -> OperationShape:
    """Return the bounds and senses of an operation on bounded operands.

    Args:
        word: the operator or function name.
        function: the function that a run evaluates.
        operands: behaviour of each operand.
    """
    if all(operand.is_point for operand in operands):
        only = function(*(operand.low for operand in operands))
        return OperationShape(only, only, (0,) * len(operands))
    if word == "round" and len(operands) == 2:
        return _round_digits(function, operands)
    if any(isinstance(operand.low, float) for operand in operands):
        operands = [operand.as_real() for operand in operands]
    if word in _FIXED_SENSES:
        return _corners(function, operands, _FIXED_SENSES[word])
    return _RULES[word](function, operands)


def _corners(function: Operation, operands: Operands, senses: Sequence[int]) -> OperationShape:
    """Bound an operation with a known sense for each operand: two corners are the bounds."""
    pairs = list(zip(operands, senses, strict=True))
    low = function(*(one.high if sense < 0 else one.low for one, sense in pairs))
    high = function(*(one.low if sense < 0 else one.high for one, sense in pairs))
    return OperationShape(low, high, tuple(senses))


def _all_corners(
    function: Operation, operands: Operands, senses: tuple[Sense, ...]
) -> OperationShape:
    """Bound an operation that is monotone in each operand, rising or falling, by all corners."""
    values = [function(*ends) for ends in product(*((one.low, one.high) for one in operands))]
    return OperationShape(min(values), max(values), senses)


_FIXED_SENSES: dict[str, tuple[int, ...]] = {
    "+": (1, 1),
    "-": (1, -1),
    "negate": (-1,),
    "not": (-1,),
    "floor": (1,),
    "ceil": (1,),
    "round": (1,),
    "sqrt": (1,),
    "exp": (1,),
    "<": (-1, 1),
    "<=": (-1, 1),
    ">": (1, -1),
    ">=": (1, -1),
}


def _sign(operand: Behaviour) -> Sense:
    """1 for a value that is never negative, -1 for one that is never positive, 0 for zero."""
    if operand.is_point and operand.low == 0:
        return 0
    if operand.low >= 0:
        return 1
    return -1 if operand.high <= 0 else None


def _opposite(sense: Sense) -> Sense:
    return None if sense is None else -sense


def _largest(function: Operation, operands: Operands) -> OperationShape:
    """``max`` and ``or``: an operand that another always reaches does not matter."""
    reached = max(operand.low for operand in operands)
    senses = tuple(0 if operand.high <= reached else 1 for operand in operands)
    return _corners(function, operands, senses)


def _smallest(function: Operation, operands: Operands) -> OperationShape:
    """``min`` and ``and``."""
    reached = min(operand.high for operand in operands)
    senses = tuple(0 if operand.low >= reached else 1 for operand in operands)
    return _corners(function, operands, senses)


def _clamp(function: Operation, operands: Operands) -> OperationShape:
    value, low, high = operands
    senses = [
        0 if value.high <= low.low else 1,
        0 if low.high <= value.low else 1,
        0 if high.low >= max(value.high, low.high) else 1,
    ]
    if max(value.low, low.low) >= high.high:
        senses[:2] = 0, 0
    return _corners(function, operands, senses)


def _product(function: Operation, operands: Operands) -> OperationShape:
    left, right = operands
    return _all_corners(function, operands, (_sign(right), _sign(left)))


def _quotient(function: Operation, operands: Operands) -> OperationShape:
    """``/`` and ``//``: a divisor of 0 gives 0, so the quotient jumps where it comes to 0."""
    left, right = operands
    if right.low > 0 or right.high < 0:
        return _all_corners(function, operands, (_sign(right), _opposite(_sign(left))))
    if right.is_point:
        never = function(left.low, right.low)
        return OperationShape(never, never, (0, 0))
    senses = (_sign(right), 0 if _sign(left) == 0 else None)
    if isinstance(function(left.low, 1), float):
        return OperationShape(*_widest(_sign(left), _sign(right)), senses)
    least: list[Number] = [0]
    for ends in ((right.low, -1), (1, right.high)):
        if ends[0] <= ends[1]:
            least.extend(function(top, end) for top in (left.low, left.high) for end in ends)
    return OperationShape(min(least), max(least), senses)


def _widest(left: Sense, right: Sense) -> tuple[float, float]:
    """Return the bounds of a quotient whose divisor comes as near to 0 as it may."""
    if left is None or right is None:
        return -numeric.MAX_REAL, numeric.MAX_REAL
    return (0.0, numeric.MAX_REAL) if left * right >= 0 else (-numeric.MAX_REAL, 0.0)


def _remainder(function: Operation, operands: Operands) -> OperationShape:
    """``%``, which has the sign of the divisor and jumps where the quotient does."""
    left, right = operands
    if right.low > 0 or right.high < 0:
        quotients = {
            numeric.floordiv_int(int(top), int(below))
            for top, below in product((left.low, left.high), (right.low, right.high))
        }
        if len(quotients) == 1:
            # One quotient q throughout, so the remainder is left - q * right.
            (q,) = quotients
            return _all_corners(function, operands, (1, (q < 0) - (q > 0)))
    return OperationShape(min(0, right.low + 1), max(0, right.high - 1), (None, None))


def _absolute(function: Operation, operands: Operands) -> OperationShape:
    (only,) = operands
    bounds = _all_corners(function, operands, (_sign(only),))
    return bounds if bounds.senses != (None,) else bounds._replace(low=function(0))


def _logarithm(function: Operation, operands: Operands) -> OperationShape:
    """``log``, which is 0 at or below 0; there is no integer between 0 and 1 to spoil its order."""
    (only,) = operands
    if only.low > 0 or isinstance(only.low, int):
        return _corners(function, operands, (1,))
    if only.high <= 0:
        return OperationShape(0.0, 0.0, (0,))
    return OperationShape(min(function(5e-324), 0.0), max(function(only.high), 0.0), (None,))


def _power(function: Operation, operands: Operands) -> OperationShape:
    """``pow``, which is 0 at or below a base of 0.

    Above that it goes one way in its base for each exponent, and in its exponent for each base.
    """
    base, exponent = operands
    if base.high <= 0:
        return OperationShape(0.0, 0.0, (0, 0))
    above = 1 if base.low >= 1 else -1 if base.high <= 1 else None
    if exponent.low >= 0:
        # From 0 upwards a power with such an exponent also leaves the 0 below.
        return _all_corners(function, operands, (1, above))
    if base.low > 0:
        return _all_corners(function, operands, (-1 if exponent.high <= 0 else None, above))
    return OperationShape(0.0, numeric.MAX_REAL, (None, above))


def _beta_confidence(function: Operation, operands: Operands) -> OperationShape:
    """Bound a confidence: monotone for whole votes; others may miss by the last bit."""
    if all(isinstance(operand.low, int) for operand in operands):
        return _corners(function, operands, (1, -1))
    return OperationShape(0.0, 1.0, (None, None))


def _round_digits(function: Operation, operands: Operands) -> OperationShape:
    """Bound a rounding to decimals: monotone in its value, and every number of digits is tried."""
    value, digits = operands
    # Beyond 400 digits either way nothing changes any more.
    ends = [min(400, max(-400, int(end))) for end in (digits.low, digits.high)]
    tried = range(ends[0], ends[1] + 1)
    low = min(function(value.low, count) for count in tried)
    high = max(function(value.high, count) for count in tried)
    return OperationShape(low, high, (1, None))


def _equal(function: Operation, operands: Operands) -> OperationShape:
    """``==``: where one side never passes the other, it tests whether the other is reached."""
    left, right = operands
    senses: tuple[Sense, Sense] = (None, None)
    if left.high <= right.low:
        senses = (1, -1)
    elif left.low >= right.high:
        senses = (-1, 1)
    possible = left.low <= right.high and right.low <= left.high
    return OperationShape(False, possible, senses)


def _unequal(function: Operation, operands: Operands) -> OperationShape:
    low, high, senses = _equal(function, operands)
    return OperationShape(not high, not low, tuple(map(_opposite, senses)))


_RULES: dict[str, Rule] = {
    "*": _product,
    "/": _quotient,
    "//": _quotient,
    "%": _remainder,
    "abs": _absolute,
    "log": _logarithm,
    "pow": _power,
    "min": _smallest,
    "max": _largest,
    "and": _smallest,
    "or": _largest,
    "clamp": _clamp,
    "beta_confidence": _beta_confidence,
    "==": _equal,
    "!=": _unequal,
}
