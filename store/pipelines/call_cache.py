"""Call of models and their replies, kept by content: none is ever made twice.

A call is keyed by all that its reply depends on, its index among the samples included. So the first
n samples of a stage are shared by every trial that has at least n of the same model on the same
input, within a run and between runs that share the file.
"""

import sqlite3
from hashlib import blake2b
from pathlib import Path

import msgspec


class PipelineCall(msgspec.Struct, frozen=True, kw_only=True):
    """All that a reply depends on; where the model is served is no part of it."""

    model: str
    """The name that the server knows it by."""
    interface: str
    prompt: str
    temperature: float
    tokens: int
    """That it may take."""
    stop: list[str] = []
    choices: list[str] = []
    place: int = 0
    """Among the samples, from 0."""

    @property
    def key(self) -> str:
        """Name the call by content."""
        content = msgspec.json.encode(self, order="deterministic")
        return blake2b(content, digest_size=16).hexdigest()

    @property
    def seed(self) -> int:
        """For the server, so that the same call gives the same where servers are so."""
        return int(self.key[:7], 16)


class PipelineReply(msgspec.Struct, frozen=True, kw_only=True):
    """A reply of a stage's model, with its tokens."""

    text: str
    tokens_in: int
    tokens_out: int


class CallCache:
    """The calls of a file.

    Args:
        path: of a SQLite database; it is made where it is not there. Several processes may share
            it.
    """

    def __init__(self, path: Path):
        self._connection = sqlite3.connect(path, timeout=60, isolation_level=None)
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute(
            "create table if not exists calls (key text primary key, call blob, said blob)"
        )

    def find(self, call: PipelineCall) -> PipelineReply | None:
        """Return the reply to a call that was made before."""
        row = self._connection.execute(
            "select said from calls where key = ?", (call.key,)
        ).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=PipelineReply)

    def keep(self, call: PipelineCall, reply: PipelineReply) -> None:
        """Write a reply down; the first that was kept stays."""
        self._connection.execute(
            "insert or ignore into calls values (?, ?, ?)",
            (call.key, msgspec.json.encode(call), msgspec.json.encode(reply)),
        )

    def __len__(self) -> int:
        """How many are kept."""
        return int(self._connection.execute("select count(*) from calls").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
