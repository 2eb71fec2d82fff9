"""Spending of a run so far, and the limit that it has reached."""

import time
from collections.abc import Callable

from agents.loop.bench import SpendLimit
from agents.loop.round_files import read_slots
from agents.run.directory import RunDirectory
from agents.run.events import count_minutes
from agents.run.records import ResourceUsage, RunLimits
from harness.messages import format_count


class Accounts:
    """Count what a run spends, from its files, so that a resumed run continues the count.

    Args:
        run: Run directory.
        clock: Monotonic clock, in seconds.
    """

    def __init__(self, run: RunDirectory, clock: Callable[[], float] = time.monotonic):
        self._run = run
        self._before = count_minutes(run.events())
        self._clock = clock
        self._start = clock()
        self._waited = 0.0

    @property
    def minutes(self) -> float:
        """Minutes of work, over all sessions."""
        return self._before + (self._clock() - self._start - self._waited) / 60

    def waited(self, seconds: float) -> None:
        """Subtract time spent waiting for a reviewer."""
        self._waited += seconds

    @property
    def used(self) -> ResourceUsage:
        """Cost of the completed rounds."""
        total = ResourceUsage()
        for each in self._run.summaries():
            total += each.usage
        return total

    def reached(self, caps: RunLimits, rounds: int) -> str:
        """Describe the limit that is reached; empty if none is.

        Args:
            caps: Limits of the run.
            rounds: Number of rounds that were played.
        """
        if rounds >= caps.rounds:
            return "1 round was played" if caps.rounds == 1 else f"{caps.rounds} rounds were played"
        return self.spent(caps) or self._withheld(caps, rounds)

    def _withheld(self, caps: RunLimits, rounds: int) -> str:
        """Return why the last round omitted a model call, if its limits are unchanged."""
        if not rounds:
            return ""
        for each in read_slots(self._run, rounds):
            if each.withheld and each.caps == (caps.tokens, caps.usd):
                return each.withheld
        return ""

    def spent(self, caps: RunLimits, within: ResourceUsage = ResourceUsage()) -> str:  # noqa: B008 - it is immutable
        """Describe the spending limit that is reached; empty if none is.

        Args:
            caps: Limits of the run.
            within: Cost of the current round so far.
        """
        used = self.used + within
        if caps.minutes is not None and self.minutes >= caps.minutes:
            return f"{caps.minutes:g} minutes of work are over"
        if caps.evaluations is not None and used.evaluations >= caps.evaluations:
            played = format_count(used.evaluations, self._run.request.plays)
            verb = "was" if used.evaluations == 1 else "were"
            return f"{played} {verb} played, and {caps.evaluations:,} may be"
        if caps.tokens is not None and used.tokens_in + used.tokens_out >= caps.tokens:
            return f"{used.tokens_in + used.tokens_out:,} of {caps.tokens:,} tokens are spent"
        if caps.usd is not None and used.usd >= caps.usd:
            return f"{used.usd:.2f} of {caps.usd:.2f} dollars are spent"
        return ""

    def evaluations_left(
        self,
        caps: RunLimits,
        within: ResourceUsage = ResourceUsage(),  # noqa: B008 - it is immutable
    ) -> int | None:
        """Return the number of programs that may still be played; ``None`` for no limit.

        Args:
            caps: Limits of the run.
            within: Cost of the current round so far.
        """
        if caps.evaluations is None:
            return None
        return max(0, caps.evaluations - self.used.evaluations - within.evaluations)

    def spend_limit(self, caps: RunLimits, within: ResourceUsage, slots: int) -> SpendLimit:
        """Return the spend limit of each slot: an equal share of the remaining budget.

        Args:
            caps: Limits of the run.
            within: Cost of the current round so far.
            slots: Number of slots that share it.
        """
        used, share = self.used + within, max(1, slots)
        tokens, usd = caps.tokens, caps.usd
        return SpendLimit(
            None if tokens is None else (tokens - used.tokens_in - used.tokens_out) // share,
            None if usd is None else (usd - used.usd) / share,
        )

    def is_out_of_time(self, caps: RunLimits) -> bool:
        """Return whether the limit on minutes is reached."""
        return caps.minutes is not None and self.minutes >= caps.minutes
