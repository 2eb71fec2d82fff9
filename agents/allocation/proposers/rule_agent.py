"""The proposer ``agent`` without a language model: the published algorithm, its reading by rules.

First trials give each stage and model in turn what one sample of the largest model costs there,
the other stages at their largest model and one sample, or at their smallest where that is not
affordable. A stage's smaller models are left out once one was clearly worse than the next larger.
After that the trials are read into a `Belief` in the terms of the three guidelines, and the next
trial is the one of which most is expected beyond the best so far.
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
"""Allocations considered for a trial: how many, rounds of mutation, how many survive."""


class RuleTrialProposer:
    """Proposer ``rules``; see the module docstring."""

    name = "agent"

    def suggest(self, bench: TrialBench) -> SuggestionBatch:
        """See `agents.allocation.proposers.TrialProposer`."""
        opening = next_first_trial(bench.space, bench.seen, bench.planned)
        if opening is not None:
            return SuggestionBatch([opening], search={"phase": "first trials"})
        belief = Belief(bench.space, bench.random.randrange(1 << 31), bench.state)
        belief.fit(bench.seen)
        bench.check_interrupt()
        made = _most_promising(bench, belief)
        return SuggestionBatch(
            [] if made is None else [made],
            guidelines=derive_guidelines(bench.space, belief),
            search={"phase": "search"},
            state=belief.state,
        )


def next_first_trial(
    space: AllocationSpace, seen: Sequence[ObservedTrial], planned: int | None
) -> TrialSuggestion | None:
    """Return the next of the first trials; ``None`` after they are done.

    Args:
        space: Space of allocations.
        seen: Trials so far.
        planned: Trials of the whole run.
    """
    if space.recorded is not None:
        return (
            None
            if seen
            else TrialSuggestion(space.dearest, "the most expensive one that was recorded")
        )
    if planned is not None and len(seen) >= max(2, round(FIRST_TRIALS_SHARE * planned)):
        return None
    scores = {each.choices: each.score for each in seen}
    resting = build_baseline(space)
    if resting not in scores:
        return TrialSuggestion(
            resting, "one sample of the largest model in every stage that affords it"
        )
    waiting = []
    for at in range(len(space.names)):
        before = resting
        for model in reversed(space.models[at]):
            if model == resting[at].model and resting[at].samples == 1:
                continue
            made = swap_stage_model(space, resting, at, model)
            if made is None:
                continue
            if made not in scores:
                waiting.append((at, model, made))
                break
            if scores[made] < scores[before] - CLEAR_SCORE_LOSS:
                break
            before = made
    if not waiting:
        return None
    # Stages alternate, so that few trials cover each of them.
    turns = [sum(each[at] != resting[at] for each in scores) for at, _, _ in waiting]
    at, model, made = waiting[turns.index(min(turns))]
    words = f"{space.names[at]} is given one large sample's worth of {model}"
    return TrialSuggestion(made, words)


def swap_stage_model(
    space: AllocationSpace, resting: StageChoices, at: int, model: str
) -> StageChoices | None:
    """Spend the cost of one sample of a stage's largest model on another model."""
    worth = space.rates[at][space.models[at][-1]].cost(1)
    left = min(worth, space.left(resting, at))
    samples = space.most(at, model, left)
    return replace_choice(resting, at, StageChoice(model, samples)) if samples else None


def _most_promising(bench: TrialBench, belief: Belief) -> TrialSuggestion | None:
    """Return the new allocation with the largest expected gain over the best so far."""
    space, met = bench.space, {each.choices for each in bench.seen}
    # Use the belief about the best trial instead of its score, which includes luck.
    known = belief.predict(belief.points([each.choices for each in bench.seen])).mean(axis=0)
    ranked = sorted(range(len(known)), key=lambda at: -(known[at] + bench.seen[at].score))
    best = float(known[ranked[0]] + bench.seen[ranked[0]].score) / 2
    pool = set(_draw_pool(bench, [bench.seen[at].choices for at in ranked[:8]])) - met
    if not pool:
        made = draw_untried(bench)
        return None if made is None else TrialSuggestion(made, "the remaining allocation")
    gains: dict[StageChoices, float] = {}
    for generation in range(GENERATIONS + 1):
        new = sorted(pool - gains.keys(), key=_sort_key)
        if new:
            expected = belief.predict(belief.points(new))
            gained = np.maximum(expected - best, 0).mean(axis=0) + 1e-3 * expected.mean(axis=0)
            gains.update(zip(new, map(float, gained), strict=True))
        top = sorted(gains, key=lambda each: (-gains[each], _sort_key(each)))[:KEPT]
        if generation == GENERATIONS or space.recorded is not None:
            break
        pool = {mutate_choices(space, each, bench.random) for each in top for _ in range(4)} - met
    chosen = top[0]
    expected = belief.predict(belief.points([chosen]))[:, 0]
    return TrialSuggestion(chosen, f"expected at {expected.mean():.3f} ± {expected.std():.3f}")


def _draw_pool(bench: TrialBench, best: Sequence[StageChoices]) -> Sequence[StageChoices]:
    space = bench.space
    if space.recorded is not None:
        return list(space.recorded)
    near = [mutate_choices(space, each, bench.random) for each in best for _ in range(12)]
    return [*near, *(space.draw(bench.random) for _ in range(POOL))]


def _sort_key(choices: StageChoices) -> tuple[tuple[str, int, str, float], ...]:
    return tuple((each.model, each.samples, each.controller, each.beta) for each in choices)
