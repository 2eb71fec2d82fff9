"""The brief of a round of trials: the pipeline, the trials so far, the latest guidelines."""

from collections.abc import Mapping, Sequence

from agents.allocation.allocation_objective import AllocationObjective
from agents.allocation.proposers import ObservedTrial, TrialBench
from agents.run.user_profiles import UserProfile
from harness.allocation.space import AllocationSpace
from store.pipelines.schema import CostUnit, Trial

MAX_TRIALS_SHOWN = 60
"""Maximum trials to list: the best, and the latest."""


def format_brief(
    space: AllocationSpace,
    trials: Mapping[str, Trial],
    guidelines: Sequence[str],
    number: int,
    objective: AllocationObjective,
) -> str:
    """Format the brief as Markdown.

    Args:
        space: Space of allocations.
        trials: Trials by candidate, in order.
        guidelines: Latest guidelines.
        number: Round number.
        objective: Objective of the run.
    """
    observed = [ObservedTrial(trial.choices, trial.score, trial.cost) for trial in trials.values()]
    history = format_trial_history(space, observed, guidelines, list(trials), objective)
    return f"# Round {number}\n\n{history}"


def format_bench_history(bench: TrialBench, guidelines: Sequence[str]) -> str:
    """Format what a proposer knows at the beginning of a round as Markdown."""
    return format_trial_history(bench.space, bench.trials, guidelines, objective=bench.objective)


def format_trial_history(
    space: AllocationSpace,
    trials: Sequence[ObservedTrial],
    guidelines: Sequence[str],
    names: Sequence[str] = (),
    objective: AllocationObjective | None = None,
) -> str:
    """Format the pipeline, the trials and the guidelines as Markdown.

    Args:
        space: Space of allocations.
        trials: Trials in order.
        guidelines: Latest guidelines.
        names: Names of the trials; their numbers by default.
        objective: Objective of the run; by default the score.
    """
    parts = [_pipeline(space)]
    if objective is not None and objective.profiles:
        parts.append(_profiles(objective.profiles))
    if guidelines:
        parts.append("## Guidelines so far\n\n" + "".join(f"- {line}\n" for line in guidelines))
    parts.append(
        _trials(space, trials, names or [str(number) for number, _ in enumerate(trials, start=1)])
    )
    return "\n".join(parts)


def _pipeline(space: AllocationSpace) -> str:
    unit = (
        "dollars for a thousand questions" if space.pipeline.unit is CostUnit.DOLLARS else "units"
    )
    lines = [
        "## The pipeline\n",
        f"Budget of a trial: {space.budget:g} {unit}.\n",
        "| stage | model | cost of one sample | each further sample | most samples |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for index, name in enumerate(space.names):
        for model in space.models[index]:
            rate = space.rates[index][model]
            most = rate.most(space.remaining(space.least, index)) if space.recorded is None else ""
            prices = f"{rate.cost(1):.4g} | {rate.per_sample:.4g}"
            lines.append(f"| {name} | {model} | {prices} | {most} |")
        for choice, cost in space.governed[index].items():
            lines.append(f"| {name} | {choice.label} | {cost:.4g} | | |")
    return "\n".join(lines) + "\n"


def _profiles(profiles: Sequence[UserProfile]) -> str:
    lines = [
        "## The objective\n",
        "The share of user profiles whose limits an allocation meets; limits are per question.\n",
        *(f"- {profile.name}: {profile.describe_limits()}" for profile in profiles),
    ]
    return "\n".join(lines) + "\n"


def _trials(space: AllocationSpace, trials: Sequence[ObservedTrial], names: Sequence[str]) -> str:
    if not trials:
        return "## Trials\n\nNone yet.\n"
    ranked = sorted(
        range(len(trials)), key=lambda index: (-trials[index].score, trials[index].cost)
    )
    listed = {*ranked[: MAX_TRIALS_SHOWN // 2], *range(len(trials))[-MAX_TRIALS_SHOWN // 2 :]}
    lines = [
        "## Trials, best first\n",
        "| trial | " + " | ".join(space.names) + " | cost | score |",
        "| --- |" + " --- |" * len(space.names) + " ---: | ---: |",
    ]
    for index in ranked:
        if index in listed:
            trial = trials[index]
            labels = " | ".join(choice.label for choice in trial.choices)
            lines.append(f"| {names[index]} | {labels} | {trial.cost:.4g} | {trial.score:.4f} |")
    return "\n".join(lines) + "\n"
