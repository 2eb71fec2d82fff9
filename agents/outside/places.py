"""Where an agent runs: a small protocol, and what its makers share."""

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

from agents.proposers import Payer

KEPT = 64 * 1024
"""Bytes of an agent's output that are kept, the last ones."""

LOOK = 0.1
"""Seconds between two looks at it."""

GRACE = 2.0
"""Seconds between asking it to end and ending it."""


class Ran(NamedTuple):
    """How an agent came to its end."""

    status: int | None
    """Its exit status; ``None`` where its time was over."""
    output: str
    """The end of what it printed."""


class Place(Protocol):
    """Runs agents."""

    @property
    def warning(self) -> str:
        """What holds an agent back too little here; empty where a wall does."""
        ...

    @property
    def interpreter(self) -> str:
        """The first line of the agent's ``rheostat``, behind ``#!``."""
        ...

    def run(self, command: str, folder: Path, prompt: str, *, seconds: float, bench: Payer) -> Ran:
        """Runs a command in a directory, and ends it with all that it started.

        It is ended when its time is over, and when the session is interrupted.

        Args:
            command: as in a shell, but for no shell.
            folder: where it works; the ``bin`` in it comes first in its path.
            prompt: its standard input.
            seconds: that it may take.
            bench: says when the run's own time is over, and when somebody asks for an end.

        Raises:
            SurroundingsError: there is no such command, or it cannot be started.
            KeyboardInterrupt: somebody asked for an end.
        """
        ...


class Tail:
    """The end of what an agent prints."""

    def __init__(self) -> None:
        self._parts: deque[bytes] = deque()
        self._size = 0

    def put(self, part: bytes) -> None:
        """Takes in what came, and lets go of what is too old."""
        self._parts.append(part)
        self._size += len(part)
        while self._size - len(self._parts[0]) > KEPT:
            self._size -= len(self._parts.popleft())

    @property
    def text(self) -> str:
        """What is kept."""
        return b"".join(self._parts)[-KEPT:].decode(errors="replace")


def ended_in_time(ended: Callable[[float], bool], seconds: float, bench: Payer) -> bool:
    """Waits for an agent's end; ``False`` where its time was over before.

    Args:
        ended: waits so many seconds at most, and says whether it has ended.
        seconds: that it may take.
        bench: see `Place.run`.

    Raises:
        KeyboardInterrupt: somebody asked for an end.
    """
    until = time.monotonic() + seconds
    while not ended(LOOK):
        bench.heed()
        if time.monotonic() > until or bench.out_of_time():
            return False
    return True
