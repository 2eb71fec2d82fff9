"""The proposer ``agent``: the published algorithm with rules instead of a language model.

A `Belief`, which has the form of the three published guidelines, is fitted to the trials in every
round. The first trial is the allocation with the highest expected score. The second one tests the
belief that larger models are better: one stage of the first gets another model for about the same
cost, the one about whose effect the hypotheses disagree most. Every other trial is the allocation
with the largest expected gain over the best so far, and of user profiles that no trial has met yet.

The published first trials begin with the largest models and skip what is smaller than a model that
was clearly worse. They assume that belief instead of testing it, and are not used.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from agents.allocation.belief import Belief
from agents.allocation.choices import change_model, mutate_choices
from agents.allocation.guidelines import derive_guidelines
from agents.allocation.proposers import (
    SuggestionBatch,
    TrialBench,
    TrialSuggestion,
    draw_untried,
)
from harness.allocation.space import AllocationSpace
from harness.evaluation.bootstrap import Floats
from store.pipelines.schema import StageChoices

POOL, GENERATIONS, KEPT = 240, 4, 40
"""Allocations considered for a trial: initial number, rounds of mutation, survivors of each."""

EQUAL_COST = 1.5
"""Maximum ratio of the costs of two recorded trials that compare two models."""


class RuleTrialProposer:
    """Proposer ``agent``; see the module docstring."""

    name = "agent"

    def suggest(self, bench: TrialBench) -> SuggestionBatch:
        """See `agents.allocation.proposers.TrialProposer`."""
        belief = Belief(bench.space, bench.random.randrange(1 << 31), bench.state)
        belief.fit(bench.trials)
        bench.check_interrupt()
        suggestion, phase = _suggest_size_test(bench, belief), "test of sizes"
        if suggestion is None:
            suggestion, phase = _most_promising(bench, belief), "search"
        return SuggestionBatch(
            [] if suggestion is None else [suggestion],
            guidelines=derive_guidelines(bench.space, belief) if bench.trials else (),
            search={"phase": phase, "larger is better": round(belief.larger_is_better(), 3)},
            state=belief.state,
        )


def _suggest_size_test(bench: TrialBench, belief: Belief) -> TrialSuggestion | None:
    """Return the trial after the first, which tells most about sizes at about its cost.

    Returns:
        The trial, ``None`` if it is not the second, or no such allocation can be played.
    """
    if len(bench.trials) != 1:
        return None
    first = bench.trials[0].choices
    tests = sorted(set(_list_size_tests(bench.space, first)), key=_sort_key)
    if not tests:
        return None
    expected = belief.predict(belief.points([first, *tests]))
    spread = (expected[:, 1:] - expected[:, :1]).std(axis=0)
    chosen = tests[int(np.argmax(spread))]
    stage = next(index for index, choice in enumerate(first) if choice != chosen[index])
    return TrialSuggestion(
        chosen,
        f"compares {chosen[stage].label} with {first[stage].label} in {bench.space.names[stage]}:"
        f" the effect of the model is uncertain by {100 * spread.max():.1f} points",
    )


def _list_size_tests(space: AllocationSpace, first: StageChoices) -> Iterator[StageChoices]:
    """Yield allocations with another model in one stage of the first, for about the same cost."""
    if space.recorded is not None:
        yield from (
            other for other in space.recorded if _is_size_test(space.recorded, first, other)
        )
        return
    for stage, choice in enumerate(first):
        for model in space.models[stage]:
            if model != choice.model:
                spent = space.stage_cost(stage, choice)
                changed = change_model(space, first, stage, model, spent)
                if changed != first:
                    yield changed


def _is_size_test(
    recorded: Mapping[StageChoices, float], first: StageChoices, other: StageChoices
) -> bool:
    """Return whether two recorded allocations differ in one stage's model, but little in cost."""
    differing = [pair for pair in zip(first, other, strict=True) if pair[0] != pair[1]]
    if len(differing) != 1 or differing[0][0].model == differing[0][1].model:
        return False
    low, high = sorted((recorded[first], recorded[other]))
    return high <= EQUAL_COST * low and not any(choice.controller for choice in differing[0])


def _most_promising(bench: TrialBench, belief: Belief) -> TrialSuggestion | None:
    """Return the new allocation with the largest expected gain over the best so far."""
    space, tried = bench.space, {trial.choices for trial in bench.trials}
    # Use the belief about the best trial instead of its score, which includes luck.
    known = _predict(bench, belief, [trial.choices for trial in bench.trials]).mean(axis=0)
    ranked = sorted(
        range(len(known)), key=lambda index: -(known[index] + bench.trials[index].value)
    )
    best = float(known[ranked[0]] + bench.trials[ranked[0]].value) / 2 if ranked else 0.0
    pool = set(_draw_pool(bench, [bench.trials[index].choices for index in ranked[:8]])) - tried
    if not pool:
        choices = draw_untried(bench)
        return None if choices is None else TrialSuggestion(choices, "the remaining allocation")
    gains: dict[StageChoices, float] = {}
    for generation in range(GENERATIONS + 1):
        new = sorted(pool - gains.keys(), key=_sort_key)
        if new:
            expected = _predict(bench, belief, new)
            gained = np.maximum(expected - best, 0).mean(axis=0) + 1e-3 * expected.mean(axis=0)
            gained += _expect_newly_met(bench, belief, new)
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


def _predict(bench: TrialBench, belief: Belief, allocations: Sequence[StageChoices]) -> Floats:
    """Predict the objective, an array (hypotheses, allocations)."""
    return bench.objective(belief.predict(belief.points(allocations)), allocations)


def _expect_newly_met(
    bench: TrialBench, belief: Belief, allocations: Sequence[StageChoices]
) -> Floats:
    """Return the expected share of user profiles that allocations meet and no trial has met."""
    objective, trials = bench.objective, bench.trials
    if not objective.profiles:
        return np.zeros(len(allocations))
    scores = np.array([trial.score for trial in trials])
    met = objective.find_met(scores, [trial.choices for trial in trials])
    predicted = objective.find_met(belief.predict(belief.points(allocations)), allocations)
    newly: Floats = predicted[~met.any(axis=1)].sum(axis=0).mean(axis=0) / len(objective.profiles)
    return newly


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
