"""Reading a run while it is written: what is told of it, and what is wrong with it."""

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from agents.run.directory import RunDirectory
from agents.run.records import Decision, Draft
from harness.evaluation.cost_axis import CostAxis
from tests.agents.report.conftest import Copied, log
from tests.command_lines import CommandLine
from tui.model import run_reader
from tui.model.run_reader import RunReader, RunView, find_run_folders


def read_view(run: RunDirectory) -> RunView:
    return RunReader(run.path).read_view()


def test_an_ended_run_is_read_with_its_candidates(copied: Copied) -> None:
    view = read_view(copied())
    assert (view.state, view.problem, view.rounds, view.best) == ("ended", "", 2, "r001-1")
    assert [candidate.name for candidate in view.candidates] == [
        "r001-1",
        "r002-1",
        "r002-2",
        "r002-3",
    ]
    assert view.used.evaluations == 30
    assert view.minutes == 6  # from the first event to the end, a minute each


def test_a_candidate_is_read_with_its_curve_and_its_point_at_any_beta(copied: Copied) -> None:
    run = copied()
    view = read_view(run)
    candidate = view.candidate("r001-1")
    assert candidate is not None
    points = list(run.review("r001-1").points.values())
    sequential = [point[1].sequential or 0.0 for point in points]
    assert view.figures.find_means(0, 0.5) == pytest.approx(
        (
            sum(point[1].accuracy for point in points) / 2,
            sum(point[1].cost for point in points) / 2,
            sum(sequential) / 2,
        )
    )
    for axis in CostAxis:
        curve = candidate.curve(axis)
        assert len(curve) == 3
        assert curve == sorted(curve)
    assert sum(sequential) / 2 in [cost for cost, _ in candidate.curve(CostAxis.SEQUENTIAL)]
    lost = view.candidate("r002-3")
    assert lost is not None
    assert (lost.verdict, lost.curve()) == ("unsound", [])
    assert view.figures.find_means(3, 0.5) is None


def test_a_review_without_sequential_tokens_has_no_curve_over_them(copied: Copied) -> None:
    run = copied()
    before = read_view(run).candidate("r001-1")
    review = run.review("r001-1")
    points = {
        label: [replace(point, sequential=None) for point in column]
        for label, column in review.points.items()
    }
    run.write("candidates/r001-1/review.json", replace(review, points=points))
    view = read_view(run)
    earlier = view.candidate("r001-1")
    assert before is not None
    assert earlier is not None
    assert earlier.curve() == before.curve()
    assert earlier.curve(CostAxis.SEQUENTIAL) == []
    point = view.figures.find_means(0, 0.5)
    assert point is not None
    assert point.sequential is None


def test_candidates_are_read_once_however_many_threads_look(
    copied: Copied, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = RunReader(copied().path)
    read = RunDirectory.draft
    asked: list[str] = []

    def read_slowly(run: RunDirectory, name: str) -> Draft:
        asked.append(name)
        time.sleep(0.01)  # so that other threads come meanwhile
        return read(run, name)

    monkeypatch.setattr(RunDirectory, "draft", read_slowly)
    with ThreadPoolExecutor(4) as pool:
        views = list(pool.map(lambda _: reader.read_view(), range(4)))
    assert asked == [candidate.name for candidate in views[0].candidates]
    assert len({id(view.candidates) for view in views}) == 1


def test_a_waiting_run_waits_until_a_decision(copied: Copied) -> None:
    run = copied(ended=False)
    reader = RunReader(run.path)
    log(run, "waiting", candidate="r002-1")
    assert (reader.read_view().waiting, reader.read_view().state) == ("r002-1", "waits: r002-1")
    run.decide(Decision(candidate="r002-1", approved=True, by="ada"))
    assert (reader.read_view().waiting, reader.read_view().state) == (None, "stopped")


def test_what_is_new_is_seen_at_the_next_look(copied: Copied) -> None:
    run = copied(ended=False)
    shutil.move(run.path / "candidates" / "r002-2", run.path / "away")
    reader = RunReader(run.path)
    before = [candidate.name for candidate in reader.read_view().candidates]
    shutil.move(run.path / "away", run.path / "candidates" / "r002-2")
    log(run, "round")
    after = reader.read_view()
    assert before == ["r001-1", "r002-1", "r002-3"]
    assert [candidate.name for candidate in after.candidates] == [
        "r001-1",
        "r002-1",
        "r002-2",
        "r002-3",
    ]


def test_a_locked_run_without_events_is_shown_as_stuck(
    copied: Copied, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = copied(ended=False)
    with run.locked():
        assert (read_view(run).state, read_view(run).hangs) == (
            "at work",
            True,
        )  # its events are of old
        monkeypatch.setattr(run_reader, "SILENT", float("inf"))
        assert not read_view(run).hangs
    assert read_view(run).state == "stopped"


def test_a_torn_event_is_passed_over_and_read_when_it_is_whole(copied: Copied) -> None:
    run = copied(ended=False)
    reader = RunReader(run.path)
    begun = reader.read_view().begun
    time = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    line = f'{{"at":"{time}","kind":"round","session":1,"round":7}}\n'
    with run.events_path.open("a") as file:
        file.write(line[:30])
        file.flush()
        assert reader.read_view().begun == begun
        file.write(line[30:])
    assert reader.read_view().begun == 7


@pytest.mark.parametrize(
    ("place", "content"),
    [
        ("request.json", "{"), ("request.json", None), ("ending.json", "[]"),
        ("candidates/r001-1/review.json", '{"candidate": 3}'),
        ("candidates/r001-1/draft.json", None), ("rounds/001/summary.json", "\x00\x01"),
        ("events.jsonl", "no event\n\x00\n"), ("archive.json", "garbage"),
    ],
)  # fmt: skip
def test_a_damaged_run_is_reported_without_an_exception(
    copied: Copied, place: str, content: str | None, cli: CommandLine
) -> None:
    run = copied()
    path = run.path / place
    if content is None:
        path.unlink()
    else:
        path.write_text(content)
    view = read_view(run)
    assert isinstance(view, RunView)
    if place == "events.jsonl":  # lines that cannot be read are those of a session that was killed
        assert (view.state, view.problem) == ("ended", "")
        return
    assert view.state == "damaged"
    assert place in view.problem
    # The command line reads the run in the same way.
    result = cli("runs", str(run.path), "--json")
    assert [row["state"] for row in json.loads(result.out)] == ["damaged"]
    assert view.problem in " ".join(result.err.split())


def test_foreign_files_are_no_runs(copied: Copied, tmp_path: Path) -> None:
    run = copied()
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "empty").mkdir()
    (run.path / "candidates" / "notes").mkdir()
    (run.path / "rounds" / "README").write_text("mine")
    assert find_run_folders(tmp_path) == [run.path]
    assert next(candidate.name for candidate in read_view(run).candidates) == "r001-1"
    assert find_run_folders(tmp_path / "nowhere") == []
