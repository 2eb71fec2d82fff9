"""Result of an allocation run: its records, confidence intervals, and their computation.

These structs are printed by ``--json`` and stored in ``report.json``; the terminal, the report and
the app show the same values. Intervals are at the 95 % level, over questions.
"""

from collections.abc import Callable, Mapping, Sequence
from math import sqrt

import msgspec

from agents.allocation.allocation_objective import SCORE, AllocationObjective
from agents.allocation.profile_results import ProfileResult, list_profile_results
from agents.allocation.run_trials import SELECTION, read_guidelines, read_run_trials
from agents.allocation.winner_choice import ChoiceEstimate, EligibleTrial, cross_validate
from agents.report.records import Opening
from agents.run.directory import RunDirectory
from agents.run.records import Ending, Request
from harness.allocation.simulator import Simulator
from harness.allocation.space import AllocationSpace
from harness.allocation.trial_environment import TrialEnvironment
from harness.messages import format_count
from store.pipelines.schema import StageChoices, Trial

Z_95 = 1.96
"""Standard errors of a 95 % interval."""


class ScoreEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


def estimate_score(trial: Trial) -> ScoreEstimate:
    """Return the mean score with Wilson's interval.

    The interval stays inside 0 to 1 and is not empty if all questions are right. It assumes scores
    of 0 or 1; intermediate scores vary less, so for them it is conservative.
    """
    count, mean = len(trial.answered), trial.score
    square = Z_95 * Z_95 / count
    middle = (mean + square / 2) / (1 + square)
    half = Z_95 / (1 + square) * sqrt(mean * (1 - mean) / count + square / (4 * count))
    return ScoreEstimate(value=mean, low=max(0.0, middle - half), high=min(1.0, middle + half))


def estimate_gain(trial: Trial, over: Trial) -> ScoreEstimate:
    """Return the gain of one trial over another on the same questions, paired by question."""
    pairs = zip(trial.answered, over.answered, strict=True)
    differences = [answer.score - other.score for answer, other in pairs]
    mean = sum(differences) / len(differences)
    spread = sqrt(
        sum((difference - mean) ** 2 for difference in differences) / max(1, len(differences) - 1)
    )
    error = Z_95 * spread / sqrt(len(differences))
    return ScoreEstimate(value=mean, low=mean - error, high=mean + error)


class StageAllocation(msgspec.Struct, frozen=True, kw_only=True):
    """Allocation of a stage."""

    stage: str
    model: str
    samples: int
    """0 for a stage that a controller governs."""
    controller: str = ""
    beta: float | None = None
    cost: float


class TrialSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A trial in the result."""

    trial: int
    """Number in playing order, from 1."""
    candidate: str
    proposer: str
    words: str
    """Rationale of the proposer."""
    score: float
    """Score from 0 to 1."""
    cost: float
    """Cost in the pipeline's unit."""
    spent: float
    """Total cost of all trials up to this one."""
    best: float
    """Highest score up to this one."""
    stages: list[StageAllocation]
    expected: float | None = None
    """Expected score, for a simulated pipeline with random scores."""


class BestAllocation(msgspec.Struct, frozen=True, kw_only=True):
    """The best allocation of a search, with the trial that found it."""

    candidate: str
    trial: int
    score: float
    cost: float
    stages: list[StageAllocation]
    expected: float | None = None


class OptimumSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The optimum, which is known only for a simulated pipeline."""

    score: float
    cost: float
    stages: list[StageAllocation]


class AllocationComparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two allocations on some questions; scores are from 0 to 1."""

    questions: int
    selected: ScoreEstimate
    baseline: ScoreEstimate | None
    """``None`` if it was not played on them."""
    gain: ScoreEstimate | None
    """Gain of the selected allocation over the baseline, paired by question."""


class HeldOutResult(msgspec.Struct, frozen=True, kw_only=True):
    """Result on the held-out questions."""

    questions: int
    """Number of held-out questions."""
    search: AllocationComparison | None
    """On the questions of the search; ``None`` if nothing was selected."""
    unseen: AllocationComparison | None
    """On the held-out questions; ``None`` until they are opened."""
    baseline: list[StageAllocation]
    baseline_cost: float
    opened: list[Opening]
    """Times at which they were opened for an allocation not evaluated on them before."""
    met_before: bool
    """Whether they had been opened when the selected allocation was reviewed."""


class AllocationResult(msgspec.Struct, frozen=True, kw_only=True):
    """Result of an allocation run."""

    pipeline: str
    environment: str
    unit: str
    budget: float
    space: int
    """Number of allocations within the budget."""
    seed: int
    proposers: list[str]
    best: BestAllocation | None
    """The selected allocation; while the run continues, the best so far."""
    trials: list[TrialSummary]
    guidelines: list[str]
    optimum: OptimumSummary | None = None
    held_out: HeldOutResult | None = None
    """``None`` if nothing is held out."""
    objective: str = SCORE
    eligible: int = 0
    """Number of trials that cannot be told apart from the highest objective; 0 until the end."""
    cross_validation: ChoiceEstimate | None = None
    """``None`` if there are too few questions."""
    profiles: list[ProfileResult] = []
    """What was found for each user profile of the objective ``meet``."""
    ending: Ending | None = None
    run: str | None = None
    """The run's directory, if it was kept."""


def format_amount(stage: StageAllocation) -> str:
    """Describe the allocation of a stage."""
    if stage.controller:
        return f"{stage.model} governed by {stage.controller} at beta {stage.beta:g}"
    return f"{stage.model}, {format_count(stage.samples, 'sample')}"


SaturationCurves = Mapping[str, Sequence[tuple[int, float]]]
"""By model, (samples, score)."""


def compute_saturation(
    trials: Sequence[TrialSummary], index: int
) -> dict[str, list[tuple[int, float]]]:
    """Return the best score of a stage by samples for each model, without controllers."""
    best: dict[str, dict[int, float]] = {}
    for trial in trials:
        stage = trial.stages[index]
        if not stage.controller:
            scores = best.setdefault(stage.model, {})
            scores[stage.samples] = max(scores.get(stage.samples, 0.0), trial.score)
    return {model: sorted(scores.items()) for model, scores in sorted(best.items())}


def compute_result(
    run: RunDirectory, environment: TrialEnvironment, *, is_kept: bool = True
) -> AllocationResult:
    """Compute the result of a run.

    Args:
        run: Run directory.
        environment: Environment that played its trials.
        is_kept: Whether its directory is kept.

    Raises:
        InputError: A file of the run is damaged.
    """
    request, allocation = run.request, run.request.allocation
    assert allocation is not None
    space = AllocationSpace(
        environment.pipeline, allocation.budget, governed=environment.governed,
        recorded=environment.recorded,
    )  # fmt: skip
    trials = summarize_trials(
        run,
        lambda trial: list_stage_allocations(space, trial.choices),
        lambda trial: _expected(environment, trial),
    )
    played, ending = read_run_trials(run), run.ending
    chosen = ending.selected if ending is not None else _best_so_far(run)
    return AllocationResult(
        pipeline=environment.pipeline.name,
        environment=environment.kind,
        unit=environment.pipeline.unit.value,
        budget=allocation.budget,
        space=len(space),
        seed=request.seed,
        proposers=request.proposers,
        best=next((_best(trial) for trial in trials if trial.candidate == chosen), None),
        trials=trials,
        guidelines=read_guidelines(run),
        optimum=_optimum(environment, space),
        objective=request.objective if request.profiles else SCORE,
        eligible=_count_eligible(run),
        cross_validation=_cross_validate(list(played.values()), space, request),
        profiles=list_profile_results(space, request.profiles, played, chosen),
        ending=ending,
        run=str(run.path) if is_kept else None,
    )


def _count_eligible(run: RunDirectory) -> int:
    """Return how many trials the winner was selected from; 0 if the run has not ended."""
    if run.ending is None or not run.has(SELECTION):
        return 0
    return len(run.read(SELECTION, list[EligibleTrial]))


def _cross_validate(
    trials: Sequence[Trial], space: AllocationSpace, request: Request
) -> ChoiceEstimate | None:
    if len(trials) < 2:
        return None
    return cross_validate(trials, AllocationObjective(space, request.profiles))


def summarize_trials(
    run: RunDirectory,
    stages: Callable[[Trial], list[StageAllocation]],
    expected: Callable[[Trial], float | None] = lambda trial: None,
) -> list[TrialSummary]:
    """Summarise the trials of all completed rounds.

    Args:
        run: Run directory.
        stages: Function that lists a trial's stages.
        expected: Function that returns a trial's expected score, if it is known.

    Raises:
        InputError: A file of the run is damaged.
    """
    summaries, spent, best = [], 0.0, 0.0
    for number, (name, trial) in enumerate(read_run_trials(run).items(), start=1):
        draft = run.draft(name)
        spent, best = spent + trial.cost, max(best, trial.score)
        summaries.append(
            TrialSummary(
                trial=number,
                candidate=name,
                proposer=draft.proposer,
                words=draft.proposal.words,
                score=trial.score,
                cost=trial.cost,
                spent=spent,
                best=best,
                stages=stages(trial),
                expected=expected(trial),
            )
        )
    return summaries


def list_stage_allocations(space: AllocationSpace, choices: StageChoices) -> list[StageAllocation]:
    """List each stage's allocation and cost."""
    return [
        StageAllocation(
            stage=space.names[index],
            model=choice.model,
            samples=choice.samples,
            controller=choice.controller,
            beta=choice.beta if choice.controller else None,
            cost=space.stage_cost(index, choice),
        )
        for index, choice in enumerate(choices)
    ]


def _best(trial: TrialSummary) -> BestAllocation:
    return BestAllocation(
        candidate=trial.candidate, trial=trial.trial, score=trial.score, cost=trial.cost,
        stages=trial.stages, expected=trial.expected,
    )  # fmt: skip


def _best_so_far(run: RunDirectory) -> str | None:
    summaries = run.summaries()
    return summaries[-1].best if summaries else None


def _expected(environment: TrialEnvironment, trial: Trial) -> float | None:
    if not isinstance(environment, Simulator) or not environment.simulation.sampled:
        return None
    return environment.expected(environment.quality(trial.choices))


def _optimum(environment: TrialEnvironment, space: AllocationSpace) -> OptimumSummary | None:
    if not isinstance(environment, Simulator):
        return None
    optimum = environment.optimum(space.budget)
    return OptimumSummary(
        score=optimum.score,
        cost=optimum.cost,
        stages=list_stage_allocations(space, optimum.choices),
    )
