"""Between allocations as texts, which are a run's candidates, and as choices, which are played."""

from dsl.allocation import GivenStage, load_allocation
from dsl.allocation.writing import spelt
from dsl.source import Source
from dsl.spelling import nearest
from harness.allocation.space import Space
from harness.errors import InputError
from store.pipelines.records import Choice, Choices, Pipeline


def text_of(pipeline: Pipeline, budget: float, choices: Choices, name: str) -> str:
    """The text of an allocation, in canonical layout."""
    stages = [
        GivenStage(stage.name, each.model, each.samples, each.controller, each.beta)
        for stage, each in zip(pipeline.stages, choices, strict=True)
    ]
    return spelt(name, budget, stages)


def choices_of(pipeline: Pipeline, text: str, name: str, beta: float = 0.0) -> Choices:
    """The choices of an allocation at a β, one for each stage of a pipeline.

    Raises:
        DslError: the text is not sound.
        InputError: its stages are not those of the pipeline.
    """
    given = {each.stage: each for each in load_allocation(Source(text, name)).at(beta).stages}
    names = [each.name for each in pipeline.stages]
    for stage in given:
        if stage not in names:
            near = nearest(stage, names)
            raise InputError(
                f"{name}: {pipeline.name} has no stage {stage};"
                + (f" did you mean {near}?" if near else f" it has {', '.join(names)}")
            )
    for stage in names:
        if stage not in given:
            raise InputError(f"{name}: says nothing of the stage {stage}")
    return tuple(
        Choice(given[stage].model, given[stage].samples, given[stage].controller, given[stage].beta)
        for stage in names
    )


def refuse_unaffordable(space: Space, choices: Choices, name: str) -> None:
    """Refuses what is not in a space.

    Raises:
        InputError: it says why.
    """
    cost = space.cost(choices)
    if cost > space.budget + 1e-9:
        raise InputError(f"{name}: costs {cost:.4g}, and the budget is {space.budget:g}")
    if space.recorded is not None and choices not in space.recorded:
        raise InputError(f"{name}: is not recorded, and there is no server to carry it out")
