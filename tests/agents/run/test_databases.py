"""Databases of a run that are locked, damaged or foreign."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agents.loop.session import SessionStatus
from agents.run import databases
from agents.run.databases import connect, database_errors
from agents.run.directory import RunDirectory
from harness.errors import ExternalError, InputError, RheostatError
from tests.agents.loop.programs import GOOD
from tests.agents.loop.scripted import Scripted
from tests.agents.loop.test_session import Begin, begin, play

__all__ = ["begin"]


@contextmanager
def locked(path: Path) -> Iterator[sqlite3.Connection]:
    """Lock a database exclusively with another connection."""
    other = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    try:
        other.execute("BEGIN EXCLUSIVE")
        yield other
    finally:
        other.close()


def write(path: Path, first: str = "") -> None:
    with database_errors(path, "put it back"):
        connection = connect(path)
        try:
            connection.execute(first)
            connection.execute("CREATE TABLE IF NOT EXISTS kept (value)")
            connection.commit()
        finally:
            connection.close()


def test_connection_waits_for_a_locked_database(tmp_path: Path) -> None:
    with locked(tmp_path / "a.sqlite") as other:
        timer = threading.Timer(0.3, other.rollback)
        timer.start()
        write(tmp_path / "a.sqlite")
        timer.join()


def test_locked_database_is_named_in_the_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "LOCK_TIMEOUT", 0.1)
    path = tmp_path / "a.sqlite"
    with locked(path), pytest.raises(ExternalError) as failed:
        write(path)
    assert failed.value.problem == f"{path}: another process has locked it for more than 0.1 s"
    assert "--resume" in (failed.value.hint or "")


def test_full_disk_error_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with pytest.raises(ExternalError) as failed:
        write(path, "PRAGMA max_page_count = 1")
    assert failed.value.problem == f"{path}: no space is left on its disk"


def test_unreadable_file_error_names_the_path(tmp_path: Path) -> None:
    (tmp_path / "a.sqlite").mkdir()
    with pytest.raises(ExternalError, match=r"a\.sqlite: it or its directory cannot be opened"):
        write(tmp_path / "a.sqlite")


@pytest.mark.parametrize("name", ["checkpoints.sqlite", "evaluations.sqlite"])
@pytest.mark.parametrize("foreign", ["text", "schema"])
def test_foreign_database_in_a_run_is_named(begin: Begin, name: str, foreign: str) -> None:
    run = begin()
    path = run.path / name
    if foreign == "text":
        path.write_text("something that somebody put here, and that is no database " * 100)
    else:
        other = sqlite3.connect(path)
        for table in ("checkpoints", "writes", "played"):
            other.execute(f"CREATE TABLE {table} (mine)")
        other.commit()
        other.close()
    with pytest.raises(ExternalError) as failed:
        play(run, Scripted([[GOOD]]))
    assert failed.value.problem.startswith(f"{path}: it is not the database of this run")
    assert "--resume" in (failed.value.hint or "")
    assert not getattr(failed.value, "__notes__", [])


@pytest.mark.parametrize("name", ["events.jsonl", "lock", "evaluations.sqlite",
                                  "checkpoints.sqlite"])  # fmt: skip
def test_nothing_is_appended_through_a_link(begin: Begin, tmp_path: Path, name: str) -> None:
    run = begin()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("")
    (run.path / name).unlink(missing_ok=True)
    (run.path / name).symlink_to(elsewhere)
    with pytest.raises(InputError, match="is a symbolic link"):
        play(run, Scripted([[GOOD]]))
    assert elsewhere.read_bytes() == b""


@pytest.mark.parametrize("name", ["candidates", "candidates/r001-1"])
def test_nothing_is_written_through_a_linked_directory(
    begin: Begin, tmp_path: Path, name: str
) -> None:
    run = begin()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (run.path / name).parent.mkdir(parents=True, exist_ok=True)
    (run.path / name).symlink_to(elsewhere)
    with pytest.raises(RheostatError, match=f"{name}: is a symbolic link") as failed:
        play(run, Scripted([[GOOD]]))
    assert list(elsewhere.iterdir()) == []
    assert not getattr(failed.value, "__notes__", [])


def test_run_below_a_link_works(begin: Begin, tmp_path: Path) -> None:
    run = begin()
    (tmp_path / "short").symlink_to(run.path)
    assert play(RunDirectory(tmp_path / "short"), Scripted([[GOOD]])).end is SessionStatus.ENDED
