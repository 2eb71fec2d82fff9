"""`rheostat export`: what a target may be."""

from pathlib import Path

import pytest

from store.environment import save
from store.simulated_chains import SimulatedReasoner
from store.simulation import Benchmark, simulate
from tests.command_lines import CommandLine


@pytest.fixture
def recording(home: Path) -> str:
    reasoner = SimulatedReasoner("able", skill=0.6, verbosity=1.0, noise=0.1, drift=0.1)
    save(simulate(reasoner, Benchmark("bench", questions=2, branches=4)), home / "a.recording")
    return "a.recording"


def test_a_recording_is_exported_as_parquet_alone(
    recording: str, home: Path, cli: CommandLine
) -> None:
    result = cli("export", recording, "--to", "branches.csv")
    assert result.status == 2
    assert "--to branches.csv: a recording is exported as Parquet" in result.err
    assert not (home / "branches.csv").exists()
    assert cli("export", recording, "--to", "branches.parquet").status == 0
    assert cli("export", recording, "--to", "tables-1.5").status == 0
