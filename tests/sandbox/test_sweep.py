"""Controllers in Python on the command line, beside programs of Rheo."""

import json
from pathlib import Path

import pytest

from harness.engines.catalog import get_foreign_engine
from harness.errors import ExitCode, ExternalError, InputError
from sandbox.registration import require_container_isolation
from tests.command_lines import CommandLine
from tests.sandbox.playing import body

SWEEP = ("--on", "one.recording", "--beta", "0,1", "--seeds", "3", "--threads", "1", "--json")


def test_a_sweep_takes_controllers_in_python(cli: CommandLine, python_home: Path) -> None:
    result = cli("sweep", "cmc", "mine.py", *SWEEP)
    assert result.status == 0, result.err
    document = json.loads(result.out)
    rheo, python = ([row for row in document["rows"] if row["controller"] == name]
                    for name in ("cmc", "mine"))  # fmt: skip
    assert [row["beta"] for row in python] == [0.0, 1.0]
    for one, other in zip(rheo, python, strict=True):
        for column in ("accuracy", "cost", "sequential", "episodes"):
            assert one[column] == other[column]
        assert other["difference"] == 0
    assert document["what"]["engine"].endswith(" and sandbox 1")
    assert document["what"]["controllers"][1]["origin"] == "mine.py"


def test_results_of_a_controller_in_python_are_cached(
    cli: CommandLine, python_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = cli("sweep", "mine.py", *SWEEP)
    monkeypatch.setenv("RHEOSTAT_SANDBOX_WALL", "docker")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    assert cli("sweep", "mine.py", *SWEEP) == first


def test_a_comparison_accepts_controllers_in_python(cli: CommandLine, python_home: Path) -> None:
    result = cli("compare", "mine.py", "sc", *SWEEP[:-1])
    assert result.status == 0, result.err
    assert "mine" in result.out


def test_without_an_engine_a_sweep_ends_with_a_sentence(
    cli: CommandLine, python_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RHEOSTAT_SANDBOX_WALL")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    result = cli("sweep", "mine.py", *SWEEP)
    assert result.status == ExitCode.EXTERNAL
    assert result.err.startswith(
        "error: cannot connect to a Docker engine: /nowhere/docker.sock: no such"
    )
    assert "hint: start Docker, or set DOCKER_HOST" in result.err
    assert "--unsafe-no-docker" in result.err


@pytest.mark.parametrize(
    "command",
    [
        ["sweep", "mine.py", *SWEEP],
        ["compare", "mine.py", "sc", *SWEEP],
        ["trace", "mine.py", "--on", "one.recording"],
    ],
)
def test_trusted_code_is_played_without_a_container_on_request(
    cli: CommandLine,
    python_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
) -> None:
    monkeypatch.delenv("RHEOSTAT_SANDBOX_WALL")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    result = cli(*command, "--unsafe-no-docker")
    assert result.status == 0, result.err
    assert result.err.count("can read your files, gold answers included, and use your network") == 1
    get_foreign_engine.cache_clear()
    # It holds for one command.
    assert cli(*command, "--no-cache" if command[0] != "trace" else "--json").status != 0


def test_untrusted_code_is_not_played_without_a_container(
    python_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="environment RHEOSTAT_SANDBOX_WALL"):
        require_container_isolation()
    monkeypatch.delenv("RHEOSTAT_SANDBOX_WALL")
    (python_home / "rheostat.toml").write_text('[sandbox]\nwall = "process"\n')
    with pytest.raises(InputError, match=r"rheostat\.toml"):
        require_container_isolation()
    (python_home / "rheostat.toml").unlink()
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    with pytest.raises(ExternalError, match="cannot connect to a Docker engine"):
        require_container_isolation()


def test_a_search_never_disables_the_container(cli: CommandLine, python_home: Path) -> None:
    result = cli("discover", "--on", "one.recording", "--run", "run", "--unsafe-no-docker")
    assert result.status == ExitCode.INPUT
    assert "--unsafe-no-docker" in result.err
    assert not Path("run").exists()


WRONG = {
    "import os\n": "mine.py:1:1: import of 'os' is not allowed; collections, math, statistics are",
    body("return str(1 // 0)"): (
        "mine.py:2:16: raised: ZeroDivisionError: integer division or modulo by zero"
        " (question 1, seed 0)"
    ),
    body("return 7"): "mine.py:2:5: raised: TypeError: an answer is a text or None, not a value of",
    body("while True: pass"): "mine.py:2:5: too many turns: it does not end",
}


@pytest.mark.parametrize("code", WRONG)
def test_a_failing_controller_is_reported_with_its_location(
    code: str, cli: CommandLine, python_home: Path
) -> None:
    (python_home / "mine.py").write_text(code)
    result = cli("sweep", "mine.py", *SWEEP)
    assert result.status == ExitCode.INPUT
    assert result.out == ""
    assert result.err.startswith(f"error: {WRONG[code]}")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sweep", "other.py"], "other.py: no such program"),
        (["sweep", "mine.py", "--set", "n=3"], "--set n=3: mine has no free knobs"),
    ],
)
def test_options_that_python_controllers_lack_are_reported(
    arguments: list[str], message: str, cli: CommandLine, python_home: Path
) -> None:
    result = cli(*arguments, "--on", "one.recording")
    assert result.status == ExitCode.INPUT
    assert result.err.startswith(f"error: {message}")


def test_the_settings_of_the_sandbox_are_shown(cli: CommandLine, python_home: Path) -> None:
    rows = {row["setting"]: row["value"] for row in json.loads(cli("config", "show", "--json").out)}
    assert rows["sandbox.wall"] == "process"
    assert rows["sandbox.memory"] == 256
