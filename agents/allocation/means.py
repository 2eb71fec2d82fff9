"""With what a run of trials plays them, by its request."""

from agents.run.directory import RunDirectory
from agents.run.records import AllocationAsked
from harness.allocation.environment import Environment
from harness.allocation.opening import Means, environment

RECORD = "trials.record"
"""Where a run keeps the trials that it carried out."""


def means_of(asked: AllocationAsked, run: RunDirectory | None = None) -> Means:
    """With what the trials of a request are played; what a run carries out lies in it."""
    record = asked.record
    if record is None and asked.execute and run is not None:
        record = run.path / RECORD
    return Means(record, asked.execute, asked.base_url, asked.governors)


def environment_of(asked: AllocationAsked, run: RunDirectory) -> Environment:
    """What plays the trials of a run.

    Raises:
        InputError: and `StoreError`: a file of its pipeline is not what it was.
    """
    return environment(asked.pipeline, asked.path, means_of(asked, run))
