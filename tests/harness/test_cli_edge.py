"""The outermost edge: every exception becomes one sentence and an exit status."""

import errno
import os
from pathlib import Path
from typing import Any

import click
import pytest

from harness.cli.error_reporter import ErrorReporter
from harness.errors import ExitCode, ExternalError, InputError, NegativeResult, RheostatError
from store.environment import save
from store.errors import DamagedRecording, RecordingBusy, StoreError
from store.simulated_chains import SimulatedReasoner
from store.simulation import Benchmark, simulate
from tests.command_lines import CommandLine


class ForeignError(Exception):
    """Stands for an error of a room that is not known here."""

    exit_code = 3


def ending(
    problem: BaseException, capfd: pytest.CaptureFixture[str], *, traceback: bool = False
) -> tuple[int, str]:
    def body() -> None:
        raise problem

    status = ErrorReporter(traceback=traceback).run(body)
    result = capfd.readouterr()
    assert result.out == ""
    return status, result.err


@pytest.mark.parametrize(
    ("problem", "status", "words"),
    [
        (InputError("x.rheo: is empty"), 2, "error: x.rheo: is empty\n"),
        (InputError("no", hint="try"), 2, "error: no\nhint: try\n"),
        (ExternalError("no server"), 3, "error: no server\n"),
        (NegativeResult("2 files differ"), 1, "2 files differ\n"),
        (RheostatError("bad"), 2, "error: bad\n"),
        (ForeignError("far away"), 3, "error: far away\n"),
        (ForeignError(), 3, "error: ForeignError\n"),
        (StoreError("odd", path="a.recording"), 2, "error: a.recording: odd\n"),
        (
            DamagedRecording("bad digest", path="a", location="byte 8"), 2,
            "error: a, byte 8: bad digest\n",
        ),
        (RecordingBusy("is being written", path="a"), 3, "error: a: is being written\n"),
        (FileNotFoundError(errno.ENOENT, "No such file", "a"), 2, "error: a: no such file\n"),
        (IsADirectoryError(errno.EISDIR, "Is a directory", "a"), 2, "error: a: is a directory\n"),
        (
            PermissionError(errno.EACCES, "Not allowed", "a"), 3,
            "error: a: not allowed\nhint: change its permissions, or use another path\n",
        ),
        (
            OSError(errno.ENOSPC, "No space left"), 3,
            "error: no space left\nhint: free some space, or use another path\n",
        ),
        (OSError("odd"), 3, "error: odd\n"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Refused"), 3, "error: refused\n"),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 3, "error: broken pipe\n"),
        (MemoryError(), 3, "error: not enough memory for this command\n"),
        (KeyboardInterrupt(), 130, "error: interrupted\n"),
        (click.Abort(), 130, "error: interrupted\n"),
        (click.UsageError("No such thing."), 2, "error: no such thing\n"),
    ],
)  # fmt: skip
def test_an_exception_becomes_a_sentence_and_a_status(
    capfd: pytest.CaptureFixture[str], problem: BaseException, status: int, words: str
) -> None:
    assert ending(problem, capfd) == (status, words)


def test_notes_are_shown_as_hints(capfd: pytest.CaptureFixture[str]) -> None:
    problem = KeyboardInterrupt()
    problem.add_note("the same command goes on where it stopped")
    assert ending(problem, capfd) == (
        130,
        "error: interrupted\nhint: the same command goes on where it stopped\n",
    )


def test_a_fault_has_a_hint_to_the_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    status, words = ending(ValueError("odd"), capfd)
    assert status == 70
    assert words == (
        "error: ValueError: odd\n"
        "hint: this is a bug in rheostat; set RHEOSTAT_TRACEBACK=1 to see where it happened\n"
    )


def test_a_traceback_is_shown_on_request(capfd: pytest.CaptureFixture[str]) -> None:
    status, words = ending(InputError("bad"), capfd, traceback=True)
    assert status == 2
    assert words.startswith("Traceback (most recent call last):\n")
    assert words.endswith("error: bad\n")


@pytest.mark.parametrize(("value", "shown"), [("1", True), ("0", False), ("", False)])
def test_an_environment_variable_enables_tracebacks(
    monkeypatch: pytest.MonkeyPatch, value: str, shown: bool
) -> None:
    monkeypatch.setenv("RHEOSTAT_TRACEBACK", value)
    assert ErrorReporter().traceback is shown


def test_the_root_option_enables_tracebacks(cli: CommandLine, home: Path) -> None:
    (home / "rheostat.toml").write_text("threads = 0\n")
    assert "Traceback" in cli("--traceback", "config", "show").err
    assert "Traceback" not in cli("config", "show").err


@pytest.mark.parametrize(
    ("outcome", "status"), [(None, 0), (ExitCode.NEGATIVE, 1), (True, 0), ("text", 0), (3, 3)]
)
def test_a_returned_integer_is_the_status(outcome: object, status: int) -> None:
    assert ErrorReporter().run(lambda: outcome) == status


def test_control_characters_of_a_message_are_escaped(capfd: pytest.CaptureFixture[str]) -> None:
    status, words = ending(InputError("file \x1b[2Jname: odd"), capfd)
    assert (status, words) == (2, "error: file \\x1b[2Jname: odd\n")


def test_a_closed_stderr_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", None)

    def body() -> None:
        raise InputError("unheard")

    assert ErrorReporter().run(body) == 2


def test_every_status_is_listed_in_the_docs(docs: Path) -> None:
    page = (docs / "command-line.md").read_text()
    for code in ExitCode:
        assert f"| {int(code)} |" in page


FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")


@needs_full
def test_a_failed_write_names_the_typed_path(cli: CommandLine) -> None:
    result = cli("library", "-o", str(FULL))
    assert result.status == ExitCode.EXTERNAL
    assert result.err == (
        "error: /dev/full: no space left on device\nhint: free some space, or use another path\n"
    )


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, home: Path) -> Path:
    """A directory in which nothing can be made, whoever runs the tests."""
    folder = home / "shut"
    folder.mkdir()
    opened, allowed = Path.open, os.access

    def shut(path: Path, *how: Any, **more: Any) -> Any:  # noqa: ANN401
        if folder in path.parents:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(path, *how, **more)

    monkeypatch.setattr(Path, "open", shut)
    monkeypatch.setattr(
        os, "access", lambda path, mode: Path(path) != folder and allowed(path, mode)
    )
    return folder


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("library -o shut/x.txt", "shut/x.txt"),
        ("new mine -o shut/mine.rheo", "shut/mine.rheo"),
        ("export one.recording --to shut/tables", "shut/tables"),
        ("export one.recording --to shut/one.parquet", "shut/one.parquet"),
        ("sweep sc --on one.recording -o shut/x.json", "shut/x.json"),
        ("sweep sc --on one.recording --plot shut/x.svg", "shut/x.svg"),
        ("compare sc cmc --on one.recording -o shut/x.json", "shut/x.json"),
    ],
)
def test_a_directory_without_permission_is_named_as_typed_and_left_clean(
    cli: CommandLine, refused: Path, home: Path, line: str, named: str
) -> None:
    reasoner = SimulatedReasoner("one", skill=0.5, verbosity=1.0, noise=0.1, drift=0.1)
    save(simulate(reasoner, Benchmark("bench", 2, 4)), home / "one.recording")
    result = cli(*line.split())
    assert result.status == ExitCode.EXTERNAL
    assert result.err == (
        f"error: {named}: permission denied\nhint: change its permissions, or use another path\n"
    )
    assert result.out == ""
    assert list(refused.iterdir()) == []


def test_the_output_path_is_checked_before_input_is_read(cli: CommandLine, refused: Path) -> None:
    result = cli("sweep", "sc", "--on", "absent.recording", "-o", "shut/x.json")
    assert result.err.startswith("error: shut/x.json: permission denied\n")


@needs_full
def test_a_device_is_refused_as_an_import_directory(cli: CommandLine, home: Path) -> None:
    result = cli("import", "autotts", "absent.json", "-o", str(FULL / "."))
    assert (result.status, result.out) == (ExitCode.INPUT, "")
    assert "/dev/full" in result.err


def test_an_unreadable_file_is_an_external_failure(
    cli: CommandLine, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "mine.rheo").write_text("")

    def shut(path: Path) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(os, "access", lambda path, mode: False)
    monkeypatch.setattr(Path, "read_bytes", shut)
    result = cli("check", "mine.rheo")
    assert result.status == ExitCode.EXTERNAL
    assert result.err.startswith("error: mine.rheo: permission denied\n")
