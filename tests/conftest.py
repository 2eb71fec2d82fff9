"""What tests of several rooms share: a command line of its own, and the released recordings."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from dsl.allocation.parser import load_allocation_grammar
from dsl.parser import load_grammar
from harness.cli.main import main
from harness.mdp.environment import ReplayEnvironment, load_replay_environment
from store.autotts import read_autotts
from store.environment import save
from store.reader import open_recording
from tests.command_lines import CommandLine, FreshCommandLine, Said

if TYPE_CHECKING:
    from tests.vllm.scheduling import ByServers

# Here and nowhere below: a fixture that two conftests take in is made twice, for a session too.
pytest_plugins = ["tests.docker_engine"]

# What a shell runs in the background it tells to take no notice of Ctrl-C, and so its children.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parent.parent

# A test on a busy machine is slow without being wrong. Chance is another in every run, so that few
# examples each time come to many; ``--hypothesis-profile thorough`` has many at once.
settings.register_profile("rheostat", deadline=None, max_examples=20)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile("rheostat")

LoadEnvironment = Callable[[str], ReplayEnvironment]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> "ByServers | None":
    """Tests on real servers are shared out by the servers that they need."""
    if config.getoption("dist") != "loadgroup":
        return None
    from tests.vllm.scheduling import ByServers

    return ByServers(config, log)


@pytest.fixture(scope="session")
def released() -> Path:
    """The directory that holds ``aime24/<model>.json``: other people's, so no part of this."""
    named = os.environ.get("RHEOSTAT_DATA")
    path = Path(named) if named else ROOT.parent / "shared" / "data"
    if not (path / "aime24").is_dir():
        pytest.skip(
            "the released AIME24 recordings are not here: set RHEOSTAT_DATA to a directory with"
            " aime24/<model>.json in it"
        )
    return path


@pytest.fixture(scope="session")
def load_released(released: Path, tmp_path_factory: pytest.TempPathFactory) -> LoadEnvironment:
    """Load the released recording of a model, imported as a user would, once for each process."""
    directory = tmp_path_factory.mktemp("released")

    @cache
    def load(model: str) -> ReplayEnvironment:
        path = directory / f"{model}.recording"
        save(read_autotts(released / "aime24" / f"{model}.json"), path)
        return load_replay_environment(open_recording(path))

    return load


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home and working directory, with none of the variables that change manners."""
    # Once a process. Later, their tables would be cached in the home that must stay empty.
    load_grammar()
    load_allocation_grammar()
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
    """Run a command line in this process."""

    def run(*arguments: str) -> Said:
        capfd.readouterr()
        status = main(arguments)
        return Said(int(status), *capfd.readouterr())

    return run


@pytest.fixture
def fresh_cli(home: Path) -> FreshCommandLine:
    """Run a command line in a process of its own, with ``path`` in front of the import path."""
    start = "import sys; from harness.cli.main import main; sys.exit(main())"

    def run(*arguments: str, path: Path | None = None) -> Said:
        searched = os.pathsep.join(
            str(path_entry) for path_entry in (path, ROOT) if path_entry is not None
        )
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
