"""Texts of the run screen."""

from msgspec.structs import replace

from tests.agents.report.conftest import Copied
from tui.model.run_reader import RunReader
from tui.screens.run_text import format_standing


def test_limit_of_minutes_is_shown_instead_of_that_of_rounds(copied: Copied) -> None:
    run = copied()
    limits = run.request.caps
    shown = format_standing(RunReader(run.path).read_view()).plain
    assert f" of {limits.rounds} · best" in shown
    run.write("request.json", replace(run.request, caps=replace(limits, rounds=1000, minutes=10)))
    shown = format_standing(RunReader(run.path).read_view()).plain
    assert "1000" not in shown
    assert " of 10 min" in shown
