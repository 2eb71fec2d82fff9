"""The event log of a run: one JSON line an event, appended, never changed.

A line is written by one call, so that a reader that follows the file sees whole lines or the
beginning of one, and needs no lock. A torn last line, left by a crash, is passed over by readers
and closed by the next writer.
"""

import errno
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import msgspec

from harness.errors import InputError

EventKind = Literal[
    "started", "resumed", "round", "brief", "proposing", "proposed", "unsound", "repaired",
    "chosen", "searching", "replayed", "tuned", "reviewed", "archived", "waiting", "decided",
    "selected", "capped", "ended", "failed", "left", "opened",
]  # fmt: skip


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that happened."""

    at: datetime
    """UTC."""
    kind: EventKind
    session: int = 0
    """Which start of the run it belongs to, from 1; 0 for what is no part of its work."""
    round: int | None = None
    candidate: str | None = None
    proposer: str | None = None
    says: str = ""
    """For people."""
    data: dict[str, Any] = {}
    """Figures, by name."""


class EventLog:
    """The writer's side.

    Args:
        path: the file; it is made with the first event.
        session: which start of the run this is.
        listen: is told of every event that was written.
    """

    def __init__(
        self, path: Path, session: int, listen: Callable[[Event], None] = lambda event: None
    ):
        self._path = path
        self._session = session
        self._listen = listen

    def add(
        self,
        kind: EventKind,
        says: str = "",
        *,
        round: int | None = None,  # noqa: A002 - the field's own name
        candidate: str | None = None,
        proposer: str | None = None,
        data: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        """Append an event, now.

        Raises:
            InputError: the file is a symbolic link.
            OSError: the surroundings refuse.
        """
        event = Event(
            at=datetime.now(UTC),
            kind=kind,
            session=self._session,
            round=round,
            candidate=candidate,
            proposer=proposer,
            says=says,
            data=dict(data),
        )
        line = msgspec.json.encode(event) + b"\n"
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
        try:
            descriptor = os.open(self._path, flags, 0o644)
        except OSError as problem:
            if problem.errno != errno.ELOOP:
                raise
            raise InputError(
                f"{self._path}: is a symbolic link, and events are written to no other file",
                hint="put the file itself in its place",
            ) from problem
        try:
            size = os.fstat(descriptor).st_size
            torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            os.write(descriptor, b"\n" + line if torn else line)
        except OSError as problem:
            problem.filename = str(self._path)  # the system names no file where a write fails
            raise
        finally:
            os.close(descriptor)
        self._listen(event)


class EventFollower:
    """The reader's side: gives what is new since it last looked. It never locks.

    Args:
        path: the log; it may not be there yet.
    """

    def __init__(self, path: Path):
        self._path = path
        self._offset = 0

    def new(self) -> Iterator[Event]:
        """Yield the events that were appended since the last call."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                content = file.read()
        except FileNotFoundError:
            return
        whole = content.rfind(b"\n") + 1
        self._offset += whole
        for line in content[:whole].splitlines():
            try:
                yield msgspec.json.decode(line, type=Event)
            except msgspec.MsgspecError:  # the torn end of a session that was killed
                continue


def read_events(path: Path) -> list[Event]:
    """All events so far."""
    return list(EventFollower(path).new())


def count_minutes(log: list[Event]) -> float:
    """Minutes of work that a log shows: of each session, from event to event, less the waiting."""
    total = 0.0
    for before, after in pairwise([each for each in log if each.session]):
        if before.session == after.session and before.kind != "waiting":
            total += (after.at - before.at).total_seconds()
    return total / 60
