"""Calculate in a process that may be killed, and keep what was calculated by its content.

What a model writes can make arithmetic run for ever, exhaust memory, or end the process; the answer
then stays as it was read, and the work continues.
"""

import asyncio
import importlib.metadata
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import CancelledError
from contextlib import closing
from functools import cache
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from store.answers.exact import number
from store.answers.symbolic import Description, describe, equal_latex
from store.lifetime import begin_worker_process

T = TypeVar("T")

Leaf = tuple[str, Any]
"""A request for a description: its kind, and an expression or text (`symbolic.describe`)."""

SECONDS = 2.0
"""The longest that one answer may be calculated with."""

MEMORY = 2 << 30
"""Bytes that the process may allocate."""

VERSION = 2
"""Of the descriptions; another one makes kept ones void."""


class GuardedProcess:
    """A pool of processes that describe expressions. Use it as a context manager.

    Args:
        workers: how many processes.
        cache: a file that keeps descriptions; ``None`` keeps none beyond this object.
    """

    def __init__(self, workers: int = 1, cache: Path | None = None):
        self._workers = workers
        self._pool: Any = None
        self._kept = _ComparisonCache(cache) if cache is not None else None
        self._known: dict[Any, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.stop()
            self._pool.join()
            self._pool = None

    async def describe(
        self, leaves: Iterable[tuple[str, Any]]
    ) -> dict[tuple[str, Any], Description]:
        """Describe expressions; those that could not be calculated are left out."""
        wanted = list(dict.fromkeys(leaves))
        descriptions = await self._all(describe, wanted, Description)
        return {
            leaf: description
            for leaf, description in zip(wanted, descriptions, strict=True)
            if description is not None
        }

    async def equal_latex(self, gold: str, answer: str) -> bool:
        """Ask math-verify whether two texts are equal; false if it cannot decide."""
        (equal,) = await self._all(equal_latex, [(gold, answer)], bool)
        return bool(equal)

    async def _all(
        self, function: Callable[..., T], arguments: Sequence[tuple[Any, ...]], kind: type[T]
    ) -> list[T | None]:
        keys = [(function.__name__, argument) for argument in arguments]
        if self._kept is not None:
            self._recall(keys, kind)
        missing = [key for key in keys if key not in self._known]
        if missing:
            results = await asyncio.gather(*(self._one(function, key[1]) for key in missing))
            for key, (has_ended, value) in zip(missing, results, strict=True):
                self._known[key] = value
                if has_ended and self._kept is not None:
                    self._kept.put(_name(key), msgspec.json.encode(value))
            if self._kept is not None:
                self._kept.commit()
        return [self._known[key] for key in keys]

    def _recall(self, keys: Sequence[Any], kind: type[T]) -> None:
        assert self._kept is not None
        for key in keys:
            if key not in self._known and (text := self._kept.get(_name(key))) is not None:
                self._known[key] = msgspec.json.decode(text, type=kind | None)

    async def _one(self, function: Callable[..., T], arguments: Any) -> tuple[bool, T | None]:  # noqa: ANN401
        """Call a function in the process; whether it ended by itself, and its result."""
        from pebble import ProcessExpired

        for _ in range(2):
            processes = self._processes()
            try:
                future = processes.schedule(_attempt, args=(function, arguments), timeout=SECONDS)
                return True, await _result(future, processes)
            except (TimeoutError, ProcessExpired, CancelledError, MemoryError):
                break
            except RuntimeError:
                # All processes ended while they were idle, and the pool with them: begin another.
                if self._pool is processes:
                    self._pool = None
        return False, None

    def _processes(self) -> Any:  # noqa: ANN401 - pebble ships no types for it
        if self._pool is None:
            from multiprocessing import get_context

            from pebble import ProcessPool

            # Spawned, since a fork would take along the threads and descriptors of a client.
            self._pool = ProcessPool(
                max_workers=self._workers, initializer=_prepare, context=get_context("spawn")
            )
        return self._pool


async def _result(future: Any, pool: Any) -> Any:  # noqa: ANN401
    """Wait for a result.

    pebble 5.2 leaves a future open for ever where all processes were killed while they were idle;
    the pool then reports that it is no longer active.

    Raises:
        RuntimeError: the pool is gone.
    """
    waiting = asyncio.wrap_future(future)
    while True:
        done, _ = await asyncio.wait([waiting], timeout=0.5)
        if done:
            return waiting.result()
        if not pool.active:
            raise RuntimeError("the pool of processes has ended")


def _attempt(function: Callable[..., T], arguments: Sequence[Any]) -> T | None:
    """Call a function on what a model wrote; ``None`` where that has no value.

    The libraries raise whatever they come upon, so this is the outermost edge of a process.
    """
    try:
        return function(*arguments)
    except Exception:  # noqa: BLE001 - libraries raise any exception
        return None


def _prepare() -> None:
    """End with the parent, bound the memory, and load the libraries before any answer's time."""
    import resource

    begin_worker_process()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    equal_latex("\\frac{1}{2}", "0.5")
    describe("value", ("+", ("^", number(2), ("sym", "n")), ("fn", "sin", ("sym", "n"))))


_TABLE = "CREATE TABLE IF NOT EXISTS kept (name BLOB PRIMARY KEY, value BLOB)"


class _ComparisonCache:
    """Descriptions in a file of SQLite, by a digest of what they describe.

    The file is a cache: one that cannot be opened or written is done without.
    """

    def __init__(self, path: Path):
        self._connection: sqlite3.Connection | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=5.0)
            with closing(self._connection.cursor()) as cursor:
                cursor.execute("PRAGMA journal_mode = WAL")
                cursor.execute(_TABLE)
        except (OSError, sqlite3.Error):
            self._connection = None

    def get(self, name: bytes) -> bytes | None:
        """Return the value of a name, or ``None``."""
        rows = self._try("SELECT value FROM kept WHERE name = ?", (name,))
        return bytes(rows[0][0]) if rows else None

    def put(self, name: bytes, value: bytes) -> None:
        """Keep a value."""
        self._try("INSERT OR REPLACE INTO kept VALUES (?, ?)", (name, value))

    def commit(self) -> None:
        """Make what was kept last."""
        if self._connection is not None:
            try:
                self._connection.commit()
            except sqlite3.Error:
                self._connection = None

    def _try(self, statement: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        if self._connection is None:
            return []
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error:
            self._connection = None
            return []


def _name(key: Any) -> bytes:  # noqa: ANN401 - nested tuples of text
    return blake2b(repr((_versions(), key)).encode(), digest_size=16).digest()


@cache
def _versions() -> list[object]:
    """Return the versions that a description depends on."""
    return [VERSION, *(importlib.metadata.version(name) for name in ("math-verify", "sympy"))]
