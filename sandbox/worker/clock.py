"""The clock inside of a worker: processor time between two verbs.

Processor time, since a controller cannot wait for anything: on a busy machine the same controller
has the same time. What hangs inside of one call of the interpreter is not reached by it; the host
has a clock of its own for that.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.python.ends import TimeSpent

_AGAIN = 0.05
"""Seconds until the alarm rings again, for what slips through the first time."""


class Clock:
    """Ends what takes too long, by `TimeSpent`.

    Args:
        seconds: of processor time.
    """

    def __init__(self, seconds: float):
        self._seconds = seconds
        self._running = False
        signal.signal(signal.SIGPROF, self._ring)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Raises `TimeSpent` inside of the block where it takes too long."""
        signal.setitimer(signal.ITIMER_PROF, self._seconds, _AGAIN)
        self._running = True
        try:
            yield
        finally:
            self._running = False
            signal.setitimer(signal.ITIMER_PROF, 0.0)

    def _ring(self, number: int, frame: object) -> None:
        if self._running:
            raise TimeSpent
