"""Remove from a program what has no effect, and make sure that it ends with an answer.

Variation leaves unread names, decided conditions and unreachable statements behind. `tidy` removes
them. A sound program stays sound and behaves the same; what the checker warned of is gone.
"""

from typing import Any, NamedTuple

from agents.variation.scopes import make_lets_distinct
from agents.variation.simplification import always_ends_step, simplify_node, uses_randomness
from agents.variation.tree_transforms import (
    NOWHERE,
    block,
    call,
    copy_tree,
    find_section,
    name,
    number,
    replace_nodes,
    transform_tree,
    truth,
    walk,
)
from dsl import tree


class _NameUses(NamedTuple):
    """What a program does with its names; `let`s are called differently throughout."""

    read: set[str]
    assigned: set[str]


def remove_unused(program: tree.Program) -> tree.Program:
    """Return the program without names that nothing reads.

    Cells and fields that nothing assigns give way to their first values.
    """
    names = _names(program)
    constant = _constants(program, names)

    def change(node: Any) -> Any:  # noqa: ANN401 - whatever stands in the tree
        match node:
            case tree.Let(name=name, value=value) if name.text not in names.read:
                return value if isinstance(value, tree.Open | tree.Sample) else None
            case (
                tree.Scheduled(name=place)
                | tree.Knob(name=place)
                | tree.Cell(name=place)
                | tree.Assign(name=place)
                | tree.SetField(field=place)
                | tree.Push(window=place)
            ):
                return node if place.text in names.read and place.text not in constant else None
            case tree.Name(text=text) | tree.Field(text=text):
                return constant.get(text, node)
            case tree.Call(arguments=(tree.Call(function=made), *_)) if made.text == "window":
                return _of_nothing(node.function.text)
        return node

    return _with_sections(transform_tree(program, change))


def _names(program: tree.Program) -> _NameUses:
    """Read that only feed the next value of what is read do not count, unless chance is drawn."""
    found = _NameUses(set(), set())
    waiting: list[tuple[tree.Node, str | None]] = [(program, None)]
    while waiting:
        node, target = waiting.pop()
        match node:
            case tree.Assign(name=place) | tree.SetField(field=place) | tree.Push(window=place):
                found.assigned.add(place.text)
                target = None if uses_randomness(node) else place.text
            case tree.Name(text=text) | tree.Field(text=text) if text != target:
                found.read.add(text)
        waiting.extend((child, target) for child in tree.children(node))
    return found


def _constants(program: tree.Program, names: _NameUses) -> dict[str, tree.Expression]:
    """Return the first values of the cells and fields that nothing assigns.

    A cell made of `budget` or `interval` is let be, as the checker lets it be.
    """
    found = {}
    for node in walk(program):
        if not isinstance(node, tree.Cell) or node.name.text in names.assigned:
            continue
        if node.name.text not in names.read:
            continue
        of_a_run = {"budget", "interval"}
        if any(isinstance(part, tree.Name) and part.text in of_a_run for part in walk(node.value)):
            continue
        found[node.name.text] = node.value
    return found


def _of_nothing(function: str) -> tree.Expression:
    """Return what a function gives of a window that stays empty."""
    if function == "full":
        return truth(False)
    return number(0 if function == "count" else 0.0)


def _with_sections(program: tree.Program) -> tree.Program:
    """The program without sections that hold nothing, and without signals that nothing reads."""
    kept = []
    for each in program.sections:
        match each:
            case tree.Start(body=body):
                empty = not body.statements
            case tree.Step(body=body):
                empty = not body.statements and not _tells_steps(program)
            case tree.Finally():
                empty = False
            case _:
                empty = not each.items
        if not empty:
            kept.append(each)
    read = {node.text.removeprefix(".") for node in walk(program) if isinstance(node, tree.Field)}
    needs = tuple(
        {each.text: each for each in program.needs if each.text in read}.values()
    )  # fmt: skip
    if len(kept) == len(program.sections) and len(needs) == len(program.needs):
        return program
    return tree.Program(NOWHERE, needs, program.name, program.title, tuple(kept))


def _tells_steps(program: tree.Program) -> bool:
    """Whether the number of steps is read anywhere."""
    told = {"steps", ".age"}
    return any(
        isinstance(node, tree.Name | tree.Field) and node.text in told for node in walk(program)
    )


ROUNDS = 12
"""After so many rounds nothing is left to tidy in any program that a person could read."""


def tidy(program: tree.Program) -> tree.Program:
    """Return the program in order; see the module. Doing it twice changes nothing."""
    program = make_lets_distinct(copy_tree(program))
    for _ in range(ROUNDS):
        before = program
        program = remove_unused(_simplified(program))
        if program is before:
            break
    return _answering(program)


def _simplified(program: tree.Program) -> tree.Program:
    """Only what runs is simplified: a schedule is written as it is for its proof."""
    acting = (tree.Start, tree.Step, tree.Finally)
    bodies = {
        each.body: transform_tree(each.body, simplify_node)
        for each in program.sections
        if isinstance(each, acting)
    }
    if all(old is new for old, new in bodies.items()):
        return program
    return replace_nodes(program, bodies)


def _answering(program: tree.Program) -> tree.Program:
    """The program with an answer on every way through `finally`, not `none` if there is one."""
    ending = find_section(program, tree.Finally)
    if ending is None:
        return program
    changes: dict[tree.Node, Any] = {}
    for statement in ending.body.statements:
        if isinstance(statement, tree.Answer) and _can_be_none(statement):
            choices = tuple(c for c in statement.choices if not isinstance(c, tree.NoneLiteral))
            choices = (*choices, call("winner", name("alive")))
            changes[statement] = tree.Answer(NOWHERE, choices, statement.because)
    body = replace_nodes(ending.body, changes) if changes else ending.body
    if not any(always_ends_step(each) for each in body.statements) or _stops(body):
        last = tree.Answer(NOWHERE, (call("winner", name("alive")),), None)
        body = block((*body.statements, last))
    return program if body is ending.body else replace_nodes(program, {ending.body: body})


def _stops(body: tree.Block) -> bool:
    return any(isinstance(node, tree.Stop) for node in walk(body))


def _can_be_none(statement: tree.Answer) -> bool:
    """Whether the checker would warn that it can be `none`."""
    last = statement.choices[-1]
    if isinstance(last, tree.NoneLiteral):
        return len(statement.choices) == 1
    if not isinstance(last, tree.Call) or last.function.text not in {"winner", "runner_up"}:
        return False
    voters = last.arguments[0] if last.arguments else None
    if last.function.text == "winner" and isinstance(voters, tree.Name):
        return voters.text in {"finished", "active", "pruned"}
    return True


def compute_size(program: tree.Program) -> int:
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
