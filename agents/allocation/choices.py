"""Allocations as choices: their text, the baseline, and small changes within the budget.

A candidate of a run is the text of an allocation; what is played is a tuple of choices, one for
each stage of the pipeline. Nothing here plays a trial.
"""

from random import Random

from dsl.allocation import ResolvedStage, load_allocation
from dsl.allocation.formatting import write_allocation
from dsl.source import Source
from harness.allocation.space import AllocationSpace
from harness.errors import InputError
from harness.messages import suggest
from store.pipelines.schema import Pipeline, StageChoice, StageChoices


def format_allocation(pipeline: Pipeline, budget: float, choices: StageChoices, name: str) -> str:
    """The text of an allocation, in canonical layout."""
    stages = [
        ResolvedStage(stage.name, each.model, each.samples, each.controller, each.beta)
        for stage, each in zip(pipeline.stages, choices, strict=True)
    ]
    return write_allocation(name, budget, stages)


def parse_choices(pipeline: Pipeline, text: str, name: str, beta: float = 0.0) -> StageChoices:
    """The choices of an allocation at a β, one for each stage of a pipeline.

    Raises:
        DslError: the text is not sound.
        InputError: its stages are not those of the pipeline.
    """
    given = {each.stage: each for each in load_allocation(Source(text, name)).at(beta).stages}
    names = [each.name for each in pipeline.stages]
    for stage in given:
        if stage not in names:
            meant = suggest(stage, names, f"it has {', '.join(names)}")
            raise InputError(f"{name}: {pipeline.name} has no stage {stage}; {meant}")
    for stage in names:
        if stage not in given:
            raise InputError(f"{name}: says nothing of the stage {stage}")
    return tuple(
        StageChoice(
            given[stage].model, given[stage].samples, given[stage].controller, given[stage].beta
        )
        for stage in names
    )


def require_affordable(space: AllocationSpace, choices: StageChoices, name: str) -> None:
    """Refuses what is not in a space.

    Raises:
        InputError: it says why.
    """
    if problem := space.infeasibility(choices):
        raise InputError(f"{name}: {problem}")


def build_baseline(space: AllocationSpace) -> StageChoices:
    """One sample of the largest model in each stage, as the published first trials have it.

    Where that is not affordable, from the first stage on the largest model that is: at the least
    the smallest one.
    """
    choices = space.least
    for at, models in enumerate(space.models):
        for model in reversed(models):
            made = (*choices[:at], StageChoice(model, 1), *choices[at + 1 :])
            if space.affords(made):
                choices = made
                break
    return choices


SAMPLE_FACTORS = (0.5, 0.7, 1.4, 2.0)
"""By which a number of samples is changed."""


def mutate_choices(space: AllocationSpace, choices: StageChoices, random: Random) -> StageChoices:
    """An allocation with one change, or itself where that is not affordable.

    One stage gets other samples, or another model for about what it costs now; or one stage gives
    up what another is given.
    """
    kind = random.random()
    at = random.randrange(len(choices))
    if kind < 0.45:
        return change_samples(space, choices, at, random.choice(SAMPLE_FACTORS))
    if kind < 0.8:
        fit: list[StageChoice | str] = [
            each for each in space.models[at] if each != choices[at].model
        ]
        fit += [each for each in space.governed[at] if each != choices[at]]
        if not fit:
            return choices
        chosen = random.choice(fit)
        if isinstance(chosen, StageChoice):
            made = replace_choice(choices, at, chosen)
            return made if space.affords(made) else choices
        spent = space.stage_cost(at, choices[at]) * random.choice((0.7, 1.0, 1.0, 1.5))
        return change_model(space, choices, at, chosen, spent)
    other = random.randrange(len(choices))
    less = change_samples(space, choices, at, random.choice((0.5, 0.7)))
    freed = space.cost(choices) - space.cost(less)
    choice = less[other]
    if at == other or choice.controller:
        return choices
    samples = space.most(other, choice.model, space.stage_cost(other, choice) + freed)
    return replace_choice(less, other, StageChoice(choice.model, max(choice.samples, samples)))


def change_samples(
    space: AllocationSpace, choices: StageChoices, at: int, factor: float
) -> StageChoices:
    """An allocation with other samples in one stage, as many as the budget affords."""
    choice = choices[at]
    if choice.controller:
        return choices
    wanted = round(choice.samples * factor)
    if wanted == choice.samples:
        wanted += 1 if factor > 1 else -1
    most = space.most(at, choice.model, space.left(choices, at))
    return replace_choice(choices, at, StageChoice(choice.model, max(1, min(wanted, most))))


def change_model(
    space: AllocationSpace, choices: StageChoices, at: int, model: str, spent: float
) -> StageChoices:
    """An allocation with another model in one stage, for about ``spent``, or itself."""
    left = space.left(choices, at)
    samples = max(1, space.most(at, model, min(spent, left)))
    made = replace_choice(choices, at, StageChoice(model, samples))
    return made if space.affords(made) else choices


def replace_choice(choices: StageChoices, at: int, choice: StageChoice) -> StageChoices:
    """An allocation with another choice in one stage."""
    return (*choices[:at], choice, *choices[at + 1 :])
