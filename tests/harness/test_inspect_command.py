import csv
import io
import json
from pathlib import Path

import pytest

from store.environment import save
from store.reader import open_recording
from store.simulated_chains import SimulatedReasoner
from store.simulation import Benchmark, simulate
from tests.command_lines import CommandLine


@pytest.fixture
def recordings(home: Path) -> list[str]:
    """Two small ones, in the working directory."""
    names = []
    for name in ("one", "two"):
        reasoner = SimulatedReasoner(name, skill=0.5, verbosity=1.0, noise=0.1, drift=0.1)
        save(simulate(reasoner, Benchmark("bench", 3, 4)), home / f"{name}.recording")
        names.append(f"{name}.recording")
    return names


def test_one_recording_is_shown_in_detail(cli: CommandLine, recordings: list[str]) -> None:
    result = cli("inspect", recordings[0])
    assert (result.status, result.err) == (0, "")
    assert result.out.startswith("recording     one.recording\ndigest        ")
    assert "\nsimulated     yes" in result.out
    assert "\nmajority@4 " in result.out
    assert "verified" not in result.out


def test_several_recordings_are_shown_one_per_row(cli: CommandLine, recordings: list[str]) -> None:
    heading, *rows = cli("inspect", *recordings).out.splitlines()
    assert heading.split()[:2] == ["model", "benchmark"]
    assert [row.split()[0] for row in rows] == ["one", "two"]


def test_questions_of_several_recordings_are_labelled(
    cli: CommandLine, recordings: list[str]
) -> None:
    _, *rows = cli("inspect", "--questions", *recordings).out.splitlines()
    assert [row.split()[:2] for row in rows] == [
        [model, f"bench-0{index}"] for model in ("one", "two") for index in range(3)
    ]


def test_json_is_always_a_list(cli: CommandLine, recordings: list[str]) -> None:
    [one] = json.loads(cli("inspect", "--json", recordings[0]).out)
    assert one["digest"] == open_recording(recordings[0]).digest
    assert one["provenance"]["simulated"] is True
    assert one["per_question"] is None
    both = json.loads(cli("inspect", "--json", "--questions", *recordings).out)
    assert [recording["path"] for recording in both] == recordings
    assert both[0] == one | {"per_question": both[0]["per_question"]}
    assert len(both[0]["per_question"]) == 3


def test_csv_names_each_recording(cli: CommandLine, recordings: list[str]) -> None:
    rows = list(csv.DictReader(io.StringIO(cli("inspect", "--csv", recordings[1]).out)))
    assert [(row["recording"], row["model"]) for row in rows] == [("two.recording", "two")]


def test_damage_is_found_by_verify(cli: CommandLine, recordings: list[str], home: Path) -> None:
    assert cli("inspect", "--verify", recordings[0]).err == "1 verified: every byte is intact\n"
    path = home / recordings[0]
    content = bytearray(path.read_bytes())
    # Entropies lie behind everything that the plain figures need.
    place = content.index(b"SIGN") + 60
    content[place] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)
    assert cli("inspect", recordings[0]).status == 0
    result = cli("inspect", "--verify", recordings[0])
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("error: one.recording, byte ")
