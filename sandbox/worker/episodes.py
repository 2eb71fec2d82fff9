"""The episodes that wait inside of a worker, each at its next verb."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from dsl.chance import Draws
from dsl.episode import Answer, AnyVerb, Course, Episode
from sandbox.faults import ControllerFailed, Fault, Reason
from sandbox.python.controller import PythonController
from sandbox.python.ends import TimeSpent
from sandbox.worker.clock import Clock
from sandbox.worker.messages import Begin, Drop, Failed, Go, Move, Moved, Order
from sandbox.worker.picture import begun, brought_up_to_date


class _Waiting(NamedTuple):
    episode: Episode
    course: Course
    lines: dict[int, int]


class Episodes:
    """The episodes of one controller.

    Args:
        controller: what plays them.
        clock: how long each may think between two verbs.
    """

    def __init__(self, controller: PythonController, clock: Clock):
        self._controller = controller
        self.clock = clock
        self._waiting: dict[int, _Waiting] = {}

    def step(self, orders: tuple[Order, ...]) -> Iterator[Move]:
        """Carries out orders, one after the other; yields the move that each leads to."""
        for order in orders:
            match order:
                case Begin(key=key):
                    yield self._begin(key, order)
                case Go(key=key):
                    waiting = self._waiting[key]
                    outcome = brought_up_to_date(waiting.episode, order)
                    yield self._move(key, lambda: waiting.course.send(outcome))  # noqa: B023
                case Drop(key=key):
                    self._end(key)

    def _begin(self, key: int, order: Begin) -> Move:
        episode = begun(order)
        draws = Draws(0, 0)
        draws.state = order.draws
        lines: dict[int, int] = {}
        course = self._controller.begin(episode, order.beta, draws, lines)
        self._waiting[key] = _Waiting(episode, course, lines)
        return self._move(key, lambda: next(course))

    def _move(self, key: int, resume: Callable[[], AnyVerb]) -> Move:
        try:
            self.clock.start()
            try:
                verb = resume()
            finally:
                self.clock.stop()
        except ControllerFailed as failed:
            self._end(key)
            return Failed(key, failed.fault)
        except TimeSpent:  # it rang between the controller's last line and the clock's stop
            self._end(key)
            return Failed(key, Fault(Reason.TOO_LONG, "it thinks for too long between verbs"))
        if isinstance(verb, Answer):
            return Moved(key, verb, self._end(key))
        return Moved(key, verb)

    def _end(self, key: int) -> dict[int, int]:
        """Ends an episode; gives how often its lines ran."""
        waiting = self._waiting.pop(key, None)
        if waiting is None:
            return {}
        waiting.course.close()
        return waiting.lines
