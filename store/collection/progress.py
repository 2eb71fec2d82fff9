"""How far a collection is: what was drawn, how fast, the cache hits, and the cost."""

import time
from collections import deque
from dataclasses import dataclass, field

import msgspec

from store.serving.engine import PrefixCacheCounters

WINDOW = 30.0
"""Seconds that a rate is taken over."""

MILLION = 1_000_000


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """Dollars. What is rented by the hour and what is bought by the token add up."""

    per_hour: float = 0.0
    """For all that serves, as long as the collection takes."""
    per_million_in: float = 0.0
    """For tokens of prompts, whether they are in the cache or not."""
    per_million_out: float = 0.0
    """For tokens generated."""

    @property
    def known(self) -> bool:
        """Whether anything costs."""
        return any((self.per_hour, self.per_million_in, self.per_million_out))

    def usd(self, tokens_in: int, tokens_out: int, seconds: float) -> float:
        """Return a cost in dollars.

        Args:
            tokens_in: prompt tokens.
            tokens_out: generated tokens.
            seconds: wall time in seconds.
        """
        bought = self.per_million_in * tokens_in + self.per_million_out * tokens_out
        return self.per_hour * seconds / 3600 + bought / MILLION


@dataclass
class CollectionProgress:
    """Counters of a running collection, which a display can read at any time."""

    branches: int
    """To be had in the end."""
    held: int
    """That a journal brought along."""
    done: int = 0
    """Recorded in this session."""
    drawn: int = 0
    """Tokens of branches that came, those of broken streams included: they are paid for."""
    recorded: int = 0
    """Tokens of the branches recorded in this session."""
    probes: int = 0
    probe_tokens: int = 0
    sent: int = 0
    """Tokens of prompts."""
    cache: PrefixCacheCounters | None = None
    """What the servers counted since the session began."""
    began: float = field(default_factory=time.monotonic)
    _marks: deque[tuple[float, int]] = field(default_factory=deque)

    @property
    def seconds(self) -> float:
        """Since the session began."""
        return time.monotonic() - self.began

    @property
    def generated(self) -> int:
        """Tokens generated, probes included."""
        return self.drawn + self.probe_tokens

    def rate(self) -> float | None:
        """Tokens generated in a second, over the last half minute; ``None`` at the beginning."""
        now = time.monotonic()
        self._marks.append((now, self.generated))
        while len(self._marks) > 2 and now - self._marks[1][0] > WINDOW:
            self._marks.popleft()
        then, before = self._marks[0]
        passed = now - then
        return (self.generated - before) / passed if passed > 0 else None

    def seconds_left(self, longest: int) -> float | None:
        """Return an estimate, from the mean length of what was recorded.

        Args:
            longest: the cap on a branch, taken as its length while none is recorded.
        """
        rate = self.rate()
        if not rate:
            return None
        per_branch = (self.recorded + self.probe_tokens) / self.done if self.done else longest
        seconds = (self.branches - self.held - self.done) * per_branch
        under_way = self.drawn - self.recorded
        return max(0.0, seconds - under_way) / rate

    def usd(self, prices: Prices) -> float:
        """Return what the session has cost so far."""
        return prices.usd(self.sent, self.generated, self.seconds)
