"""Fixtures of the harness's tests."""

from pathlib import Path

import pytest


@pytest.fixture
def docs() -> Path:
    """The directory of the documentation."""
    return Path(__file__).parents[2] / "docs"
