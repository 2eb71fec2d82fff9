"""Names of a program: free names, distinct `let`s, and the declarations of a change."""

import re
from collections.abc import Iterable

import msgspec

from agents.variation.curves import KnobCurve, write_line
from agents.variation.tree_transforms import (
    NOWHERE,
    find_section,
    identifier,
    rename_names,
    replace_nodes,
    with_section,
)
from dsl import tree
from dsl.builtins import ATTRIBUTES, NAMES
from dsl.traversal import walk
from dsl.vocabulary import KEYWORDS

_NUMBERED = re.compile(r"_\d+$")


def collect_declared(program: tree.Program) -> set[str]:
    """Return every name that a program declares."""
    return {
        node.name.text
        for node in walk(program)
        if isinstance(node, tree.Knob | tree.Scheduled | tree.Cell | tree.Let)
    }


def free_name(stem: str, used: Iterable[str]) -> str:
    """Return an unused name: the stem, or the stem with a number."""
    reserved = {*used, *NAMES, *ATTRIBUTES, *KEYWORDS}
    bare = _NUMBERED.sub("", stem)
    candidate, count = bare, 1
    while candidate in reserved:
        count += 1
        candidate = f"{bare}_{count}"
    return candidate


def make_lets_distinct(program: tree.Program) -> tree.Program:
    """Return the program with a distinct name for each `let`.

    Then a statement can move to another block without a conflict of names.
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
    """The knobs, cells and fields that a change adds to a program.

    Args:
        program: The program to change.
    """

    def __init__(self, program: tree.Program):
        # A field may not have the name of a signal that the program needs.
        self._used = collect_declared(program) | {f".{word.text}" for word in program.needs}
        self.knobs: list[tree.Knob] = []
        self.lines: list[tree.Scheduled] = []
        self.cells: list[tree.Cell] = []
        self.fields: list[tree.Cell] = []
        self.signals: list[str] = []

    def name(self, stem: str) -> str:
        """Reserve and return a free name."""
        name = free_name(stem, self._used)
        self._used.add(name)
        return name

    def knob(self, stem: str, curve: KnobCurve) -> str:
        """Declare a knob of the schedule and return its name."""
        name = self.name(stem)
        self.lines.append(write_line(name, curve))
        return name

    def signal(self, name: str) -> None:
        """Make the program need a signal."""
        if name not in self.signals:
            self.signals.append(name)

    def cell(self, stem: str, first: tree.Expression) -> str:
        """Declare a memory cell and return its name."""
        name = self.name(stem)
        self.cells.append(tree.Cell(NOWHERE, identifier(name), first))
        return name

    def apply(self, program: tree.Program) -> tree.Program:
        """Return the program with the new declarations, after the existing ones."""
        known = {word.text for word in program.needs}
        added = tuple(identifier(name) for name in self.signals if name not in known)
        if added:
            program = msgspec.structs.replace(program, needs=(*program.needs, *added))
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
            branch_fields = find_section(program, tree.EachBranch)
            fields = (*(branch_fields.items if branch_fields else ()), *self.fields)
            program = with_section(program, tree.EachBranch(NOWHERE, fields))
        return program
