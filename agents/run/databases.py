"""Databases of a run: connections that wait for locks, and readable errors."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import ExternalError
from harness.request.option_names import name_option

LOCK_TIMEOUT = 30.0
"""Seconds to wait for a database that another process locks."""

_HEADER = b"SQLite format 3\0"

_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_PERMISSION = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM,
                         sqlite3.SQLITE_AUTH})  # fmt: skip


def connect(path: Path | None) -> sqlite3.Connection:
    """Open a database that several threads use, one at a time.

    Args:
        path: Database file; ``None`` for a database in memory.
    """
    # The graph runs nodes in threads of its own.
    return sqlite3.connect(str(path or ":memory:"), timeout=LOCK_TIMEOUT, check_same_thread=False)


@contextmanager
def database_errors(path: Path | None, advice: str) -> Iterator[None]:
    """Convert the errors of a database inside a block.

    Args:
        path: Database file; ``None`` for a database in memory.
        advice: What to do if the file is not the database of the run.

    Raises:
        ExternalError: The database cannot be used.
    """
    try:
        yield
    except sqlite3.Error as problem:
        code = getattr(problem, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        sentence, hint = _explain(problem, code, advice)
        raise ExternalError(f"{path or 'memory'}: {sentence}", hint=hint) from problem


def _explain(problem: sqlite3.Error, code: int, advice: str) -> tuple[str, str]:
    """Return a description of the problem, and a hint."""
    resume = f"then use {name_option('resume')}"
    if code in _LOCKED:
        sentence = f"another process has locked it for more than {LOCK_TIMEOUT:g} s"
        return sentence, f"end that process (find it with `fuser`); {resume}"
    if code == sqlite3.SQLITE_FULL:
        return "no space is left on its disk", f"free some space; {resume}"
    if code in _PERMISSION:
        sentence = "it or its directory cannot be opened for writing"
        return sentence, f"change the permissions; {resume}"
    if code == sqlite3.SQLITE_IOERR:
        return "its disk fails, or is full", f"check the disk; {resume}"
    if isinstance(problem, sqlite3.ProgrammingError):
        return f"it cannot be used: {problem}", advice
    return f"it is not the database of this run: {problem}", advice


def find_foreign_problem(path: Path) -> str:
    """Return why a file is not a database; empty if it can be one, or does not exist."""
    try:
        with path.open("rb") as file:
            head = file.read(len(_HEADER))
    except FileNotFoundError:
        return ""
    except OSError as problem:
        return f"{path}: {(problem.strerror or str(problem)).lower()}"
    return "" if head in (b"", _HEADER) else f"{path}: is not a database"
