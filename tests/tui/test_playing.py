"""What the app plays is what the commands play."""

from itertools import pairwise
from pathlib import Path

import pytest

from agents.search.arena import open_arena
from dsl import library
from harness.engines import ControllerSetting
from harness.request.controllers import load_program, parse_controller
from tests.agents.report.conftest import Copied
from tui.model.highlighting import highlight_line
from tui.model.replay import open_file_player, open_run_player


def test_a_candidate_is_played_as_its_review_was(copied: Copied) -> None:
    run = copied()
    played = open_run_player(run.request).play(parse_controller(run.source("r001-1"), "r001-1"))
    for place, recording in enumerate(run.request.search):
        for index, point in enumerate(run.review("r001-1").points[recording.label]):
            assert 100 * played.right[place][index].mean() == pytest.approx(
                point.accuracy, abs=0.01
            )
            assert played.tokens[place][index].mean() == pytest.approx(point.cost, abs=1)


def test_the_lines_of_a_program_account_for_all_tokens_and_episodes(copied: Copied) -> None:
    run = copied()
    lines = open_run_player(run.request).lines(
        parse_controller(run.source("r001-1"), "r001-1"), ControllerSetting(0.5)
    )
    assert sum(lines.tokens) == pytest.approx(100)
    assert sum(lines.ended) == pytest.approx(100)
    assert all(right is None or 0 <= right <= 100 for right in lines.right)


def test_baselines_are_played_at_their_settings(copied: Copied) -> None:
    run = copied()
    players = open_run_player(run.request)
    with open_arena(run, workers=1) as here:
        worth = here.scorer.score_program(here.baselines["sc"])
    [sc, _] = run.request.baselines
    curve = players.play(load_program("sc"), sc.settings).curve()
    costs = [sum(curve.cost[index] for curve in worth.curves) / 2 for index in range(4)]
    assert [cost for cost, _ in curve] == pytest.approx(costs)


def test_recordings_of_the_command_line_are_played_alike(recordings: list[Path]) -> None:
    players = open_file_player(recordings[:1])
    assert len(players.play(load_program("cmc")).settings) == 11


def test_colours_name_parts_of_a_line_and_leave_none_twice() -> None:
    for name in library.NAMES:
        for line in library.load_source(name).text.splitlines():
            parts = highlight_line(line)
            for before, after in pairwise(parts):
                assert before.end <= after.start
    styles = {
        part.style for part in highlight_line('  answer winner(finished) because "sure" # so')
    }
    assert len(styles) >= 4
