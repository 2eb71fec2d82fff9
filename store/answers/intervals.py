"""Set of real numbers as unions of intervals, where their ends can be ordered."""

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

from store.answers.exact import Expression, number, rational
from store.answers.quantities import Structure

OO: Expression = ("const", "oo")
MINUS_OO: Expression = ("*", number(-1), OO)
REALS = Structure("interval", ("(", MINUS_OO, OO, ")"))


class _Interval(NamedTuple):
    low: Fraction | float
    high: Fraction | float
    has_low: bool
    has_high: bool
    low_end: Expression
    high_end: Expression


def interval(opening: str, low: Expression, high: Expression, closing: str) -> Structure:
    """Make the structure of one interval, from its brackets and ends.

    Args:
        opening: the opening bracket.
        low: the lower end.
        high: the upper end.
        closing: the closing bracket.
    """
    return Structure("interval", (opening, low, high, closing))


def is_set(structure: Structure) -> bool:
    """Return whether a structure is an interval or a union of intervals."""
    return structure.kind == "interval" or (
        structure.kind == "union" and all(_is_interval(part) for part in structure.parts)
    )


def reals_without(points: Iterable[Expression]) -> Structure | None:
    """Return all real numbers but some; ``None`` where the points cannot be ordered."""
    result: Structure | None = REALS
    for point in points:
        both = (interval("(", MINUS_OO, point, ")"), interval("(", point, OO, ")"))
        result = result and intersect(result, Structure("union", both))
    return result


def intersect(first: Structure, second: Structure) -> Structure | None:
    """Return what two sets share; ``None`` where their ends cannot be ordered."""
    one, other = _intervals(first), _intervals(second)
    if one is None or other is None:
        return None
    shared = [_shared(left, right) for left in one for right in other]
    return _structure([part for part in shared if not _is_empty(part)])


def unite(parts: Sequence[Structure]) -> Structure:
    """Unite sets: those that overlap or touch become one; sets without order are unchanged."""
    flat = [member for part in parts for member in (part.parts if part.kind == "union" else [part])]
    intervals = _intervals(Structure("union", tuple(flat)))
    if intervals is None:
        return Structure("union", tuple(flat))
    merged: list[_Interval] = []
    for interval in sorted(
        (interval for interval in intervals if not _is_empty(interval)), key=_by_low_end
    ):
        if merged and _touches(merged[-1], interval):
            merged[-1] = _joined(merged[-1], interval)
        else:
            merged.append(interval)
    return _structure(merged)


def _structure(parts: Sequence[_Interval]) -> Structure:
    structures = [
        interval(
            "[" if part.has_low else "(", part.low_end, part.high_end, "]" if part.has_high else ")"
        )
        for part in parts
    ]
    if not structures:
        return Structure("none")
    return structures[0] if len(structures) == 1 else Structure("union", tuple(structures))


def _is_interval(part: Structure) -> bool:
    return part.kind == "interval" or (part.kind == "tuple" and len(part.parts) == 2)


def _intervals(structure: Structure) -> list[_Interval] | None:
    """Return the intervals of a set; ``None`` where an end is no number that can be ordered."""
    parts = structure.parts if structure.kind in ("union", "list") else [structure]
    intervals: list[_Interval] = []
    for part in parts:
        nested = _intervals(part) if part.kind == "list" else None
        ordered: Sequence[_Interval | None] = nested or [_ordered(part)]
        known = [value for value in ordered if value is not None]
        if len(known) < len(ordered):
            return None
        intervals += known
    return intervals


def _ordered(part: Structure) -> _Interval | None:
    ends = _ends(part)
    if ends is None:
        return None
    opening, low_end, high_end, closing = ends
    low, high = approximate(low_end), approximate(high_end)
    if low is None or high is None:
        return None
    return _Interval(low, high, opening == "[", closing == "]", low_end, high_end)


def _ends(part: Structure) -> tuple[str, Expression, Expression, str] | None:
    """Return the brackets and ends; an open interval is read as a pair, and a value is a point."""
    if part.kind == "interval":
        opening, low, high, closing = part.parts
        return opening, low, high, closing
    if part.kind == "value":
        return "[", part.parts[0], part.parts[0], "]"
    if part.kind == "tuple" and [item.kind for item in part.parts] == ["value", "value"]:
        return "(", part.parts[0].parts[0], part.parts[1].parts[0], ")"
    return None


def _is_empty(part: _Interval) -> bool:
    both = part.has_low and part.has_high
    return part.low > part.high or (part.low == part.high and not both)


def _shared(one: _Interval, other: _Interval) -> _Interval:
    low = max(one, other, key=lambda interval: (interval.low, not interval.has_low))
    high = min(one, other, key=lambda interval: (interval.high, interval.has_high))
    return _Interval(low.low, high.high, low.has_low, high.has_high, low.low_end, high.high_end)


def _by_low_end(part: _Interval) -> tuple[Fraction | float, bool]:
    return (part.low, not part.has_low)


def _touches(before: _Interval, after: _Interval) -> bool:
    if before.high == after.low:
        return before.has_high or after.has_low
    return after.low < before.high


def _joined(one: _Interval, other: _Interval) -> _Interval:
    high = max(one, other, key=lambda interval: (interval.high, interval.has_high))
    return one._replace(high=high.high, has_high=high.has_high, high_end=high.high_end)


def approximate(expression: Expression) -> Fraction | float | None:
    """Return the real value of a constant, exact if it is rational; ``None`` if it has none."""
    if expression[0] == "num":
        return rational(expression)
    try:
        value = _approximate(expression)
    except (OverflowError, ValueError, ZeroDivisionError):
        return None
    if value is None or math.isnan(value):
        return None
    # Two spellings of one end may differ in their last bits.
    return float(f"{value:.12g}")


def _approximate(expression: Expression) -> float | None:
    head = expression[0]
    if head == "num":
        return float(rational(expression))
    if head == "const":
        return {"pi": math.pi, "e": math.e, "oo": math.inf}.get(expression[1])
    if head not in ("+", "*", "/", "^"):
        return None
    left, right = (_approximate(part) for part in expression[1:])
    if left is None or right is None:
        return None
    if head == "+":
        return left + right
    if head == "*":
        return left * right
    if head == "/":
        return left / right
    return None if left < 0 else math.pow(left, right)
