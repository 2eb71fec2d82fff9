"""Held-out recordings: only the report opens them, and each opening is logged.

An opening for programs that were all evaluated on the recordings before reveals nothing new and is
not counted again.
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

REPORT_SESSION = 0
"""Session number of events outside the loop; they do not count towards minutes of work."""


def open_held_out(run: RunDirectory, entrants: Sequence[Entrant]) -> list[NamedRecording]:
    """Open the held-out recordings for some controllers, and log that.

    Args:
        run: Run directory.
        entrants: Controllers to be played over them.

    Raises:
        InputError: Nothing was held out, or a recording changed since the run began.
        StoreError: A recording cannot be read.
        OSError: The event log cannot be written.
    """
    references = run.request.held_out
    if not references:
        raise InputError(
            f"{run.path}: this run has no held-out data",
            hint="evaluate the winner on other recordings: `rheostat sweep RUN/selected.rheo"
            " --on RECORDINGS`",
        )
    opened = open_recordings([reference.path for reference in references])
    for reference, named in zip(references, opened, strict=True):
        _require_same_recording(reference, named)
    programs = {
        entrant.program.digest: entrant.program.label
        for entrant in entrants
        if entrant.role in (ControllerRole.WINNER, ControllerRole.RUNNER_UP)
    }
    log_opening(run, programs, recordings=[reference.digest for reference in references])
    return [
        NamedRecording(reference.label, named.recording)
        for reference, named in zip(references, opened, strict=True)
    ]


def log_opening(run: RunDirectory, entrants: Mapping[str, str], **data: object) -> None:
    """Log an opening if it is the first, or if a program was not evaluated on the data before.

    Args:
        run: Run directory.
        entrants: Digest and label of each program to be played.
        data: Held-out recordings that were opened.

    Raises:
        OSError: The event log cannot be written.
    """
    before = [event for event in run.events() if event.kind == "opened"]
    evaluated = {digest for event in before for digest in event.data.get("digests", [])}
    new_programs = {digest: label for digest, label in entrants.items() if digest not in evaluated}
    if new_programs or not before:
        EventLog(run.events_path, REPORT_SESSION).add(
            "opened",
            "the report opened the held-out recordings",
            data={"programs": list(new_programs.values()), "digests": list(new_programs), **data},
        )


def was_opened_before(run: RunDirectory, candidate: str) -> bool:
    """Return whether held-out data had been opened when a candidate was reviewed."""
    for event in run.events():
        if event.kind == "opened":
            return True
        if event.kind == "reviewed" and event.candidate == candidate:
            return False
    return False


def _require_same_recording(reference: RecordingRef, opened: NamedRecording) -> None:
    if opened.recording.digest != reference.digest:
        raise InputError(
            f"{reference.path}: is not the recording that was held out when the run started",
            hint=f"the run held out {reference.label} with the digest {reference.digest}",
        )


def describe_openings(opened: Sequence[Opening], entrants: str) -> list[Block]:
    """Describe when held-out data was opened, and for which programs.

    Args:
        opened: Openings so far.
        entrants: What is played over it: ``programs``, or ``allocations``.
    """
    first = f"{opened[0].at:%Y-%m-%d %H:%M} UTC" if opened else "now"
    if len(opened) < 2:
        return [
            Paragraph(
                [
                    (
                        f"Opened once, by the report, at {first}; no program had been evaluated"
                        " on it before."
                    )
                ]
            )
        ]
    items = [
        [f"{opening.at:%Y-%m-%d %H:%M} UTC: {join_words(opening.programs) or 'baselines alone'}"]
        for opening in opened
    ]
    return [
        Paragraph(
            [
                (
                    f"Opened by the report, {len(opened)} times for {entrants} not yet"
                    " evaluated on it. Programs chosen after the first opening are no longer"
                    " evaluated on unseen data."
                )
            ]
        ),
        Bullets(items),
    ]
