"""Play programs over the search set, at most once each: outcomes are stored by content."""

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
from agents.run.records import ControllerLanguage
from agents.search.measurements import ProgramMeasurement
from agents.search.player_pool import Knobs, PlayTask, TaskPlayer, TransientFailure, players
from harness.engines import EpisodeRules
from harness.engines.compiled import CompiledEngine
from harness.request.option_names import name_option
from harness.request.recordings import NamedRecording
from sandbox.engine import SandboxEngine

FORMAT = 2
"""Bump this when the storage format or the meaning of an outcome changes."""


_ENGINES = {
    ControllerLanguage.RHEO: CompiledEngine.name,
    ControllerLanguage.PYTHON: SandboxEngine.name,
}
"""Engine name and version under which outcomes are stored."""


class EvaluationRequest(NamedTuple):
    """A program to play over some of the recordings."""

    source: str
    recordings: tuple[int, ...]
    """Indices of the recordings in the search set."""
    seeds: int
    betas: tuple[float, ...]
    """Values of β, for a program that follows it."""
    settings: tuple[Knobs, ...] = ()
    """Settings for free knobs; by default they are spread over their ranges."""
    language: ControllerLanguage = ControllerLanguage.RHEO
    first_seed: int = 0


class _StoredMeasurement(msgspec.Struct, frozen=True, array_like=True):
    points: int
    questions: int
    seeds: int
    right: bytes
    tokens: bytes
    sequential: bytes
    problem: str = ""


class Evaluator:
    """Play programs and store their outcomes.

    Args:
        recordings: Search set.
        rules: Budget and price of a probe.
        database: Open database, used by this thread only or behind its own lock.
        at_work: Player processes.
        path: Path of the database; ``None`` for one in memory.
    """

    def __init__(
        self,
        recordings: Sequence[NamedRecording],
        rules: EpisodeRules,
        database: sqlite3.Connection,
        at_work: TaskPlayer,
        path: Path | None = None,
    ):
        self.recordings = recordings
        self._rules = rules
        self._database = database
        self._path = path
        self._players = at_work
        self._lock = threading.Lock()
        self._passing: dict[bytes, ProgramMeasurement | str] = {}
        """Machine failures: they hold for this session and are not stored."""

    def measure(self, entries: Sequence[EvaluationRequest]) -> list[list[ProgramMeasurement] | str]:
        """Return the measurement on each recording, or the failure reason, for each entry."""
        # Proposers work side by side, and the database is one.
        with self._lock, database_errors(self._path, _advise()):
            return self._measure(entries)

    def _measure(
        self, entries: Sequence[EvaluationRequest]
    ) -> list[list[ProgramMeasurement] | str]:
        tasks = [[self._task(entry, index) for index in entry.recordings] for entry in entries]
        wanted = {self._key(task): task for group in tasks for task in group}
        outcomes = self._find(wanted)
        missing = [key for key in wanted if key not in outcomes]
        played = self._players.play([wanted[key] for key in missing]) if missing else ()
        for key, outcome in zip(missing, played, strict=True):
            outcomes[key] = outcome
            if isinstance(outcome, TransientFailure):
                self._passing[key] = outcome
            else:
                self._keep(key, outcome)
        self._database.commit()
        return [_together([outcomes[self._key(task)] for task in group]) for group in tasks]

    def _task(self, entry: EvaluationRequest, index: int) -> PlayTask:
        recording = self.recordings[index].recording
        return PlayTask(
            entry.source, recording.path, recording.digest, entry.betas, entry.seeds, self._rules,
            entry.settings, entry.language, entry.first_seed,
        )  # fmt: skip

    def _key(self, task: PlayTask) -> bytes:
        # All that the outcome depends on; the path of the recording is not part of it.
        parts = (
            FORMAT, _ENGINES[task.language], task.source, task.digest, task.betas, task.seeds,
            tuple(task.rules), task.settings, task.first_seed,
        )  # fmt: skip
        return sha256(msgspec.json.encode(parts, order="deterministic")).digest()

    def _find(self, keys: Iterable[bytes]) -> dict[bytes, ProgramMeasurement | str]:
        outcomes: dict[bytes, ProgramMeasurement | str] = {}
        for key in keys:
            row = self._database.execute(
                "SELECT value FROM played WHERE key = ?", (key,)
            ).fetchone()
            if row is not None:
                outcomes[key] = _opened(msgspec.msgpack.decode(row[0], type=_StoredMeasurement))
        return outcomes

    def _keep(self, key: bytes, outcome: ProgramMeasurement | str) -> None:
        value = msgspec.msgpack.encode(_closed(outcome))
        self._database.execute("INSERT OR REPLACE INTO played VALUES (?, ?)", (key, value))


@contextmanager
def open_evaluator(
    recordings: Sequence[NamedRecording],
    rules: EpisodeRules,
    *,
    path: Path | None,
    workers: int,
    cluster: str | None = None,
) -> Iterator[Evaluator]:
    """Open an evaluator for the length of a block.

    Args:
        recordings: Search set.
        rules: Budget and price of a probe.
        path: Path of the database; ``None`` keeps outcomes for the block only.
        workers: Number of player processes.
        cluster: Address of a Ray cluster that plays programs instead.
    """
    with database_errors(path, _advise()):
        database = connect(path)
    try:
        with database_errors(path, _advise()):
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            database.execute(
                "CREATE TABLE IF NOT EXISTS played (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID"
            )
        with players(workers, cluster) as at_work:
            yield Evaluator(recordings, rules, database, at_work, path)
    finally:
        database.close()


def _advise() -> str:
    """Return advice for a file that is not a database of outcomes."""
    return f"remove it, then use {name_option('resume')}; programs are played again"


def _together(parts: Sequence[ProgramMeasurement | str]) -> list[ProgramMeasurement] | str:
    problem = next((part for part in parts if isinstance(part, str)), None)
    return problem if problem is not None else [p for p in parts if not isinstance(p, str)]


def _closed(outcome: ProgramMeasurement | str) -> _StoredMeasurement:
    if isinstance(outcome, str):
        return _StoredMeasurement(0, 0, 0, b"", b"", b"", outcome)
    columns = (outcome.right, outcome.tokens, outcome.sequential)
    right, tokens, sequential = (
        zlib.compress(column.astype("<i8").tobytes(), level=1) for column in columns
    )
    points, questions = outcome.right.shape
    return _StoredMeasurement(points, questions, outcome.seeds, right, tokens, sequential)


def _opened(stored: _StoredMeasurement) -> ProgramMeasurement | str:
    if stored.problem:
        return stored.problem
    right, tokens, sequential = (
        np.frombuffer(zlib.decompress(column), "<i8").astype(np.int64)
        for column in (stored.right, stored.tokens, stored.sequential)
    )
    shape = (stored.points, stored.questions)
    return ProgramMeasurement(
        right.reshape(shape), tokens.reshape(shape), sequential.reshape(shape), stored.seeds
    )
