"""Where workers run in tests: containers of an engine, or plain processes."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.engines.catalog import get_foreign_engine
from sandbox.host.container import ContainerWorkerLauncher
from sandbox.library import text
from store.environment import save
from store.simulated_chains import SimulatedReasoner
from store.simulation import Benchmark, simulate

if TYPE_CHECKING:
    from docker import DockerClient


@pytest.fixture
def place(client: "DockerClient", image: str) -> ContainerWorkerLauncher:
    """Where workers run."""
    return ContainerWorkerLauncher(image, client=client)


@pytest.fixture
def python_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory with a recording and a controller, where workers are plain processes."""
    monkeypatch.setenv("RHEOSTAT_SANDBOX_WALL", "process")
    reasoner = SimulatedReasoner("one", skill=0.5, verbosity=1.0, noise=0.1, drift=0.1)
    save(simulate(reasoner, Benchmark("bench", 3, 8)), home / "one.recording")
    (home / "mine.py").write_text(text("cmc"))
    yield home
    if get_foreign_engine.cache_info().currsize:
        get_foreign_engine("sandbox").close()
        get_foreign_engine.cache_clear()
