"""The canonical lines of a schedule: a knob as a curve from its value at β = 0 to that at β = 1.

Between the ends a curve is linear, ``round(4 + 28 * beta)``, or geometric, ``round(4 * pow(8,
beta))``. The checker can prove the direction of every line that this module writes. Another formula
counts as a curve if it has the same values, such as ``max(2, round(2 + 6 * beta))``.
"""

from collections.abc import Mapping
from math import floor, isfinite, log10
from typing import NamedTuple

from agents.variation.tree_transforms import (
    NOWHERE,
    binary,
    call,
    find_section,
    identifier,
    name,
    number,
)
from dsl import tree
from dsl.checker.symbols import constant_value
from dsl.numeric import pow_real
from dsl.operations import Number, evaluate_expression
from dsl.traversal import walk
from dsl.types import Type

LARGEST = 1e9
"""The largest value of a knob; the last digits of larger numbers would be lost."""

DIGITS = 4
"""Significant digits of a real."""

ROUNDED = 5e-3
"""The largest distance of a line from its curve, as a fraction of its span, for rounded decimals.

An integer that changes by 4 or more may differ by 1, since halves may be rounded differently.
"""

_GRID = (0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0)
"""Where a line must agree with a curve to count as one."""


class KnobCurve(NamedTuple):
    """A knob from β = 0 to β = 1."""

    integer: bool
    geometric: bool
    at_zero: float
    at_one: float

    def short(self) -> "KnobCurve":
        """Return the curve with rounded ends, and linear where it cannot be geometric."""
        ends = [self.at_zero, self.at_one]
        low, high = (float(round(v)) if self.integer else round_significant(v) for v in ends)
        possible = low > 0 and high > 0 and low != high
        return KnobCurve(self.integer, self.geometric and possible, low, high)


def round_significant(value: float, digits: int = DIGITS) -> float:
    """Round a number to significant digits, but to at most 12 decimals."""
    if value == 0 or not isfinite(value):
        return 0.0
    decimals = digits - 1 - floor(log10(abs(value)))
    return round(value, min(max(decimals, 0), 12)) + 0.0


def write_line(knob: str, curve: KnobCurve) -> tree.Scheduled:
    """Return the line of the schedule for a curve."""
    curve = curve.short()
    low, high = curve.at_zero, curve.at_one
    if low == high:
        fixed = number(int(low) if curve.integer else low)
        return tree.Scheduled(NOWHERE, tree.Direction.FIXED, identifier(knob), fixed)
    written = _geometric(curve) if curve.geometric else _even(curve)
    direction = tree.Direction.RISING if low < high else tree.Direction.FALLING
    return tree.Scheduled(NOWHERE, direction, identifier(knob), written)


def _even(curve: KnobCurve) -> tree.Expression:
    """Return the linear formula ``a + b * beta``."""
    low, rise = curve.at_zero, curve.at_one - curve.at_zero
    if curve.integer:
        start, slope = number(int(low)), number(abs(int(rise)))
    else:
        start, slope = number(low), number(round(abs(rise), 10))
    moving: tree.Expression = name("beta")
    if abs(rise) != 1:
        moving = binary("*", slope, moving)
    if low != 0:
        moving = binary("+" if rise > 0 else "-", start, moving)
    elif rise < 0:
        moving = tree.Unary(NOWHERE, "-", moving)
    return call("round", moving) if curve.integer else moving


def _geometric(curve: KnobCurve) -> tree.Expression:
    """Return ``a * pow(b, beta)``, with the shortest base that reaches the value at β = 1."""
    low = curve.at_zero
    start = number(int(low) if curve.integer else low)
    moving = binary("*", start, call("pow", number(_base(curve)), name("beta")))
    return call("round", moving) if curve.integer else moving


def _base(curve: KnobCurve) -> float:
    """Return the ratio of the ends: exact where it is short, else the shortest that reaches."""
    exact = curve.at_one / curve.at_zero
    near = [round_significant(exact, digits) for digits in range(2, 9)]
    for tried in [ratio for ratio in near[:3] if ratio == exact] + near:
        if tried != 1 and _reaches(curve, tried):
            return int(tried) if tried == int(tried) else tried
    return exact


def _reaches(curve: KnobCurve, base: float) -> bool:
    end = curve.at_zero * pow_real(base, 1.0)
    if curve.integer:
        # Not close to a half, so that the rounding of the power does not change the integer.
        rises = curve.at_one > curve.at_zero
        return abs(end - curve.at_one) < 0.4 and (base > 1) is rises
    return round_significant(end) == curve.at_one


def parse_curve(
    item: tree.Scheduled, types: Mapping[tree.Node, Type], names: Mapping[str, Number]
) -> KnobCurve | None:
    """Return the curve of a line of the schedule; ``None`` where it is not a curve.

    Args:
        item: The line of the schedule.
        types: The types of the checker, by node.
        names: The values of the names that the line may use, except `beta`.
    """
    integer = types[item.value] is Type.INTEGER
    values = [evaluate_expression(item.value, types, {**names, "beta": beta}) for beta in _GRID]
    if max(map(abs, values)) > LARGEST:
        return None
    span = max(values) - min(values)
    exactly = 0.0 if integer else 1e-6 * span + 1e-9
    roughly = float(span >= 4) if integer else ROUNDED * span
    for tolerance in (exactly, roughly):
        for geometric in (False, True):
            curve = KnobCurve(integer, geometric, values[0], values[-1]).short()
            expected = [_at(curve, beta) for beta in _GRID]
            alike = all(abs(a - b) <= tolerance for a, b in zip(values, expected, strict=True))
            if alike and curve.geometric is geometric:
                return curve
    return None


def fit_even_curve(
    item: tree.Scheduled, types: Mapping[tree.Node, Type], names: Mapping[str, Number]
) -> KnobCurve | None:
    """Return the linear curve between the ends of a line; ``None`` where one exceeds `LARGEST`.

    Args:
        item: The line of the schedule.
        types: The types of the checker, by node.
        names: The values of the names that the line may use, except `beta`.
    """
    low, high = (
        evaluate_expression(item.value, types, {**names, "beta": beta}) for beta in (0.0, 1.0)
    )
    if max(abs(low), abs(high)) > LARGEST:
        return None
    return KnobCurve(types[item.value] is Type.INTEGER, False, low, high).short()


def _at(curve: KnobCurve, beta: float) -> float:
    """Return the value of a curve at β, as its canonical line computes it."""
    if curve.at_zero == curve.at_one:
        return curve.at_zero
    if curve.geometric:
        value = curve.at_zero * pow_real(_base(curve), beta)
    else:
        value = curve.at_zero + (curve.at_one - curve.at_zero) * beta
    return round(value) if curve.integer else value


def find_defaults(program: tree.Program) -> dict[str, Number]:
    """Return the free knobs whose default is a number, by name."""
    knobs = find_section(program, tree.Knobs)
    defaults = {
        knob.name.text: constant_value(knob.default) for knob in (knobs.items if knobs else ())
    }
    return {
        name: default
        for name, default in defaults.items()
        if default is not None and abs(default) <= LARGEST
    }


def refers_only_to_beta(item: tree.Scheduled) -> bool:
    """Return whether a line uses no other knob."""
    return all(node.text == "beta" for node in walk(item.value) if isinstance(node, tree.Name))
