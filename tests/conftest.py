"""What tests of several rooms share: the released recordings, where they are at hand."""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from harness.mdp.environment import Environment, environment
from store.autotts import read_autotts
from store.environment import save
from store.reader import open_recording

ROOT = Path(__file__).resolve().parent.parent

# A test on a busy machine is slow without being wrong.
settings.register_profile("rheostat", deadline=None)
settings.load_profile("rheostat")

World = Callable[[str], Environment]


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
def released_world(released: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Gives a model's released environment, imported as a user would, once for each process."""
    directory = tmp_path_factory.mktemp("released")

    @cache
    def load(model: str) -> Environment:
        path = directory / f"{model}.recording"
        save(read_autotts(released / "aime24" / f"{model}.json"), path)
        return environment(open_recording(path))

    return load
