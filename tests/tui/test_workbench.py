"""The workbench, key by key: edit, complete, format, save and propose a program."""

from pathlib import Path

import pytest
from textual.widgets import Input, OptionList

from dsl.formatter import format_source
from dsl.source import Source
from tests.agents.report.conftest import STOPPER, Copied
from tests.tui.conftest import WIDE, press, settled, shown
from tui.app import RheostatApp
from tui.screens.workbench import WorkbenchScreen
from tui.widgets.editor import Editor
from tui.widgets.frontier_plot import FrontierPlot


async def test_an_error_is_shown_while_it_is_typed_and_removed_when_fixed(
    tmp_path: Path, recordings: list[Path]
) -> None:
    path = tmp_path / "mine.rheo"
    path.write_text(STOPPER)
    app = RheostatApp(path, recordings[:1])
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert isinstance(app.screen, WorkbenchScreen)
        area = app.screen.query_one(Editor).area
        area.cursor_location = (9, 18)
        await press(pilot, "x")
        await pilot.pause(0.3)
        assert "has errors" in shown(pilot, "#file")
        assert "10:" in shown(pilot, "#diagnostics")
        await press(pilot, "backspace")
        await pilot.pause(0.3)
        assert "No problems" in shown(pilot, "#diagnostics")


async def test_the_curve_is_redrawn_beside_the_saved_one(
    tmp_path: Path, recordings: list[Path]
) -> None:
    path = tmp_path / "mine.rheo"
    path.write_text(STOPPER)
    app = RheostatApp(path, recordings[:1])
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        plot = app.screen.query_one("#frontier", FrontierPlot)
        labels = [curve.label for curve in plot.curves]
        assert labels == ["cmc", "esc", "last saved", "this"]
        assert plot.curves[2].points == plot.curves[3].points
        area = app.screen.query_one(Editor).area
        area.replace("4", (2, 33), (2, 34))
        await pilot.pause(0.8)
        await settled(pilot)
        assert "pow(4, beta)" in area.text
        assert plot.curves[2].points != plot.curves[3].points
        await press(pilot, "ctrl+s")
        assert path.read_text() == area.text


async def test_words_are_completed(tmp_path: Path) -> None:
    path = tmp_path / "mine.rheo"
    path.write_text(STOPPER.replace("advance active", "adv"))
    app = RheostatApp(path)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        editor = app.screen.query_one(Editor)
        editor.area.cursor_location = (9, 7)
        await press(pilot, "ctrl+n")
        assert "    advance" in editor.text
        editor.area.insert(" ")
        await press(pilot, "ctrl+n")
        words = editor.query_one("#completions", OptionList)
        assert words.display
        await press(pilot, "escape")
        assert not words.display


async def test_a_text_is_formatted_and_one_that_is_not_saved_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "mine.rheo"
    laid_out = format_source(Source(STOPPER))
    path.write_text(STOPPER.replace("  start { open n }", "start {open n}"))
    app = RheostatApp(path)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "f5")
        assert app.screen.query_one(Editor).text == laid_out
        await press(pilot, "escape", "escape")
        assert isinstance(app.screen, WorkbenchScreen)
        assert "not saved" in shown(pilot, "#file")
        await press(pilot, "ctrl+s")
        assert path.read_text() == laid_out


async def test_a_candidate_is_edited_saved_and_proposed(
    copied: Copied, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = copied(ended=False)
    app = RheostatApp(run.path)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "enter", "e")
        assert isinstance(app.screen, WorkbenchScreen)
        area = app.screen.query_one(Editor).area
        area.replace("9", (2, 33), (2, 34))
        await pilot.pause(0.3)
        await press(pilot, "f8")
        [path] = (run.path / "inbox").glob("*.json")
        assert "pow(9, beta)" in path.read_text()
        await press(pilot, "ctrl+s")
        app.screen.query_one("#name", Input).value = "nine"
        await press(pilot, "enter")
        assert "pow(9, beta)" in (tmp_path / "nine.rheo").read_text()
