"""The directory of a run: atomic files, one writer, readable errors."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agents.run.directory import RunDirectory, create_run, find_runs, open_run
from agents.run.records import VERSION, Decision, Draft, Proposal, RecordingRef, Request
from harness.errors import ExternalError, InputError

REQUEST = Request(search=[RecordingRef(label="m/b", path=Path("/r.recording"), digest="d")])


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return create_run(tmp_path / "run", REQUEST)


def test_request_round_trips(run: RunDirectory) -> None:
    assert run.request == REQUEST
    assert open_run(run.path).request == REQUEST


def test_nonempty_directory_is_refused_and_unchanged(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(InputError, match="is not empty"):
        create_run(tmp_path, REQUEST)
    assert [path.name for path in tmp_path.iterdir()] == ["notes"]


def test_run_is_not_created_twice(run: RunDirectory) -> None:
    with pytest.raises(InputError, match="is already a run"):
        create_run(run.path, REQUEST)


def test_directory_that_is_not_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a run"):
        open_run(tmp_path)
    with pytest.raises(InputError, match="no such run; check the path"):
        open_run(tmp_path / "nowhere")


def test_run_of_a_later_version_is_refused(run: RunDirectory) -> None:
    text = (run.path / "request.json").read_text()
    later = re.sub(r'"version": \d+', f'"version": {VERSION + 1}', text)
    (run.path / "request.json").write_text(later)
    with pytest.raises(InputError, match="created by a later version"):
        open_run(run.path)


def test_damaged_record_error_names_file_and_field(run: RunDirectory) -> None:
    (run.path / "request.json").write_text('{"search": [{"label": 3}]}')
    with pytest.raises(InputError, match=r"request\.json: .*\$\.search\[0\]\.label"):
        _ = run.request


def test_a_program_that_is_not_utf_8_is_reported_with_its_file(run: RunDirectory) -> None:
    draft = Draft(candidate="r001-1", proposer="hand", proposal=Proposal(source="x"))
    run.store_draft(draft)
    path = run.source_path("r001-1")
    assert path is not None
    path.write_bytes(b"x\xe9x")
    with pytest.raises(InputError, match=r"source\.rheo: is not UTF-8 at byte 1"):
        run.source("r001-1")


def test_equal_records_are_equal_bytes(run: RunDirectory) -> None:
    draft = Draft(candidate="r001-1", proposer="hand", proposal=Proposal(source="x"))
    run.store_draft(draft)
    path = run.candidate_path("r001-1") / "draft.json"
    before = path.read_bytes()
    run.store_draft(draft)
    assert path.read_bytes() == before
    assert (run.draft("r001-1"), run.source("r001-1")) == (draft, "x")
    assert [entry.name for entry in path.parent.iterdir() if entry.name.startswith(".")] == []


def test_first_of_concurrent_decisions_counts(run: RunDirectory) -> None:
    def decide(number: int) -> bool:
        return run.decide(Decision(candidate="r001-1", approved=True, note=str(number)))

    with ThreadPoolExecutor(8) as pool:
        heard = list(pool.map(decide, range(8)))
    assert heard.count(True) == 1
    decision = run.decision("r001-1")
    assert decision is not None
    assert decision.note == str(heard.index(True))
    assert run.decisions() == [decision]
    assert run.decision("r001-2") is None


HOLD = """
import sys
from pathlib import Path
from agents.run.directory import RunDirectory
with RunDirectory(Path(sys.argv[1])).locked():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_lock_is_exclusive_and_released_when_the_process_dies(run: RunDirectory) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(run.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert run.is_held
        with pytest.raises(ExternalError, match="another process is at work"), run.locked():
            pass
        holder.kill()
    assert not run.is_held
    with run.locked():
        pass


def test_find_runs_accepts_a_run_or_its_parent(tmp_path: Path) -> None:
    for name in ("b", "a"):
        create_run(tmp_path / name, REQUEST)
    (tmp_path / "c").mkdir()
    assert [run.path.name for run in find_runs(tmp_path)] == ["a", "b"]
    assert [run.path.name for run in find_runs(tmp_path / "a")] == ["a"]
    assert find_runs(tmp_path / "nowhere") == []
