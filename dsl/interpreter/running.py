"""The meaning of running values: what each interval that a branch passes makes of them."""

from collections.abc import Sequence
from typing import NamedTuple

from dsl import tree
from dsl.builtins import INTERVAL_SIGNALS, SIGNALS
from dsl.checker import CheckedProgram
from dsl.episode import BranchView, Status
from dsl.interpreter.expressions import Closure, ExpressionClosures
from dsl.interpreter.frame import Frame, SlidingWindow
from dsl.traversal import walk
from dsl.types import Type


class _RunningLine(NamedTuple):
    """One running value or branch window."""

    name: str
    is_window: bool
    signals: tuple[str, ...]
    """The signals that it reads: an interval without a value of one of them is skipped."""
    following: Closure


class RunningClosures:
    """The running values and branch windows of one checked program, in source order."""

    def __init__(self, checked: CheckedProgram, expressions: ExpressionClosures):
        self._lines: list[_RunningLine] = []
        for item in running_lines(checked.program):
            is_window = isinstance(item, tree.BranchWindow)
            wanted = Type.REAL if is_window else expressions.type_of(item.value)
            following = expressions.as_type(item.following, wanted)
            signals = read_signals(checked, item)
            self._lines.append(_RunningLine(item.name.text, is_window, signals, following))

    def __bool__(self) -> bool:
        return bool(self._lines)

    def pass_intervals(self, frame: Frame, branches: Sequence[int]) -> None:
        """Update the values of branches by the intervals that they passed in the last verb.

        Args:
            frame: the episode from the program's side.
            branches: the branches that the verb acted on.
        """
        outside = frame.branch
        for index in branches:
            view = frame.episode.branches[index]
            for depth in range(frame.passed[index] + 1, view.depth + 1):
                frame.branch = _view_at(view, depth, frame.episode.interval)
                self._pass(frame, view, depth)
            frame.passed[index] = view.depth
        frame.branch = outside

    def _pass(self, frame: Frame, view: BranchView, depth: int) -> None:
        index, is_last = view.index, _is_last(view, depth)
        for line in self._lines:
            if is_last and any(len(view.passed[signal]) < depth for signal in line.signals):
                continue
            value = line.following(frame)
            if line.is_window:
                window = frame.fields[line.name][index]
                assert isinstance(window, SlidingWindow)
                window.values.append(value)
            else:
                frame.fields[line.name][index] = value


def running_lines(program: tree.Program) -> list[tree.Running]:
    """Return the running values and branch windows of a program, in source order."""
    return [
        item
        for section in program.sections
        if isinstance(section, tree.EachBranch)
        for item in section.items
        if isinstance(item, tree.RunningValue | tree.BranchWindow)
    ]


def read_signals(checked: CheckedProgram, line: tree.Running) -> tuple[str, ...]:
    """Return the signals that the expression of a running value names.

    Args:
        checked: the program.
        line: the running value or branch window.
    """
    read = {node.text for node in walk(line.following) if isinstance(node, tree.Field)}
    possible = (*INTERVAL_SIGNALS, *sorted(checked.needs.interval_signals))
    return tuple(name for name in possible if f".{name}" in read)


def _view_at(view: BranchView, depth: int, interval: int) -> BranchView:
    """Return a branch as it was after ``depth`` intervals, as far as a running value reads it."""
    shown = BranchView(view.index)
    shown.depth = depth
    is_last = _is_last(view, depth)
    shown.tokens = view.tokens if is_last else depth * interval
    shown.status = Status.FINISHED if is_last else Status.ACTIVE
    values = {name: row[depth - 1] for name, row in view.passed.items() if depth <= len(row)}
    for name in INTERVAL_SIGNALS:
        setattr(shown, name, values.get(name))
    shown.signals = {name: value for name, value in values.items() if name not in SIGNALS}
    return shown


def _is_last(view: BranchView, depth: int) -> bool:
    """Return whether an interval finished its branch."""
    return depth == view.depth and view.status is Status.FINISHED
