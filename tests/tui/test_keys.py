"""Keys: what is offered where, the help, and that no edit is lost."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.widgets import Button, Footer, Input
from textual.widgets._footer import FooterKey

from agents.run.directory import RunDirectory
from tests.agents.report.conftest import STOPPER, Copied, log
from tests.tui.conftest import NARROW, WIDE, press, settled, shown
from tests.tui.test_screens import waiting
from tests.tui.test_snapshots import screen_text
from tui.app import RheostatApp
from tui.screens.allocation import AllocationScreen
from tui.screens.candidate import CandidateScreen
from tui.screens.dialogs import DecideScreen, NameScreen
from tui.screens.help import HelpScreen
from tui.screens.leaving import LeaveScreen
from tui.screens.run import RunScreen
from tui.screens.trace import TraceScreen
from tui.screens.workbench import WorkbenchScreen
from tui.widgets.editor import Editor
from tui.widgets.frontier_plot import FrontierPlot
from tui.widgets.row_table import RowTable


def footer(app: RheostatApp) -> str:
    """The last line of the screen."""
    assert app.screen.query(Footer)
    return screen_text(app).splitlines()[-1]


def messages(app: RheostatApp) -> list[str]:
    """What the app has notified."""
    return [notification.message for notification in app._notifications]


# Decisions


async def test_the_waiting_candidate_is_marked_and_under_the_cursor(copied: Copied) -> None:
    app = RheostatApp(waiting(copied).path)
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        table = app.screen.query_one("#candidates", RowTable)
        verdicts = {table.row_texts(index)[0]: table.row_texts(index)[1] for index in range(4)}
        assert verdicts["r002-1"] == "waits"
        assert table.row_texts(table.cursor_row)[0] == "r002-1"
        assert "a Approve" in footer(app)


async def test_a_decision_is_offered_for_the_candidate_under_the_cursor_alone(
    copied: Copied,
) -> None:
    run = waiting(copied)
    app = RheostatApp(run.path)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "up")
        assert "Approve" not in footer(app)
        await press(pilot, "a")
        assert isinstance(app.screen, RunScreen)
        assert "r001-1 is not waiting for a decision; r002-1 is." in messages(app)
        await press(pilot, "down", "r")
        assert isinstance(app.screen, DecideScreen)
        assert "Reject r002-1?" in screen_text(app)
        await press(pilot, "escape", "enter")
        assert isinstance(app.screen, CandidateScreen)
        assert "r002-1  waits" in shown(pilot, "#header")
        await press(pilot, "a")
        assert "Approve r002-1?" in screen_text(app)


async def test_nothing_is_offered_once_the_decision_is_made(copied: Copied) -> None:
    run = waiting(copied)
    app = RheostatApp(run.path)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "a", "enter", "enter")
        assert run.decision("r002-1") is not None
        screen = app.screen
        assert isinstance(screen, RunScreen)
        screen.poll()
        await settled(pilot)
        assert "Approve" not in footer(app)
        assert "waits" not in shown(pilot, "#status")


async def test_the_footer_is_made_again_only_if_its_keys_change(copied: Copied) -> None:
    app = RheostatApp(waiting(copied).path)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        keys = list(app.screen.query(FooterKey))
        assert "Approve" in footer(app)
        await press(pilot, "s", "right_square_bracket")
        assert list(app.screen.query(FooterKey)) == keys
        await press(pilot, "ctrl+home")
        assert "Approve" not in footer(app)
        assert list(app.screen.query(FooterKey)) != keys


@pytest.mark.parametrize("keys", [(), ("enter",)])
async def test_a_run_that_has_ended_offers_no_decision(copied: Copied, keys: Sequence[str]) -> None:
    app = RheostatApp(copied().path)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, *keys)
        assert "Approve" not in footer(app)
        await press(pilot, "a")
        assert "No candidate is waiting for a decision." in messages(app)


async def test_a_trial_that_waits_is_offered_on_its_own_page_alone(trials: RunDirectory) -> None:
    (trials.path / "ending.json").unlink()
    log(trials, "waiting", candidate="r002-1")
    app = RheostatApp(trials.path)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "enter")
        assert isinstance(app.screen, AllocationScreen)
        assert "r002-1  waits" in shown(pilot, "#header")
        assert "Approve" in footer(app)
        await press(pilot, "right_square_bracket")
        assert "Approve" not in footer(app)


# Help and the way back

SCREENS = {
    "runs": (),
    "run": ("enter",),
    "candidate": ("enter", "enter"),
    "trace": ("enter", "enter", "t"),
    "workbench": ("enter", "enter", "e"),
}


@pytest.mark.parametrize("name", SCREENS)
async def test_help_lists_the_keys_of_every_screen(copied: Copied, name: str) -> None:
    app = RheostatApp(copied().path.parent)
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        await press(pilot, *SCREENS[name])
        below = app.screen
        for key in ("f1",) if name == "workbench" else ("f1", "question_mark"):
            await press(pilot, key)
            assert isinstance(app.screen, HelpScreen)
            listed = shown(pilot, "#keys Static")
            for binding in type(below).BINDINGS:
                assert isinstance(binding, Binding)
                assert binding.action == "app.help" or binding.description in listed
            assert "Quit" in listed
            await press(pilot, "escape")
            assert app.screen is below


async def test_help_opens_over_a_dialog(copied: Copied) -> None:
    app = RheostatApp(waiting(copied).path)
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        await press(pilot, "a", "f1")
        assert isinstance(app.screen, HelpScreen)
        assert "Cancel" in shown(pilot, "#keys Static")
        await press(pilot, "escape", "question_mark")
        assert app.screen.query_one("#note", Input).value == "?"  # it is a letter of the note


@pytest.mark.parametrize("name", [screen for screen in SCREENS if screen != "runs"])
async def test_a_small_terminal_shows_the_way_back(copied: Copied, name: str) -> None:
    app = RheostatApp(copied().path.parent)
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        await press(pilot, *SCREENS[name])
        assert "esc Back" in footer(app)
        assert "Help" in footer(app)


# The cost that curves are drawn over


async def test_a_key_switches_between_tokens_and_sequential_tokens(copied: Copied) -> None:
    app = RheostatApp(copied().path)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert "c Cost" in footer(app)
        plot = app.screen.query_one(FrontierPlot)
        tokens = plot.curves
        await press(pilot, "c")
        assert "accuracy % over sequential tokens" in shown(pilot, "#details")
        assert [curve.label for curve in plot.curves] == [curve.label for curve in tokens]
        before, after = tokens[-1].points, plot.curves[-1].points
        assert sorted(accuracy for _, accuracy in after) == sorted(
            accuracy for _, accuracy in before
        )
        assert max(after)[0] < max(before)[0]
        await press(pilot, "c")
        assert plot.curves == tokens
        assert "accuracy % over tokens" in shown(pilot, "#details")


async def test_the_workbench_draws_both_costs(copied: Copied) -> None:
    app = RheostatApp(copied().path)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "enter", "e")
        assert "accuracy % over tokens" in shown(pilot, "#diagnostics")
        await press(pilot, "f9")
        assert "accuracy % over sequential tokens" in shown(pilot, "#diagnostics")


async def test_a_run_of_trials_has_one_cost(trials: RunDirectory) -> None:
    app = RheostatApp(trials.path)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert "Cost" not in footer(app)


# Unsaved changes


def edit(app: RheostatApp) -> None:
    """Types a comment at the beginning."""
    editor = app.screen.query_one(Editor)
    editor.area.cursor_location = (0, 0)
    editor.area.insert("# mine\n")


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program in a file."""
    path = tmp_path / "mine.rheo"
    path.write_text(STOPPER)
    return path


@pytest.mark.parametrize("key", ["escape", "ctrl+q"])
async def test_leaving_with_changes_asks_first(program: Path, key: str) -> None:
    app = RheostatApp(program)
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        edit(app)
        await press(pilot, key)
        assert isinstance(app.screen, LeaveScreen)
        assert "mine.rheo has unsaved changes." in screen_text(app)
        await press(pilot, key)  # a second time discards nothing
        assert app.is_running
        if isinstance(app.screen, LeaveScreen):
            await press(pilot, "escape")
        assert isinstance(app.screen, WorkbenchScreen)
        assert "# mine" in app.screen.query_one(Editor).text
        assert program.read_text() == STOPPER


@pytest.mark.parametrize("choice", ["save", "discard"])
async def test_changes_are_saved_or_discarded_by_choice(program: Path, choice: str) -> None:
    app = RheostatApp(program)
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        edit(app)
        await press(pilot, "escape")
        app.screen.query_one(f"#{choice}", Button).press()
        await pilot.pause()
        await pilot.pause()
        assert not app.is_running
    assert program.read_text() == (f"# mine\n{STOPPER}" if choice == "save" else STOPPER)


async def test_a_text_without_a_file_is_named_before_it_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = RheostatApp(tmp_path)
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        await press(pilot, "w")
        edit(app)
        await press(pilot, "escape", "enter")
        assert isinstance(app.screen, NameScreen)
        await press(pilot, "enter")
        assert not isinstance(app.screen, WorkbenchScreen)
    assert (tmp_path / "mine.rheo").read_text().startswith("# mine\n")


async def test_leaving_without_changes_asks_nothing(copied: Copied) -> None:
    app = RheostatApp(copied().path)
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        await press(pilot, "enter", "t")
        assert isinstance(app.screen, TraceScreen)
        await press(pilot, "escape", "e", "escape")
        assert isinstance(app.screen, CandidateScreen)
