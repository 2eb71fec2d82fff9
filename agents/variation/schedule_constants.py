"""The constants of a program, for what fits numbers: the ends of each knob of its schedule."""

from collections.abc import Mapping
from typing import NamedTuple

from agents.variation.curves import KnobCurve, parse_curve, refers_only_to_beta, write_line
from agents.variation.quantities import Quantity, Range, Scale
from agents.variation.survey import ProgramSurvey, survey_program
from agents.variation.tree_transforms import NOWHERE, copy_tree, find_section, with_section
from dsl import tree

STEEP = 4
"""From this ratio of its ends on, a fixed integer that comes to move does so by a factor."""


class ScheduleConstant(NamedTuple):
    """A knob of the schedule that is a curve between two values."""

    knob: str
    integer: bool
    low: float
    high: float
    """The bounds of both ends, from what the knob is compared with."""
    logarithmic: bool
    """Whether it is sensibly changed by a factor; ``low`` is above 0 then."""
    at_zero: float
    at_one: float


def find_constants(program: tree.Program) -> list[ScheduleConstant]:
    """Return the constants of a sound program, in the order of its schedule."""
    seen = survey_program(copy_tree(program))
    return [_constant(knob, curve, seen) for knob, curve in find_knob_curves(seen).items()]


def find_knob_curves(seen: ProgramSurvey) -> dict[str, KnobCurve]:
    """Return the knobs of the schedule that are curves, in order."""
    schedule = find_section(seen.program, tree.Schedule)
    found = {}
    for item in schedule.items if schedule else ():
        if refers_only_to_beta(item):
            curve = parse_curve(item, seen.types, {})
            if curve is not None:
                found[item.name.text] = curve
    return found


def infer_quantity(knob: str, curve: KnobCurve, seen: ProgramSurvey) -> Quantity:
    """Return what a knob is a number of, from its uses, else from its values."""
    used = seen.uses.get(knob)
    if used is not None and (not used.range.integer or curve.integer):
        return used
    if curve.integer:
        return Quantity.STEPS
    if used is not None and used is not Quantity.WEIGHT:
        return used
    whole = min(curve.at_zero, curve.at_one) >= 0 and max(curve.at_zero, curve.at_one) <= 1
    return Quantity.PART if whole else Quantity.WEIGHT


def compute_bounds(curve: KnobCurve, quantity: Quantity) -> Range:
    """Return the range of a quantity, made wide enough for what is there."""
    found = quantity.range
    low = min(found.low, curve.at_zero, curve.at_one)
    high = max(found.high, curve.at_zero, curve.at_one)
    even = found.scale is Scale.RATIO and low <= 0
    return found._replace(low=low, high=high, scale=Scale.EVEN if even else found.scale)


def _constant(knob: str, curve: KnobCurve, seen: ProgramSurvey) -> ScheduleConstant:
    found = compute_bounds(curve, infer_quantity(knob, curve, seen))
    return ScheduleConstant(
        knob, curve.integer, found.low, found.high, found.scale is Scale.RATIO,
        curve.at_zero, curve.at_one,
    )  # fmt: skip


def with_constants(
    program: tree.Program, values: Mapping[str, tuple[float, float]]
) -> tree.Program:
    """Return the program with other values of knobs at β = 0 and β = 1, directions included.

    Args:
        program: a sound program.
        values: the two values of knobs that `find_constants` names; of an integer they are rounded.
    """
    old = find_knob_curves(survey_program(copy_tree(program)))
    schedule = find_section(program, tree.Schedule)
    if schedule is None:
        return program
    new = {knob: _moved(old[knob], *ends) for knob, ends in values.items() if knob in old}
    items = tuple(
        write_line(each.name.text, new[each.name.text]) if each.name.text in new else each
        for each in schedule.items
    )
    return with_section(program, tree.Schedule(NOWHERE, items))


def _moved(curve: KnobCurve, at_zero: float, at_one: float) -> KnobCurve:
    moved = KnobCurve(curve.integer, curve.geometric, at_zero, at_one).short()
    was_fixed = curve.at_zero == curve.at_one
    low, high = sorted((moved.at_zero, moved.at_one))
    if was_fixed and curve.integer and low > 0 and high / low >= STEEP:
        return moved._replace(geometric=True)
    return moved
