"""Plays programs over the search set, and never the same twice: outcomes are kept by content."""

import sqlite3
import threading
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from agents.run.databases import connect, database_errors
from agents.run.records import Language
from agents.search.measures import Measured
from agents.search.playing import Knobs, Passing, Playing, Task, players
from harness.engines import Rules
from harness.engines.compiled import CompiledEngine
from harness.request.recordings import Named
from sandbox.engine import SandboxEngine

FORMAT = 1
"""Raised when an outcome is kept in another way, or means something else."""


_ENGINES = {Language.RHEO: CompiledEngine.name, Language.PYTHON: SandboxEngine.name}
"""What plays programs; outcomes are kept under its name and version."""


class Entry(NamedTuple):
    """A program to be played over some of the recordings."""

    source: str
    recordings: tuple[int, ...]
    """Their places in the search set."""
    seeds: int
    betas: tuple[float, ...]
    """The values of β, for one that follows it."""
    given: tuple[Knobs, ...] = ()
    """Settings for its free knobs, in place of spread ones."""
    language: Language = Language.RHEO


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    points: int
    questions: int
    seeds: int
    right: bytes
    tokens: bytes
    sequential: bytes
    problem: str = ""


class Evaluator:
    """Plays and keeps.

    Args:
        recordings: the search set.
        rules: budget and price of a probe.
        database: an open database, of this thread or guarded by its own.
        at_work: the processes that play.
        path: of the database; ``None`` for one in memory.
    """

    def __init__(
        self,
        recordings: Sequence[Named],
        rules: Rules,
        database: sqlite3.Connection,
        at_work: Playing,
        path: Path | None = None,
    ):
        self.recordings = recordings
        self._rules = rules
        self._database = database
        self._path = path
        self._players = at_work
        self._lock = threading.Lock()
        self._passing: dict[bytes, Measured | str] = {}
        """Failures of the machine: they hold for this session, and are not kept."""

    def measure(self, entries: Sequence[Entry]) -> list[list[Measured] | str]:
        """For each entry, what was measured on each of its recordings, or why nothing was."""
        # Proposers work side by side, and the database is one.
        with self._lock, database_errors(self._path, ADVICE):
            return self._measure(entries)

    def _measure(self, entries: Sequence[Entry]) -> list[list[Measured] | str]:
        tasks = [[self._task(entry, place) for place in entry.recordings] for entry in entries]
        wanted = {self._key(task): task for each in tasks for task in each}
        found = self._find(wanted)
        missing = [key for key in wanted if key not in found]
        outcomes = self._players.play([wanted[key] for key in missing]) if missing else ()
        for key, outcome in zip(missing, outcomes, strict=True):
            found[key] = outcome
            if isinstance(outcome, Passing):
                self._passing[key] = outcome
            else:
                self._keep(key, outcome)
        self._database.commit()
        return [_together([found[self._key(task)] for task in each]) for each in tasks]

    def _task(self, entry: Entry, place: int) -> Task:
        recording = self.recordings[place].recording
        return Task(
            entry.source, recording.path, recording.digest, entry.betas, entry.seeds, self._rules,
            entry.given, entry.language,
        )  # fmt: skip

    def _key(self, task: Task) -> bytes:
        # All that the outcome depends on; where the recording lies is no part of it.
        parts = (
            FORMAT, _ENGINES[task.language], task.source, task.digest, task.betas, task.seeds,
            tuple(task.rules), task.given,
        )  # fmt: skip
        return sha256(msgspec.json.encode(parts, order="deterministic")).digest()

    def _find(self, keys: Iterable[bytes]) -> dict[bytes, Measured | str]:
        found: dict[bytes, Measured | str] = {}
        for key in keys:
            row = self._database.execute(
                "SELECT value FROM played WHERE key = ?", (key,)
            ).fetchone()
            if row is not None:
                found[key] = _opened(msgspec.msgpack.decode(row[0], type=_Kept))
        return found

    def _keep(self, key: bytes, outcome: Measured | str) -> None:
        value = msgspec.msgpack.encode(_closed(outcome))
        self._database.execute("INSERT OR REPLACE INTO played VALUES (?, ?)", (key, value))


@contextmanager
def evaluator(
    recordings: Sequence[Named],
    rules: Rules,
    *,
    path: Path | None,
    workers: int,
    cluster: str | None = None,
) -> Iterator[Evaluator]:
    """An evaluator for the length of a block.

    Args:
        recordings: the search set.
        rules: budget and price of a probe.
        path: its database; ``None`` keeps outcomes for as long as the block lasts.
        workers: processes that play.
        cluster: the address of a Ray cluster that plays in their place.
    """
    with database_errors(path, ADVICE):
        database = connect(path)
    try:
        with database_errors(path, ADVICE):
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            database.execute(
                "CREATE TABLE IF NOT EXISTS played (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID"
            )
        with players(workers, cluster) as at_work:
            yield Evaluator(recordings, rules, database, at_work, path)
    finally:
        database.close()


ADVICE = "remove it and --resume: what was played is played again"
"""About a file that is no database of outcomes."""


def _together(parts: Sequence[Measured | str]) -> list[Measured] | str:
    problem = next((part for part in parts if isinstance(part, str)), None)
    return problem if problem is not None else [p for p in parts if not isinstance(p, str)]


def _closed(outcome: Measured | str) -> _Kept:
    if isinstance(outcome, str):
        return _Kept(0, 0, 0, b"", b"", b"", outcome)
    columns = (outcome.right, outcome.tokens, outcome.sequential)
    right, tokens, sequential = (
        zlib.compress(column.astype("<i8").tobytes(), level=1) for column in columns
    )
    points, questions = outcome.right.shape
    return _Kept(points, questions, outcome.seeds, right, tokens, sequential)


def _opened(kept: _Kept) -> Measured | str:
    if kept.problem:
        return kept.problem
    right, tokens, sequential = (
        np.frombuffer(zlib.decompress(column), "<i8").astype(np.int64)
        for column in (kept.right, kept.tokens, kept.sequential)
    )
    shape = (kept.points, kept.questions)
    return Measured(right.reshape(shape), tokens.reshape(shape), sequential, kept.seeds)
