"""The clock inside of a worker: processor time between two verbs.

Processor time, since a controller cannot wait for anything: on a busy machine the same controller
has the same time. What hangs inside of one call of the interpreter is not reached by it: such a
worker is ended by a thread of the interpreter's own, which needs no lock of Python's and says on
stderr in which line it was. The host has a clock of its own besides.
"""

import faulthandler
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.python.ends import TimeSpent

_TICKS = 10
"""Ticks of the clock in the time that a controller has: it ends up to one of them later."""

_AGAIN = 4
"""Ticks after which a controller that goes on all the same is told again."""


class Clock:
    """Ends what takes too long, by `TimeSpent`.

    It ticks while a message is worked on, and each verb begins to count anew: to set an alarm for
    each verb would take two calls of the system, which is more than most controllers do between
    verbs.

    Args:
        seconds: of processor time.
        told: the descriptor on which it is said where a worker hung.
    """

    def __init__(self, seconds: float, told: int):
        self._tick = seconds / _TICKS
        self._hang = 2 * seconds + 1
        self._told = told
        self._left: int | None = None
        signal.signal(signal.SIGPROF, self._ring)

    @contextmanager
    def ticking(self) -> Iterator[None]:
        """Ticks inside of the block."""
        signal.setitimer(signal.ITIMER_PROF, self._tick, self._tick)
        self._watch()
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
            signal.setitimer(signal.ITIMER_PROF, 0.0)

    def start(self) -> None:
        """Raises `TimeSpent` from now on where it takes too long until `stop`."""
        # The first tick may come at once.
        self._left = _TICKS + 1

    def stop(self) -> None:
        """Raises nothing any more."""
        self._left = None

    def _watch(self) -> None:
        """Has this process ended where no further tick is heard in time."""
        faulthandler.dump_traceback_later(self._hang, exit=True, file=self._told)

    def _ring(self, number: int, frame: object) -> None:
        left = self._left
        if left is not None:
            self._left = left - 1
            if left <= 1:
                self._left = _AGAIN  # for what slips through
                raise TimeSpent
        # Once the time is spent nothing puts off the end any more: where calls are nested too
        # deeply for this handler, or for what it raises, it is the thread that ends the worker.
        self._watch()
