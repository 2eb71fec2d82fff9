"""A run made by hand, and the app on it."""

import shutil
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from textual.pilot import Pilot
from textual.screen import Screen
from textual.worker import WorkerCancelled

from agents.run.directory import RunDirectory, open_run
from harness.cli.main import main
from tests.agents.conftest import kept_players, recordings, sessions_keep_their_players
from tests.agents.report.conftest import START, copied, template

__all__ = [  # fixtures of the agents'
    "copied", "kept_players", "recordings", "sessions_keep_their_players", "template",
]  # fmt: skip

WIDE, NARROW = (160, 48), (80, 24)

Before = Callable[["Pilot[None]"], Awaitable[None]]


@pytest.fixture(scope="session")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of eight trials of a simulated pipeline, with guidelines in its last round."""
    path = tmp_path_factory.mktemp("trials") / "trials"
    words = ["--sampled", "--seed", "4", "--trials", "8", "--proposer", "evolve"]
    assert main(["allocate", *words, "--run", str(path)]) == 0
    run = open_run(path)
    last = run.summaries()[-1]
    said = [
        "retrieve: 70B; sample for sample the smaller ones are clearly worse.",
        "answer: samples pay.",
    ]
    after = replace(last, search={"evolve": {"guidelines": said}})
    run.write(f"rounds/{last.round:03d}/summary.json", after)
    # The screens show minutes of work, which depend on how busy the machine is.
    events = [replace(event, at=START) for event in run.events()]
    run.events_path.write_bytes(b"".join(msgspec.json.encode(event) + b"\n" for event in events))
    return path


@pytest.fixture
def trials(searched: Path, tmp_path: Path) -> RunDirectory:
    """A copy of that run."""
    shutil.copytree(searched, tmp_path / "trials")
    return open_run(tmp_path / "trials")


@pytest.fixture(autouse=True)
def _at_home(home: Path) -> None:
    """Every test has a home of its own."""


async def settled(pilot: "Pilot[None]") -> None:
    """Waits until nobody works any more and all is drawn."""
    for _ in range(3):
        with suppress(WorkerCancelled):  # by one that was asked for later, which is waited for next
            await pilot.app.workers.wait_for_complete()
        await drawn(pilot)


async def drawn(pilot: "Pilot[None]") -> None:
    """Waits until all is drawn that has changed, and what follows from that has changed too."""
    await pilot.pause()
    while pilot.app.is_running and _is_changed(pilot.app.screen):
        await pilot.pause(0.01)
    await pilot.pause()


def _is_changed(screen: "Screen[Any]") -> bool:
    return bool(screen._dirty_widgets) or screen._layout_required


async def press(pilot: "Pilot[None]", *keys: str) -> None:
    """Presses keys one after the other, and waits for what comes of each."""
    for key in keys:
        await pilot.press(key)
        await settled(pilot)


def shown(pilot: "Pilot[None]", selector: str) -> str:
    """The text of a widget on the screen that is open."""
    from textual.widgets import Static

    return str(pilot.app.screen.query_one(selector, Static).render())
