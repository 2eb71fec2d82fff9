"""Completion: the scripts are sound and ask the command line for what comes next."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.command_lines import CommandLine


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_says_how_to_install_it_and_is_valid(
    cli: CommandLine, home: Path, shell: str
) -> None:
    said = cli("completion", shell)
    assert (said.status, said.err) == (0, "")
    assert f"rheostat completion {shell} > " in said.out
    assert "_RHEOSTAT_COMPLETE" in said.out
    if shell == "zsh":
        assert said.out.startswith("#compdef rheostat\n")
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not here to read its script")
    subprocess.run([program, "-n"], input=said.out, text=True, check=True, timeout=60)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("rheostat con", {"config"}),
        ("rheostat config ", {"show"}),
        ("rheostat config show --th", {"--threads"}),
        ("rheostat completion ", {"bash", "fish", "zsh"}),
    ],
)
def test_bash_is_given_what_may_come_next(
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
