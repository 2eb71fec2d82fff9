"""A search that is killed and resumed ends as one that was not."""

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
    """Every file that follows from the request alone."""
    kinds = (".json", ".rheo", ".md", ".state")
    return {
        str(path.relative_to(run.path)): path.read_bytes()
        for path in sorted(run.path.rglob("*"))
        if path.is_file() and path.suffix in kinds
    }


@pytest.fixture(scope="module")
def whole(recordings: list[Path], tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """A run of two rounds that nobody disturbed."""
    run = create_run(tmp_path_factory.mktemp("whole") / "run", request(recordings[:2], **ASKED))
    done = play(run)
    assert done.returncode == 0, done.stderr
    return run


def killed(whole: RunDirectory, path: Path, kind: str, count: int) -> RunDirectory:
    """A run of the same request that was killed once."""
    path.mkdir()
    shutil.copy(whole.path / "request.json", path / "request.json")
    run = open_run(path)
    done = play(run, kind, str(count))
    assert done.returncode == -signal.SIGKILL, done.stderr
    return run


def test_run_directory_contains_its_records(whole: RunDirectory) -> None:
    names = set(content(whole))
    assert {"request.json", "archive.json", "ending.json"} <= names
    for number in (1, 2):
        assert f"rounds/{number:03d}/brief.md" in names
        assert f"rounds/{number:03d}/summary.json" in names
    assert [each.round for each in whole.summaries()] == [1, 2]
    assert [each.candidate for each in whole.reviews()][:2] == ["r001-1", "r001-2"]
    kinds = [each.kind for each in whole.events()]
    assert kinds[0] == "started"
    assert kinds[-1] == "ended"


def test_run_killed_during_a_search_ends_with_the_same_bytes(
    whole: RunDirectory, tmp_path: Path
) -> None:
    run = killed(whole, tmp_path / "run", "searching", 2)
    assert not run.has("archive.json")
    done = play(run)
    assert done.returncode == 0, done.stderr
    assert content(run) == content(whole)


def test_run_killed_repeatedly_ends_with_the_same_bytes(
    whole: RunDirectory, tmp_path: Path
) -> None:
    run = killed(whole, tmp_path / "run", "searching", 1)
    for kind in ("replayed", "reviewed", "archived", "searching"):
        play(run, kind, "1")
    while run.ending is None:
        assert play(run).returncode == 0
    assert content(run) == content(whole)


def test_stored_proposals_are_not_requested_again(whole: RunDirectory, tmp_path: Path) -> None:
    run = killed(whole, tmp_path / "run", "replayed", 1)
    first = read_slots(run, 1)
    assert play(run).returncode == 0
    asked = [each.proposer for each in run.events() if each.kind == "proposing" and each.round == 1]
    assert asked == ["evolve"]
    assert read_slots(run, 1) == first
