"""What a run of trials came to, for programs and for people."""

import msgspec

from agents.allocation.trials import guidelines, tried
from agents.run.directory import RunDirectory
from agents.run.records import Ending
from harness.allocation.environment import Environment
from harness.allocation.simulator import Simulator
from harness.allocation.space import Space
from store.pipelines.records import Choices, Trial


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
    ending: Ending | None = None
    run: str | None = None
    """The run's directory, where it was kept."""


def result(run: RunDirectory, environment: Environment, *, kept: bool = True) -> AllocationResult:
    """What a run came to.

    Args:
        run: the run.
        environment: what played its trials.
        kept: whether its directory stays.

    Raises:
        InputError: a file of the run is damaged.
    """
    request, asked = run.request, run.request.allocation
    assert asked is not None
    space = Space(
        environment.pipeline, asked.budget, governed=environment.governed,
        recorded=environment.recorded,
    )  # fmt: skip
    told, spent, best = [], 0.0, 0.0
    for number, (name, each) in enumerate(tried(run).items(), start=1):
        draft = run.draft(name)
        spent, best = spent + each.cost, max(best, each.score)
        told.append(
            TrialTold(
                trial=number,
                candidate=name,
                proposer=draft.proposer,
                words=draft.proposal.words,
                score=each.score,
                cost=each.cost,
                spent=spent,
                best=best,
                stages=given(space, each.choices),
                expected=_expected(environment, each),
            )
        )
    ending = run.ending
    chosen = ending.selected if ending is not None else _best_so_far(run)
    return AllocationResult(
        pipeline=environment.pipeline.name,
        environment=environment.kind,
        unit=environment.pipeline.unit.value,
        budget=asked.budget,
        space=len(space),
        seed=request.seed,
        proposers=request.proposers,
        best=next((_best(each) for each in told if each.candidate == chosen), None),
        trials=told,
        guidelines=guidelines(run),
        optimum=_optimum(environment, space),
        ending=ending,
        run=str(run.path) if kept else None,
    )


def given(space: Space, choices: Choices) -> list[StageGiven]:
    """What an allocation gives each stage, and what that costs."""
    return [
        StageGiven(
            stage=space.names[at],
            model=each.model,
            samples=each.samples,
            controller=each.controller,
            beta=each.beta if each.controller else None,
            cost=space.stage_cost(at, each),
        )
        for at, each in enumerate(choices)
    ]


def _best(each: TrialTold) -> Best:
    return Best(
        candidate=each.candidate, trial=each.trial, score=each.score, cost=each.cost,
        stages=each.stages, expected=each.expected,
    )  # fmt: skip


def _best_so_far(run: RunDirectory) -> str | None:
    summaries = run.summaries()
    return summaries[-1].best if summaries else None


def _expected(environment: Environment, each: Trial) -> float | None:
    if not isinstance(environment, Simulator) or not environment.simulation.sampled:
        return None
    return environment.expected(environment.quality(each.choices))


def _optimum(environment: Environment, space: Space) -> OptimumTold | None:
    if not isinstance(environment, Simulator):
        return None
    found = environment.optimum(space.budget)
    return OptimumTold(score=found.score, cost=found.cost, stages=given(space, found.choices))


def summary(found: AllocationResult) -> str:
    """The result on a terminal."""
    head = (
        f"{found.pipeline} ({found.environment}): {len(found.trials)} trials of"
        f" {found.space:,} allocations within a budget of {found.budget:g}"
    )
    lines = [head]
    if found.best is None:
        lines.append("nothing was selected")
    else:
        best = found.best
        lines.append(
            f"best: {100 * best.score:.2f} % for {best.cost:.4g}, found in trial {best.trial}"
        )
        lines += [f"  {line}" for line in _stages(best.stages)]
    if found.optimum is not None:
        lines.append(
            f"the best there is: {100 * found.optimum.score:.2f} % for {found.optimum.cost:.4g}"
        )
    if found.guidelines:
        lines += ["guidelines:", *(f"  {each}" for each in found.guidelines)]
    return "\n".join(lines)


def _stages(stages: list[StageGiven]) -> list[str]:
    width = max(len(each.stage) for each in stages)
    return [f"{each.stage:{width}}  {amount(each)}, costs {each.cost:.4g}" for each in stages]


def amount(each: StageGiven) -> str:
    """What a stage is given, in words."""
    if each.controller:
        return f"{each.model} governed by {each.controller} at beta {each.beta:g}"
    return f"{each.model}, {each.samples} sample{'' if each.samples == 1 else 's'}"
