"""What `approve` and `reject` share: a decision about a candidate, from any terminal."""

import getpass
import os
from pathlib import Path

from agents.run.directory import RunDirectory, open_run
from agents.run.records import Decision
from dsl.vocabulary import nearest
from harness.errors import InputError
from harness.messages import did_you_mean, format_count


def decide(directory: Path, candidate: str, *, approved: bool, note: str, by: str | None) -> str:
    """Decides about a candidate that waits; gives a sentence that says what was done.

    Raises:
        InputError: there is no such run or candidate, it does not wait, or it was decided already.
    """
    run = open_run(directory)
    waits = run.waiting
    _refuse_unknown(run, candidate, waits)
    before = run.decision(candidate)
    if before is not None:
        raise InputError(f"{candidate} was already {_word(before.approved)}, by {before.by}")
    if waits != candidate:
        now = f"{waits} does" if waits is not None else "no candidate does"
        raise InputError(f"{candidate} is not waiting for a decision; {now}")
    decision = Decision(candidate=candidate, approved=approved, note=note, by=by or _login())
    if not run.decide(decision):
        raise InputError(f"{candidate} was decided in another terminal in the meantime")
    after = (
        ""
        if run.is_held
        else (f"; resume with rheostat {run.request.command} --run {run.path} --resume")
    )
    return f"{candidate} is {_word(approved)}{after}"


def _refuse_unknown(run: RunDirectory, candidate: str, waits: str | None) -> None:
    names = sorted(each.name for each in (run.path / "candidates").glob("*"))
    if candidate not in names:
        near = nearest(candidate, names) if waits is None else waits
        meant = did_you_mean(near) if near else f"it has {format_count(len(names), 'candidate')}"
        raise InputError(f"{run.path}: there is no candidate {candidate}; {meant}")


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number that has no name
        return f"uid {os.getuid()}"


def _word(approved: bool) -> str:
    return "approved" if approved else "rejected"
