"""Ctrl-C, for work that is done in threads: they hear of it between two pieces of work."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interruption:
    """Whether somebody wants the session to stop."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def ask(self) -> None:
        """Asks for it, from any thread."""
        self._asked.set()

    def heed(self) -> None:
        """Gives up the present work, where somebody asked for it.

        What is given up is done again after a resume, and not filed by halves.

        Raises:
            KeyboardInterrupt: somebody asked.
        """
        if self._asked.is_set():
            raise KeyboardInterrupt


@contextmanager
def interruption() -> Iterator[Interruption]:
    """Hears Ctrl-C for the length of a block; the main thread is interrupted as ever.

    The main thread waits for the threads of the graph before it lets go of it, so without this
    Ctrl-C would take as long as a proposer's whole search.
    """
    found = Interruption()
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield found
        return
    handler = before

    def hear(number: int, frame: FrameType | None) -> None:
        found.ask()
        handler(number, frame)

    signal.signal(signal.SIGINT, hear)
    try:
        yield found
    finally:
        signal.signal(signal.SIGINT, before)
