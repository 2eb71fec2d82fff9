"""Handle SIGTERM like Ctrl-C, so that all work ends in an orderly way."""

import signal
import time
from types import FrameType

_AGAIN = 2.0
"""Seconds in which a second SIGTERM is ignored: timeout(1) sends it twice."""


class _State:
    received: float | None = None


def install() -> None:
    """Handle SIGTERM in this process, unless something else handles it."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _interrupt)


def is_terminated() -> bool:
    """Return whether SIGTERM was received."""
    return _State.received is not None


def _interrupt(number: int, frame: FrameType | None) -> None:
    now = time.monotonic()
    if _State.received is not None and now - _State.received < _AGAIN:
        return
    _State.received = now
    if callable(signal.getsignal(signal.SIGINT)):
        signal.raise_signal(signal.SIGINT)
    else:  # shells make background jobs ignore Ctrl-C
        raise KeyboardInterrupt
