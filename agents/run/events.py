"""The event log of a run: one JSON line per event, only appended.

Each line is written by one call, so a reader sees complete lines or the beginning of one, and needs
no lock. An incomplete last line, left by a crash, is skipped by readers and ended by the next
writer.
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
from store.decode_errors import DECODE_ERRORS

EventKind = Literal[
    "started", "resumed", "round", "brief", "proposing", "proposed", "unsound", "repaired",
    "chosen", "searching", "replayed", "tuned", "reviewed", "archived", "waiting", "decided",
    "selected", "capped", "ended", "failed", "left", "opened",
]  # fmt: skip


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event of a run."""

    at: datetime
    """Time in UTC."""
    kind: EventKind
    session: int = 0
    """Number of the session, from 1; 0 for events outside of sessions."""
    round: int | None = None
    candidate: str | None = None
    proposer: str | None = None
    says: str = ""
    """Message for users."""
    data: dict[str, Any] = {}
    """Figures, by name."""


class EventLog:
    """Writer of the event log.

    Args:
        path: Path of the log; the file is created with the first event.
        session: Number of the session, from 1; 0 outside of sessions.
        listen: Called with every event that was written.
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
        """Append an event with the current time.

        Args:
            kind: Kind of the event.
            says: Message for users; may be empty.
            round: Round that it belongs to, if any.
            candidate: Candidate that it is about, if any.
            proposer: Proposer that it is about, if any.
            data: Figures by name.

        Raises:
            InputError: The file is a symbolic link.
            OSError: The file cannot be written.
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
                f"{self._path}: is a symbolic link; events are written only to the file itself",
                hint="replace the link with the file",
            ) from problem
        try:
            size = os.fstat(descriptor).st_size
            torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            os.write(descriptor, b"\n" + line if torn else line)
        except OSError as problem:
            problem.filename = str(self._path)  # the error of a failed write names no file
            raise
        finally:
            os.close(descriptor)
        self._listen(event)


class EventFollower:
    """Reader of the event log: yields new events, without a lock.

    Args:
        path: Path of the log; the file need not exist yet.
    """

    def __init__(self, path: Path):
        self._path = path
        self._offset = 0

    def read_new(self) -> Iterator[Event]:
        """Yield the events that were appended since the last call."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                content = file.read()
        except FileNotFoundError:
            return
        end = content.rfind(b"\n") + 1
        self._offset += end
        for line in content[:end].splitlines():
            try:
                yield msgspec.json.decode(line, type=Event)
            except DECODE_ERRORS:  # an incomplete line of a killed session
                continue


class PlayedPrograms:
    """Counter of the programs that proposers play in a round, from their events."""

    def __init__(self) -> None:
        self._played: dict[str, int] = {}

    def count_new(self, event: Event) -> int:
        """Return how many programs were played since the last event of the same proposer."""
        if event.kind == "round":
            self._played = {}
        if event.kind != "searching":
            return 0
        played, name = int(event.data.get("played", 0)), event.proposer or ""
        new = played - self._played.get(name, 0)
        self._played[name] = played
        return new


def read_events(path: Path) -> list[Event]:
    """Read all events so far."""
    return list(EventFollower(path).read_new())


def count_minutes(log: list[Event]) -> float:
    """Count the minutes of work in a log: the time of all sessions, without waiting for reviews."""
    total = 0.0
    for before, after in pairwise([event for event in log if event.session]):
        if before.session == after.session and before.kind != "waiting":
            total += (after.at - before.at).total_seconds()
    return total / 60
