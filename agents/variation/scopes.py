"""Names: which are free, and what a change declares along with what it writes."""

import re
from collections.abc import Iterable

from agents.variation.curves import KnobCurve, write_line
from agents.variation.tree_transforms import (
    NOWHERE,
    find_section,
    identifier,
    rename_names,
    replace_nodes,
    walk,
    with_section,
)
from dsl import tree
from dsl.builtins import ATTRIBUTES, NAMES
from dsl.vocabulary import KEYWORDS

_NUMBERED = re.compile(r"_\d+$")


def collect_declared(program: tree.Program) -> set[str]:
    """Every name that a program declares anywhere."""
    return {
        node.name.text
        for node in walk(program)
        if isinstance(node, tree.Knob | tree.Scheduled | tree.Cell | tree.Let)
    }


def free_name(stem: str, taken: Iterable[str]) -> str:
    """Return a name that nothing is called yet: the stem, or the stem with a number."""
    used = {*taken, *NAMES, *ATTRIBUTES, *KEYWORDS}
    bare = _NUMBERED.sub("", stem)
    found, count = bare, 1
    while found in used:
        count += 1
        found = f"{bare}_{count}"
    return found


def make_lets_distinct(program: tree.Program) -> tree.Program:
    """Return the program with each `let` called otherwise than all others.

    Then statements can change their blocks without meeting a namesake.
    """
    while True:
        met: set[str] = set()
        again: tuple[tree.Block, str] | None = None
        for node in walk(program):
            if not isinstance(node, tree.Block) or again is not None:
                continue
            for statement in node.statements:
                if isinstance(statement, tree.Let):
                    name = statement.name.text
                    if name in met and again is None:
                        again = (node, name)
                    met.add(name)
        if again is None:
            return program
        block, name = again
        other = free_name(name, collect_declared(program))
        program = replace_nodes(program, {block: rename_names(block, {name: other})})


class NewDeclarations:
    """The knobs, cells and fields that a change brings along.

    Args:
        program: what the change is made to.
    """

    def __init__(self, program: tree.Program):
        self._taken = collect_declared(program)
        self.knobs: list[tree.Knob] = []
        self.lines: list[tree.Scheduled] = []
        self.cells: list[tree.Cell] = []
        self.fields: list[tree.Cell] = []

    def name(self, stem: str) -> str:
        """Take a free name."""
        found = free_name(stem, self._taken)
        self._taken.add(found)
        return found

    def knob(self, stem: str, curve: KnobCurve) -> str:
        """Declare a knob of the schedule and return its name."""
        found = self.name(stem)
        self.lines.append(write_line(found, curve))
        return found

    def cell(self, stem: str, first: tree.Expression) -> str:
        """Declare a memory cell and return its name."""
        found = self.name(stem)
        self.cells.append(tree.Cell(NOWHERE, identifier(found), first))
        return found

    def applied(self, program: tree.Program) -> tree.Program:
        """Return the program with all of it declared, behind what is there."""
        if self.knobs:
            free = find_section(program, tree.Knobs)
            knobs = (*(free.items if free else ()), *self.knobs)
            program = with_section(program, tree.Knobs(NOWHERE, knobs))
        if self.lines:
            schedule = find_section(program, tree.Schedule)
            lines = (*(schedule.items if schedule else ()), *self.lines)
            program = with_section(program, tree.Schedule(NOWHERE, lines))
        if self.cells:
            memory = find_section(program, tree.Memory)
            cells = (*(memory.items if memory else ()), *self.cells)
            program = with_section(program, tree.Memory(NOWHERE, cells))
        if self.fields:
            each = find_section(program, tree.EachBranch)
            fields = (*(each.items if each else ()), *self.fields)
            program = with_section(program, tree.EachBranch(NOWHERE, fields))
        return program
