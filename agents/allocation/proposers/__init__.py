"""Proposers of trials: one small protocol, one file each.

A proposer is given a bench, and nothing else: the space of what may be tried, and the trials so
far. It plays nothing itself; what it suggests is tried, in order, and it meets the outcomes in the
next round.
"""

from collections.abc import Mapping, Sequence
from random import Random
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from agents.run.budget_guard import BudgetGuard
from agents.run.records import ResourceUsage
from harness.allocation.space import AllocationSpace
from store.pipelines.schema import StageChoices


class ObservedTrial(NamedTuple):
    """A trial as a proposer sees it."""

    choices: StageChoices
    score: float
    """From 0 to 1."""
    cost: float


class TrialSuggestion(NamedTuple):
    """An allocation that a proposer puts forward."""

    choices: StageChoices
    words: str = ""
    """Why."""


class SuggestionBatch(NamedTuple):
    """What a proposer gives in a round."""

    trials: Sequence[TrialSuggestion]
    guidelines: Sequence[str] = ()
    """What it holds true of the stages by now, in sentences."""
    usage: ResourceUsage = ResourceUsage()
    """What it cost beside trials."""
    search: Mapping[str, Any] = MappingProxyType({})
    """What it says of its own search, for the log."""
    state: bytes | None = None
    """What it wants to find again in the next round."""


class TrialBench(BudgetGuard, Protocol):
    """What a proposer may look at, and how much it may put forward."""

    @property
    def space(self) -> AllocationSpace:
        """What may be tried."""
        ...

    @property
    def seen(self) -> Sequence[ObservedTrial]:
        """The trials so far, in order."""
        ...

    @property
    def random(self) -> Random:
        """The round's source of chance, the proposer's own."""
        ...

    @property
    def state(self) -> bytes | None:
        """What the proposer left in the round before, ``None`` in its first."""
        ...

    @property
    def most(self) -> int:
        """The most trials that it may put forward now."""
        ...

    @property
    def planned(self) -> int | None:
        """Trials of the whole run, where it is bounded."""
        ...


class TrialProposer(Protocol):
    """Puts trials forward."""

    @property
    def name(self) -> str:
        """As ``--proposer`` takes it."""
        ...

    def suggest(self, bench: TrialBench) -> SuggestionBatch:
        """The trials of this round, each new; none where nothing new is left."""
        ...


def draw_untried(bench: TrialBench) -> StageChoices | None:
    """An allocation at random that was not tried; ``None`` where none is found."""
    met = {each.choices for each in bench.seen}
    if bench.space.recorded is not None:
        left = [each for each in bench.space.recorded if each not in met]
        return bench.random.choice(left) if left else None
    for _ in range(200):
        drawn = bench.space.draw(bench.random)
        if drawn not in met:
            return drawn
    return next((each for each in bench.space if each not in met), None)
