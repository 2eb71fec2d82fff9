"""The knobs that a program declares, free ones and those of its schedule."""

from dsl import tree
from dsl.operations import Types
from dsl.types import Type, joined


def free_knobs(program: tree.Program) -> dict[str, tree.Knob]:
    """The free knobs by name, in source order."""
    sections = [section for section in program.sections if isinstance(section, tree.Knobs)]
    return {knob.name.text: knob for section in sections for knob in section.items}


def schedule_lines(program: tree.Program) -> dict[str, tree.Scheduled]:
    """The lines of the schedule by the names of their knobs, in source order."""
    sections = [section for section in program.sections if isinstance(section, tree.Schedule)]
    return {line.name.text: line for section in sections for line in section.items}


def knob_type(knob: tree.Knob, types: Types) -> Type:
    """Whether a free knob is an integer or a real: an integer if its default and range are."""
    found = types[knob.default]
    for end in (knob.low, knob.high):
        found = joined(found, types[end]) or Type.REAL
    return found
