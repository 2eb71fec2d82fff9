"""No command shows what could steer a terminal, forge a line or become markup."""

import json
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from agents.run.directory import RunDirectory
from harness.cli import console
from harness.presentation.progress_bar import Advance
from tests import hostile
from tests.agents.conftest import kept_players, sessions_keep_their_players
from tests.command_lines import CommandLine, Said
from tests.hostile import FILE, NAME, PROGRAM, unsafe

__all__ = ["Advance", "kept_players", "sessions_keep_their_players"]  # fixtures of the agents'

COMMANDS = sorted(point.name for point in entry_points(group="rheostat.commands"))
SERVES = {"lsp"}
"""What speaks a protocol on stdin, and prints nothing for people."""

Safe = Callable[..., Said]


@pytest.fixture
def safe(cli: CommandLine) -> Safe:
    """Run a command and hold that it ended as expected, with nothing unsafe in what it said."""

    def run(*words: str, status: int = 0) -> Said:
        result = cli(*words)
        assert unsafe(result.out) == []
        assert unsafe(result.err) == []
        assert result.status == status, result.err
        return result

    return run


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two hostile recordings."""
    return [
        str(recording) for recording in hostile.recordings(tmp_path_factory.mktemp("recordings"))
    ]


@pytest.fixture(scope="module")
def run(on: list[str], tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """A hostile run."""
    return hostile.run_of(tmp_path_factory.mktemp("runs"), [Path(name) for name in on])


@pytest.fixture
def program(home: Path) -> str:
    """A hostile program, under a hostile name."""
    path = home / f"{FILE}.rheo"
    path.write_text(PROGRAM)
    return str(path)


# Refusals


@pytest.mark.parametrize("command", [command for command in COMMANDS if command not in SERVES])
@pytest.mark.parametrize("words", [(NAME,), (f"--{NAME}",), ("--on", NAME)])
def test_a_refusal_quotes_input_without_interpreting_it(
    safe: Safe, command: str, words: tuple[str, ...]
) -> None:
    if command == "new" and words == (NAME,):
        pytest.skip("it writes a program of that name")
    safe(command, *words, status=2)


def test_an_unknown_command_is_quoted_without_obeying_it(safe: Safe) -> None:
    assert r"\x1b[31m" in safe(NAME, status=2).err


@pytest.mark.parametrize(
    "words",
    [
        ("run", "sc", "--questions", "q.jsonl"),
        ("collect", "--questions", "q.jsonl", "-o", "x.recording"),
    ],
)
def test_a_server_that_is_not_there_is_named_safely(
    safe: Safe, home: Path, words: tuple[str, ...]
) -> None:
    question = {"id": NAME, "question": NAME, "answer": NAME}
    (home / "q.jsonl").write_text(json.dumps(question) + "\n")
    safe(
        *words,
        "--base-url",
        "http://127.0.0.1:9",
        "--model",
        NAME,
        "--family",
        "plain",
        "--patience",
        "1",
        status=3,
    )


def test_a_file_of_settings_is_quoted_safely(safe: Safe, home: Path) -> None:
    (home / "rheostat.toml").write_text(f"{json.dumps(NAME)} = 1\n")
    safe("config", "show", status=2)


def test_a_warning_and_progress_and_logs_are_safe(
    cli: CommandLine, capfd: pytest.CaptureFixture[str]
) -> None:
    console.warn(NAME)
    console.hint(NAME)
    console.info(NAME)
    console.say_block(NAME.replace("\n", " "))
    console.show_traceback(ValueError(NAME.replace("\n", " ")))
    assert unsafe(capfd.readouterr().err) == []


# Recordings


@pytest.mark.parametrize("words", [(), ("--questions",), ("--verify",)])
def test_recordings_are_inspected_safely(safe: Safe, on: list[str], words: tuple[str, ...]) -> None:
    safe("inspect", *words, on[0])
    safe("inspect", *words, *on)


def test_json_has_every_text_exactly_and_csv_as_well(safe: Safe, on: list[str]) -> None:
    [found] = json.loads(safe("inspect", "--json", on[0]).out)
    assert found["provenance"]["benchmark"] == NAME
    assert found["path"] == on[0]
    result = safe("inspect", "--json", "--questions", *on)
    assert NAME in json.loads(result.out)[0]["per_question"][0]["id"]


@pytest.mark.parametrize("extra", [(), ("--frontier",), ("--json",), ("--plot", "plot.svg")])
def test_sweeps_and_their_plots_are_safe(
    safe: Safe, home: Path, on: list[str], program: str, extra: tuple[str, ...]
) -> None:
    words = ("--on", *on, "--set", "n=1,4", "--beta", "0,1", "--seeds", "2")
    safe("sweep", program, "sc", *words, *extra)
    if "--plot" in extra:
        picture = (home / "plot.svg").read_text(encoding="utf-8")
        assert unsafe(picture) == []
        shown = "".join(ET.fromstring(picture).itertext())
        assert r"m0a\x1b[31mb\x1b]0;title\x07[red]x[/red][/] <b>&|`*_$x" in shown


def test_comparisons_traces_and_profiles_are_safe(safe: Safe, on: list[str], program: str) -> None:
    safe("compare", program, "sc", "--on", *on, "--set", "n=1,4", "--beta", "0,1", "--seeds", "2")
    safe("trace", program, "--on", on[0], "--beta", "0.5")
    safe("profile", program, "--on", *on, "--beta", "0.5", "--seeds", "2")
    safe("export", on[0], "--to", f"out{FILE}")


def test_programs_are_checked_and_shown_safely(safe: Safe, home: Path, program: str) -> None:
    safe("check", program)
    broken = home / f"broken{FILE}.rheo"
    broken.write_text(PROGRAM.replace("advance active", f'advance "{hostile.TITLE}"'))
    safe("check", str(broken), status=1)
    safe("check", "--json", str(broken), status=1)
    loose = home / f"loose{FILE}.rheo"
    loose.write_text(PROGRAM.replace("  start {", "start {"))
    safe("fmt", "--check", str(loose), status=1)
    safe("sweep", str(broken), "--on", program, status=2)
    python = home / f"mine{FILE}.py"
    python.write_text('def controller(episode, beta):\n    import "\x1b[31m"\n')
    safe("check", str(python), status=1)


def test_imports_name_their_rows_safely(safe: Safe, home: Path) -> None:
    rows = [{"id": NAME, "gold": NAME, NAME: 1}]
    (home / f"x{FILE}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for kind in ("jsonl", "autotts"):
        safe("import", kind, f"x{FILE}.jsonl", "-o", "x.recording", status=2)
    safe("questions", "math", f"x{FILE}.jsonl", status=2)


# Runs


@pytest.mark.slow
def test_runs_are_listed_and_reported_safely(safe: Safe, run: RunDirectory, home: Path) -> None:
    safe("runs", str(run.path.parent))
    safe("runs", str(run.path), "--json")
    safe("report", str(run.path), "--seeds", "2", "-o", str(home / "out"))
    for name in ("report.md", "report.html"):
        text = (home / "out" / name).read_text(encoding="utf-8")
        # What a proposer said is quoted in its own lines.
        assert unsafe(text.replace("\nerror: forged</blockquote>", "")) == []
    page = (home / "out" / "report.html").read_text(encoding="utf-8")
    assert "[red]x[/red][/] &lt;b&gt;&amp;" in page
    assert "<b>" not in page
    found = json.loads((home / "out" / "report.json").read_text(encoding="utf-8"))
    assert found["says"] == NAME


def test_decisions_and_proposals_are_answered_safely(
    safe: Safe, run: RunDirectory, program: str
) -> None:
    for command in ("approve", "reject"):
        safe(command, str(run.path), NAME, "--note", NAME, status=2)
        safe(command, str(run.path), "r001-1", "--note", NAME, status=2)
    safe("propose", str(run.path), program, "--note", NAME, status=2)
    safe("discover", "--run", str(run.path), "--resume", status=2)
