"""The clock inside of a worker: processor time between two verbs.

Processor time, since a controller cannot wait for anything: on a busy machine the same controller
has the same time. What hangs inside of one call of the interpreter is not reached by it; the host
has a clock of its own for that.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.python.ends import TimeSpent

_TICKS = 10
"""Ticks of the clock in the time that a controller has: it ends up to one of them later."""


class Clock:
    """Ends what takes too long, by `TimeSpent`.

    It ticks while a message is worked on, and each verb begins to count anew: to set an alarm for
    each verb would take two calls of the system, which is more than most controllers do between
    verbs.

    Args:
        seconds: of processor time.
    """

    def __init__(self, seconds: float):
        self._tick = seconds / _TICKS
        self._left: int | None = None
        signal.signal(signal.SIGPROF, self._ring)

    @contextmanager
    def ticking(self) -> Iterator[None]:
        """Ticks inside of the block."""
        signal.setitimer(signal.ITIMER_PROF, self._tick, self._tick)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0.0)

    def start(self) -> None:
        """Raises `TimeSpent` from now on where it takes too long until `stop`."""
        # The first tick may come at once.
        self._left = _TICKS + 1

    def stop(self) -> None:
        """Raises nothing any more."""
        self._left = None

    def _ring(self, number: int, frame: object) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:  # and again at each further tick, for what slips through
                raise TimeSpent
