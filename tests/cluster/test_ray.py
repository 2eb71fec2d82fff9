"""Work over a Ray cluster of this machine gives the bytes of one process, whoever is killed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.simulation import write_sample
from tests.cluster.workers import RAY, begun, ended, kill_worker
from tests.store.serving.scripted import MODEL, ScriptedServer, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    written = list(write_sample(tmp_path_factory.mktemp("sample")))
    return [str(recording.path) for recording in written[:2]]


@pytest.fixture
def servers() -> Iterator[list[ScriptedServer]]:
    with serving(ScriptedServer()) as one, serving(ScriptedServer()) as other:
        yield [one, other]


def test_a_sweep_gives_the_same_bytes_and_a_killed_worker_costs_a_retry(
    recordings: list[str], tmp_path: Path
) -> None:
    words = ["sweep", "cmc", "esc", "--on", *recordings, "--no-cache", "--json", "-o"]
    ended(begun(tmp_path, *words, "here.json"))
    there = begun(tmp_path, *words, "there.json", *RAY, "--threads", "2")
    killed = kill_worker(there, "play")
    ended(there)
    assert killed
    here = (tmp_path / "here.json").read_bytes()
    assert json.loads(here)["rows"]
    assert (tmp_path / "there.json").read_bytes() == here


def test_a_collection_over_two_engines_gives_the_same_bytes_though_one_is_killed(
    servers: list[ScriptedServer], tmp_path: Path
) -> None:
    rows = [{"id": name, "question": f"{name}?", "answer": "3"} for name in "abcd"]
    questions = tmp_path / "q.jsonl"
    questions.write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = [
        "collect", "--model", MODEL, "--family", "think", "--questions", str(questions),
        "--interval", "40", "--max-tokens", "400", "--branches", "12", "--group", "4",
        "--concurrency", "4", "--token-ids",
    ]  # fmt: skip
    ended(begun(tmp_path, *words, "--base-url", servers[0].url, "-o", "here.recording"))
    urls = ",".join(server.url for server in servers)
    for server in servers:
        server.pace = 0.05
        server.seen.clear()
    there = begun(tmp_path, *words, "--base-url", urls, *RAY, "-o", "there.recording")
    while not all(server.completions for server in servers):
        assert there.poll() is None, there.communicate()
    assert kill_worker(there, "_EngineActor")
    ended(there)
    assert all(len(server.completions) > 4 for server in servers)
    here = (tmp_path / "here.recording").read_bytes()
    assert (tmp_path / "there.recording").read_bytes() == here


def test_a_discovery_whose_programs_are_played_over_a_cluster_ends_the_same(
    recordings: list[str], tmp_path: Path
) -> None:
    words = [
        "discover", "--on", *recordings, "--seeds", "6", "--screening", "3", "--beta", "0,0.5,1",
        "--threads", "2", "--round-evaluations", "24", "--no-tune", "--rounds", "1", "--seed", "5",
        "--proposer", "evolve",
    ]  # fmt: skip
    ended(begun(tmp_path, *words, "--run", "here"))
    ended(begun(tmp_path, *words, "--run", "there", *RAY))
    for name in ("archive.json", "rounds/001/proposals/01-evolve.json"):
        here = (tmp_path / "here" / name).read_bytes()
        assert (tmp_path / "there" / name).read_bytes() == here
