"""Ctrl-C and SIGTERM for work in threads, which hear of it between two pieces of work."""

import signal
import socket
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from types import FrameType


class Interruption:
    """Whether somebody wants the session to stop."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def ask(self) -> None:
        """Asks for it, from any thread."""
        self._asked.set()

    def check_interrupt(self) -> None:
        """Stop the present work, where somebody asked for it.

        What is given up is done again after a resume, and not filed by halves.

        Raises:
            KeyboardInterrupt: somebody asked.
        """
        if self._asked.is_set():
            raise KeyboardInterrupt


@contextmanager
def catch_interrupts() -> Iterator[Interruption]:
    """Hears Ctrl-C and SIGTERM for the length of a block; the main thread is interrupted as ever.

    The main thread waits for the threads of the graph before it lets go of it, so without this
    Ctrl-C would take as long as a proposer's whole search.

    Python calls its handlers in the main thread alone. A signal that the system gives to another
    thread, one that is just being started, say, does not wake the main thread from its wait: it
    would be heard when the work is over. So it is heard as well from the pipe that the interpreter
    writes to in whichever thread it is.
    """
    found = Interruption()
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    # A shell has its background jobs ignore Ctrl-C, and where a program handles no SIGTERM of its
    # own, that ends it at once.
    heard = {number: handler for number, handler in handlers.items() if callable(handler)}
    if threading.current_thread() is not threading.main_thread() or not heard:
        yield found
        return

    def hear(number: int, frame: FrameType | None) -> None:
        found.ask()
        heard[signal.Signals(number)](number, frame)

    with _listen_on_wakeup_pipe(found, heard):
        for number in heard:
            signal.signal(number, hear)
        try:
            yield found
        finally:
            for number, handler in heard.items():
                signal.signal(number, handler)


@contextmanager
def _listen_on_wakeup_pipe(found: Interruption, heard: Collection[int]) -> Iterator[None]:
    """Has the numbers of signals written to a pipe for the length of a block, and listens."""
    reading, writing = socket.socketpair()

    def listen() -> None:
        while numbers := reading.recv(64):
            if not set(heard).isdisjoint(numbers):
                found.ask()

    with reading, writing:
        writing.setblocking(False)
        listener = threading.Thread(target=listen, name="interruption", daemon=True)
        listener.start()
        before = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            writing.shutdown(socket.SHUT_WR)
            listener.join()
