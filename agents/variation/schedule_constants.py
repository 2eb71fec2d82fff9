"""The constants of a program for a tuner: the ends of each knob of its schedule."""

from collections.abc import Mapping
from typing import NamedTuple

from agents.variation.curves import KnobCurve, parse_curve, refers_only_to_beta, write_line
from agents.variation.quantities import Quantity, Range, Scale
from agents.variation.survey import ProgramSurvey, survey_program
from agents.variation.tree_transforms import NOWHERE, copy_tree, find_section, with_section
from dsl import tree

STEEP = 4
"""The ratio of its ends from which a formerly fixed integer becomes a geometric curve."""


class ScheduleConstant(NamedTuple):
    """A knob of the schedule that is a curve between two values."""

    knob: str
    integer: bool
    low: float
    high: float
    """The bounds of both ends, from the quantity of the knob."""
    logarithmic: bool
    """Whether it is changed by a factor; ``low`` is above 0 then."""
    at_zero: float
    at_one: float


def find_constants(program: tree.Program) -> list[ScheduleConstant]:
    """Return the constants of a sound program, in the order of its schedule."""
    survey = survey_program(copy_tree(program))
    return [_constant(knob, curve, survey) for knob, curve in find_knob_curves(survey).items()]


def find_knob_curves(survey: ProgramSurvey) -> dict[str, KnobCurve]:
    """Return the knobs of the schedule that are curves, in order."""
    schedule = find_section(survey.program, tree.Schedule)
    curves = {}
    for item in schedule.items if schedule else ():
        if refers_only_to_beta(item):
            curve = parse_curve(item, survey.types, {})
            if curve is not None:
                curves[item.name.text] = curve
    return curves


def infer_quantity(knob: str, curve: KnobCurve, survey: ProgramSurvey) -> Quantity:
    """Return the quantity of a knob, from its uses, else from its values.

    Args:
        knob: The name of the knob.
        curve: Its curve over β.
        survey: The sites of the program, with the quantities of its knobs by use.
    """
    used = survey.uses.get(knob)
    if used is not None and (not used.range.integer or curve.integer):
        return used
    if curve.integer:
        return Quantity.STEPS
    if used is not None and used is not Quantity.WEIGHT:
        return used
    is_part = min(curve.at_zero, curve.at_one) >= 0 and max(curve.at_zero, curve.at_one) <= 1
    return Quantity.PART if is_part else Quantity.WEIGHT


def compute_bounds(curve: KnobCurve, quantity: Quantity) -> Range:
    """Return the range of a quantity, extended to include the ends of a curve."""
    base = quantity.range
    low = min(base.low, curve.at_zero, curve.at_one)
    high = max(base.high, curve.at_zero, curve.at_one)
    even = base.scale is Scale.RATIO and low <= 0
    return base._replace(low=low, high=high, scale=Scale.EVEN if even else base.scale)


def _constant(knob: str, curve: KnobCurve, survey: ProgramSurvey) -> ScheduleConstant:
    bounds = compute_bounds(curve, infer_quantity(knob, curve, survey))
    return ScheduleConstant(
        knob, curve.integer, bounds.low, bounds.high, bounds.scale is Scale.RATIO,
        curve.at_zero, curve.at_one,
    )  # fmt: skip


def with_constants(
    program: tree.Program, values: Mapping[str, tuple[float, float]]
) -> tree.Program:
    """Return the program with other values of knobs at β = 0 and β = 1; directions follow them.

    Args:
        program: A sound program.
        values: The values at β = 0 and β = 1, by knob of `find_constants`; those of an integer are
            rounded.
    """
    old = find_knob_curves(survey_program(copy_tree(program)))
    schedule = find_section(program, tree.Schedule)
    if schedule is None:
        return program
    new = {knob: _moved(old[knob], *ends) for knob, ends in values.items() if knob in old}
    items = tuple(
        write_line(item.name.text, new[item.name.text]) if item.name.text in new else item
        for item in schedule.items
    )
    return with_section(program, tree.Schedule(NOWHERE, items))


def _moved(curve: KnobCurve, at_zero: float, at_one: float) -> KnobCurve:
    moved = KnobCurve(curve.integer, curve.geometric, at_zero, at_one).short()
    was_fixed = curve.at_zero == curve.at_one
    low, high = sorted((moved.at_zero, moved.at_one))
    if was_fixed and curve.integer and low > 0 and high / low >= STEEP:
        return moved._replace(geometric=True)
    return moved
