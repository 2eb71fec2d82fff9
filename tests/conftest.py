"""Fixtures that several rooms share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def released() -> Path:
    """The directory that holds the released environments, ``aime24/<model>.json``."""
    named = os.environ.get("RHEOSTAT_DATA")
    beside = Path(__file__).parents[2] / "shared" / "data"
    data = Path(named) if named else beside
    if not (data / "aime24").is_dir():
        pytest.skip(
            "the released data is not here; set RHEOSTAT_DATA to the directory above aime24"
        )
    return data
