"""Allocations as choices: their text, the baseline, and small changes within the budget.

A candidate of a run is the text of an allocation; a trial plays a tuple of choices, one for each
stage of the pipeline. This module plays no trials.
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
    """Format an allocation in canonical layout.

    Args:
        pipeline: Pipeline with the names of the stages.
        budget: Budget that the text states, in the pipeline's unit.
        choices: Choice of each stage.
        name: Name of the allocation, an identifier of Rheo.
    """
    stages = [
        ResolvedStage(stage.name, choice.model, choice.samples, choice.controller, choice.beta)
        for stage, choice in zip(pipeline.stages, choices, strict=True)
    ]
    return write_allocation(name, budget, stages)


def parse_choices(pipeline: Pipeline, text: str, name: str, beta: float = 0.0) -> StageChoices:
    """Parse the choices of an allocation at a β, one for each stage of a pipeline.

    Args:
        pipeline: Pipeline of the run.
        text: Source text of the allocation.
        name: Name for messages.
        beta: Value of β.

    Raises:
        DslError: The text is not sound.
        InputError: Its stages are not those of the pipeline.
    """
    entries = load_allocation(Source(text, name)).at(beta).stages
    stages = {entry.stage: entry for entry in entries}
    names = [stage.name for stage in pipeline.stages]
    for stage in stages:
        if stage not in names:
            hint = suggest(stage, names, f"it has {', '.join(names)}")
            raise InputError(f"{name}: {pipeline.name} has no stage {stage}; {hint}")
    for stage in names:
        if stage not in stages:
            raise InputError(f"{name}: has no entry for the stage {stage}")
    return tuple(
        StageChoice(
            stages[stage].model, stages[stage].samples, stages[stage].controller, stages[stage].beta
        )
        for stage in names
    )


def build_baseline(space: AllocationSpace) -> StageChoices:
    """Return one sample of the largest model in each stage, like the published first trials.

    If that is over the budget, stages from the first on use the largest model that fits, at least
    the smallest one.
    """
    choices = space.least
    for index, models in enumerate(space.models):
        for model in reversed(models):
            candidate = (*choices[:index], StageChoice(model, 1), *choices[index + 1 :])
            if space.affords(candidate):
                choices = candidate
                break
    return choices


SAMPLE_FACTORS = (0.5, 0.7, 1.4, 2.0)
"""Factors for changes of a number of samples."""


def mutate_choices(space: AllocationSpace, choices: StageChoices, random: Random) -> StageChoices:
    """Return an allocation with one change, or itself if the change is over the budget.

    One stage gets a different number of samples, or a different model for about the same cost, or
    one stage passes budget to another.

    Args:
        space: Space of allocations.
        choices: Allocation to change.
        random: Random generator.
    """
    kind = random.random()
    index = random.randrange(len(choices))
    if kind < 0.45:
        return change_samples(space, choices, index, random.choice(SAMPLE_FACTORS))
    if kind < 0.8:
        fit: list[StageChoice | str] = [
            model for model in space.models[index] if model != choices[index].model
        ]
        fit += [governed for governed in space.governed[index] if governed != choices[index]]
        if not fit:
            return choices
        chosen = random.choice(fit)
        if isinstance(chosen, StageChoice):
            changed = replace_choice(choices, index, chosen)
            return changed if space.affords(changed) else choices
        spent = space.stage_cost(index, choices[index]) * random.choice((0.7, 1.0, 1.0, 1.5))
        return change_model(space, choices, index, chosen, spent)
    other = random.randrange(len(choices))
    less = change_samples(space, choices, index, random.choice((0.5, 0.7)))
    freed = space.cost(choices) - space.cost(less)
    choice = less[other]
    if index == other or choice.controller:
        return choices
    samples = space.most(other, choice.model, space.stage_cost(other, choice) + freed)
    return replace_choice(less, other, StageChoice(choice.model, max(choice.samples, samples)))


def change_samples(
    space: AllocationSpace, choices: StageChoices, index: int, factor: float
) -> StageChoices:
    """Change the samples of one stage, within the budget.

    Args:
        space: Space of allocations.
        choices: Allocation to change.
        index: Index of the stage; a stage that a controller governs stays as it is.
        factor: Factor of the number of samples, which changes by at least 1.
    """
    choice = choices[index]
    if choice.controller:
        return choices
    wanted = round(choice.samples * factor)
    if wanted == choice.samples:
        wanted += 1 if factor > 1 else -1
    most = space.most(index, choice.model, space.remaining(choices, index))
    return replace_choice(choices, index, StageChoice(choice.model, max(1, min(wanted, most))))


def change_model(
    space: AllocationSpace, choices: StageChoices, index: int, model: str, spent: float
) -> StageChoices:
    """Change the model of one stage, or return the allocation unchanged if that is too expensive.

    Args:
        space: Space of allocations.
        choices: Allocation to change.
        index: Index of the stage.
        model: Name of the new model.
        spent: Cost to spend on the stage, at most, in the pipeline's unit.
    """
    remaining = space.remaining(choices, index)
    samples = max(1, space.most(index, model, min(spent, remaining)))
    changed = replace_choice(choices, index, StageChoice(model, samples))
    return changed if space.affords(changed) else choices


def replace_choice(choices: StageChoices, index: int, choice: StageChoice) -> StageChoices:
    """Replace the choice of one stage.

    Args:
        choices: Allocation to change.
        index: Index of the stage.
        choice: The new choice of the stage.
    """
    return (*choices[:index], choice, *choices[index + 1 :])
