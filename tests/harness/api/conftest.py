"""Recordings for the Python interface: a simulated one of three questions, and two tiny ones."""

from pathlib import Path

import pytest

from harness.api import Recording
from store.environment import save
from store.simulated_chains import SimulatedReasoner
from store.simulation import Benchmark, simulate


@pytest.fixture
def recordings(home: Path) -> list[Recording]:
    """Two models on one benchmark, in files of the working directory."""
    opened = []
    for name in ("one", "two"):
        reasoner = SimulatedReasoner(name, skill=0.5, verbosity=1.0, noise=0.1, drift=0.1)
        save(simulate(reasoner, Benchmark("bench", 3, 8)), home / f"{name}.recording")
        opened.append(Recording(f"{name}.recording"))
    return opened


@pytest.fixture
def recording(recordings: list[Recording]) -> Recording:
    return recordings[0]
