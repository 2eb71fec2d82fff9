"""Every screen at both sizes, as text; RHEOSTAT_UPDATE_GOLDEN=1 writes them anew."""

import os
from pathlib import Path

import pytest
from textual.app import App
from textual.pilot import Pilot

from agents.run.directory import RunDirectory
from tests.agents.report.conftest import STOPPER, Copied, log
from tests.tui.conftest import NARROW, WIDE, press, settled
from tui import formatting
from tui.app import RheostatApp

GOLDEN = Path(__file__).parent / "golden"
UPDATE = bool(os.environ.get("RHEOSTAT_UPDATE_GOLDEN"))  # a test at home has no such variable

SIZES = {"narrow": NARROW, "wide": WIDE}

KEYS = {
    "run": ("down",),
    "sequential": ("down", "c"),
    "candidate": ("down", "enter"),
    "difference": ("down", "enter", "2"),
    "schedule": ("enter", "3"),
    "questions": ("down", "enter", "4"),
    "results": ("enter", "5"),
    "trace": ("down", "enter", "t", "home", "right", "right"),
    "beside": ("down", "enter", "t", "v"),
    "deciding": ("a",),
    "workbench": ("enter", "e"),
}
"""From the screen of a run."""


TRIALS_KEYS = {
    "trials": "down", "allocation": "enter", "saturation": "2", "progress": "3", "guidelines": "4",
}  # fmt: skip
"""From the screen of a run of trials, one after the other."""


@pytest.fixture(autouse=True)
def _no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ages are not what is looked at."""
    for module in ("tui.formatting", "tui.screens.run_text", "tui.screens.runs"):
        monkeypatch.setattr(f"{module}.ago", lambda seconds: "3 s ago")
    assert formatting.ago(0) == "3 s ago"


@pytest.mark.parametrize("size", ["narrow", pytest.param("wide", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", KEYS)
async def test_a_screen_of_a_run_is_as_it_was_agreed(copied: Copied, name: str, size: str) -> None:
    run = copied(ended=name != "deciding")
    if name == "deciding":
        log(run, "waiting", candidate="r002-1")
    async with RheostatApp(run.path).run_test(size=SIZES[size]) as pilot:
        await settled(pilot)
        await press(pilot, *KEYS[name])
        hold(f"{name}-{size}", pilot)


@pytest.mark.parametrize("size", SIZES)
async def test_the_screens_of_a_run_of_trials_are_as_they_were_agreed(
    trials: RunDirectory, size: str
) -> None:
    async with RheostatApp(trials.path).run_test(size=SIZES[size]) as pilot:
        await settled(pilot)
        for name, key in TRIALS_KEYS.items():
            await press(pilot, key)
            hold(f"{name}-{size}", pilot)


@pytest.mark.parametrize("size", SIZES)
async def test_the_runs_are_as_they_were_agreed(copied: Copied, size: str) -> None:
    run = copied()
    damaged = RunDirectory(run.path.parent / "torn")
    damaged.path.mkdir()
    damaged.events_path.write_text("")
    async with RheostatApp(run.path.parent).run_test(size=SIZES[size]) as pilot:
        await settled(pilot)
        pilot.app.screen.sub_title = "runs"
        await pilot.pause()
        hold(f"runs-{size}", pilot)


@pytest.mark.parametrize("size", SIZES)
async def test_the_workbench_on_a_file_is_as_it_was_agreed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.rheo").write_text(STOPPER.replace("winner(finished) because", "winer(x) because"))
    async with RheostatApp(Path("mine.rheo")).run_test(size=SIZES[size]) as pilot:
        await settled(pilot)
        hold(f"error-{size}", pilot)


def hold(name: str, pilot: "Pilot[None]") -> None:
    """Holds the screen to the file of that name."""
    text = screen_text(pilot.app)
    path = GOLDEN / f"{name}.txt"
    if UPDATE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def screen_text(app: "App[None]") -> str:
    """What stands on the screen, without colours."""
    strips = app.screen._compositor.render_strips()
    return "".join(f"{strip.text.rstrip()}\n" for strip in strips)
