"""Episodes that wait inside a worker, each at its next verb, and the clock that limits them.

Messages from the host keep each episode's state up to date. The clock measures processor time
between two verbs, since a controller cannot wait for anything: it has the same time on a busy
machine. The clock cannot interrupt a single interpreter call that hangs; the host's own timeout
covers that.
"""

import faulthandler
import signal
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

from dsl.episode import Advance, Answer, AnyVerb, Open, Outcome, Prune, Sample, Status
from dsl.random_draws import EpisodeRandom
from sandbox.faults import ControllerError, Fault, Reason, TimeLimitExceeded
from sandbox.python.columns import RevealedColumns
from sandbox.python.controller import ControllerCourse, PythonController
from sandbox.worker.messages import (
    BeginEpisode,
    BranchMessage,
    ContinueEpisode,
    DropEpisode,
    EpisodeFault,
    EpisodeMove,
    NextVerb,
    Order,
    ResumeEpisode,
)

_TICKS = 10
"""Clock ticks in a controller's time limit, which may be exceeded by one tick."""

_SLACK = 0.25
"""Seconds by which a hang may be reported late, in which messages need no new watch."""

_AGAIN = 4
"""Ticks after which the exception is raised again in a controller that continues."""


class VerbClock:
    """Raise `TimeLimitExceeded` in code that takes too long.

    The clock ticks while a message is processed, and each verb restarts the count: setting an alarm
    for each verb would take two system calls, which is more than most controllers do between verbs.

    Args:
        seconds: Limit of processor time.
        told: File descriptor that receives the location of a hang.
    """

    def __init__(self, seconds: float, hang_report: int):
        self._tick = seconds / _TICKS
        self._hang = 2 * seconds + 1
        self._watched_since: float | None = None
        self._hang_report = hang_report
        self._ticks_left: int | None = None
        signal.signal(signal.SIGPROF, self._ring)

    @contextmanager
    def ticking(self) -> Iterator[None]:
        """Run the clock inside the block."""
        signal.setitimer(signal.ITIMER_PROF, self._tick, self._tick)
        since = self._watched_since
        if since is None or time.monotonic() - since > _SLACK:
            self._watch()
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0.0)

    def rest(self) -> None:
        """Let this process wait without being ended; the next message is watched again."""
        if self._watched_since is not None:
            faulthandler.cancel_dump_traceback_later()
            self._watched_since = None

    def start(self) -> None:
        """Raise `TimeLimitExceeded` if the limit is reached before `stop`."""
        # The first tick may come at once.
        self._ticks_left = _TICKS + 1

    def stop(self) -> None:
        """Stop raising."""
        self._ticks_left = None

    def _watch(self) -> None:
        """End this process if no further tick is handled in time."""
        # A watch is a thread, which costs more than most messages take.
        self._watched_since = time.monotonic()
        faulthandler.dump_traceback_later(self._hang + _SLACK, exit=True, file=self._hang_report)

    def _ring(self, number: int, frame: object) -> None:
        ticks = self._ticks_left
        if ticks is not None:
            self._ticks_left = ticks - 1
            if ticks <= 1:
                self._ticks_left = _AGAIN  # for what slips through
                raise TimeLimitExceeded
        # After the time limit nothing delays the end: if calls are nested too
        # deeply for this handler, or for what it raises, it is the thread that ends the worker.
        self._watch()


class HeldEpisode:
    """One episode as its controller sees it, kept up to date by messages from the host.

    Args:
        order: The message that begins it.
    """

    __slots__ = (
        "active", "branches", "budget", "finished", "interval", "limit", "pruned", "signals",
        "spent",
    )  # fmt: skip

    def __init__(self, order: BeginEpisode):
        self.interval = order.interval
        self.limit = order.limit
        self.budget = order.budget
        self.signals = frozenset(order.signals)
        self.spent = 0
        self.branches: list[BranchMessage] = []
        # Lists of branches are replaced, never changed: the controller may iterate over them.
        self.active: list[int] = []
        self.finished: list[int] = []
        self.pruned: list[int] = []

    @property
    def available(self) -> int:
        """Branches left to open."""
        return self.limit - len(self.branches)

    def apply(
        self, verb: AnyVerb, order: ResumeEpisode | ContinueEpisode
    ) -> Outcome | RevealedColumns:
        """Apply what a verb has done to its branches.

        Args:
            verb: The verb that was sent.
            order: What the host answered.

        Returns:
            The outcome of the verb, or what it has revealed by column.
        """
        self.spent = order.spent
        if isinstance(order, ResumeEpisode):
            return self._apply_views(verb, order)
        columns = order.columns
        if isinstance(verb, Advance):
            if columns.ends:
                self._end([verb.branches[position] for position in columns.ends], ())
        elif isinstance(verb, Prune):
            self._end((), verb.branches)
        else:
            count = len(columns.answers)
            self._open(range(len(self.branches), len(self.branches) + count))
            self.branches.extend([_BY_COLUMN] * count)
        return columns

    def _apply_views(self, verb: AnyVerb, order: ResumeEpisode) -> Outcome:
        views, before = order.views, len(self.branches)
        if isinstance(verb, Open | Sample):
            indices = tuple(range(before, before + len(views)))
            self.branches.extend(views)
            self._open(indices)
        else:
            # A budget that ends inside a verb leaves out its last branches.
            assert not isinstance(verb, Answer)
            indices = verb.branches[: len(views)]
            for index, view in zip(indices, views, strict=True):
                self.branches[index] = view
        by_status: dict[Status, list[int]] = {status: [] for status in Status}
        for index, view in zip(indices, views, strict=True):
            by_status[view.status].append(index)
        self._end(by_status[Status.FINISHED], by_status[Status.PRUNED])
        return Outcome(indices, order.exhausted)

    def _open(self, indices: Iterable[int]) -> None:
        self.active = [*self.active, *indices]

    def _end(self, finished: Collection[int], pruned: Collection[int]) -> None:
        """Move branches out of the active ones; finished ones stay in the order of the verb."""
        if finished or pruned:
            gone = {*finished, *pruned}
            self.active = [index for index in self.active if index not in gone]
        if finished:
            self.finished = [*self.finished, *finished]
        if pruned:
            self.pruned = sorted({*self.pruned, *pruned})


_BY_COLUMN = BranchMessage(0, 0, None, 0, 0, 0)
"""The state of a branch that was only shown by column; it is never read."""


class _WaitingEpisode:
    """An episode that waits for the outcome of a verb."""

    __slots__ = ("course", "episode", "lines", "verb")

    def __init__(self, episode: HeldEpisode, course: ControllerCourse, lines: dict[int, int]):
        self.episode = episode
        self.course = course
        self.lines = lines
        self.verb: AnyVerb | None = None


class WaitingEpisodes:
    """Episodes of one controller.

    Args:
        controller: Controller to play.
        clock: Time limit between two verbs.
    """

    def __init__(self, controller: PythonController, clock: VerbClock):
        self._controller = controller
        self.clock = clock
        self._waiting: dict[int, _WaitingEpisode] = {}

    def step(self, orders: tuple[Order, ...]) -> Iterator[EpisodeMove]:
        """Process orders one after the other; yield the resulting moves."""
        for order in orders:
            match order:
                case ContinueEpisode(key=key) | ResumeEpisode(key=key):
                    yield self._move(key, self._waiting[key], order)
                case BeginEpisode(key=key):
                    yield self._move(key, self._begin(key, order))
                case DropEpisode(key=key):
                    self._end(key)

    def _begin(self, key: int, order: BeginEpisode) -> _WaitingEpisode:
        episode = HeldEpisode(order)
        draws = EpisodeRandom(0, 0)
        draws.state = order.draws
        lines: dict[int, int] = {}
        course = self._controller.begin(episode, order.beta, draws, lines)
        waiting = self._waiting[key] = _WaitingEpisode(episode, course, lines)
        return waiting

    def _move(
        self,
        key: int,
        waiting: _WaitingEpisode,
        order: ResumeEpisode | ContinueEpisode | None = None,
    ) -> EpisodeMove:
        """Run a controller up to its next verb, after the outcome of the last one if any."""
        if order is None:
            revealed: tuple[Outcome | RevealedColumns, ...] = ()
        else:
            assert waiting.verb is not None
            revealed = (waiting.episode.apply(waiting.verb, order),)
        try:
            self.clock.start()
            try:
                verb = waiting.course.resume(*revealed)
            finally:
                self.clock.stop()
        except ControllerError as failed:
            self._end(key)
            return EpisodeFault(key, failed.fault)
        except TimeLimitExceeded:
            # The alarm came between the controller's last line and the stop of the clock.
            self._end(key)
            return EpisodeFault(key, Fault(Reason.TOO_LONG, "it takes too long between verbs"))
        if isinstance(verb, Answer):
            return NextVerb(key, verb, self._end(key))
        waiting.verb = verb
        return NextVerb(key, verb)

    def _end(self, key: int) -> dict[int, int]:
        """End an episode; return its line counts."""
        waiting = self._waiting.pop(key, None)
        if waiting is None:
            return {}
        waiting.course.close()
        return waiting.lines
