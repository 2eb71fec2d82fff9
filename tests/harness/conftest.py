"""Fixtures of the harness's tests: a command line in surroundings of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli.main import main
from tests.harness.command_lines import CommandLine, FreshCommandLine, Said


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home and working directory, with none of the variables that change manners."""
    for name in list(os.environ):
        if name.startswith("RHEOSTAT_"):
            monkeypatch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def cli(home: Path, capfd: pytest.CaptureFixture[str]) -> CommandLine:
    """Runs a command line in this process."""

    def run(*arguments: str) -> Said:
        capfd.readouterr()
        status = main(arguments)
        return Said(int(status), *capfd.readouterr())

    return run


@pytest.fixture
def fresh_cli(home: Path) -> FreshCommandLine:
    """Runs a command line in a process of its own, with ``path`` in front of the import path."""
    start = "import sys; from harness.cli.main import main; sys.exit(main())"
    root = Path(__file__).parents[2]

    def run(*arguments: str, path: Path | None = None) -> Said:
        searched = os.pathsep.join(str(each) for each in (path, root) if each is not None)
        done = subprocess.run(
            [sys.executable, "-c", start, *arguments],
            env={**os.environ, "PYTHONPATH": searched},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def docs() -> Path:
    """The directory of the documentation."""
    return Path(__file__).parents[2] / "docs"
