"""SIGTERM as an orderly end: it takes the way of Ctrl-C, which all work knows how to leave by."""

import signal
import time
from types import FrameType

_AGAIN = 2.0
"""Seconds in which a second SIGTERM is taken for the first: timeout(1) sends it twice."""


class _State:
    received: float | None = None


def install() -> None:
    """Handle SIGTERM in this process, where nothing else does."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _interrupt)


def is_terminated() -> bool:
    """Whether SIGTERM was received."""
    return _State.received is not None


def _interrupt(number: int, frame: FrameType | None) -> None:
    now = time.monotonic()
    if _State.received is not None and now - _State.received < _AGAIN:
        return
    _State.received = now
    if callable(signal.getsignal(signal.SIGINT)):
        signal.raise_signal(signal.SIGINT)
    else:  # a shell has its background jobs ignore Ctrl-C
        raise KeyboardInterrupt
