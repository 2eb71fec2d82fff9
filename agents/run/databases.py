"""The databases of a run: waited for while another process locks them, and named when they fail."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import ExternalError

PATIENCE = 30.0
"""Seconds to wait for a database that another process locks."""

_HEADER = b"SQLite format 3\0"

_RESUME = "then --resume goes on where it stopped"

_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_PERMISSION = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM,
                         sqlite3.SQLITE_AUTH})  # fmt: skip


def connect(path: Path | None) -> sqlite3.Connection:
    """Open a database that several threads use, one at a time.

    Args:
        path: of its file; ``None`` for one in memory.
    """
    # The graph runs nodes in threads of its own.
    return sqlite3.connect(str(path or ":memory:"), timeout=PATIENCE, check_same_thread=False)


@contextmanager
def database_errors(path: Path | None, advice: str) -> Iterator[None]:
    """Turn the errors of a database into sentences, for a block.

    Args:
        path: of its file; ``None`` for one in memory.
        advice: what to do about a file that holds something else.

    Raises:
        ExternalError: the database cannot be used.
    """
    try:
        yield
    except sqlite3.Error as problem:
        code = getattr(problem, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        sentence, hint = _explained(problem, code, advice)
        raise ExternalError(f"{path or 'memory'}: {sentence}", hint=hint) from problem


def _explained(problem: sqlite3.Error, code: int, advice: str) -> tuple[str, str]:
    """Return what is wrong, and what to do about it."""
    if code in _LOCKED:
        sentence = f"another process has locked it for more than {PATIENCE:g} s"
        return sentence, f"end that process (`fuser` names it); {_RESUME}"
    if code == sqlite3.SQLITE_FULL:
        return "no space is left on its disk", f"make room there; {_RESUME}"
    if code in _PERMISSION:
        sentence = "it or its directory cannot be opened for writing"
        return sentence, f"change the permissions; {_RESUME}"
    if code == sqlite3.SQLITE_IOERR:
        return "its disk fails, or is full", f"look at the disk; {_RESUME}"
    if isinstance(problem, sqlite3.ProgrammingError):
        return f"it cannot be used: {problem}", advice
    return f"it is not the database of this run: {problem}", advice


def foreign_problem(path: Path) -> str:
    """Why a file cannot be a database; empty where it can, or where there is none."""
    try:
        with path.open("rb") as file:
            head = file.read(len(_HEADER))
    except FileNotFoundError:
        return ""
    except OSError as problem:
        return f"{path}: {(problem.strerror or str(problem)).lower()}"
    return "" if head in (b"", _HEADER) else f"{path}: is no database"
