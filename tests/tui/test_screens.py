"""The app, key by key: watch, sort, open, step, compare, approve, reject."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.widgets import Input

from agents.run.directory import RunDirectory
from agents.run.records import ApprovalMode
from tests.agents.report.conftest import Copied, log
from tests.tui.conftest import NARROW, WIDE, press, settled, shown
from tui.app import RheostatApp
from tui.model.run_reader import RunReader, RunView
from tui.screens.candidate import CandidateScreen
from tui.screens.dialogs import DecideScreen
from tui.screens.run import EVERY, RunScreen
from tui.screens.runs import RunsScreen
from tui.screens.trace import TraceScreen
from tui.widgets.episode_picture import EpisodePicture
from tui.widgets.frontier_plot import FrontierPlot
from tui.widgets.row_table import RowTable


def waiting(copied: Copied) -> RunDirectory:
    """The run, where its second candidate waits."""
    run = copied(ended=False)
    run.write("request.json", replace(run.request, approve=ApprovalMode.EACH))
    log(run, "waiting", candidate="r002-1")
    return run


def rows(app: RheostatApp, selector: str) -> list[str]:
    """The first cells of a table."""
    table = app.screen.query_one(selector, RowTable)
    return [table.row_texts(index)[0] for index in range(table.row_count)]


# Runs


async def test_runs_are_listed_and_one_is_opened(copied: Copied) -> None:
    run = copied()
    async with RheostatApp(run.path.parent).run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert isinstance(pilot.app.screen, RunsScreen)
        assert rows(pilot.app, "#runs") == ["run"]  # type: ignore[arg-type]
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, RunScreen)
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, RunsScreen)


async def test_a_directory_without_runs_shows_a_message(tmp_path: Path) -> None:
    async with RheostatApp(tmp_path).run_test(size=NARROW) as pilot:
        await settled(pilot)
        assert "No runs in" in shown(pilot, "#note")


@pytest.mark.parametrize("place", ["request.json", "candidates/r001-1/draft.json", "ending.json"])
async def test_a_broken_run_is_shown_as_such(copied: Copied, place: str) -> None:
    run = copied()
    (run.path / place).write_text("{")
    async with RheostatApp(run.path.parent).run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert place.rpartition("/")[2] in shown(pilot, "#note")
        await press(pilot, "enter")
        assert place.rpartition("/")[2] in shown(pilot, "#status")


# Rounds


async def test_a_run_is_watched_while_it_is_written(copied: Copied) -> None:
    run = copied(ended=False)
    away = run.path / "away"
    (run.path / "candidates" / "r002-2").rename(away)
    app = RheostatApp(run.path)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert rows(app, "#candidates") == ["r001-1", "r002-1", "r002-3"]
        away.rename(run.path / "candidates" / "r002-2")
        screen = app.screen
        assert isinstance(screen, RunScreen)
        screen.poll()
        await settled(pilot)
        assert rows(app, "#candidates") == ["r001-1", "r002-1", "r002-2", "r002-3"]


async def test_a_run_is_read_again_when_another_screen_no_longer_covers_it(
    copied: Copied, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = copied(ended=False)
    away = run.path / "away"
    (run.path / "candidates" / "r002-3").rename(away)
    read = RunReader.read_view
    views: list[RunView] = []

    def read_and_keep(reader: RunReader) -> RunView:
        views.append(read(reader))
        return views[-1]

    monkeypatch.setattr(RunReader, "read_view", read_and_keep)
    app = RheostatApp(run.path)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "w")
        before = len(views)
        away.rename(run.path / "candidates" / "r002-3")
        await pilot.pause(2 * EVERY)
        assert len(views) == before
        await press(pilot, "escape")
        assert rows(app, "#candidates") == ["r001-1", "r002-1", "r002-2", "r002-3"]


async def test_candidates_are_sorted_and_shown_at_another_beta(copied: Copied) -> None:
    app = RheostatApp(copied().path)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        table = app.screen.query_one("#candidates", RowTable)
        before = [table.row_texts(index)[2] for index in range(3)]
        await press(pilot, *["right_square_bracket"] * 5)
        assert [table.row_texts(index)[2] for index in range(3)] != before
        await press(pilot, "s")
        objectives = [table.row_texts(index)[5] for index in range(3)]
        assert objectives == sorted(objectives, key=float, reverse=True)
        await press(pilot, "s", "s")
        tokens = [table.row_texts(index)[3] for index in range(3)]
        assert tokens == sorted(tokens, key=_number)


async def test_the_plot_holds_the_baselines_and_the_candidate_under_the_cursor(
    copied: Copied,
) -> None:
    app = RheostatApp(copied().path)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        plot = app.screen.query_one("#frontier", FrontierPlot)
        assert [curve.label for curve in plot.curves] == ["sc", "asc", "r001-1"]
        await press(pilot, "down")
        assert plot.curves[-1].label == "r002-1"
        assert "r002-1" in shown(pilot, "#details")
        assert "<script>" in shown(pilot, "#details")  # words are shown as they are


# A candidate


async def test_a_candidate_shows_its_lines_its_parent_and_its_questions(copied: Copied) -> None:
    app = RheostatApp(copied().path)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "down", "enter")
        assert isinstance(app.screen, CandidateScreen)
        source = str(app.screen.query_one("#source #text").render())
        assert "advance active" in source
        assert "%" in source
        assert "from r001-1 to r002-1" in shown(pilot, "#difference")
        assert "+    rising n     = round(1 * pow(16, beta))" in shown(pilot, "#difference")
        assert "level" in shown(pilot, "#schedule")
        assert len(rows(app, "#questions")) == 24
        assert "compared with r001-1" in shown(pilot, "#comparison")
        await press(pilot, "d")
        assert "compared with sc" in shown(pilot, "#comparison")
        assert "from sc to r002-1" in shown(pilot, "#difference")


async def test_questions_are_sorted_by_what_was_won_and_lost(copied: Copied) -> None:
    app = RheostatApp(copied().path)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "down", "enter", "s")
        table = app.screen.query_one("#questions", RowTable)
        result = [int(table.row_texts(index)[4]) for index in range(table.row_count)]
        assert result == sorted(result)


async def test_a_candidate_that_does_not_check_is_shown_with_its_diagnostics(
    copied: Copied,
) -> None:
    app = RheostatApp(copied().path)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "down", "down", "down")
        assert "RH201" in shown(pilot, "#details")
        await press(pilot, "enter", "t")
        assert isinstance(app.screen, CandidateScreen)  # there is no episode of it
        assert "has errors" in shown(pilot, "#schedule")


# A trace


async def test_an_episode_is_stepped_through(copied: Copied) -> None:
    app = RheostatApp(copied().path)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "enter", "t")
        assert isinstance(app.screen, TraceScreen)
        assert "answer" in shown(pilot, "#state")
        await press(pilot, "home")
        assert "step   0" in shown(pilot, "#slider")
        assert "no votes yet" in shown(pilot, "#state")
        await press(pilot, "right")
        assert "step   1" in shown(pilot, "#slider")
        assert "open" in shown(pilot, "#state")
        marked = app.screen.query_one("#current-source #text").render()
        assert "start { open n }" in str(marked)
        await press(pilot, "end")
        assert "not revealed" in shown(pilot, "#state")


async def test_question_seed_beta_and_recording_are_switched_in_place(copied: Copied) -> None:
    app = RheostatApp(copied().path)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "enter", "t")
        assert "weak/small  small-00 (1 of 12)  seed 0  β 0.5" in shown(pilot, "#episode")
        await press(pilot, "n", "x", "right_square_bracket", "m")
        assert "able/small  small-01 (2 of 12)  seed 1  β 0.6" in shown(pilot, "#episode")
        await press(pilot, "p", "p", "z", "left_square_bracket")
        assert "small-11 (12 of 12)  seed 0  β 0.5" in shown(pilot, "#episode")


async def test_two_controllers_are_shown_side_by_side(copied: Copied) -> None:
    app = RheostatApp(copied().path)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "down", "enter", "t", "v")
        assert "r002-1" in shown(pilot, "#left-name")
        assert "r001-1" in shown(pilot, "#right-name")
        await press(pilot, "c")
        assert "sc" in shown(pilot, "#right-name")
        right = app.screen.query_one("#right-picture", EpisodePicture)
        assert right.virtual_size.height > 0
        await press(pilot, "v")
        assert not app.screen.query_one("#right-half").display


# People


@pytest.mark.parametrize(("key", "approved"), [("a", True), ("r", False)])
async def test_a_candidate_that_waits_is_decided_with_a_note(
    copied: Copied, key: str, approved: bool
) -> None:
    run = waiting(copied)
    app = RheostatApp(run.path)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert "waits: r002-1" in shown(pilot, "#status")
        await press(pilot, key)
        assert isinstance(app.screen, DecideScreen)
        app.screen.query_one("#note", Input).value = "as agreed"
        await press(pilot, "enter", "enter")
        decision = run.decision("r002-1")
        assert decision is not None
        assert (decision.approved, decision.note) == (approved, "as agreed")


async def test_nothing_is_decided_without_a_yes(copied: Copied) -> None:
    run = waiting(copied)
    app = RheostatApp(run.path)
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        await press(pilot, "a", "escape")
        assert isinstance(app.screen, RunScreen)
        await press(pilot, "r", "enter", "tab", "enter")
        assert run.decision("r002-1") is None


async def test_without_a_waiting_candidate_there_is_no_decision(copied: Copied) -> None:
    app = RheostatApp(copied().path)
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        await press(pilot, "a")
        assert isinstance(app.screen, RunScreen)


async def test_a_decision_of_another_terminal_comes_first(copied: Copied) -> None:
    from agents.run.records import Decision

    run = waiting(copied)
    app = RheostatApp(run.path)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "a")
        run.decide(Decision(candidate="r002-1", approved=False, by="ada"))
        await press(pilot, "enter", "enter")
        decision = run.decision("r002-1")
        assert decision is not None
        assert (decision.approved, decision.by) == (False, "ada")


def _number(text: str) -> float:
    units = {"k": 1e3, "M": 1e6}
    return float(text.rstrip("kM")) * units.get(text[-1], 1.0)
