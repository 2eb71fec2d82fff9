"""The proposer ``agent``: the published algorithm with rules instead of a language model.

First trials spend the cost of one sample of a stage's largest model on each of its models in turn,
with the other stages at one sample of their largest model, or of their smallest where that is not
affordable. A stage's smaller models are skipped once one is clearly worse than the next larger one.
After that a `Belief`, which has the form of the three published guidelines, is fitted to the
trials, and the next trial is the allocation with the largest expected gain over the best so far.
"""

from collections.abc import Sequence

import numpy as np

from agents.allocation.belief import Belief, derive_guidelines
from agents.allocation.choices import build_baseline, mutate_choices, replace_choice
from agents.allocation.proposers import (
    ObservedTrial,
    SuggestionBatch,
    TrialBench,
    TrialSuggestion,
    draw_untried,
)
from harness.allocation.space import AllocationSpace
from store.pipelines.schema import StageChoice, StageChoices

CLEAR_SCORE_LOSS = 0.04
"""Difference of scores that counts as clearly worse."""

FIRST_TRIALS_SHARE = 0.34
"""Maximum fraction of a run's trials that are first trials."""

POOL, GENERATIONS, KEPT = 240, 4, 40
"""Allocations considered for a trial: initial number, rounds of mutation, survivors of each."""


class RuleTrialProposer:
    """Proposer ``agent``; see the module docstring."""

    name = "agent"

    def suggest(self, bench: TrialBench) -> SuggestionBatch:
        """See `agents.allocation.proposers.TrialProposer`."""
        opening = next_first_trial(bench.space, bench.trials, bench.planned)
        if opening is not None:
            return SuggestionBatch([opening], search={"phase": "first trials"})
        belief = Belief(bench.space, bench.random.randrange(1 << 31), bench.state)
        belief.fit(bench.trials)
        bench.check_interrupt()
        suggestion = _most_promising(bench, belief)
        return SuggestionBatch(
            [] if suggestion is None else [suggestion],
            guidelines=derive_guidelines(bench.space, belief),
            search={"phase": "search"},
            state=belief.state,
        )


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


def _most_promising(bench: TrialBench, belief: Belief) -> TrialSuggestion | None:
    """Return the new allocation with the largest expected gain over the best so far."""
    space, tried = bench.space, {trial.choices for trial in bench.trials}
    # Use the belief about the best trial instead of its score, which includes luck.
    points = belief.points([trial.choices for trial in bench.trials])
    known = belief.predict(points).mean(axis=0)
    ranked = sorted(
        range(len(known)), key=lambda index: -(known[index] + bench.trials[index].score)
    )
    best = float(known[ranked[0]] + bench.trials[ranked[0]].score) / 2
    pool = set(_draw_pool(bench, [bench.trials[index].choices for index in ranked[:8]])) - tried
    if not pool:
        choices = draw_untried(bench)
        return None if choices is None else TrialSuggestion(choices, "the remaining allocation")
    gains: dict[StageChoices, float] = {}
    for generation in range(GENERATIONS + 1):
        new = sorted(pool - gains.keys(), key=_sort_key)
        if new:
            expected = belief.predict(belief.points(new))
            gained = np.maximum(expected - best, 0).mean(axis=0) + 1e-3 * expected.mean(axis=0)
            gains.update(zip(new, map(float, gained), strict=True))
        top = sorted(gains, key=lambda choices: (-gains[choices], _sort_key(choices)))[:KEPT]
        if generation == GENERATIONS or space.recorded is not None:
            break
        pool = {
            mutate_choices(space, choices, bench.random) for choices in top for _ in range(4)
        } - tried
    chosen = top[0]
    expected = belief.predict(belief.points([chosen]))[:, 0]
    return TrialSuggestion(chosen, f"expected at {expected.mean():.3f} ± {expected.std():.3f}")


def _draw_pool(bench: TrialBench, best: Sequence[StageChoices]) -> Sequence[StageChoices]:
    space = bench.space
    if space.recorded is not None:
        return list(space.recorded)
    neighbours = [
        mutate_choices(space, choices, bench.random) for choices in best for _ in range(12)
    ]
    return [*neighbours, *(space.draw(bench.random) for _ in range(POOL))]


def _sort_key(choices: StageChoices) -> tuple[tuple[str, int, str, float], ...]:
    return tuple(
        (choice.model, choice.samples, choice.controller, choice.beta) for choice in choices
    )
