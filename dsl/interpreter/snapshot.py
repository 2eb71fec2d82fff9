"""What an observer of the interpreter is shown: the program's memory, as each verb is sent.

A snapshot is a copy. An observer can keep it; changes to it do not affect the episode.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from dsl import tree
from dsl.checker import CheckedProgram
from dsl.episode import Origin
from dsl.interpreter.frame import Frame, Number, SlidingWindow, Value


class Snapshot(NamedTuple):
    """The memory of a program between two statements."""

    section: str | None
    """``start``, ``step`` or ``finally``; ``None`` after the last of them."""
    steps: int
    """Steps done before this one."""
    knobs: Mapping[str, Number]
    """Free and scheduled knobs."""
    cells: Mapping[str, Value]
    """Memory cells that are no windows."""
    windows: Mapping[str, tuple[float, ...]]
    """The values of each window, the oldest first."""
    lets: Mapping[str, Value | tuple[int, ...]]
    """Each ``let`` that can be read at this point; a set is a tuple of branches."""
    fields: Mapping[str, tuple[Value, ...]]
    """The values of each field that is no window, one for each opened branch."""
    branch_windows: Mapping[str, tuple[tuple[float, ...], ...]]
    """The values of each branch window, for each opened branch the oldest first."""


SnapshotObserver: TypeAlias = Callable[[Snapshot], None]
"""Is shown the memory before each verb is sent."""


class VerbContext(NamedTuple):
    """Where a verb is."""

    section: str | None
    lets: tuple[str, ...]
    """The names of every ``let`` that can be read there."""


_BEHIND = VerbContext(None, ())
"""The location of the default answer of a program that does not write one."""


class VerbContexts:
    """The locations of the verbs of one program.

    Args:
        checked: the program.
    """

    def __init__(self, checked: CheckedProgram):
        self._checked = checked
        self._contexts: dict[tuple[int, int], VerbContext] = {}
        for section in checked.program.sections:
            match section:
                case tree.Start(body=body):
                    self._enter(body, VerbContext("start", ()))
                case tree.Step(body=body):
                    self._enter(body, VerbContext("step", ()))
                case tree.Finally(body=body):
                    self._enter(body, VerbContext("finally", ()))
                case _:
                    pass  # no verbs are in declarations

    def of(self, origin: Origin | None) -> VerbContext:
        """Return the location of a verb, by its origin."""
        return _BEHIND if origin is None else self._contexts[origin.line, origin.column]

    def _enter(self, block: tree.Block, context: VerbContext) -> None:
        for statement in block.statements:
            match statement:
                case tree.Let(name=name, value=value):
                    if isinstance(value, tree.Open | tree.Sample):
                        self._note(value, context)
                    context = context._replace(lets=(*context.lets, name.text))
                case tree.If(then=then, otherwise=otherwise):
                    self._enter(then, context)
                    if isinstance(otherwise, tree.If):
                        self._enter(tree.Block(otherwise.span, (otherwise,)), context)
                    elif otherwise is not None:
                        self._enter(otherwise, context)
                case _:
                    self._note(statement, context)

    def _note(self, statement: tree.Node, context: VerbContext) -> None:
        position = self._checked.source.position(statement.span.start)
        self._contexts[position.line, position.column] = context


def take_snapshot(frame: Frame, context: VerbContext) -> Snapshot:
    """Copy what a program remembers.

    Args:
        frame: the episode from the program's side.
        context: where the verb is that is sent next.
    """
    return Snapshot(
        context.section,
        frame.steps,
        dict(frame.knobs),
        dict(frame.cells),
        {name: tuple(window.values) for name, window in frame.windows.items()},
        {name: _copy_value(frame.lets[name]) for name in context.lets},
        {
            name: tuple(v for v in values if not isinstance(v, SlidingWindow))
            for name, values in frame.fields.items()
            if name not in frame.branch_windows
        },
        {
            name: tuple(tuple(w.values) for w in frame.fields[name] if isinstance(w, SlidingWindow))
            for name in frame.branch_windows
        },
    )


def _copy_value(value: Value | Sequence[int]) -> Value | tuple[int, ...]:
    """Return the value of a ``let``; a set may be a list that others still hold."""
    return value if value is None or isinstance(value, int | float | str) else tuple(value)
