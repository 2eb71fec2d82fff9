"""Episodes that wait inside a worker, each at its next verb, and the clock that limits them.

Messages from the host keep each episode's state up to date. The clock measures processor time
between two verbs, since a controller cannot wait for anything: it has the same time on a busy
machine. The clock cannot interrupt a single interpreter call that hangs; the host's own timeout
covers that.
"""

import faulthandler
import signal
from bisect import insort
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from dsl.episode import (
    NO_SIGNALS,
    Answer,
    AnyVerb,
    BranchView,
    Episode,
    Outcome,
    Status,
    VerbGenerator,
)
from dsl.random_draws import EpisodeRandom
from sandbox.faults import ControllerError, Fault, Reason, TimeLimitExceeded
from sandbox.python.controller import PythonController
from sandbox.worker.messages import (
    BeginEpisode,
    BranchMessage,
    DropEpisode,
    EpisodeFault,
    EpisodeMove,
    NextVerb,
    Order,
    ResumeEpisode,
)

_TICKS = 10
"""Clock ticks in a controller's time limit, which may be exceeded by one tick."""

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
        self._hang_report = hang_report
        self._ticks_left: int | None = None
        signal.signal(signal.SIGPROF, self._ring)

    @contextmanager
    def ticking(self) -> Iterator[None]:
        """Run the clock inside the block."""
        signal.setitimer(signal.ITIMER_PROF, self._tick, self._tick)
        self._watch()
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
            signal.setitimer(signal.ITIMER_PROF, 0.0)

    def start(self) -> None:
        """Raise `TimeLimitExceeded` if the limit is reached before `stop`."""
        # The first tick may come at once.
        self._ticks_left = _TICKS + 1

    def stop(self) -> None:
        """Stop raising."""
        self._ticks_left = None

    def _watch(self) -> None:
        """End this process if no further tick is handled in time."""
        faulthandler.dump_traceback_later(self._hang, exit=True, file=self._hang_report)

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


def begin_episode(order: BeginEpisode) -> Episode:
    """Return the view at the beginning."""
    return Episode(
        interval=order.interval, limit=order.limit, budget=order.budget, signals=order.signals
    )


def apply_outcome(episode: Episode, order: ResumeEpisode) -> Outcome:
    """Apply the outcome of a verb; replace lists, which may be iterated at the moment."""
    episode.spent, episode.sequential = order.spent, order.sequential
    before = len(episode.branches)
    finished, pruned = episode.finished, episode.pruned
    views = order.views
    moved = bool(views) and views[-1].index >= before
    if moved:
        opened = [BranchView(view.index) for view in views if view.index >= before]
        episode.branches = [*episode.branches, *opened]
    for view in views:
        branch = episode.branches[view.index]
        was = branch.status
        _enter(view, branch)
        if view.status is not was:
            moved = True
            if view.status is Status.FINISHED:
                finished = [*finished, view.index]
            else:
                pruned = pruned.copy()
                insort(pruned, view.index)
    episode.finished, episode.pruned = finished, pruned
    if moved:
        episode.active = [b.index for b in episode.branches if b.status is Status.ACTIVE]
    return Outcome(tuple(view.index for view in views), order.exhausted)


def _enter(view: BranchMessage, branch: BranchView) -> None:
    branch.status = view.status
    branch.depth = view.depth
    branch.tokens = view.tokens
    branch.answer = view.answer
    branch.revealed = view.revealed
    branch.streak = view.streak
    branch.changes = view.changes
    branch.entropy = view.entropy
    branch.logprob = view.logprob
    branch.top_logprob = view.top_logprob
    branch.cut_off = view.cut_off
    branch.signals = view.signals or NO_SIGNALS


class _HeldEpisode(NamedTuple):
    episode: Episode
    course: VerbGenerator
    lines: dict[int, int]


class WaitingEpisodes:
    """Episodes of one controller.

    Args:
        controller: Controller to play.
        clock: Time limit between two verbs.
    """

    def __init__(self, controller: PythonController, clock: VerbClock):
        self._controller = controller
        self.clock = clock
        self._waiting: dict[int, _HeldEpisode] = {}

    def step(self, orders: tuple[Order, ...]) -> Iterator[EpisodeMove]:
        """Process orders one after the other; yield the resulting moves."""
        for order in orders:
            match order:
                case BeginEpisode(key=key):
                    yield self._begin(key, order)
                case ResumeEpisode(key=key):
                    waiting = self._waiting[key]
                    outcome = apply_outcome(waiting.episode, order)
                    yield self._move(key, lambda: waiting.course.send(outcome))  # noqa: B023
                case DropEpisode(key=key):
                    self._end(key)

    def _begin(self, key: int, order: BeginEpisode) -> EpisodeMove:
        episode = begin_episode(order)
        draws = EpisodeRandom(0, 0)
        draws.state = order.draws
        lines: dict[int, int] = {}
        course = self._controller.begin(episode, order.beta, draws, lines)
        self._waiting[key] = _HeldEpisode(episode, course, lines)
        return self._move(key, lambda: next(course))

    def _move(self, key: int, resume: Callable[[], AnyVerb]) -> EpisodeMove:
        try:
            self.clock.start()
            try:
                verb = resume()
            finally:
                self.clock.stop()
        except ControllerError as failed:
            self._end(key)
            return EpisodeFault(key, failed.fault)
        except (
            TimeLimitExceeded
        ):  # the alarm came between the controller's last line and the stop of the clock
            self._end(key)
            return EpisodeFault(key, Fault(Reason.TOO_LONG, "it takes too long between verbs"))
        if isinstance(verb, Answer):
            return NextVerb(key, verb, self._end(key))
        return NextVerb(key, verb)

    def _end(self, key: int) -> dict[int, int]:
        """End an episode; return its line counts."""
        waiting = self._waiting.pop(key, None)
        if waiting is None:
            return {}
        waiting.course.close()
        return waiting.lines
