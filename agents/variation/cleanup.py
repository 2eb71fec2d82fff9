"""Remove code without effect from a program, and make sure that it ends with an answer.

Variation produces unread names, constant conditions and unreachable statements. `tidy` removes
them. A sound program stays sound and behaves the same, without warnings of
unused code.
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
)
from dsl import tree
from dsl.traversal import children, node_fields, walk


class _NameUses(NamedTuple):
    """The names that a program reads and assigns; every `let` has a name of its own."""

    read: set[str]
    assigned: set[str]


def remove_unused(program: tree.Program) -> tree.Program:
    """Return the program without names that nothing reads.

    Cells and fields that nothing assigns are replaced by their initial values.
    """
    names = _collect_uses(program)
    constant = _find_constants(program, names)

    def change(node: Any) -> Any:  # noqa: ANN401 - any node of the tree
        kind = type(node)
        if kind is tree.Name or kind is tree.Field:
            return constant.get(node.text, node)
        if not node_fields[kind]:
            return node
        match node:
            case tree.Let(name=name, value=value) if name.text not in names.read:
                return value if isinstance(value, tree.Open | tree.Sample) else None
            case (
                tree.Scheduled(name=target)
                | tree.Knob(name=target)
                | tree.Cell(name=target)
                | tree.Assign(name=target)
                | tree.SetField(field=target)
                | tree.Push(window=target)
            ):
                return node if target.text in names.read and target.text not in constant else None
            case tree.Call(arguments=(tree.Call(function=inner), *_)) if inner.text == "window":
                return _fold_empty_window(node.function.text)
        return node

    return _remove_empty_sections(transform_tree(program, change))


def _collect_uses(program: tree.Program) -> _NameUses:
    """Return the names that a program reads and assigns.

    A read that only computes the next value of the same name does not count, unless the assignment
    uses randomness.
    """
    uses = _NameUses(set(), set())
    waiting: list[tuple[tree.Node, str | None]] = [(program, None)]
    while waiting:
        node, target = waiting.pop()
        match node:
            case (
                tree.Assign(name=assigned)
                | tree.SetField(field=assigned)
                | tree.Push(window=assigned)
            ):
                uses.assigned.add(assigned.text)
                target = None if uses_randomness(node) else assigned.text
            case tree.RunningValue(name=assigned) | tree.BranchWindow(name=assigned):
                uses.assigned.add(assigned.text)
                target = assigned.text
            case tree.Name(text=text) | tree.Field(text=text) if text != target:
                uses.read.add(text)
        waiting.extend((child, target) for child in children(node))
    return uses


def _find_constants(program: tree.Program, names: _NameUses) -> dict[str, tree.Expression]:
    """Return the initial values of the cells and fields that nothing assigns.

    A cell computed from `budget` or `interval` is excluded: the checker accepts it as well.
    """
    values = {}
    for node in walk(program):
        if not isinstance(node, tree.Cell) or node.name.text in names.assigned:
            continue
        if node.name.text not in names.read:
            continue
        run_values = {"budget", "interval"}
        if any(
            isinstance(part, tree.Name) and part.text in run_values for part in walk(node.value)
        ):
            continue
        values[node.name.text] = node.value
    return values


def _fold_empty_window(function: str) -> tree.Expression:
    """Return the value of a function over a window that is always empty."""
    if function == "full":
        return truth(False)
    return number(0 if function == "count" else 0.0)


def _remove_empty_sections(program: tree.Program) -> tree.Program:
    """Return the program without empty sections and without signals that nothing reads."""
    sections = []
    for section in program.sections:
        match section:
            case tree.Start(body=body):
                empty = not body.statements
            case tree.Step(body=body):
                empty = not body.statements and not _reads_steps(program)
            case tree.Finally():
                empty = False
            case _:
                empty = not section.items
        if not empty:
            sections.append(section)
    read = {node.text.removeprefix(".") for node in walk(program) if isinstance(node, tree.Field)}
    needs = tuple(
        {section.text: section for section in program.needs if section.text in read}.values()
    )  # fmt: skip
    if len(sections) == len(program.sections) and len(needs) == len(program.needs):
        return program
    return tree.Program(NOWHERE, needs, program.name, program.title, tuple(sections))


def _reads_steps(program: tree.Program) -> bool:
    """Return whether the program reads the number of steps anywhere."""
    counters = {"steps", ".age"}
    return any(
        isinstance(node, tree.Name | tree.Field) and node.text in counters for node in walk(program)
    )


ROUNDS = 12
"""The most passes of `tidy`: enough for every program of readable size."""


def tidy(program: tree.Program) -> tree.Program:
    """Return the program without code that has no effect; tidying again changes nothing."""
    program = make_lets_distinct(copy_tree(program))
    for _ in range(ROUNDS):
        before = program
        program = remove_unused(_simplify_bodies(program))
        if program is before:
            break
    return _ensure_answer(program)


def _simplify_bodies(program: tree.Program) -> tree.Program:
    """Simplify the sections that run; the checker proves the schedule's directions as written."""
    acting = (tree.Start, tree.Step, tree.Finally)
    bodies = {
        section.body: transform_tree(section.body, simplify_node)
        for section in program.sections
        if isinstance(section, acting)
    }
    if all(old is new for old, new in bodies.items()):
        return program
    return replace_nodes(program, bodies)


def _ensure_answer(program: tree.Program) -> tree.Program:
    """Return the program with an answer on every path through `finally`, where one exists."""
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
    if not any(always_ends_step(statement) for statement in body.statements) or _stops(body):
        last = tree.Answer(NOWHERE, (call("winner", name("alive")),), None)
        body = block((*body.statements, last))
    return program if body is ending.body else replace_nodes(program, {ending.body: body})


def _stops(body: tree.Block) -> bool:
    return any(isinstance(node, tree.Stop) for node in walk(body))


def _can_be_none(statement: tree.Answer) -> bool:
    """Return whether the checker would warn that the answer can be `none`."""
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
    """Return the complexity of a program: its executed nodes, and two per declaration."""
    count = 0
    for section in program.sections:
        match section:
            case tree.Start() | tree.Step() | tree.Finally():
                skipped = (tree.Identifier, tree.Group, tree.Text, tree.Block)
                count += sum(1 for node in walk(section) if not isinstance(node, skipped))
            case _:
                count += 2 * len(section.items)
    return count
