"""What was held out: opened by the report and by nothing else, and each opening is written down.

An opening for programs that all met it before shows nothing new, and is not counted again.
"""

from collections.abc import Mapping, Sequence

from agents.report.controllers import Entrant
from agents.report.records import Role
from agents.run.directory import RunDirectory
from agents.run.events import EventLog
from agents.run.records import RecordingRef
from harness.errors import InputError
from harness.request.recordings import Named, open_recordings

REPORT = 0
"""The session of what is no part of the work: minutes are not counted by it."""


def opened(run: RunDirectory, entrants: Sequence[Entrant]) -> list[Named]:
    """Opens what was held out, for some controllers, and writes that down.

    Args:
        run: the run.
        entrants: who is going to be played over it.

    Raises:
        InputError: nothing was held out, or a recording is another than when the run began.
        StoreError: one cannot be read.
        OSError: it cannot be written down.
    """
    wanted = run.request.held_out
    if not wanted:
        raise InputError(
            f"{run.path}: nothing was held out when this run began",
            hint="`rheostat sweep RUN/selected.rheo --on RECORDINGS` plays the winner elsewhere",
        )
    found = open_recordings([each.path for each in wanted])
    for each, named in zip(wanted, found, strict=True):
        _refuse_another(each, named)
    programs = {
        each.program.digest: each.program.label
        for each in entrants
        if each.role in (Role.WINNER, Role.RUNNER_UP)
    }
    write_down(run, programs, recordings=[each.digest for each in wanted])
    return [Named(each.label, named.recording) for each, named in zip(wanted, found, strict=True)]


def write_down(run: RunDirectory, entrants: Mapping[str, str], **data: object) -> None:
    """Writes an opening down, where it is the first or somebody meets what was held out anew.

    Args:
        run: the run.
        entrants: who is going to be played over it: digests, each with a label.
        data: what was opened.

    Raises:
        OSError: it cannot be written down.
    """
    before = [event for event in run.events() if event.kind == "opened"]
    met = {digest for event in before for digest in event.data.get("digests", [])}
    fresh = {digest: label for digest, label in entrants.items() if digest not in met}
    if fresh or not before:
        EventLog(run.events_path, REPORT).add(
            "opened",
            "the report opened what was held out",
            data={"programs": list(fresh.values()), "digests": list(fresh), **data},
        )


def met_before(run: RunDirectory, candidate: str) -> bool:
    """Whether what was held out had been opened when a candidate was reviewed."""
    for event in run.events():
        if event.kind == "opened":
            return True
        if event.kind == "reviewed" and event.candidate == candidate:
            return False
    return False


def _refuse_another(wanted: RecordingRef, found: Named) -> None:
    if found.recording.digest != wanted.digest:
        raise InputError(
            f"{wanted.path}: is another recording than the one that was held out when the run"
            " began",
            hint=f"the run held out {wanted.label} with the digest {wanted.digest}",
        )
