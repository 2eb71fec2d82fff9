"""A Rheo program as a controller. The interpreter defines the semantics of programs."""

from collections.abc import Generator, Mapping, MutableSequence
from contextlib import closing

from dsl import tree
from dsl.checker import CheckedProgram
from dsl.episode import Answer, AnyVerb, Episode, Outcome, VerbGenerator
from dsl.interpreter.expressions import Closure, ExpressionClosures
from dsl.interpreter.frame import Frame, Integer, Number, SlidingWindow
from dsl.interpreter.running import RunningClosures
from dsl.interpreter.snapshot import SnapshotObserver, VerbContexts, take_snapshot
from dsl.interpreter.statements import ActingStatement, StatementClosures, StatementExit
from dsl.schedule import clip_beta, evaluate
from dsl.traversal import ungroup
from dsl.types import Type

DEFAULT_CAP = 500
"""The most steps of a program that declares no cap."""

MAX_CAP = 1_000_000
"""No declared cap goes beyond this, so that every episode ends."""

MAX_WINDOW = 65_536
"""No window holds more values than this."""


class Interpreter:
    """A checked program, ready to play episodes.

    Args:
        checked: the program.
        knobs: settings of free knobs by name; the others have their defaults.
        runs: where given, how often each source line ran is added up in it, by line from 1.
        watch: where given, it is shown the program's memory before each verb is sent.

    Raises:
        SettingsError: a knob is unknown, of the wrong type or outside of its range.
    """

    def __init__(
        self,
        checked: CheckedProgram,
        knobs: Mapping[str, Number] | None = None,
        *,
        runs: MutableSequence[int] | None = None,
        watch: SnapshotObserver | None = None,
    ):
        self.checked = checked
        self._watch = watch
        self._settings = dict(knobs or {})
        self._knobs_at: dict[float, Mapping[str, Number]] = {}
        self._knobs(0.0)  # a wrong setting is reported now, not in the first episode
        expressions = ExpressionClosures(checked)
        self._running = RunningClosures(checked, expressions)
        statements = StatementClosures(checked, expressions, self._running, runs)
        self._start: ActingStatement | None = None
        self._step: ActingStatement | None = None
        self._finally: ActingStatement | None = None
        self._cap: Integer = lambda frame: DEFAULT_CAP
        self._cells: dict[str, Closure] = {}
        self._windows: dict[str, Integer] = {}
        self._fields: dict[str, Closure] = {}
        self._branch_windows: dict[str, Integer] = {}
        for section in checked.program.sections:
            match section:
                case tree.Start(body=body):
                    self._start = statements.block(body)
                case tree.Step(body=body, cap=cap):
                    self._step = statements.block(body)
                    if cap is not None:
                        self._cap = expressions.integer(cap)
                case tree.Finally(body=body):
                    self._finally = statements.block(body)
                case tree.Memory(items=items):
                    for cell in items:
                        self._remember(expressions, cell)
                case tree.EachBranch(items=items):
                    for cell in items:
                        if isinstance(cell, tree.BranchWindow):
                            self._branch_windows[cell.name.text] = _size(expressions, cell.value)
                        else:
                            self._fields[cell.name.text] = expressions.value(cell.value)
                case _:
                    pass  # the schedule and the knobs are evaluated once for each β

    def _remember(self, expressions: ExpressionClosures, cell: tree.Cell) -> None:
        if expressions.type_of(cell.value) is Type.WINDOW:
            self._windows[cell.name.text] = _size(expressions, cell.value)
        else:
            self._cells[cell.name.text] = expressions.value(cell.value)

    @property
    def name(self) -> str:
        """The controller's name."""
        return self.checked.name

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        """Play one episode; see `dsl.episode.Controller.play`."""
        frame = self._frame(episode, beta)
        course = self._course(frame)
        return course if self._watch is None else _observe(course, frame, self._watch, self.checked)

    def _course(self, frame: Frame) -> VerbGenerator:
        leave = StatementExit.NEXT
        if self._start is not None:
            leave = yield from self._start(frame)
        if leave is StatementExit.NEXT and self._step is not None:
            leave = yield from self._steps(frame, self._step)
        if leave is not StatementExit.ANSWERED and self._finally is not None:
            leave = yield from self._finally(frame)
        if leave is not StatementExit.ANSWERED:
            yield Answer(answer=None)

    def _steps(
        self, frame: Frame, step: ActingStatement
    ) -> Generator[AnyVerb, Outcome, StatementExit]:
        episode = frame.episode
        for done in range(min(self._cap(frame), MAX_CAP)):
            frame.steps = done
            opened = len(episode.branches)
            leave = yield from step(frame)
            if leave is not StatementExit.NEXT:
                return leave
            frame.steps = done + 1
            if not episode.active and len(episode.branches) == opened:
                break
        return StatementExit.NEXT

    def _knobs(self, beta: float) -> Mapping[str, Number]:
        if beta not in self._knobs_at:
            self._knobs_at[beta] = evaluate(self.checked, beta, self._settings)
        return self._knobs_at[beta]

    def _frame(self, episode: Episode, beta: float | None) -> Frame:
        setting = 0.0 if beta is None else clip_beta(beta)
        frame = Frame(episode, self._knobs(setting), setting)
        for name, size in self._windows.items():
            frame.windows[name] = SlidingWindow(min(max(1, size(frame)), MAX_WINDOW))
        for name, value in self._cells.items():
            frame.cells[name] = value(frame)
        for name, value in self._fields.items():
            frame.fields[name] = []
            frame.first_fields[name] = value(frame)
        for name, size in self._branch_windows.items():
            frame.fields[name] = []
            frame.branch_windows[name] = min(max(1, size(frame)), MAX_WINDOW)
        episode.wants_passed = bool(self._running)
        return frame


def window_size(window: tree.Expression) -> tree.Expression:
    """Return the size in ``window(n)``."""
    call = ungroup(window)
    assert isinstance(call, tree.Call)
    (size,) = call.arguments
    assert not isinstance(size, tree.PerBranch | tree.KeywordArgument)
    return size


def _size(expressions: ExpressionClosures, window: tree.Expression) -> Integer:
    return expressions.integer(window_size(window))


def _observe(
    course: VerbGenerator, frame: Frame, watch: SnapshotObserver, checked: CheckedProgram
) -> VerbGenerator:
    """Return the same course, and show the state to an observer before each verb."""
    contexts = VerbContexts(checked)
    with closing(course):
        verb = next(course)
        while True:
            watch(take_snapshot(frame, contexts.of(verb.origin)))
            outcome = yield verb
            try:
                verb = course.send(outcome)
            except StopIteration:
                return
