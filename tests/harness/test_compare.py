"""Comparisons: worked out by hand on curves that are known, and as they are typed."""

import csv
import io
import json
import math
import re
from pathlib import Path

import pytest

from harness.engines import EpisodeRules
from harness.evaluation.comparison import Comparison, compare_controllers
from harness.evaluation.grid import Grid, GridCell
from harness.mdp.episodes import EpisodeArrays, empty_episodes
from harness.request.assignments import expand_assignments
from harness.request.controllers import load_programs
from harness.request.recordings import open_recordings
from store.environment import save
from store.simulated_chains import SimulatedReasoner
from store.simulation import Benchmark, simulate
from tests.command_lines import CommandLine

QUESTIONS, SEEDS = 4, 5


@pytest.fixture
def recordings(home: Path) -> list[str]:
    for name in ("one", "two"):
        reasoner = SimulatedReasoner(name, skill=0.5, verbosity=1.0, noise=0.1, drift=0.1)
        save(simulate(reasoner, Benchmark("bench", QUESTIONS, 8)), home / f"{name}.recording")
    return ["one.recording", "two.recording"]


def a_grid(recordings: list[str], a: str, b: str) -> Grid:
    programs = load_programs(["sc", "esc"])
    settings = expand_assignments(programs, [f"sc.n={a}", f"esc.n={b}", "size=1"])
    return Grid(
        programs, settings, [0.0], open_recordings([Path(recording) for recording in recordings]),
        seeds=SEEDS, rules=EpisodeRules(), engine_name="interpreter",
    )  # fmt: skip


def ends(right: list[int], tokens: int) -> EpisodeArrays:
    """Each question right under so many of the seeds, at the same cost."""
    result = empty_episodes(QUESTIONS, SEEDS)
    for question, count in enumerate(right):
        result.right[question, :count] = True
    result.tokens[:] = tokens
    return result


def compared(grid: Grid, *points: tuple[list[int], int]) -> list[Comparison]:
    played = {
        GridCell(point, place): ends(*grid_point)
        for point, grid_point in enumerate(points)
        for place in range(len(grid.recordings))
    }
    return compare_controllers(grid, played)


def test_tokens_and_accuracy_are_read_off_the_curve_of_the_baseline(recordings: list[str]) -> None:
    # B has 25 % at 100 tokens and 75 % at 10,000: 50 % at 1,000, halfway in the logarithm.
    [result] = compared(
        a_grid(recordings[:1], "1", "1,2"),
        ([5, 5, 0, 0], 500),
        ([5, 0, 0, 0], 100),
        ([5, 5, 5, 0], 10_000),
    )
    [match] = result.matches
    assert (match.accuracy, match.cost, match.baseline_cost, match.ratio) == (50.0, 500, 1000, 2.0)
    assert (result.ratio, result.points, result.beyond) == (2.0, 1, 0)
    there = 25 + 50 * (math.log(5) / math.log(100))
    assert match.baseline_accuracy == pytest.approx(there, abs=0.005)
    assert match.difference == pytest.approx(50 - there, abs=0.01)


def test_a_controller_with_a_wasteful_point_needs_as_much_as_itself(recordings: list[str]) -> None:
    """The costly point is less accurate than a cheaper one: no advantage of an equal baseline."""
    points = [([5, 0, 0, 0], 100), ([5, 5, 4, 0], 1_000), ([5, 5, 0, 0], 10_000)]
    [result] = compared(a_grid(recordings[:1], "1,2,3", "1,2,3"), *points, *points)
    assert (result.ratio, result.ratio_low, result.ratio_high) == (1.0, 1.0, 1.0)
    assert result.sequential_ratio == 1.0
    assert result.matches[2].ratio is not None
    assert result.matches[2].ratio < 1


def test_the_average_ratio_is_the_geometric_mean_of_the_points(recordings: list[str]) -> None:
    [result] = compared(
        a_grid(recordings[:1], "1,2", "1,2"),
        ([5, 0, 0, 0], 50),
        ([5, 5, 5, 0], 1250),
        ([5, 0, 0, 0], 100),
        ([5, 5, 5, 0], 10_000),
    )
    assert [match.ratio for match in result.matches] == [2.0, 8.0]
    assert result.ratio == 4.0


def test_the_area_is_taken_over_the_costs_that_both_cover(
    recordings: list[str],
) -> None:
    [result] = compared(
        a_grid(recordings[:1], "1", "1,2"),
        ([5, 5, 5, 5], 1000),
        ([5, 0, 0, 0], 100),
        ([5, 5, 5, 0], 10_000),
    )
    # A begins in the middle of B's range and is always right; B rises from 50 % to 75 % there.
    assert (result.lowest_cost, result.highest_cost) == (100, 10_000)
    assert (result.area_from, result.area_to) == (1000, 10_000)
    assert (result.area, result.baseline_area, result.area_difference) == (100.0, 62.5, 37.5)


def test_there_is_no_area_without_a_common_cost(recordings: list[str]) -> None:
    [result] = compared(
        a_grid(recordings[:1], "1", "1,2"),
        ([5, 5, 5, 5], 20_000),
        ([5, 0, 0, 0], 100),
        ([5, 5, 5, 0], 10_000),
    )
    assert (result.area, result.baseline_area, result.area_difference) == (None, None, None)
    assert (result.area_low, result.area_high) == (None, None)


def test_a_point_less_accurate_than_the_cheapest_of_the_baseline_has_no_ratio(
    recordings: list[str],
) -> None:
    [result] = compared(
        a_grid(recordings[:1], "1,2", "1,2"),
        ([0, 0, 0, 0], 10),
        ([5, 5, 5, 0], 2500),
        ([5, 0, 0, 0], 100),
        ([5, 5, 5, 0], 10_000),
    )
    assert [match.baseline_cost for match in result.matches] == [None, 10_000]
    assert [match.ratio for match in result.matches] == [None, 4.0]
    assert (result.ratio, result.below, result.beyond) == (4.0, 1, 0)
    assert result.matches[0].ratio_low is None


def test_a_single_point_gives_no_ratio(recordings: list[str]) -> None:
    [result] = compared(a_grid(recordings[:1], "1", "1"), ([5, 0, 0, 0], 100), ([5, 5, 0, 0], 4000))
    [match] = result.matches
    assert (match.baseline_cost, match.ratio, match.ratio_low, result.ratio) == (None,) * 4


def test_an_accuracy_beyond_the_baseline_is_reported(recordings: list[str]) -> None:
    [result] = compared(
        a_grid(recordings[:1], "1,2", "1,2"),
        ([5, 0, 0, 0], 100),
        ([5, 5, 5, 5], 200),
        ([5, 0, 0, 0], 100),
        ([5, 5, 0, 0], 400),
    )
    assert [match.baseline_cost for match in result.matches] == [100, None]
    assert [match.ratio for match in result.matches] == [1.0, None]
    assert (result.ratio, result.beyond) == (1.0, 1)
    assert result.matches[1].ratio_high is None


def test_below_the_cost_of_the_baseline_there_is_no_accuracy(recordings: list[str]) -> None:
    [result] = compared(
        a_grid(recordings[:1], "1", "1,2"),
        ([5, 0, 0, 0], 100),
        ([5, 0, 0, 0], 400),
        ([5, 5, 0, 0], 800),
    )
    [match] = result.matches
    assert match.ratio == 4.0
    assert (match.baseline_accuracy, match.difference, match.difference_low) == (None, None, None)


def test_intervals_are_paired(recordings: list[str]) -> None:
    # A is right wherever B is, and on one more seed of each question: no drawing can change that.
    [result] = compared(a_grid(recordings[:1], "1", "1"), ([1, 2, 3, 5], 100), ([0, 1, 2, 4], 100))
    [match] = result.matches
    assert (match.difference_low, match.difference, match.difference_high) == (20.0, 20.0, 20.0)


def test_the_questions_on_which_they_differ_are_listed(recordings: list[str]) -> None:
    [result] = compared(
        a_grid(recordings[:1], "1", "1,2"),
        ([5, 2, 1, 0], 100),
        ([5, 0, 2, 0], 90),
        ([0, 5, 5, 5], 900),
    )
    ids = [
        question.id for question in open_recordings([Path(recordings[0])])[0].recording.questions
    ]
    assert [
        (
            difference.question,
            difference.accuracy,
            difference.baseline_accuracy,
            difference.difference,
        )
        for difference in result.differences
    ] == [(ids[1], 40.0, 0.0, 40.0), (ids[2], 20.0, 40.0, -20.0)]
    assert (result.differences[0].cost, result.differences[0].baseline_cost) == (100, 90)


def test_all_recordings_together_follow_each(recordings: list[str]) -> None:
    result = compared(a_grid(recordings, "1", "1"), ([5, 2, 0, 0], 100), ([5, 0, 0, 0], 100))
    assert [comparison.recording for comparison in result] == ["one/bench", "two/bench", "mean"]
    assert [difference.recording for difference in result[2].differences] == [
        "one/bench",
        "two/bench",
    ]
    # The two share their questions, so together they say no more than one of them.
    assert result[2].matches == result[0].matches


def test_a_controller_against_its_copy_has_no_difference(
    cli: CommandLine, recordings: list[str]
) -> None:
    Path("copy.rheo").write_text(cli("library", "cmc").out)
    result = cli(
        "compare",
        "cmc",
        "copy.rheo",
        "--on",
        *recordings,
        "--seeds",
        "2",
        "--json",
        "--beta",
        "0,0.5,1",
        "--threads",
        "1",
    )
    for found in json.loads(result.out)["comparisons"]:
        assert found["differences"] == []
        assert found["area_low"] == found["area_difference"] == found["area_high"] == 0.0
        # Dominated points cost more than the curve needs.
        assert found["ratio"] <= 1.0
        best = [match for match in found["matches"] if match["baseline_cost"] == match["cost"]]
        assert best
        assert all(match["ratio"] == pytest.approx(1.0, abs=1e-4) for match in best)


def test_a_comparison_is_printed_as_a_page(cli: CommandLine, recordings: list[str]) -> None:
    result = cli(
        "compare", "cmc", "sc", "--set", "n=1,4,8", "--beta", "0,1", "--seeds", "2",
        "--on", recordings[0], "--threads", "1",
    )  # fmt: skip
    assert (result.status, result.err) == (0, "")
    first, blank, tokens, latency, area, questions, *_ = result.out.splitlines()
    assert (first, blank) == ("cmc against sc on one/bench", "")
    assert tokens.startswith("tokens     sc ")
    assert re.fullmatch(r"latency    sc needs \S+ times as many sequential tokens there", latency)
    assert area.startswith("area       ")
    assert questions.startswith("questions  ")


def test_a_baseline_without_settings_is_played_at_several_widths(
    cli: CommandLine, recordings: list[str]
) -> None:
    for name, widths in (("sc", "1, 2, 4, 8"), ("asc", "1, 2, 4, 8"), ("esc", "8")):
        result = cli(
            "compare", "cmc", name, "--beta", "0,1", "--seeds", "2", "--on", recordings[0],
            "--threads", "1",
        )  # fmt: skip
        assert (result.status, result.err) == (0, "")
        one_point = "has a single point" in result.out
        assert one_point == (widths == "8")
        assert one_point or f"baseline   {name} at n = {widths}\n" in result.out


def test_a_set_width_is_not_changed(cli: CommandLine, recordings: list[str]) -> None:
    result = cli(
        "compare", "cmc", "sc", "--set", "sc.n=4", "--beta", "0,1", "--seeds", "2", "--json",
        "--on", recordings[0], "--threads", "1",
    )  # fmt: skip
    [found] = json.loads(result.out)["comparisons"]
    assert [point["settings"] for point in found["baseline_points"]] == [{"n": 4}]
    assert found["ratio"] is None


def test_csv_has_a_row_for_each_point(cli: CommandLine, recordings: list[str]) -> None:
    result = cli(
        "compare", "cmc", "sc", "--set", "n=1,4", "--beta", "0,1", "--seeds", "2", "--csv",
        "--on", *recordings, "--threads", "1",
    )  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(result.out)))
    assert [(row["recording"], row["beta"]) for row in rows] == [
        (where, beta) for where in ("one/bench", "two/bench", "mean") for beta in ("0.0", "1.0")
    ]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("cmc",), "rheostat compare: missing argument 'B'"),
        (("cmc", "sc"), "rheostat compare: missing option '--on'"),
        (("cmc", "cmc", "--on", "one.recording"), "the controller cmc is given 2 times"),
        (
            ("cmc", "ecs", "--on", "one.recording"),
            "the library has no controller 'ecs'; did you mean esc",
        ),
        (("cmc", "sc", "esc", "--on", "one.recording"), "rheostat compare: got unexpected extra"),
        (("cmc", "sc", "--on", "none"), "none: no such recording"),
        (("cmc", "sc", "--on", "one.recording", "--set", "cmc.n=1"), "--set cmc.n=1: cmc has no"),
        (("cmc", "sc", "--on", "one.recording", "-o", "no/a.json"), "no/a.json: the dir"),
    ],
)
def test_invalid_input_is_reported_in_one_sentence(
    arguments: tuple[str, ...], problem: str, cli: CommandLine, recordings: list[str]
) -> None:
    result = cli("compare", *arguments)
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(f"error: {problem}")
