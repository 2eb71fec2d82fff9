"""Works out what a run of trials came to."""

from collections.abc import Callable

from agents.allocation.told import AllocationResult, Best, OptimumTold, StageGiven, TrialTold
from agents.allocation.trials import guidelines, tried
from agents.run.directory import RunDirectory
from harness.allocation.environment import Environment
from harness.allocation.simulator import Simulator
from harness.allocation.space import Space
from store.pipelines.records import Choices, Trial


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
    told = trials_told(
        run, lambda each: given(space, each.choices), lambda each: _expected(environment, each)
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


def trials_told(
    run: RunDirectory,
    stages: Callable[[Trial], list[StageGiven]],
    expected: Callable[[Trial], float | None] = lambda each: None,
) -> list[TrialTold]:
    """The trials of a run, of all rounds that are over.

    Args:
        run: the run.
        stages: what a trial gave each stage.
        expected: the score of a trial without luck, where it is known.

    Raises:
        InputError: a file of the run is damaged.
    """
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
                stages=stages(each),
                expected=expected(each),
            )
        )
    return told


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
