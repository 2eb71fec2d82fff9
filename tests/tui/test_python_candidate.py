"""A candidate in Python in the app: its source, what its lines did, its questions, an episode."""

import pytest
from msgspec.structs import replace

from agents.run.records import ControllerLanguage
from tests.agents.report.conftest import Copied
from tests.tui.conftest import WIDE, press, settled, shown
from tui.app import RheostatApp
from tui.screens.candidate import CandidateScreen
from tui.screens.trace import TraceScreen
from tui.widgets.row_table import RowTable


@pytest.mark.slow
async def test_a_candidate_in_python_is_shown_like_any_other(
    copied: Copied, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RHEOSTAT_SANDBOX_WALL", "process")
    run = copied()
    run.candidate_path("r002-1").joinpath("source.rheo").unlink()
    source = (
        "def controller(episode, beta):\n    episode.sample(round(1 + 3 * beta))\n"
        "    return winner(episode.finished)\n"
    )
    draft = run.draft("r002-1")
    proposal = replace(draft.proposal, source=source, language=ControllerLanguage.PYTHON)
    run.store_draft(replace(draft, proposal=proposal))
    app = RheostatApp(run.path)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "down", "enter")
        assert isinstance(app.screen, CandidateScreen)
        lines = str(app.screen.query_one("#source #text").render()).splitlines()
        [sampling] = [line for line in lines if "episode.sample" in line]
        assert sampling.strip().startswith("100.0%")
        assert "+def controller(episode, beta):" in shown(pilot, "#difference")
        assert "so there is no schedule to show" in shown(pilot, "#schedule")
        assert app.screen.query_one("#questions", RowTable).row_count == 24
        await press(pilot, "t")
        assert isinstance(app.screen, TraceScreen)
        assert "answer" in shown(pilot, "#state")
