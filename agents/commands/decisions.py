"""Decisions about candidates, for the commands ``approve`` and ``reject``."""

import getpass
import os
from pathlib import Path

from agents.run.directory import RunDirectory, open_run
from agents.run.records import Decision
from dsl.vocabulary import nearest
from harness.errors import InputError
from harness.messages import did_you_mean, format_count


def decide(directory: Path, candidate: str, *, approved: bool, note: str, by: str | None) -> str:
    """Decide about a candidate that waits for review.

    Args:
        directory: Directory of the run.
        candidate: Name of the candidate.
        approved: Whether it is approved.
        note: Reason for the decision; may be empty.
        by: Name of the reviewer; ``None`` for the login name.

    Returns:
        A sentence that describes the decision and the next step.

    Raises:
        InputError: The run or the candidate does not exist, or the candidate does not wait or was
            decided already.
    """
    run = open_run(directory)
    waiting = run.waiting
    _refuse_unknown(run, candidate, waiting)
    before = run.decision(candidate)
    if before is not None:
        raise InputError(f"{candidate} was already {_word(before.approved)}, by {before.by}")
    if waiting != candidate:
        actual = f"{waiting} does" if waiting is not None else "no candidate does"
        raise InputError(f"{candidate} is not waiting for a decision; {actual}")
    decision = Decision(candidate=candidate, approved=approved, note=note, by=by or _login())
    if not run.decide(decision):
        raise InputError(f"{candidate} was decided in another terminal in the meantime")
    advice = (
        ""
        if run.is_held
        else (f"; resume with rheostat {run.request.command} --run {run.path} --resume")
    )
    return f"{candidate} is {_word(approved)}{advice}"


def _refuse_unknown(run: RunDirectory, candidate: str, waiting: str | None) -> None:
    names = sorted(path.name for path in (run.path / "candidates").glob("*"))
    if candidate not in names:
        near = nearest(candidate, names) if waiting is None else waiting
        meant = did_you_mean(near) if near else f"it has {format_count(len(names), 'candidate')}"
        raise InputError(f"{run.path}: there is no candidate {candidate}; {meant}")


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # in a container, the user ID may have no name
        return f"uid {os.getuid()}"


def _word(approved: bool) -> str:
    return "approved" if approved else "rejected"
