"""What a run of trials came to, for programs; people are shown the same."""

import msgspec

from agents.allocation.estimates import Estimate
from agents.report.records import Opening
from agents.run.records import Ending


class StageGiven(msgspec.Struct, frozen=True, kw_only=True):
    """What a stage is given."""

    stage: str
    model: str
    samples: int
    """0 where a controller governs."""
    controller: str = ""
    beta: float | None = None
    cost: float


class TrialTold(msgspec.Struct, frozen=True, kw_only=True):
    """A trial, for programs."""

    trial: int
    """From 1, in the order in which they were played."""
    candidate: str
    proposer: str
    words: str
    """Why it was proposed."""
    score: float
    """From 0 to 1."""
    cost: float
    """In the pipeline's unit."""
    spent: float
    """The costs of all trials up to this one."""
    best: float
    """The highest score up to this one."""
    stages: list[StageGiven]
    expected: float | None = None
    """Over a simulated pipeline whose scores are drawn: the score without luck."""


class Best(msgspec.Struct, frozen=True, kw_only=True):
    """The best allocation."""

    candidate: str
    trial: int
    score: float
    cost: float
    stages: list[StageGiven]
    expected: float | None = None


class OptimumTold(msgspec.Struct, frozen=True, kw_only=True):
    """The best there is, which is known of a simulated pipeline alone."""

    score: float
    cost: float
    stages: list[StageGiven]


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """Two allocations on some questions; scores are from 0 to 1."""

    questions: int
    selected: Estimate
    baseline: Estimate | None
    """``None`` where it was not played on them."""
    gain: Estimate | None
    """Of the selected over the baseline, paired by question."""


class HeldOutTold(msgspec.Struct, frozen=True, kw_only=True):
    """What was held out, and what came of it."""

    questions: int
    """That are held out."""
    search: Judged | None
    """On the questions of the search; ``None`` where nothing was selected."""
    unseen: Judged | None
    """On those that were held out; ``None`` while they are shut."""
    baseline: list[StageGiven]
    baseline_cost: float
    opened: list[Opening]
    """When they were opened for an allocation that had not met them."""
    met_before: bool
    """Whether they had been opened when the selected allocation was reviewed."""


class AllocationResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a run came to."""

    pipeline: str
    environment: str
    unit: str
    budget: float
    space: int
    """Allocations within the budget."""
    seed: int
    proposers: list[str]
    best: Best | None
    """The one that was selected; while the run goes on, the best so far."""
    trials: list[TrialTold]
    guidelines: list[str]
    optimum: OptimumTold | None = None
    held_out: HeldOutTold | None = None
    """``None`` where nothing is held out."""
    ending: Ending | None = None
    run: str | None = None
    """The run's directory, where it was kept."""


def amount(each: StageGiven) -> str:
    """What a stage is given, in words."""
    if each.controller:
        return f"{each.model} governed by {each.controller} at beta {each.beta:g}"
    return f"{each.model}, {each.samples} sample{'' if each.samples == 1 else 's'}"
