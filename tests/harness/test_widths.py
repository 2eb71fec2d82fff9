"""Widths: which knob decides them, what they ask for, and what a sweep says of too large ones."""

import json
from pathlib import Path

import pytest

from dsl import library
from dsl.schedule import evaluate
from harness.request.controllers import RheoController, load_program, parse_controller
from harness.request.widths import default_widths, requested_width, width_knob
from store.environment import save
from store.simulated_chains import SimulatedReasoner
from store.simulation import Benchmark, simulate
from tests.command_lines import CommandLine

RECORDED = 12

FINALLY = "finally { answer winner(finished) else winner(alive) }"
PROGRAMS = {
    "open": "start { open a + 1 } step { advance active }",
    "let": "start { let half = a // 2 open half } step { advance active }",
    "both": "start { open a sample b }",
    "either": "start { if b > 3 { open a } else { open 2 } } step { advance active }",
    "windows": "step at most b { let fresh = sample a if distinct(fresh) == 1 { stop } }",
    "capped": "start { open a } step at most 500 { advance active if count(alive) < b { open 1 } }",
    "guarded": "step at most 9000 { sample 1 if confidence(finished) > 1.0 / (a + b) { stop } }",
}


def program(body: str, knobs: str = "a = 4 in 1..99 b = 5 in 1..99") -> RheoController:
    """A program with two free knobs."""
    text = f"controller mine {{ knobs {{ {knobs} }} {body} {FINALLY} }}"
    return parse_controller(text, "mine.rheo")


@pytest.fixture
def recording(home: Path) -> str:
    reasoner = SimulatedReasoner("tiny", skill=0.5, verbosity=1.0, noise=0.1, drift=0.1)
    save(simulate(reasoner, Benchmark("bench", 3, RECORDED)), home / "few.recording")
    return "few.recording"


@pytest.mark.parametrize(
    ("name", "knob", "branches"),
    [
        ("open", "a", 5),
        ("let", "a", 2),
        ("both", "a", 9),
        ("either", "a", 4),
        ("windows", "b", 20),
        ("capped", "a", 5),
    ],
)
def test_requested_width_and_its_knobs(name: str, knob: str, branches: int) -> None:
    checked = program(PROGRAMS[name]).checked
    asked = requested_width(checked, evaluate(checked, 0.0))
    assert asked is not None
    assert (width_knob(checked), asked.branches) == (knob, branches)


def test_a_literal_cap_is_not_a_width() -> None:
    checked = program(PROGRAMS["guarded"]).checked
    assert requested_width(checked, evaluate(checked, 0.0)) is None
    assert width_knob(checked) is None


@pytest.mark.parametrize("name", ["sc", "asc", "esc", "parallel_probe"])
def test_the_width_of_the_usual_baselines_is_n(name: str) -> None:
    assert width_knob(load_program(name).checked) == "n"


@pytest.mark.parametrize("name", library.NAMES)
def test_no_library_controller_requests_more_than_64(name: str) -> None:
    checked = load_program(name).checked
    for beta in (0.0, 0.5, 1.0):
        asked = requested_width(checked, evaluate(checked, beta))
        assert asked is None or 1 <= asked.branches <= 64


def test_default_widths_are_powers_of_two_and_the_default() -> None:
    mine = program("start { sample a }", "a = 6 in 2..99")
    assert default_widths(mine, {}, 20) == [{"a": 2}, {"a": 4}, {"a": 6}, {"a": 8}, {"a": 16}]
    assert default_widths(mine, {"a": 3}, 20) == [{"a": 3}]
    assert default_widths(load_program("esc"), {"size": 4}, 20) == [
        {"size": 4, "n": width} for width in (4, 8, 16)
    ]
    assert default_widths(load_program("cmc"), {}, 20) == [{}]


@pytest.mark.parametrize("name", ["sc", "asc", "esc", "parallel_probe"])
def test_a_width_beyond_the_branches_gives_a_warning_and_the_actual_width(
    cli: CommandLine, recording: str, name: str
) -> None:
    wide = ("sweep", name, "--on", recording, "--set", "n=8,40", "--seeds", "2", "--threads", "1")
    result = cli(*wide)
    assert result.status == 0
    assert f"requests 40 branches, but a question has {RECORDED}; no more are opened" in result.err
    assert result.err.count("warning:") == 1
    assert "  n=8   8  " in result.out
    assert f"n=40  {RECORDED} of 40 " in result.out
    rows = json.loads(cli(*wide, "--json").out)["rows"]
    assert [(row["width"], row["width_requested"]) for row in rows] == [(8, 8), (RECORDED, 40)]


def test_a_schedule_beyond_the_branches_gives_one_warning(cli: CommandLine, recording: str) -> None:
    result = cli(
        "sweep", "prune_to_one", "--on", recording, "--seeds", "2", "--threads", "1",
        "--beta", "0,0.5,1",
    )  # fmt: skip
    assert "prune_to_one on tiny/bench: 2 of 3 points request 18 to 32 branches" in result.err
    assert result.err.count("warning:") == 1


@pytest.mark.parametrize("command", ["trace", "profile"])
def test_a_set_width_beyond_the_branches_gives_a_warning(
    cli: CommandLine, recording: str, command: str
) -> None:
    result = cli(command, "sc", "--on", recording, "--set", "n=13")
    assert result.status == 0
    assert result.err == (
        "warning: sc on tiny/bench: requests 13 branches, but a question has"
        f" {RECORDED}; no more are opened\n"
    )
    assert cli(command, "sc", "--on", recording, "--set", "n=12").err == ""


def test_a_difference_at_another_cost_gives_a_warning(cli: CommandLine, recording: str) -> None:
    line = ("--on", recording, "--seeds", "2", "--threads", "1", "--beta", "1")
    result = cli("sweep", "sc", "prune_to_one", *line, "--set", "n=1")
    assert "sc has a single point: 1 of 1 rows cost less than half or more than twice" in result.err
    assert "single point" not in cli("sweep", "sc", "prune_to_one", *line, "--set", "n=1,12").err
