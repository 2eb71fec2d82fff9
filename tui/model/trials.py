"""A run of trials as the app shows it: read from its directory alone, and nothing is played."""

from math import nan
from typing import NamedTuple

from agents.allocation.results import StageAllocation, TrialSummary, summarize_trials
from agents.run.directory import RunDirectory
from harness.allocation.budget import rate
from store.pipelines.schema import Pipeline, Trial


class TrialsView(NamedTuple):
    """The trials of all rounds that are over."""

    trials: tuple[TrialSummary, ...] = ()
    stages: tuple[str, ...] = ()

    def of(self, candidate: str) -> TrialSummary | None:
        """The trial of a candidate; ``None`` where it was not played, or its round is not over."""
        return next((each for each in self.trials if each.candidate == candidate), None)


def load_trials(run: RunDirectory) -> TrialsView:
    """The trials of a run.

    Raises:
        InputError: a file of the run is damaged.
        OSError: one cannot be read.
    """
    asked = run.request.allocation
    if asked is None:
        return TrialsView()
    pipeline = asked.pipeline
    told = summarize_trials(run, lambda each: list_stages(pipeline, each))
    return TrialsView(tuple(told), tuple(each.name for each in pipeline.stages))


def list_stages(pipeline: Pipeline, trial: Trial) -> list[StageAllocation]:
    """What a trial gave each stage.

    What a controller cost is known by what the other stages leave of the trial's cost; where there
    are several, each has no number.
    """
    costs = [
        nan
        if choice.controller
        else rate(pipeline, stage, pipeline.model(choice.model)).cost(choice.samples)
        for stage, choice in zip(pipeline.stages, trial.choices, strict=True)
    ]
    known = sum(each for each in costs if each == each)
    one = sum(each != each for each in costs) == 1
    return [
        StageAllocation(
            stage=stage.name,
            model=choice.model,
            samples=choice.samples,
            controller=choice.controller,
            beta=choice.beta if choice.controller else None,
            cost=trial.cost - known if choice.controller and one else cost,
        )
        for stage, choice, cost in zip(pipeline.stages, trial.choices, costs, strict=True)
    ]
