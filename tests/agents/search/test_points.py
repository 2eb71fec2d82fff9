"""The settings at which programs are played."""

import pytest

from agents.search.programs import choose_points
from harness.engines import ControllerSetting
from harness.request.controllers import parse_controller

BETAS = (0.0, 0.5, 1.0)
FREE = """
controller c {
  knobs { n = 4 in 1..64  k = 3 in 1..5  level = 0.5 in 0.0..1.0 }
  start { sample min(n, k) }
  finally { answer if level > 0.5 then winner(finished) else winner(opened) }
}
"""
FIXED = "controller c { start { sample 3 } finally { answer winner(finished) } }"


def test_a_program_with_a_schedule_is_played_at_every_beta() -> None:
    text = (
        "controller c { schedule { rising n = round(1 + beta) } start { sample n }"
        " finally { answer winner(finished) } }"
    )
    expected = [ControllerSetting(0.0, {}), ControllerSetting(0.5, {}), ControllerSetting(1.0)]
    assert choose_points(parse_controller(text, "c.rheo"), BETAS) == expected


def test_free_knobs_are_spread_so_that_each_takes_every_level_once() -> None:
    result = choose_points(parse_controller(FREE, "c.rheo"), BETAS)
    assert [point.beta for point in result] == [None] * 3
    assert sorted(point.knobs["n"] for point in result) == [1, 8, 64]  # by ratio: its range is wide
    assert sorted(point.knobs["k"] for point in result) == [1, 3, 5]
    assert sorted(point.knobs["level"] for point in result) == [0.0, 0.5, 1.0]


def test_settings_that_are_given_take_the_place_of_spread_ones() -> None:
    assert choose_points(parse_controller(FREE, "c.rheo"), BETAS, [{"n": 2}]) == [
        ControllerSetting(None, {"n": 2})
    ]


def test_a_program_without_knobs_has_one_point() -> None:
    assert choose_points(parse_controller(FIXED, "c.rheo"), BETAS) == [ControllerSetting()]


def test_equal_programs_have_equal_points() -> None:
    assert choose_points(parse_controller(FREE, "c.rheo"), BETAS) == choose_points(
        parse_controller(FREE, "c.rheo"), BETAS
    )


@pytest.mark.parametrize("count", [1, 2, 11])
def test_there_are_as_many_settings_as_betas(count: int) -> None:
    assert len(choose_points(parse_controller(FREE, "c.rheo"), [0.0] * count)) == count
