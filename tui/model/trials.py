"""Trials of a run for the app: read from its directory, without playing anything."""

from math import nan
from typing import NamedTuple

from agents.allocation.results import StageAllocation, TrialSummary, summarize_trials
from agents.run.directory import RunDirectory
from harness.allocation.budget import rate
from store.pipelines.schema import Pipeline, Trial


class TrialsView(NamedTuple):
    """Trials of all completed rounds."""

    trials: tuple[TrialSummary, ...] = ()
    stages: tuple[str, ...] = ()

    def of(self, candidate: str) -> TrialSummary | None:
        """Return the trial of a candidate, if it was played and its round is over."""
        return next((trial for trial in self.trials if trial.candidate == candidate), None)


def load_trials(run: RunDirectory) -> TrialsView:
    """Load the trials of a run.

    Raises:
        InputError: A file of the run is damaged.
        OSError: A file cannot be read.
    """
    request = run.request.allocation
    if request is None:
        return TrialsView()
    pipeline = request.pipeline
    summary = summarize_trials(run, lambda choices: list_stages(pipeline, choices))
    return TrialsView(tuple(summary), tuple(stage.name for stage in pipeline.stages))


def list_stages(pipeline: Pipeline, trial: Trial) -> list[StageAllocation]:
    """List the allocation of each stage in a trial.

    The cost of a controller is what the other stages leave of the trial's cost; with several
    controllers, it is unknown for each.
    """
    costs = [
        nan
        if choice.controller
        else rate(pipeline, stage, pipeline.model(choice.model)).cost(choice.samples)
        for stage, choice in zip(pipeline.stages, trial.choices, strict=True)
    ]
    known = sum(cost for cost in costs if cost == cost)
    one = sum(cost != cost for cost in costs) == 1
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
