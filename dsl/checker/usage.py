"""Find unused declarations: never read, or never assigned."""

from typing import NamedTuple

from dsl import tree
from dsl.builtins import CHANCE
from dsl.checker.scope import Scope
from dsl.checker.symbols import Role, Symbol
from dsl.traversal import children, walk
from dsl.types import Type

_CODES = {
    Role.SCHEDULED: "RH701",
    Role.KNOB: "RH701",
    Role.MEMORY: "RH702",
    Role.LET: "RH703",
    Role.FIELD: "RH704",
    Role.RUNNING: "RH704",
}


class _Uses(NamedTuple):
    """What a program does with the names that it declares."""

    read: set[Symbol]
    """Those read for anything but a new value of their own."""
    assigned: set[Symbol]
    fed: set[Symbol]
    """Those read for a new value of their own."""


def check_usage(scope: Scope, program: tree.Program) -> None:
    """Warn of what nothing reads, and of cells and fields that nothing assigns."""
    uses = _uses(scope, program)
    lets = [
        scope.symbols[node.name]
        for node in walk(program)
        if isinstance(node, tree.Let) and node.name in scope.symbols
    ]
    for symbol in (*scope.globals.values(), *scope.fields.values(), *lets):
        if symbol not in uses.read:
            _never_read(scope, program, symbol, uses)
    _never_assigned(scope, program, uses)
    _needed_in_vain(scope, program)


def _uses(scope: Scope, program: tree.Program) -> _Uses:
    """Return what is read and assigned where.

    A value that draws a random number counts as read: each draw changes the ones after it.
    """
    uses = _Uses(set(), set(), set())
    waiting: list[tuple[tree.Node, Symbol | None]] = [(program, None)]
    while waiting:
        node, target = waiting.pop()
        match node:
            case tree.Assign(name=place) | tree.SetField(field=place) | tree.Push(window=place):
                own = scope.symbols[place]
                uses.assigned.add(own)
                target = None if _draws(node) else own
            case tree.RunningValue(name=place) | tree.BranchWindow(name=place):
                target = scope.fields[place.text]
                uses.assigned.add(target)
            case tree.Name() | tree.Field():
                symbol = scope.symbols[node]
                (uses.fed if symbol == target else uses.read).add(symbol)
        waiting.extend((child, target) for child in children(node))
    return uses


def _draws(node: tree.Node) -> bool:
    return any(isinstance(part, tree.Call) and part.function.text in CHANCE for part in walk(node))


def _never_read(scope: Scope, program: tree.Program, symbol: Symbol, uses: _Uses) -> None:
    assert symbol.span is not None
    is_assigned = symbol in uses.assigned and symbol.role is not Role.RUNNING
    what = "assigned but never read" if is_assigned else "never used"
    advice = "remove it"
    if symbol in uses.fed:
        advice = "remove it; only its own next value depends on it"
    elif symbol.role is Role.LET and _names_a_verb(program, symbol):
        advice = "remove `let` and keep the verb"
    scope.warning(_CODES[symbol.role], f"`{symbol.name}` is {what}", symbol.span, help=advice)


def _names_a_verb(program: tree.Program, symbol: Symbol) -> bool:
    return any(
        isinstance(node, tree.Let)
        and node.name.span == symbol.span
        and isinstance(node.value, tree.Open | tree.Sample)
        for node in walk(program)
    )


def _never_assigned(scope: Scope, program: tree.Program, uses: _Uses) -> None:
    """Warn of cells and fields that are constants.

    A cell made of `budget` or `interval` is skipped: no other section can name such a constant.
    """
    for node in walk(program):
        if not isinstance(node, tree.Cell):
            continue
        name = node.name.text
        symbol = (scope.fields if name.startswith(".") else scope.globals)[name]
        if symbol not in uses.read or symbol in uses.assigned:
            continue
        if any(isinstance(part, tree.Name) and part.text in _OF_A_RUN for part in walk(node)):
            continue
        is_window = symbol.type is Type.WINDOW
        scope.warning(
            "RH708",
            f"no statement pushes onto `{name}`"
            if is_window
            else f"`{name}` is never assigned, so it keeps its initial value",
            node.name.span,
            help=f"add `push … onto {name}`, or remove it" if is_window else _constant(symbol),
        )


_OF_A_RUN = {"budget", "interval"}


def _constant(symbol: Symbol) -> str:
    """Return what to do with a cell or field that is a constant."""
    how = f"{symbol.name} = …"
    assign = f"update S {{ {how} }}" if symbol.role is Role.FIELD else how
    is_number = symbol.type.is_number
    advice = "declare it in `knobs` or `schedule`" if is_number else "write the value itself"
    return f"{advice}, or name it with `let`; if it should change, assign it: `{assign}`"


def _needed_in_vain(scope: Scope, program: tree.Program) -> None:
    read = {node.text.removeprefix(".") for node in walk(program) if isinstance(node, tree.Field)}
    for signal, span in scope.needs.items():
        if signal not in read:
            scope.warning(
                "RH705",
                f"the program needs `{signal}` and never reads `.{signal}`",
                span,
                help="remove it, so that the controller runs on every recording",
            )
