"""Ctrl-C and SIGTERM for work in threads, which check for it between two steps."""

import signal
import socket
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from types import FrameType


class Interruption:
    """A request to stop the session, shared between threads."""

    def __init__(self) -> None:
        self._requested = threading.Event()

    def request(self) -> None:
        """Request the stop, from any thread."""
        self._requested.set()

    def check_interrupt(self) -> None:
        """Stop the current work if that was requested.

        Interrupted work leaves no partial results and is repeated after a resume.

        Raises:
            KeyboardInterrupt: A stop was requested.
        """
        if self._requested.is_set():
            raise KeyboardInterrupt


@contextmanager
def catch_interrupts() -> Iterator[Interruption]:
    """Catch Ctrl-C and SIGTERM inside a block; the main thread is interrupted as usual.

    The main thread waits for the threads of the graph, so without this Ctrl-C would take effect
    only after a proposer's whole search.

    Python calls signal handlers in the main thread only. A signal that the system delivers to
    another thread does not wake the main thread, so the handler would run when the work is over.
    The wakeup pipe of the interpreter is written in every thread, so it is read as well.
    """
    interruption = Interruption()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    # Background jobs of a shell ignore Ctrl-C, and an unhandled SIGTERM ends the process at once:
    # neither has a callable handler.
    callable_handlers = {
        number: handler for number, handler in handlers.items() if callable(handler)
    }
    if threading.current_thread() is not threading.main_thread() or not callable_handlers:
        yield interruption
        return

    def handle_signal(number: int, frame: FrameType | None) -> None:
        interruption.request()
        callable_handlers[signal.Signals(number)](number, frame)

    with _listen_on_wakeup_pipe(interruption, callable_handlers):
        for number in callable_handlers:
            signal.signal(number, handle_signal)
        try:
            yield interruption
        finally:
            for number, handler in callable_handlers.items():
                signal.signal(number, handler)


@contextmanager
def _listen_on_wakeup_pipe(interruption: Interruption, signals: Collection[int]) -> Iterator[None]:
    """Read the numbers of signals from the wakeup pipe of the interpreter, inside a block."""
    reading, writing = socket.socketpair()

    def listen() -> None:
        while numbers := reading.recv(64):
            if not set(signals).isdisjoint(numbers):
                interruption.request()

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
