"""Proposers of trials: one small protocol, one file each.

A proposer gets only a bench: the space of allocations, and the trials so far. It plays nothing
itself; its suggestions are tried in order, and it sees the outcomes in the next round.
"""

from collections.abc import Mapping, Sequence
from random import Random
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from agents.allocation.allocation_objective import AllocationObjective
from agents.run.budget_guard import BudgetGuard
from agents.run.records import ResourceUsage
from harness.allocation.space import AllocationSpace
from store.pipelines.schema import StageChoices


class ObservedTrial(NamedTuple):
    """A trial as a proposer sees it."""

    choices: StageChoices
    score: float
    """Score from 0 to 1."""
    cost: float
    objective: float | None = None
    """Objective of the run, from 0 to about 1; ``None`` for the score."""

    @property
    def value(self) -> float:
        """The objective, which the search maximises."""
        return self.score if self.objective is None else self.objective


class TrialSuggestion(NamedTuple):
    """An allocation that a proposer suggests."""

    choices: StageChoices
    words: str = ""
    """Rationale."""


class SuggestionBatch(NamedTuple):
    """Output of a proposer in a round."""

    trials: Sequence[TrialSuggestion]
    guidelines: Sequence[str] = ()
    """Its current guidelines, one sentence each."""
    usage: ResourceUsage = ResourceUsage()
    """Cost besides trials."""
    search: Mapping[str, Any] = MappingProxyType({})
    """Diagnostics for the event log."""
    state: bytes | None = None
    """State for the next round."""


class TrialBench(BudgetGuard, Protocol):
    """What a proposer may read, and how much it may suggest."""

    @property
    def space(self) -> AllocationSpace:
        """The space of allocations."""
        ...

    @property
    def objective(self) -> AllocationObjective:
        """The objective of the run."""
        ...

    @property
    def trials(self) -> Sequence[ObservedTrial]:
        """The trials so far, in order."""
        ...

    @property
    def random(self) -> Random:
        """The proposer's random source for this round."""
        ...

    @property
    def state(self) -> bytes | None:
        """State that the proposer left in the previous round; ``None`` in its first."""
        ...

    @property
    def most(self) -> int:
        """Maximum number of trials to suggest now."""
        ...

    @property
    def planned(self) -> int | None:
        """Number of trials of the whole run, if it is bounded."""
        ...


class TrialProposer(Protocol):
    """Suggest trials."""

    @property
    def name(self) -> str:
        """Name as ``--proposer`` takes it."""
        ...

    def suggest(self, bench: TrialBench) -> SuggestionBatch:
        """Suggest the trials of this round, each new; none if nothing new is left."""
        ...


def draw_untried(bench: TrialBench) -> StageChoices | None:
    """Draw a random untried allocation; ``None`` if none is found."""
    tried = {choices.choices for choices in bench.trials}
    if bench.space.recorded is not None:
        untried = [choices for choices in bench.space.recorded if choices not in tried]
        return bench.random.choice(untried) if untried else None
    for _ in range(200):
        candidate = bench.space.draw(bench.random)
        if candidate not in tried:
            return candidate
    return next((choices for choices in bench.space if choices not in tried), None)
