"""A program put in order: nothing in it that has no effect, and an answer at its end.

Variation leaves behind what nothing reads any more, conditions that are decided, statements that
nothing reaches. `tidy` takes them out. A sound program stays sound and does the same, and what the
checker warned of is gone, but for the directions of a schedule, which are left as they are told.
"""

from typing import Any

from agents.variation.rewriting import (
    NOWHERE,
    block,
    call,
    copied,
    name,
    replaced,
    section,
    transformed,
    walk,
)
from agents.variation.scopes import with_distinct_lets
from agents.variation.simplify import leaves, simpler
from agents.variation.unused import without_unused
from dsl import tree

ROUNDS = 12
"""After so many rounds nothing is left to tidy in any program that a person could read."""


def tidy(program: tree.Program) -> tree.Program:
    """The program in order; see the module. Doing it twice changes nothing."""
    program = with_distinct_lets(copied(program))
    for _ in range(ROUNDS):
        before = program
        program = without_unused(_simplified(program))
        if program is before:
            break
    return _answering(program)


def _simplified(program: tree.Program) -> tree.Program:
    """Only what runs is simplified: a schedule is written as it is for its proof."""
    acting = (tree.Start, tree.Step, tree.Finally)
    bodies = {
        each.body: transformed(each.body, simpler)
        for each in program.sections
        if isinstance(each, acting)
    }
    if all(old is new for old, new in bodies.items()):
        return program
    return replaced(program, bodies)


def _answering(program: tree.Program) -> tree.Program:
    """The program with an answer on every way through `finally`, not `none` if there is one."""
    ending = section(program, tree.Finally)
    if ending is None:
        return program
    changes: dict[tree.Node, Any] = {}
    for statement in ending.body.statements:
        if isinstance(statement, tree.Answer) and _can_be_none(statement):
            choices = tuple(c for c in statement.choices if not isinstance(c, tree.Nothing))
            choices = (*choices, call("winner", name("alive")))
            changes[statement] = tree.Answer(NOWHERE, choices, statement.because)
    body = replaced(ending.body, changes) if changes else ending.body
    if not any(leaves(each) for each in body.statements) or _stops(body):
        last = tree.Answer(NOWHERE, (call("winner", name("alive")),), None)
        body = block((*body.statements, last))
    return program if body is ending.body else replaced(program, {ending.body: body})


def _stops(body: tree.Block) -> bool:
    return any(isinstance(node, tree.Stop) for node in walk(body))


def _can_be_none(statement: tree.Answer) -> bool:
    """Whether the checker would warn that it can be `none`."""
    last = statement.choices[-1]
    if isinstance(last, tree.Nothing):
        return len(statement.choices) == 1
    if not isinstance(last, tree.Call) or last.function.text not in {"winner", "runner_up"}:
        return False
    voters = last.arguments[0] if last.arguments else None
    if last.function.text == "winner" and isinstance(voters, tree.Name):
        return voters.text in {"finished", "active", "pruned"}
    return True


def size(program: tree.Program) -> int:
    """How complex a program is: the nodes of what runs, and two for each line that declares."""
    count = 0
    for each in program.sections:
        match each:
            case tree.Start() | tree.Step() | tree.Finally():
                skipped = (tree.Identifier, tree.Group, tree.Text, tree.Block)
                count += sum(1 for node in walk(each) if not isinstance(node, skipped))
            case _:
                count += 2 * len(each.items)
    return count
