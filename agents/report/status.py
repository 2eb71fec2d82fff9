"""Where a run stands, by what lies in its directory."""

from typing import NamedTuple

from agents.report.records import State
from agents.run.directory import RunDirectory
from agents.run.events import Event


class Status(NamedTuple):
    """Where a run stands."""

    state: State
    says: str
    waiting: str | None
    """The candidate that waits for a person."""
    winner: str | None
    """The candidate that was selected; while the run goes on, the best so far."""


def status(run: RunDirectory, log: list[Event]) -> Status:
    """Where a run stands.

    Args:
        run: the run.
        log: its events.

    Raises:
        InputError: a file of the run is damaged.
    """
    ending, held = run.ending, run.is_held
    if ending is not None and not held:  # one that goes on has the end of the session before
        return Status(State.ENDED, ending.reason, None, ending.selected)
    best = _best_so_far(run)
    waits = run.waiting
    if waits is not None:
        return Status(State.WAITING, f"it waits for a decision on {waits}", waits, best)
    if held:
        return Status(State.AT_WORK, "it is at work", None, best)
    return Status(State.STOPPED, "it stopped before its end", None, best)


def _best_so_far(run: RunDirectory) -> str | None:
    summaries = run.summaries()
    best = summaries[-1].best if summaries else None
    decision = run.decision(best) if best is not None else None
    return None if decision is not None and not decision.approved else best
