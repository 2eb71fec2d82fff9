"""What a program declares to no effect, taken out: what nothing reads, and what never changes."""

from typing import Any, NamedTuple

from agents.variation.rewriting import NOWHERE, number, transformed, truth, walk
from agents.variation.simplify import draws
from dsl import tree


class _Names(NamedTuple):
    """What a program does with its names; `let`s are called differently throughout."""

    read: set[str]
    assigned: set[str]


def without_unused(program: tree.Program) -> tree.Program:
    """The program without names that nothing reads.

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

    return _with_sections(transformed(program, change))


def _names(program: tree.Program) -> _Names:
    """Reads that only feed the next value of what is read do not count, unless chance is drawn."""
    found = _Names(set(), set())
    waiting: list[tuple[tree.Node, str | None]] = [(program, None)]
    while waiting:
        node, target = waiting.pop()
        match node:
            case tree.Assign(name=place) | tree.SetField(field=place) | tree.Push(window=place):
                found.assigned.add(place.text)
                target = None if draws(node) else place.text
            case tree.Name(text=text) | tree.Field(text=text) if text != target:
                found.read.add(text)
        waiting.extend((child, target) for child in tree.children(node))
    return found


def _constants(program: tree.Program, names: _Names) -> dict[str, tree.Expression]:
    """The first values of the cells and fields that nothing assigns.

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
    """What a function gives of a window that stays empty."""
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
