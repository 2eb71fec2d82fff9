"""The directory of a run. Files are written atomically.

``request.json`` is the request; ``events.jsonl`` the event log; ``rounds/003/`` the brief, the
proposals and the summary of a round; ``candidates/r003-2/`` the source of a candidate and its
review; ``decisions/`` the decisions of reviewers; ``archive.json`` all reviews; ``selected.rheo``
(or ``selected.py``) and ``selected.md`` the winner and its card. With ``evaluations.sqlite`` and
``checkpoints.sqlite``, a run can be resumed. One process writes; any number may read, without a
lock.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeVar

import msgspec

from agents.run.events import Event, EventLog, read_events
from agents.run.records import (
    VERSION,
    ControllerLanguage,
    Decision,
    Draft,
    Ending,
    Request,
    Review,
    RoundSummary,
)
from agents.run.texts import read_run_text
from harness.errors import ExternalError, InputError
from harness.request.misplaced import refuse_misplaced
from harness.request.option_names import name_option
from store.decode_errors import DECODE_ERRORS, describe_decode_error
from store.errors import attribute_os_errors
from store.files import draft_path, replace_file
from store.messages import describe_missing, lower_first

T = TypeVar("T")

ENDING = "ending.json"
"""File of a run's ending; it does not exist while the run continues."""

CROSS_VALIDATION = "cross_validation.json"
"""File of the gains where the choice of the winner did not look; it is written with the choice."""


class RunDirectory:
    """A run on disk.

    Args:
        path: The directory; `create_run` creates one, `open_run` opens one that exists.
    """

    def __init__(self, path: Path):
        self.path = path

    # Paths

    @property
    def events_path(self) -> Path:
        """The event log."""
        return self.path / "events.jsonl"

    @property
    def evaluations_path(self) -> Path:
        """The database of evaluations."""
        return self.path / "evaluations.sqlite"

    @property
    def checkpoints_path(self) -> Path:
        """The database of the graph's state."""
        return self.path / "checkpoints.sqlite"

    @property
    def appended_paths(self) -> list[Path]:
        """The files that a run changes in place; all others are replaced."""
        return [self.events_path, self.path / "lock", self.evaluations_path, self.checkpoints_path]

    @property
    def selected_path(self) -> Path:
        """Path of the winner's source; the one in Rheo if there is no winner."""
        paths = [self.path / f"selected{language.suffix}" for language in ControllerLanguage]
        return next((path for path in paths if path.is_file()), paths[0])

    @property
    def card_path(self) -> Path:
        """The winner's card."""
        return self.path / "selected.md"

    def round_path(self, number: int) -> Path:
        """Return the directory of a round, from 1."""
        return self.path / "rounds" / f"{number:03d}"

    def candidate_path(self, candidate: str) -> Path:
        """Return the directory of a candidate."""
        return self.path / "candidates" / candidate

    # The request

    @property
    def request(self) -> Request:
        """The request of the run."""
        return self.read("request.json", Request)

    # Candidates and rounds

    def source_path(self, candidate: str) -> Path | None:
        """Return the path of a candidate's program, with the suffix of its language.

        ``None`` if there is no such candidate.
        """
        folder = self.candidate_path(candidate)
        paths = [folder / f"source{language.suffix}" for language in ControllerLanguage]
        return next((path for path in paths if path.is_file()), None)

    def source(self, candidate: str) -> str:
        """Return a candidate's program.

        Raises:
            InputError: There is no such candidate, or its program is not UTF-8.
        """
        path = self.source_path(candidate)
        if path is None:
            raise InputError(f"{self.candidate_path(candidate)}: contains no program")
        return read_run_text(path)

    def language(self, candidate: str) -> ControllerLanguage:
        """Return the language of a candidate's program; Rheo if there is none."""
        path = self.source_path(candidate)
        suffix = ControllerLanguage.RHEO.suffix if path is None else path.suffix
        return next(language for language in ControllerLanguage if language.suffix == suffix)

    def store_draft(self, draft: Draft) -> None:
        """Store a candidate as it was proposed."""
        folder, suffix = f"candidates/{draft.candidate}", draft.proposal.language.suffix
        self.write_text(f"{folder}/source{suffix}", draft.proposal.source)
        self.write(f"{folder}/draft.json", draft)

    def draft(self, candidate: str) -> Draft:
        """Return a candidate as it was proposed."""
        return self.read(f"candidates/{candidate}/draft.json", Draft)

    def store_review(self, review: Review) -> None:
        """Store the review of a candidate."""
        self.write(f"candidates/{review.candidate}/review.json", review)

    def review(self, candidate: str) -> Review:
        """Return the review of a candidate."""
        return self.read(f"candidates/{candidate}/review.json", Review)

    def summaries(self) -> list[RoundSummary]:
        """Return the summaries of the completed rounds, in order."""
        paths = sorted((self.path / "rounds").glob("*/summary.json"))
        return [self.read(str(path.relative_to(self.path)), RoundSummary) for path in paths]

    def reviews(self) -> list[Review]:
        """Return the reviews of all completed rounds, in the order of the candidates."""
        return self.read("archive.json", list[Review]) if self.has("archive.json") else []

    # Decisions and events

    def decide(self, decision: Decision) -> bool:
        """Store a decision; ``False`` if the candidate was decided already.

        Any process may call this; of concurrent decisions, the first one counts.
        """
        folder = self.path / "decisions"
        refuse_link(self.path, folder)
        folder.mkdir(exist_ok=True)
        target = folder / f"{decision.candidate}.json"
        with draft_path(target) as draft:
            draft.write_bytes(_encode(decision))
            try:
                os.link(draft, target)  # unlike a rename, it fails if the target exists
            except FileExistsError:
                return False
        return True

    def decision(self, candidate: str) -> Decision | None:
        """Return the decision about a candidate, if there is one."""
        name = f"decisions/{candidate}.json"
        return self.read(name, Decision) if self.has(name) else None

    def decisions(self) -> list[Decision]:
        """Return all decisions, ordered by candidate."""
        paths = sorted((self.path / "decisions").glob("*.json"))
        return [self.read(f"decisions/{path.name}", Decision) for path in paths]

    @property
    def ending(self) -> Ending | None:
        """How the run ended; ``None`` if it did not."""
        return self.read(ENDING, Ending) if self.has(ENDING) else None

    def events(self) -> list[Event]:
        """Return all events so far."""
        return read_events(self.events_path)

    @property
    def waiting(self) -> str | None:
        """The candidate that waits for a reviewer, if there is one."""
        candidate = None
        for event in self.events():
            if event.kind == "waiting":
                candidate = event.candidate
            elif event.kind in ("decided", "archived", "ended"):
                candidate = None
        return None if candidate is None or self.decision(candidate) is not None else candidate

    def log(self, session: int) -> EventLog:
        """Return the event log, for the process that writes."""
        return EventLog(self.events_path, session)

    # Reading and writing

    def has(self, name: str) -> bool:
        """Return whether a file exists."""
        return (self.path / name).is_file()

    def read(self, name: str, kind: type[T]) -> T:
        """Return a record.

        Raises:
            InputError: The file does not exist, or is not such a record; the message names the
                field.
        """
        path = self.path / name
        try:
            return msgspec.json.decode(path.read_bytes(), type=kind, dec_hook=_decode_path)
        except FileNotFoundError:
            raise InputError(f"{path}: no such file in this run") from None
        except DECODE_ERRORS as problem:
            reason = lower_first(describe_decode_error(problem))
            raise InputError(f"{path}: {reason}") from None

    def write(self, name: str, value: object) -> None:
        """Write a record atomically."""
        self.write_bytes(name, _encode(value))

    def write_text(self, name: str, text: str) -> None:
        """Write a text atomically."""
        self.write_bytes(name, text.encode())

    def write_bytes(self, name: str, content: bytes) -> None:
        """Write a file atomically.

        Raises:
            InputError: A symbolic link leads out of the run.
            OSError: The file cannot be written.
        """
        path = self.path / name
        for folder in path.relative_to(self.path).parents:
            refuse_link(self.path, self.path / folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        with attribute_os_errors(path), replace_file(path) as file:
            file.write(content)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the run for writing; the system releases the lock when the process ends.

        Raises:
            ExternalError: Another process has the lock.
            InputError: A file that the run changes is a symbolic link.
        """
        for path in self.appended_paths:
            refuse_link(self.path, path)
        with (self.path / "lock").open("a") as file:
            if not _try_lock(file):
                raise ExternalError(
                    f"{self.path}: another process is at work on this run",
                    hint=f"watch it with `rheostat runs {self.path}`, or stop it first",
                )
            yield

    @property
    def is_held(self) -> bool:
        """Whether a process works on the run."""
        try:
            with (self.path / "lock").open("r") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:  # it was never locked
            return False
        return False


def create_run(path: Path, request: Request) -> RunDirectory:
    """Create the directory of a new run.

    Raises:
        InputError: The directory exists and is not empty.
        OSError: The directory cannot be created or written.
    """
    if (path / "request.json").exists():
        raise InputError(
            f"{path}: is already a run",
            hint=f"use {name_option('resume')} to continue it, or name another directory",
        )
    if path.exists() and not path.is_dir():
        raise InputError(f"{path}: is a file; name a new directory")
    if path.exists() and any(map(_is_something, path.iterdir())):
        raise InputError(f"{path}: is not empty; name a new directory")
    path.mkdir(parents=True, exist_ok=True)
    run = RunDirectory(path)
    # The loop finds its state by this name, even if the directory is moved.
    run.write_text("thread", os.urandom(16).hex())
    run.write("request.json", request)
    return run


def _is_something(entry: Path) -> bool:
    """Return whether a file is more than what an interrupted `create_run` leaves."""
    return entry.name != "thread" and entry.suffix != ".part"


def open_run(path: Path) -> RunDirectory:
    """Open the directory of a run.

    Raises:
        InputError: It is not the directory of a run, or of a later version.
    """
    run = RunDirectory(path)
    if not run.has("request.json"):
        refuse_misplaced(path, (), "the directory of a run")
        problem = "is not a run" if path.is_dir() else describe_missing("run")
        raise InputError(
            f"{path}: {problem}", hint=f"start one with `discover` and {name_option('run', 'DIR')}"
        )
    version = run.request.version
    if version > VERSION:
        raise InputError(f"{path}: was created by a later version of rheostat; use that version")
    return run


def find_runs(path: Path) -> list[RunDirectory]:
    """Return the run at a path, or the runs directly below it, by name.

    A damaged run, without its request, is included.
    """
    if is_run(path):
        return [RunDirectory(path)]
    below = sorted(path.iterdir()) if path.is_dir() else []
    return [RunDirectory(path) for path in below if is_run(path)]


def is_run(folder: Path) -> bool:
    """Return whether a directory is a run, damaged or not."""
    return any((folder / name).is_file() for name in ("request.json", "events.jsonl"))


def find_link_problem(run: Path, path: Path) -> str:
    """Return why a run does not write to a path; empty if it is not a symbolic link.

    Args:
        run: Directory of the run, which may itself be a symbolic link.
        path: A path in it.
    """
    if path == run or not path.is_symlink():
        return ""
    return f"{path}: is a symbolic link; a run writes only inside its directory"


def refuse_link(run: Path, path: Path) -> None:
    """Check that a path of a run is not a symbolic link.

    Raises:
        InputError: It is one.
    """
    problem = find_link_problem(run, path)
    if problem:
        raise InputError(problem, hint="replace the link with the file")


def _try_lock(file: IO[str]) -> bool:
    """Try to lock a file, for up to a second: readers lock it briefly to see whether it is held."""
    for _ in range(20):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.05)
        else:
            return True
    return False


def _encode(value: object) -> bytes:
    raw = msgspec.json.encode(value, order="sorted", enc_hook=os.fspath)
    return msgspec.json.format(raw, indent=1) + b"\n"


def _decode_path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise NotImplementedError(f"{kind.__name__} has no JSON form")
