"""Retries: deadlines, waits and when a request is repeated.

Requests that may succeed later are repeated after waits that double, with jitter, and obey
``Retry-After``. Patience is counted from the last success of the same request, so a server that is
restarted is waited for up to ``Limits.patience`` seconds.
"""

import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from store.serving.errors import Unreachable

T = TypeVar("T")


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds."""

    connect: float = 10.0
    """To be connected."""
    whole: float = 1800.0
    """For a reply that comes as a whole."""
    stall: float = 600.0
    """From one event of a stream to the next, waiting in the server's queue included."""
    patience: float = 300.0
    """For a server that is gone, too busy or breaks off, before it is given up."""
    first_wait: float = 0.5
    """Before the first repetition; it doubles from there."""
    longest_wait: float = 30.0


async def retry_call(attempt: Callable[[], Awaitable[T]], limits: Limits) -> T:
    """Call ``attempt`` until it succeeds.

    Raises:
        Unreachable: the last one, when patience is at its end.
        InconsistentResponse, Refused: at once.
    """
    return await RetrySession(limits).run(attempt)


class RetrySession:
    """Repeats one piece of work; `progressed` records progress, which renews patience."""

    def __init__(self, limits: Limits):
        self._limits = limits
        self._since = time.monotonic()
        self._failures = 0

    def progressed(self) -> None:
        """Start to count patience and waits again."""
        self._since = time.monotonic()
        self._failures = 0

    async def run(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """As `retry_call`."""
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(Unreachable),
            wait=self._wait,
            stop=self._is_over,
            reraise=True,
        )
        return await retrying(attempt)

    def _is_over(self, state: RetryCallState) -> bool:
        return time.monotonic() - self._since >= self._limits.patience

    def _wait(self, state: RetryCallState) -> float:
        doubled = self._limits.first_wait * 2.0 ** min(self._failures, 16)
        self._failures += 1
        # Jitter keeps many requests from coming back all at once; it decides nothing recorded.
        wait = min(doubled, self._limits.longest_wait) * random.uniform(0.5, 1.0)
        error = state.outcome.exception() if state.outcome is not None else None
        wanted = error.wait if isinstance(error, Unreachable) else None
        return wait if wanted is None else max(wait, min(wanted, self._limits.patience))
