"""Held-out recordings: opened by the report and by nothing else; each opening is logged.

An opening for programs that had all met the recordings before shows nothing new, and is not counted
again.
"""

from collections.abc import Mapping, Sequence

from agents.formatting import join_words
from agents.report.controllers import Entrant
from agents.report.document import Block, Bullets, Paragraph
from agents.report.records import ControllerRole, Opening
from agents.run.directory import RunDirectory
from agents.run.events import EventLog
from agents.run.records import RecordingRef
from harness.errors import InputError
from harness.request.recordings import NamedRecording, open_recordings

REPORT = 0
"""The session of what is no part of the work: minutes are not counted by it."""


def open_held_out(run: RunDirectory, entrants: Sequence[Entrant]) -> list[NamedRecording]:
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
        if each.role in (ControllerRole.WINNER, ControllerRole.RUNNER_UP)
    }
    log_opening(run, programs, recordings=[each.digest for each in wanted])
    return [
        NamedRecording(each.label, named.recording)
        for each, named in zip(wanted, found, strict=True)
    ]


def log_opening(run: RunDirectory, entrants: Mapping[str, str], **data: object) -> None:
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


def was_opened_before(run: RunDirectory, candidate: str) -> bool:
    """Whether what was held out had been opened when a candidate was reviewed."""
    for event in run.events():
        if event.kind == "opened":
            return True
        if event.kind == "reviewed" and event.candidate == candidate:
            return False
    return False


def _refuse_another(wanted: RecordingRef, found: NamedRecording) -> None:
    if found.recording.digest != wanted.digest:
        raise InputError(
            f"{wanted.path}: is another recording than the one that was held out when the run"
            " began",
            hint=f"the run held out {wanted.label} with the digest {wanted.digest}",
        )


def describe_openings(opened: Sequence[Opening], entrants: str) -> list[Block]:
    """When it was opened, and for whom.

    Args:
        opened: the openings so far.
        entrants: what is played over it: ``programs``, or ``allocations``.
    """
    first = f"{opened[0].at:%Y-%m-%d %H:%M} UTC" if opened else "now"
    if len(opened) < 2:
        return [Paragraph([f"Opened once, by the report, at {first}; nothing before had met it."])]
    told = [
        [f"{each.at:%Y-%m-%d %H:%M} UTC: {join_words(each.programs) or 'baselines alone'}"]
        for each in opened
    ]
    return [
        Paragraph(
            [
                (
                    f"Opened by the report, {len(opened)} times for {entrants} that had not"
                    " met it. What is chosen after the first of them is no longer judged by"
                    " something unseen."
                )
            ]
        ),
        Bullets(told),
    ]
