"""Small changes of an allocation that keep to the budget."""

from random import Random

from harness.allocation.space import Space
from store.pipelines.records import Choice, Choices

FACTORS = (0.5, 0.7, 1.4, 2.0)
"""By which a number of samples is changed."""


def changed(space: Space, choices: Choices, random: Random) -> Choices:
    """An allocation with one change, or itself where that is not affordable.

    One stage gets other samples, or another model for about what it costs now; or one stage gives
    up what another is given.
    """
    kind = random.random()
    at = random.randrange(len(choices))
    if kind < 0.45:
        return resampled(space, choices, at, random.choice(FACTORS))
    if kind < 0.8:
        fit: list[Choice | str] = [each for each in space.models[at] if each != choices[at].model]
        fit += [each for each in space.governed[at] if each != choices[at]]
        if not fit:
            return choices
        chosen = random.choice(fit)
        if isinstance(chosen, Choice):
            made = put(choices, at, chosen)
            return made if space.affords(made) else choices
        spent = space.stage_cost(at, choices[at]) * random.choice((0.7, 1.0, 1.0, 1.5))
        return remodelled(space, choices, at, chosen, spent)
    other = random.randrange(len(choices))
    less = resampled(space, choices, at, random.choice((0.5, 0.7)))
    freed = space.cost(choices) - space.cost(less)
    choice = less[other]
    if at == other or choice.controller:
        return choices
    samples = space.most(other, choice.model, space.stage_cost(other, choice) + freed)
    return put(less, other, Choice(choice.model, max(choice.samples, samples)))


def resampled(space: Space, choices: Choices, at: int, factor: float) -> Choices:
    """An allocation with other samples in one stage, as many as the budget affords."""
    choice = choices[at]
    if choice.controller:
        return choices
    wanted = round(choice.samples * factor)
    if wanted == choice.samples:
        wanted += 1 if factor > 1 else -1
    most = space.most(at, choice.model, space.left(choices, at))
    return put(choices, at, Choice(choice.model, max(1, min(wanted, most))))


def remodelled(space: Space, choices: Choices, at: int, model: str, spent: float) -> Choices:
    """An allocation with another model in one stage, for about ``spent``, or itself."""
    left = space.left(choices, at)
    samples = max(1, space.most(at, model, min(spent, left)))
    made = put(choices, at, Choice(model, samples))
    return made if space.affords(made) else choices


def put(choices: Choices, at: int, choice: Choice) -> Choices:
    """An allocation with another choice in one stage."""
    return (*choices[:at], choice, *choices[at + 1 :])
