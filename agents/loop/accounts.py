"""Spending of a run: what it has cost, the limit that it has reached, and the budget of a slot."""

import time
from collections.abc import Callable
from typing import NamedTuple

from agents.loop.round_files import read_slots
from agents.run.directory import RunDirectory
from agents.run.events import count_minutes
from agents.run.records import ResourceUsage, RunLimits
from harness.messages import format_count


class SpendLimit(NamedTuple):
    """Remaining budget of a slot for language models; ``None`` for no limit."""

    tokens: int | None = None
    usd: float | None = None


class SpendTracker:
    """Track the remaining budget of a slot for language models.

    Args:
        spend_limit: Budget at the start.
    """

    def __init__(self, spend_limit: SpendLimit):
        self._spend_limit = spend_limit
        self.withheld = ""
        """Why a call was not made; empty if all were."""

    def affords(self, most: ResourceUsage) -> bool:
        """See `agents.run.budget_guard.BudgetGuard.affords`."""
        tokens, usd = most.tokens_in + most.tokens_out, most.usd
        if self._spend_limit.tokens is not None and tokens > self._spend_limit.tokens:
            self.withheld = (
                f"{max(0, self._spend_limit.tokens):,} tokens are left,"
                f" and a call may take {tokens:,}"
            )
        elif self._spend_limit.usd is not None and usd > self._spend_limit.usd:
            self.withheld = (
                f"{max(0.0, self._spend_limit.usd):.4f} dollars are left,"
                f" and a call may cost {usd:.4f}"
            )
        else:
            return True
        return False

    def charge(self, used: ResourceUsage) -> None:
        """See `agents.run.budget_guard.BudgetGuard.charge`."""
        tokens, usd = self._spend_limit
        self._spend_limit = SpendLimit(
            None if tokens is None else tokens - used.tokens_in - used.tokens_out,
            None if usd is None else usd - used.usd,
        )


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

    def add_waiting_time(self, seconds: float) -> None:
        """Subtract time spent waiting for a reviewer."""
        self._waited += seconds

    @property
    def used(self) -> ResourceUsage:
        """Cost of the completed rounds."""
        total = ResourceUsage()
        for summary in self._run.summaries():
            total += summary.usage
        return total

    def find_reached_limit(self, caps: RunLimits, rounds: int) -> str:
        """Describe the limit that is reached; empty if none is.

        Args:
            caps: Limits of the run.
            rounds: Number of rounds that were played.
        """
        if rounds >= caps.rounds:
            return "1 round was played" if caps.rounds == 1 else f"{caps.rounds} rounds were played"
        return self.find_spent_limit(caps) or self._find_withheld_call(caps, rounds)

    def _find_withheld_call(self, caps: RunLimits, rounds: int) -> str:
        """Return why the last round omitted a model call, if its limits are unchanged."""
        if not rounds:
            return ""
        for slot in read_slots(self._run, rounds):
            if slot.withheld and slot.caps == (caps.tokens, caps.usd):
                return slot.withheld
        return ""

    def find_spent_limit(self, caps: RunLimits, within: ResourceUsage = ResourceUsage()) -> str:  # noqa: B008 - it is immutable
        """Describe the spending limit that is reached; empty if none is.

        Args:
            caps: Limits of the run.
            within: Cost of the current round so far.
        """
        used = self.used + within
        if caps.minutes is not None and self.minutes >= caps.minutes:
            return f"{caps.minutes:g} minutes of work are over"
        if caps.evaluations is not None and used.evaluations >= caps.evaluations:
            limit = format_count(caps.evaluations, self._run.request.plays)
            verb = "was" if caps.evaluations == 1 else "were"
            return f"{used.evaluations:,} of {limit} {verb} played"
        if caps.tokens is not None and used.tokens_in + used.tokens_out >= caps.tokens:
            return f"{used.tokens_in + used.tokens_out:,} of {caps.tokens:,} tokens are spent"
        if caps.usd is not None and used.usd >= caps.usd:
            return f"{used.usd:.2f} of {caps.usd:.2f} dollars are spent"
        return ""

    def count_evaluations_left(
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

    def compute_spend_limit(self, caps: RunLimits, within: ResourceUsage, slots: int) -> SpendLimit:
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
