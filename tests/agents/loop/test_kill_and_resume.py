"""A search that is killed and resumed gives the same bytes as an uninterrupted one."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agents.loop.round_files import read_slots
from agents.run.directory import RunDirectory, create_run, open_run
from agents.run.records import RunLimits
from tests.agents.conftest import request

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("one_session.py")
ROOT = SCRIPT.parents[3]
ASKED = {
    "round_evaluations": 24,
    "tune_evaluations": 10,
    "caps": RunLimits(rounds=2),
    "per_round": 2,
    "seed": 3,
    "tune": True,
}


def play(run: RunDirectory, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(run.path), *more],
        cwd=ROOT, env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True, text=True, check=False, timeout=250,
    )  # fmt: skip


def content(run: RunDirectory) -> dict[str, bytes]:
    """Read every file that depends on the request only."""
    kinds = (".json", ".rheo", ".md", ".state")
    return {
        str(path.relative_to(run.path)): path.read_bytes()
        for path in sorted(run.path.rglob("*"))
        if path.is_file() and path.suffix in kinds
    }


@pytest.fixture(scope="module")
def uninterrupted(recordings: list[Path], tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """An uninterrupted run of two rounds."""
    run = create_run(tmp_path_factory.mktemp("whole") / "run", request(recordings[:2], **ASKED))
    done = play(run)
    assert done.returncode == 0, done.stderr
    return run


def killed(uninterrupted: RunDirectory, path: Path, kind: str, count: int) -> RunDirectory:
    """Run the same request, and kill the process once."""
    path.mkdir()
    shutil.copy(uninterrupted.path / "request.json", path / "request.json")
    run = open_run(path)
    done = play(run, kind, str(count))
    assert done.returncode == -signal.SIGKILL, done.stderr
    return run


def test_run_directory_contains_its_records(uninterrupted: RunDirectory) -> None:
    names = set(content(uninterrupted))
    assert {"request.json", "archive.json", "ending.json"} <= names
    for number in (1, 2):
        assert f"rounds/{number:03d}/brief.md" in names
        assert f"rounds/{number:03d}/summary.json" in names
    assert [summary.round for summary in uninterrupted.summaries()] == [1, 2]
    assert [review.candidate for review in uninterrupted.reviews()][:2] == ["r001-1", "r001-2"]
    kinds = [event.kind for event in uninterrupted.events()]
    assert kinds[0] == "started"
    assert kinds[-1] == "ended"


def test_run_killed_during_a_search_ends_with_the_same_bytes(
    uninterrupted: RunDirectory, tmp_path: Path
) -> None:
    run = killed(uninterrupted, tmp_path / "run", "searching", 2)
    assert not run.has("archive.json")
    done = play(run)
    assert done.returncode == 0, done.stderr
    assert content(run) == content(uninterrupted)


def test_run_killed_repeatedly_ends_with_the_same_bytes(
    uninterrupted: RunDirectory, tmp_path: Path
) -> None:
    run = killed(uninterrupted, tmp_path / "run", "searching", 1)
    for kind in ("replayed", "reviewed", "archived", "searching"):
        play(run, kind, "1")
    while run.ending is None:
        assert play(run).returncode == 0
    assert content(run) == content(uninterrupted)


def test_stored_proposals_are_not_requested_again(
    uninterrupted: RunDirectory, tmp_path: Path
) -> None:
    run = killed(uninterrupted, tmp_path / "run", "replayed", 1)
    first = read_slots(run, 1)
    assert play(run).returncode == 0
    proposing = [
        event.proposer for event in run.events() if event.kind == "proposing" and event.round == 1
    ]
    assert proposing == ["evolve"]
    assert read_slots(run, 1) == first
