"""Trials of a run directory, and the environment that plays new ones."""

from agents.allocation.allocation_objective import AllocationObjective
from agents.allocation.proposers import ObservedTrial
from agents.loop.round_files import list_candidates_before, read_slots
from agents.run.directory import RunDirectory
from agents.run.records import AllocationRequest
from harness.allocation.trial_environment import TrialEnvironment, TrialOptions, open_environment
from store.pipelines.schema import Trial


def trial_path(candidate: str) -> str:
    """Return the path of a candidate's trial."""
    return f"candidates/{candidate}/trial.json"


def read_run_trial(run: RunDirectory, candidate: str) -> Trial | None:
    """Read the trial of a candidate; ``None`` if it was not played."""
    path = trial_path(candidate)
    return run.read(path, Trial) if run.has(path) else None


def read_run_trials(run: RunDirectory, before: int | None = None) -> dict[str, Trial]:
    """Read the trials of a run by candidate, in order.

    Args:
        run: Run directory.
        before: Only trials of rounds before this one; by default all completed rounds.
    """
    number = len(run.summaries()) + 1 if before is None else before
    trials = {name: read_run_trial(run, name) for name in list_candidates_before(run, number)}
    return {name: trial for name, trial in trials.items() if trial is not None}


def list_observed_trials(
    run: RunDirectory, number: int, objective: AllocationObjective
) -> list[ObservedTrial]:
    """List the trials before a round, as proposers see them.

    Args:
        run: Run directory.
        number: Round number.
        objective: Objective of the run.
    """
    return [
        ObservedTrial(trial.choices, trial.score, trial.cost, objective.evaluate_trial(trial))
        for trial in read_run_trials(run, number).values()
    ]


def read_guidelines(run: RunDirectory, number: int | None = None) -> list[str]:
    """Read the latest guidelines, optionally those written before a round."""
    last = len(run.summaries()) if number is None else number - 1
    for before in range(last, 0, -1):
        for slot in read_slots(run, before):
            written = slot.search.get("guidelines")
            if written:
                return [str(line) for line in written]
    return []


SELECTION = "selection.json"
"""File of the trials among which the winner of a run was selected."""

TRIALS_RECORD = "trials.record"
"""Folder of a run's executed trials."""


def run_playback_options(
    request: AllocationRequest, run: RunDirectory | None = None
) -> TrialOptions:
    """Return the playback options of a request; executed trials are stored in the run."""
    record = request.record
    if record is None and request.execute and run is not None:
        record = run.path / TRIALS_RECORD
    return TrialOptions(record, request.execute, request.base_url, request.governors)


def open_run_environment(request: AllocationRequest, run: RunDirectory) -> TrialEnvironment:
    """Open the environment that plays the trials of a run.

    Raises:
        InputError: A file of its pipeline changed.
        StoreError: A file of its pipeline cannot be read.
    """
    return open_environment(request.pipeline, request.path, run_playback_options(request, run))
