"""Completion: the scripts are sound and ask the command line for what comes next."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dsl.library import NAMES
from tests.command_lines import CommandLine

Completed = Callable[[str], list[str]]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script_is_valid_and_has_install_instructions(
    cli: CommandLine, home: Path, shell: str
) -> None:
    result = cli("completion", shell)
    assert (result.status, result.err) == (0, "")
    assert f"rheostat completion {shell} > " in result.out
    assert "_RHEOSTAT_COMPLETE" in result.out
    if shell == "zsh":
        assert result.out.startswith("#compdef rheostat\n")
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not here to read its script")
    subprocess.run([program, "-n"], input=result.out, text=True, check=True, timeout=60)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("rheostat con", {"config"}),
        ("rheostat config ", {"show"}),
        ("rheostat config show --th", {"--threads"}),
        ("rheostat completion ", {"bash", "fish", "zsh"}),
    ],
)
def test_bash_completes_the_next_word(
    cli: CommandLine, home: Path, words: str, expected: set[str]
) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not here")
    program = home / "bin" / "rheostat"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\nimport sys\nfrom harness.cli.main import main\nsys.exit(main())\n"
    )
    program.chmod(0o755)
    typed = " ".join(f"'{word}'" for word in words.split(" "))
    script = (
        f"{cli('completion', 'bash').out}\nCOMP_WORDS=({typed})\n"
        f"COMP_CWORD={words.count(' ')}\n_rheostat_completion rheostat\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    environ = {
        **os.environ,
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    done = subprocess.run(
        [bash, "--norc", "-c", script],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert set(done.stdout.split()) == expected
    assert done.stderr == ""


@pytest.fixture
def completed(cli: CommandLine, home: Path, monkeypatch: pytest.MonkeyPatch) -> Completed:
    """What bash is told for the last word of a line, as ``type,value`` lines."""
    (home / "mine.rheo").write_text("")

    def complete(line: str) -> list[str]:
        monkeypatch.setenv("_RHEOSTAT_COMPLETE", "bash_complete")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(line.count(" ")))
        result = cli()
        assert (result.status, result.err) == (0, "")
        return result.out.splitlines()

    return complete


@pytest.mark.parametrize(
    "line",
    [
        "rheostat sweep sc --on ",
        "rheostat sweep sc --on one.recording ",
        "rheostat sweep sc --on one.recording tw",
        "rheostat compare sc cmc --on one.recording ",
        "rheostat trace sc --beta 0.5 --on ",
        "rheostat sweep --on ",
    ],
)
def test_files_are_completed_after_on(completed: Completed, line: str) -> None:
    assert completed(line) == [f"file,{line.rpartition(' ')[2]}"]


@pytest.mark.parametrize(
    "line",
    [
        "rheostat sweep c",
        "rheostat sweep sc c",
        "rheostat compare c",
        "rheostat compare sc c",
        "rheostat trace c",
        "rheostat profile c",
        "rheostat check c",
        "rheostat sweep --on one.recording --seeds 3 c",
    ],
)
def test_controllers_are_completed_from_the_library(completed: Completed, line: str) -> None:
    assert completed(line) == ["file,c", *(f"plain,{n}" for n in NAMES if n.startswith("c"))]


def test_programs_in_the_working_directory_are_completed(completed: Completed) -> None:
    assert "plain,mine.rheo" in completed("rheostat sweep ")


def test_a_name_and_a_code_are_completed(completed: Completed) -> None:
    assert completed("rheostat library cm") == ["plain,cmc"]
    assert "plain,RH301" in completed("rheostat explain rh3")


def test_an_invalid_line_has_no_completions(completed: Completed) -> None:
    assert completed("rheostat nosuch --on ") != ["file,"]
    assert "plain,--csv" in completed("rheostat sweep sc --json --c")
