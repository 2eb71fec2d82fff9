"""The first trials of the published agent (AgentTTS, arXiv 2508.00890), which need no model.

They spend the cost of one sample of a stage's largest model on each of its models in turn, with the
other stages at one sample of their largest model, or of their smallest where that is not
affordable. A stage's smaller models are skipped once one is clearly worse than the next larger one.
Proposers that are language models begin with them.
"""

from collections.abc import Sequence

from agents.allocation.choices import build_baseline, replace_choice
from agents.allocation.proposers import ObservedTrial, TrialSuggestion
from harness.allocation.space import AllocationSpace
from store.pipelines.schema import StageChoice, StageChoices

CLEAR_SCORE_LOSS = 0.04
"""Difference of scores that counts as clearly worse."""

FIRST_TRIALS_SHARE = 0.34
"""Maximum fraction of a run's trials that are first trials."""


def next_first_trial(
    space: AllocationSpace, trials: Sequence[ObservedTrial], planned: int | None
) -> TrialSuggestion | None:
    """Return the next of the first trials; ``None`` after they are done.

    Args:
        space: Space of allocations.
        trials: Trials so far.
        planned: Trials of the whole run.
    """
    if space.recorded is not None:
        return (
            None
            if trials
            else TrialSuggestion(space.highest_cost, "the most expensive one that was recorded")
        )
    if planned is not None and len(trials) >= max(2, round(FIRST_TRIALS_SHARE * planned)):
        return None
    scores = {trial.choices: trial.score for trial in trials}
    baseline = build_baseline(space)
    if baseline not in scores:
        return TrialSuggestion(
            baseline, "one sample of the largest model in every stage that affords it"
        )
    candidates = []
    for index in range(len(space.names)):
        before = baseline
        for model in reversed(space.models[index]):
            if model == baseline[index].model and baseline[index].samples == 1:
                continue
            candidate = swap_stage_model(space, baseline, index, model)
            if candidate is None:
                continue
            if candidate not in scores:
                candidates.append((index, model, candidate))
                break
            if scores[candidate] < scores[before] - CLEAR_SCORE_LOSS:
                break
            before = candidate
    if not candidates:
        return None
    # Stages alternate, so that few trials cover each of them.
    counts = [
        sum(choices[index] != baseline[index] for choices in scores) for index, _, _ in candidates
    ]
    index, model, candidate = candidates[counts.index(min(counts))]
    rationale = f"{space.names[index]} gets {model} for the price of one large sample"
    return TrialSuggestion(candidate, rationale)


def swap_stage_model(
    space: AllocationSpace, baseline: StageChoices, index: int, model: str
) -> StageChoices | None:
    """Spend the cost of one sample of a stage's largest model on another model.

    Args:
        space: Space of allocations.
        baseline: Allocation of the other stages.
        index: Index of the stage.
        model: Name of the other model.

    Returns:
        The allocation; ``None`` where not even one sample is affordable.
    """
    worth = space.rates[index][space.models[index][-1]].cost(1)
    available = min(worth, space.remaining(baseline, index))
    samples = space.most(index, model, available)
    return replace_choice(baseline, index, StageChoice(model, samples)) if samples else None
