"""The trials in a run's directory, and the environment that plays new ones."""

from agents.allocation.proposers import ObservedTrial
from agents.loop.round_files import list_candidates_before, read_slots
from agents.run.directory import RunDirectory
from agents.run.records import AllocationRequest
from harness.allocation.trial_environment import TrialEnvironment, TrialOptions, open_environment
from store.pipelines.schema import Trial


def trial_path(candidate: str) -> str:
    """Where the trial of a candidate stands."""
    return f"candidates/{candidate}/trial.json"


def read_run_trial(run: RunDirectory, candidate: str) -> Trial | None:
    """What a candidate came to; ``None`` where it was not played."""
    place = trial_path(candidate)
    return run.read(place, Trial) if run.has(place) else None


def read_run_trials(run: RunDirectory, before: int | None = None) -> dict[str, Trial]:
    """The trials of a run by candidate, in order.

    Args:
        run: whose.
        before: of the rounds before this one; of all that are over by default.
    """
    number = len(run.summaries()) + 1 if before is None else before
    found = {name: read_run_trial(run, name) for name in list_candidates_before(run, number)}
    return {name: each for name, each in found.items() if each is not None}


def list_observed_trials(run: RunDirectory, number: int) -> list[ObservedTrial]:
    """The trials before a round, as proposers see them."""
    return [
        ObservedTrial(each.choices, each.score, each.cost)
        for each in read_run_trials(run, number).values()
    ]


def read_guidelines(run: RunDirectory, number: int | None = None) -> list[str]:
    """The guidelines that were written last, before a round or by now."""
    last = len(run.summaries()) if number is None else number - 1
    for before in range(last, 0, -1):
        for each in read_slots(run, before):
            written = each.search.get("guidelines")
            if written:
                return [str(line) for line in written]
    return []


TRIALS_RECORD = "trials.record"
"""Where a run keeps the trials that it carried out."""


def run_playback_options(asked: AllocationRequest, run: RunDirectory | None = None) -> TrialOptions:
    """With what the trials of a request are played; what a run carries out lies in it."""
    record = asked.record
    if record is None and asked.execute and run is not None:
        record = run.path / TRIALS_RECORD
    return TrialOptions(record, asked.execute, asked.base_url, asked.governors)


def open_run_environment(asked: AllocationRequest, run: RunDirectory) -> TrialEnvironment:
    """What plays the trials of a run.

    Raises:
        InputError: and `StoreError`: a file of its pipeline is not what it was.
    """
    return open_environment(asked.pipeline, asked.path, run_playback_options(asked, run))
