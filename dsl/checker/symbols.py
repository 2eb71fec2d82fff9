"""The symbols of a program: what each name was declared as, its knobs and their constants."""

from enum import Enum
from typing import NamedTuple

from dsl import tree
from dsl.operations import NodeTypes
from dsl.source import Source, Span
from dsl.traversal import ungroup, walk
from dsl.types import Type, joined


class Role(Enum):
    """What a name was declared as; the text is how messages speak of it."""

    SCHEDULED = "a knob of the schedule"
    KNOB = "a free knob"
    MEMORY = "a memory cell"
    FIELD = "a field of each branch"
    RUNNING = "a running value of each branch"
    LET = "a `let`"
    SET = "a set of the language"
    VALUE = "a value of the episode"
    ATTRIBUTE = "an attribute of every branch"


class Symbol(NamedTuple):
    """A declared name. ``span`` is ``None`` for what the language itself declares."""

    role: Role
    name: str
    type: Type
    span: Span | None = None
    meaning: str = ""


class Needs(NamedTuple):
    """What a program asks of a recording."""

    signals: frozenset[str]
    probes: bool
    """Whether it probes branches, so that complete reads alone are not enough for it."""
    endings: bool = False
    """Whether it reads how branches ended, which replay otherwise leaves unread."""
    bare_signals: frozenset[str] = frozenset()
    """The named signals that it reads without a value to take instead, of branches that have
    finished: every such branch must have a value."""
    interval_signals: frozenset[str] = frozenset()
    """The named signals that its running values read: every interval must have a value."""


class CheckedProgram(NamedTuple):
    """A program that passed, with everything that was learnt of it, keyed by node."""

    source: Source
    program: tree.Program
    types: dict[tree.Node, Type]
    """The type of each expression."""
    symbols: dict[tree.Node, Symbol]
    """The symbol of each name, field and assigned identifier."""
    needs: Needs

    @property
    def name(self) -> str:
        """The controller's name."""
        return self.program.name.text

    @property
    def scheduled(self) -> bool:
        """Whether it follows β."""
        return any(
            isinstance(node, tree.Schedule) or (isinstance(node, tree.Name) and node.text == "beta")
            for node in walk(self.program)
        )

    def section(self, kind: type[tree.Section]) -> tree.Section | None:
        """Return the section of a kind, where there is one."""
        return next((s for s in self.program.sections if isinstance(s, kind)), None)


def free_knobs(program: tree.Program) -> dict[str, tree.Knob]:
    """Return the free knobs by name, in source order."""
    sections = [section for section in program.sections if isinstance(section, tree.Knobs)]
    return {knob.name.text: knob for section in sections for knob in section.items}


def schedule_lines(program: tree.Program) -> dict[str, tree.Scheduled]:
    """Return the lines of the schedule by the names of their knobs, in source order."""
    sections = [section for section in program.sections if isinstance(section, tree.Schedule)]
    return {line.name.text: line for section in sections for line in section.items}


def knob_type(knob: tree.Knob, types: NodeTypes) -> Type:
    """Whether a free knob is an integer or a real: an integer if its default and range are."""
    result = types[knob.default]
    for end in (knob.low, knob.high):
        result = joined(result, types[end]) or Type.REAL
    return result


def constant_value(expression: tree.Expression) -> int | float | None:
    """Return the value of a number, signed or in parentheses; ``None`` for anything else."""
    match ungroup(expression):
        case tree.Number(value=value):
            return value
        case tree.Unary(operator="-", operand=operand):
            positive = constant_value(operand)
            return None if positive is None else -positive
    return None
