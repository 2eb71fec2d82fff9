"""The directory of a run: what stands where, written whole or not at all.

``request.json`` what was asked; ``events.jsonl`` what happened; ``rounds/003/`` the brief, the
proposals and the summary of a round; ``candidates/r003-2/`` a candidate's source, what it is worth,
where its tokens go; ``decisions/`` what people said; ``archive.json`` all that was reviewed;
``selected.rheo`` (or ``selected.py``) and ``selected.md`` the end. ``evaluations.sqlite`` and
``checkpoints.sqlite`` let a run go on where it stopped. One process writes; any number may read,
without a lock.
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
from harness.errors import ExternalError, InputError
from harness.request.misplaced import refuse_misplaced
from store.errors import attribute_os_errors
from store.files import draft_path, replace_file
from store.messages import lower_first

T = TypeVar("T")

ENDING = "ending.json"
"""How a run ended; it is not there while a run goes on."""


class RunDirectory:
    """A run on disk.

    Args:
        path: the directory; `create_run` makes a new one, `open_run` opens one that is there.
    """

    def __init__(self, path: Path):
        self.path = path

    # Places

    @property
    def events_path(self) -> Path:
        """The event log."""
        return self.path / "events.jsonl"

    @property
    def evaluations_path(self) -> Path:
        """The database of what was played."""
        return self.path / "evaluations.sqlite"

    @property
    def checkpoints_path(self) -> Path:
        """The database of the graph's state."""
        return self.path / "checkpoints.sqlite"

    @property
    def appended_paths(self) -> list[Path]:
        """The files that a run writes to as they stand, where all others are replaced."""
        return [self.events_path, self.path / "lock", self.evaluations_path, self.checkpoints_path]

    @property
    def selected_path(self) -> Path:
        """The winner's source; where it would stand, while there is none."""
        found = [self.path / f"selected{each.suffix}" for each in ControllerLanguage]
        return next((each for each in found if each.is_file()), found[0])

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
        """What was asked."""
        return self.read("request.json", Request)

    # What rounds leave

    def source_path(self, candidate: str) -> Path | None:
        """Where a candidate's program stands, with the suffix of its language.

        ``None`` where there is no such candidate.
        """
        folder = self.candidate_path(candidate)
        found = [folder / f"source{each.suffix}" for each in ControllerLanguage]
        return next((each for each in found if each.is_file()), None)

    def source(self, candidate: str) -> str:
        """Return a candidate's program.

        Raises:
            InputError: there is no such candidate.
        """
        path = self.source_path(candidate)
        if path is None:
            raise InputError(f"{self.candidate_path(candidate)}: holds no program")
        return path.read_text(encoding="utf-8")

    def language(self, candidate: str) -> ControllerLanguage:
        """Return what a candidate's program is written in; Rheo where there is none."""
        path = self.source_path(candidate)
        suffix = ControllerLanguage.RHEO.suffix if path is None else path.suffix
        return next(each for each in ControllerLanguage if each.suffix == suffix)

    def keep_draft(self, draft: Draft) -> None:
        """Store a candidate as it was proposed."""
        place, suffix = f"candidates/{draft.candidate}", draft.proposal.language.suffix
        self.write_text(f"{place}/source{suffix}", draft.proposal.source)
        self.write(f"{place}/draft.json", draft)

    def draft(self, candidate: str) -> Draft:
        """Return a candidate as it was proposed."""
        return self.read(f"candidates/{candidate}/draft.json", Draft)

    def keep_review(self, review: Review) -> None:
        """Store what a candidate is worth."""
        self.write(f"candidates/{review.candidate}/review.json", review)

    def review(self, candidate: str) -> Review:
        """Return what a candidate is worth."""
        return self.read(f"candidates/{candidate}/review.json", Review)

    def summaries(self) -> list[RoundSummary]:
        """Return the rounds that were played to their end, in order."""
        found = sorted((self.path / "rounds").glob("*/summary.json"))
        return [self.read(str(each.relative_to(self.path)), RoundSummary) for each in found]

    def reviews(self) -> list[Review]:
        """The reviews of every round that was played to its end, in the order of the candidates."""
        return self.read("archive.json", list[Review]) if self.has("archive.json") else []

    # People

    def decide(self, decision: Decision) -> bool:
        """Store a decision; ``False`` where the candidate was decided already.

        It may be called from any process: whoever comes first is heard.
        """
        folder = self.path / "decisions"
        refuse_link(self.path, folder)
        folder.mkdir(exist_ok=True)
        target = folder / f"{decision.candidate}.json"
        with draft_path(target) as draft:
            draft.write_bytes(_encoded(decision))
            try:
                os.link(draft, target)  # unlike a rename, it refuses where the target is there
            except FileExistsError:
                return False
        return True

    def decision(self, candidate: str) -> Decision | None:
        """Return what was decided of a candidate, if anything."""
        place = f"decisions/{candidate}.json"
        return self.read(place, Decision) if self.has(place) else None

    def decisions(self) -> list[Decision]:
        """All decisions, by candidate."""
        found = sorted((self.path / "decisions").glob("*.json"))
        return [self.read(f"decisions/{each.name}", Decision) for each in found]

    @property
    def ending(self) -> Ending | None:
        """How it ended, if it did."""
        return self.read(ENDING, Ending) if self.has(ENDING) else None

    def events(self) -> list[Event]:
        """All events so far."""
        return read_events(self.events_path)

    @property
    def waiting(self) -> str | None:
        """The candidate that waits for a person, if there is one."""
        found = None
        for event in self.events():
            if event.kind == "waiting":
                found = event.candidate
            elif event.kind in ("decided", "archived", "ended"):
                found = None
        return None if found is None or self.decision(found) is not None else found

    def log(self, session: int) -> EventLog:
        """Return the event log, for the one who writes."""
        return EventLog(self.events_path, session)

    # Reading and writing

    def has(self, place: str) -> bool:
        """Whether a file is there."""
        return (self.path / place).is_file()

    def read(self, place: str, kind: type[T]) -> T:
        """Return a record.

        Raises:
            InputError: the file is not there, or holds something else; it names the field.
        """
        path = self.path / place
        try:
            return msgspec.json.decode(path.read_bytes(), type=kind, dec_hook=_path)
        except FileNotFoundError:
            raise InputError(f"{path}: there is no such file in this run") from None
        except msgspec.MsgspecError as problem:
            raise InputError(f"{path}: {lower_first(str(problem))}") from None

    def write(self, place: str, value: object) -> None:
        """Write a record atomically."""
        self.write_bytes(place, _encoded(value))

    def write_text(self, place: str, text: str) -> None:
        """Write a text atomically."""
        self.write_bytes(place, text.encode())

    def write_bytes(self, place: str, content: bytes) -> None:
        """Write a file atomically.

        Raises:
            InputError: a symbolic link leads out of the run.
            OSError: the surroundings refuse.
        """
        path = self.path / place
        for folder in path.relative_to(self.path).parents:
            refuse_link(self.path, self.path / folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        with attribute_os_errors(path), replace_file(path) as file:
            file.write(content)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run for writing; the system lets go of it when the process ends, however.

        Raises:
            ExternalError: another process holds it.
            InputError: a file that it writes to is a symbolic link.
        """
        for path in self.appended_paths:
            refuse_link(self.path, path)
        with (self.path / "lock").open("a") as file:
            if not _taken(file):
                raise ExternalError(
                    f"{self.path}: another process is at work on this run",
                    hint=f"watch it with `rheostat runs {self.path}`, or stop it first",
                )
            yield

    @property
    def is_held(self) -> bool:
        """Whether a process is at work on it."""
        try:
            with (self.path / "lock").open("r") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:  # nobody ever held it
            return False
        return False


def create_run(path: Path, request: Request) -> RunDirectory:
    """Make the directory of a new run.

    Raises:
        InputError: there is something already.
        OSError: the surroundings refuse.
    """
    if (path / "request.json").exists():
        raise InputError(
            f"{path}: is a run already", hint="--resume goes on with it; or name another directory"
        )
    if path.exists() and (not path.is_dir() or any(map(_is_something, path.iterdir()))):
        raise InputError(f"{path}: is not empty; name a new directory")
    path.mkdir(parents=True, exist_ok=True)
    run = RunDirectory(path)
    # The loop finds its state by this name, wherever the directory is moved to.
    run.write_text("thread", os.urandom(16).hex())
    run.write("request.json", request)
    return run


def _is_something(entry: Path) -> bool:
    """Whether a file is more than what the making of a run that was killed left."""
    return entry.name != "thread" and entry.suffix != ".part"


def open_run(path: Path) -> RunDirectory:
    """Open the directory of a run.

    Raises:
        InputError: it is none, or a later version's.
    """
    run = RunDirectory(path)
    if not run.has("request.json"):
        refuse_misplaced(path, (), "the directory of a run")
        what = "is not a run" if path.is_dir() else "there is no such directory"
        raise InputError(f"{path}: {what}", hint="`rheostat discover --run DIR` makes one")
    version = run.request.version
    if version > VERSION:
        raise InputError(f"{path}: was made by a later version of rheostat; use that one")
    return run


def find_runs(path: Path) -> list[RunDirectory]:
    """Return the run at a path, or the runs directly below it, by name.

    What looks like a run and lacks its request is among them: it is damaged.
    """
    if is_run(path):
        return [RunDirectory(path)]
    below = sorted(path.iterdir()) if path.is_dir() else []
    return [RunDirectory(each) for each in below if is_run(each)]


def is_run(folder: Path) -> bool:
    """Whether a directory is a run, damaged or not."""
    return any((folder / each).is_file() for each in ("request.json", "events.jsonl"))


def link_problem(run: Path, path: Path) -> str:
    """Why a run does not write to a path; empty where it is no symbolic link.

    Args:
        run: the run's directory, which may itself be one.
        path: in it.
    """
    if path == run or not path.is_symlink():
        return ""
    return f"{path}: is a symbolic link, and a run writes to nothing outside of its directory"


def refuse_link(run: Path, path: Path) -> None:
    """Make sure that a path of a run is no symbolic link.

    Raises:
        InputError: it is one.
    """
    problem = link_problem(run, path)
    if problem:
        raise InputError(problem, hint="put the file itself in its place")


def _taken(file: IO[str]) -> bool:
    """Whether the lock could be had; one that looks whether it is held lets go of it at once."""
    for _ in range(20):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.05)
        else:
            return True
    return False


def _encoded(value: object) -> bytes:
    raw = msgspec.json.encode(value, order="sorted", enc_hook=os.fspath)
    return msgspec.json.format(raw, indent=1) + b"\n"


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise NotImplementedError(f"{kind.__name__} has no JSON form")
