"""No screen obeys what a run's files hold: no control, no markup, no crash."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from textual.widgets import Header

from agents.run.directory import RunDirectory
from tests import hostile
from tests.hostile import FILE, NAME, unsafe
from tests.tui.conftest import NARROW, WIDE, press, settled
from tests.tui.conftest import shown as text_of
from tests.tui.test_snapshots import screen_text
from tui.app import RheostatApp
from tui.screens.dialogs import DecideScreen
from tui.screens.leaving import LeaveScreen

KEYS: dict[str, Sequence[str]] = {
    "runs": (),
    "run": ("enter",),
    "unsound candidate": ("enter", "down", "down", "down"),
    "candidate": ("enter", "enter"),
    "difference": ("enter", "enter", "2"),
    "schedule": ("enter", "enter", "3"),
    "questions": ("enter", "enter", "4"),
    "results": ("enter", "enter", "5"),
    "trace": ("enter", "enter", "t", "left"),
    "beside": ("enter", "enter", "t", "v", "c"),
    "workbench": ("enter", "enter", "e"),
    "help": ("enter", "question_mark"),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """A run whose every text is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    return hostile.run_of(folder, hostile.recordings(tmp_path_factory.mktemp("recordings")))


@pytest.mark.slow
@pytest.mark.parametrize("name", KEYS)
async def test_a_screen_shows_hostile_text_as_text(run: RunDirectory, name: str) -> None:
    app = RheostatApp(run.path.parent)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, *KEYS[name])
        shown = screen_text(app)
        assert unsafe(shown) == []
        assert unsafe(app.export_screenshot()) == []
        if name in ("run", "unsound candidate"):
            assert NAME.split("\x07")[1].split("\x9b")[0] in text_of(pilot, "#details")


@pytest.mark.parametrize("name", ["request.json", "ending.json", "candidates/r001-1/review.json"])
async def test_problems_of_a_hostile_run_are_shown_safely(run: RunDirectory, name: str) -> None:
    content = (run.path / name).read_bytes()
    (run.path / name).write_text(f'{{"{NAME}')
    try:
        app = RheostatApp(run.path.parent)
        async with app.run_test(size=NARROW) as pilot:
            await settled(pilot)
            assert unsafe(screen_text(app)) == []
            await press(pilot, "enter", "enter", "a")
            assert unsafe(screen_text(app)) == []
    finally:
        (run.path / name).write_bytes(content)


async def test_messages_dialogs_and_titles_are_text(tmp_path: Path) -> None:
    path = tmp_path / f"{FILE}.rheo"
    path.write_text(hostile.PROGRAM)
    app = RheostatApp(path)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        app.notify(NAME, title=NAME)
        app.screen.notify(NAME, severity="error")
        app.screen.sub_title = NAME
        app.screen.query_one(Header)
        await settled(pilot)
        shown = screen_text(app)
        assert unsafe(shown) == []
        assert "[red]x[/red]" in shown
        for screen in (LeaveScreen(NAME), DecideScreen(NAME, approved=True)):
            app.push_screen(screen)
            await settled(pilot)
            assert unsafe(screen_text(app)) == []
            await press(pilot, "escape")


def test_screens_show_text_through_widgets_that_escape_it() -> None:
    """What reads markup by itself is given fixed texts alone."""
    allowed = {"tui/screens/help.py", "tui/screens/dialogs.py", "tui/widgets/outside_text.py"}
    root = Path(__file__).parents[2]
    for path in (root / "tui").rglob("*.py"):
        [*lines] = (
            line
            for line in path.read_text(encoding="utf-8").splitlines()
            if line.startswith("from textual.widgets import")
        )
        names = {name.strip() for line in lines for name in line.split("import")[1].split(",")}
        risky = names & {"Static", "Label", "DataTable", "Markdown", "RichLog", "Log", "Tree"}
        assert not risky or str(path.relative_to(root)) in allowed, path
