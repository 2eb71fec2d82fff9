"""``rheostat trace`` as it is typed."""

import json
from pathlib import Path
from typing import Any

import pytest

from dsl import library
from dsl.builtins import SIGNALS
from store.environment import save
from store.reader import open_recording
from store.simulated_chains import SimulatedReasoner
from store.simulation import Benchmark, simulate
from tests.command_lines import CommandLine
from tests.harness.small_recordings import MINE, branch, tiny

WHOLE = """\
controller mine (mine.rheo)
recording  tiny/hand (r.recording)
question   hard, number 1
seed       0
beta       0.5
knobs      n=3

1  start, line 12: open n because "width"
    memory     top = none
    open       3: 0-2
    revealed   "1" x2 (0-1), "3" x1 (2)
    tokens     +30 = 30; sequential +10 = 10
    because    width

2  step 0, line 25: advance active for 1 + .off
    memory     top none -> "1"; trend = [0.666667]; before = none; .off = 0 on
               0-1; .off = 1 on 2
    advance    0-1 by 1, 2 by 2
    revealed   "1" x3 (0 2), "2" x1 (1)
    finished   2
    tokens     +34 = 64; sequential +14 = 24

3  step 1, line 25: advance active for 1 + .off
    memory     trend = [0.666667 0.666667]; before = "1"; .off = 1 on 1
    advance    0 by 1, 1 by 2
    revealed   "2" x3 (0-1)
    finished   1
    tokens     +24 = 88; sequential +14 = 38

4  step 2, line 25: advance active for 1 + .off
    memory     top "1" -> "2"; trend = [0.666667 0.666667 0.666667]
    advance    0 by 1
    revealed   "2" x1 (0)
    finished   0
    tokens     +4 = 92; sequential +4 = 42

5  finally, line 28: finally { answer winner(finished) else winner(alive) }
    answer     "2"

answer  finished  alive  pruned
"2"            2      2       0
"1"            1      1       0

answer     "2"
gold       "2": the answer is right
tokens     92, sequential 42, in 4 barriers
"""

SHORT_OF_TOKENS = """\
controller mine (mine.rheo)
recording  tiny/hand (r.recording)
question   hard, number 1
seed       2
beta       0.5
knobs      n=3
budget     60 tokens
probe      3 tokens each

1  start, line 12: open n because "width"
    memory     top = none
    open       3: 0-2
    revealed   "3" x1 (0), "1" x1 (1), "2" x1 (2)
    tokens     +39 = 39; sequential +13 = 13
    because    width

2  step 0, line 25: advance active for 1 + .off
    memory     top none -> "3"; trend = [0.333333]; before = none; .off = 0 on
               0; .off = 1 on 1-2
    advance    0 by 1, 1-2 by 2
    revealed   "1" x1 (0)
    budget     the episode ended during this action; the rest was not executed
    tokens     +13 = 52; sequential +13 = 26

3  finally, line 28: finally { answer winner(finished) else winner(alive) }
    answer     "1"

answer  finished  alive  pruned
"1"            0      2       0
"2"            0      1       0

stopped    the budget was reached in line 25: advance active for 1 + .off
answer     "1"
gold       "2": the answer is wrong
tokens     52, sequential 26, in 2 barriers
"""


@pytest.fixture
def workspace(home: Path) -> Path:
    """A small recording and a controller in the working directory."""
    tiny(home / "r.recording")
    (home / "mine.rheo").write_text(MINE)
    return home


@pytest.fixture
def simulated(home: Path) -> str:
    reasoner = SimulatedReasoner("sim", skill=0.5, verbosity=1.0, noise=0.2, drift=0.2)
    save(simulate(reasoner, Benchmark("bench", 2, 24)), home / "sim.recording")
    return "sim.recording"


MINE_HERE = ("trace", "mine.rheo", "--on", "r.recording")


def document(cli: CommandLine, *arguments: str) -> Any:  # noqa: ANN401 - as JSON has it
    result = cli(*arguments, "--json")
    assert (result.status, result.err) == (0, "")
    return json.loads(result.out)


def test_an_episode_is_shown_barrier_by_barrier(cli: CommandLine, workspace: Path) -> None:
    assert cli(*MINE_HERE, "--question", "hard") == (0, WHOLE, "")


def test_a_budget_that_ends_inside_a_verb_is_reported(cli: CommandLine, workspace: Path) -> None:
    short = ("--question", "1", "--seed", "2", "--budget", "60", "--kappa", "3")
    assert cli(*MINE_HERE, *short) == (0, SHORT_OF_TOKENS, "")


def test_a_question_is_selected_by_id_or_number(cli: CommandLine, workspace: Path) -> None:
    by_id = cli(*MINE_HERE, "--question", "hard")
    assert cli(*MINE_HERE, "--question", "1") == by_id
    assert cli(*MINE_HERE) == cli(*MINE_HERE, "--question", "0") != by_id


def test_an_id_takes_precedence_over_an_equal_number(cli: CommandLine, workspace: Path) -> None:
    tiny(workspace / "numbered.recording", ids=("1", "2"))
    result = document(cli, "trace", "sc", "--on", "numbered.recording", "--question", "1")
    assert result["what"]["question"] == {"id": "1", "number": 0}


def test_json_matches_the_page(cli: CommandLine, workspace: Path) -> None:
    result = document(cli, *MINE_HERE, "--question", "hard")
    episode = result["episode"]
    assert [barrier["verb"]["verb"] for barrier in episode["barriers"]] == [
        "open", "advance", "advance", "advance", "answer",
    ]  # fmt: skip
    assert [barrier["line"] for barrier in episode["barriers"]] == [12, 25, 25, 25, 28]
    third = episode["barriers"][2]
    assert third["memory"] == {
        "cells": {"top": "1"},
        "windows": {"trend": [2 / 3, 2 / 3]},
        "lets": {"before": "1"},
        "fields": {".off": [0, 1, 1]},
    }
    assert (third["charged"], third["spent"], third["sequential_charged"]) == (24, 88, 14)
    assert (episode["answer"], episode["gold"], episode["right"]) == ("2", "2", True)
    assert episode["votes"] == [
        {"answer": "2", "finished": 2, "alive": 2, "pruned": 0},
        {"answer": "1", "finished": 1, "alive": 1, "pruned": 0},
    ]
    assert result["what"]["knobs"] == {"n": 3}
    recording = open_recording(workspace / "r.recording")
    assert result["what"]["recordings"] == [
        {"recording": "tiny/hand", "path": "r.recording", "digest": recording.digest}
    ]


SIMULATED = [
    name for name in library.NAMES if set(SIGNALS).issuperset(library.load_entry(name).needs)
]
"""Programs of the library that need no signal which the simulator lacks."""


@pytest.mark.parametrize("name", SIMULATED)
@pytest.mark.parametrize("budget", [(), ("--budget", "9000", "--kappa", "40")])
def test_the_ledger_of_a_trace_adds_up(
    cli: CommandLine, simulated: str, name: str, budget: tuple[str, ...]
) -> None:
    episode = document(cli, "trace", name, "--on", simulated, "--question", "1", *budget)["episode"]
    spent = sequential = 0
    for barrier in episode["barriers"]:
        charges: dict[int | None, int] = {}
        for action in barrier["actions"]:
            branch = action["branch"]
            charges[branch] = charges.get(branch, 0) + action["charge"]
        spent += sum(charges.values())
        sequential += max(charges.values(), default=0)
        assert (barrier["spent"], barrier["sequential"]) == (spent, sequential)
    assert (episode["tokens"], episode["sequential"]) == (spent, sequential)
    remaining = [branch for branch in episode["branches"] if branch["status"] != "pruned"]
    assert sum(vote["alive"] for vote in episode["votes"]) == len(remaining)
    finished = [branch for branch in remaining if branch["status"] == "finished"]
    assert sum(vote["finished"] for vote in episode["votes"]) == len(finished)


@pytest.mark.parametrize("name", SIMULATED)
def test_a_trace_is_readable_at_80_columns(cli: CommandLine, simulated: str, name: str) -> None:
    result = cli("trace", name, "--on", simulated, "--question", "1", "--beta", "1")
    assert (result.status, result.err) == (0, "")
    assert max(map(len, result.out.splitlines())) <= 80


def test_a_program_without_a_schedule_ignores_beta(cli: CommandLine, workspace: Path) -> None:
    result = cli("trace", "sc", "--on", "r.recording", "--beta", "1")
    assert result.status == 0
    assert "\nbeta       not followed\n" in result.out
    found = document(cli, "trace", "sc", "--on", "r.recording", "--beta", "1")
    assert found["what"]["beta"] is None


def test_control_sequences_in_answers_are_escaped(cli: CommandLine, workspace: Path) -> None:
    odd = branch("4\n\x1b[31m", "9" * 99)
    tiny(workspace / "odd.recording", ids=["q"], branches=[[odd]], golds=["4"])
    result = cli("trace", "answer_convergence", "--on", "odd.recording", "--set", "k=2")
    assert result.status == 0
    assert "\x1b" not in result.out
    assert '"4\\n\\u001b[31m" x1 (0)' in result.out
    assert f'"{"9" * 39}…"' in result.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("--question", "2"),
            "r.recording: there is no question 2; its questions are numbered 0 to 1",
        ),
        (
            ("--question", "9" * 5000),
            f"r.recording: there is no question {'9' * 5000!r}; its ids are easy, hard",
        ),
        (("--question", "esay"), "r.recording: there is no question 'esay'; did you mean easy?"),
        (
            ("--question", "-1"),
            "r.recording: there is no question '-1'; its ids are easy, hard",
        ),
        (("--question", ""), "r.recording: there is no question ''; its ids are easy, hard"),
        (("--beta", "0,1"), "--beta 0,1: give one value here"),
        (("--beta", "1.5"), "--beta 1.5: must be from 0 to 1; got 1.5"),
        (
            ("--set", "n=3"),
            "--set n=3: n depends on beta and cannot be set; set beta instead",
        ),
        (("--csv",), "rheostat trace: no such option '--csv'; did you mean --set?"),
        (("-o", "x.csv"), "this result is not a table, so it cannot be written as CSV"),
        (("r.recording",), "rheostat trace: got unexpected extra argument (r.recording)"),
    ],
)
def test_errors_are_one_sentence(
    cli: CommandLine, workspace: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    result = cli(*MINE_HERE, "--seed", "1", *arguments)
    assert (result.status, result.out) == (2, "")
    assert result.err.splitlines()[0] == f"error: {sentence}"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("trace", "rheostat trace: missing argument"),
        ("trace sc", "rheostat trace: missing option '--on'"),
        ("trace sc --on", "rheostat trace: option '--on' requires an argument"),
        ("trace sc --on none.recording", "none.recording: no such recording"),
        ("trace sc --on mine.rheo", "mine.rheo"),
        ("trace sc --on r.recording other.recording", "--on: a trace shows one episode"),
        ("trace cm --on r.recording", "the library has no controller 'cm'; did you mean cmc?"),
        ("trace bad.rheo --on r.recording", "bad.rheo:1:1: "),
        ("trace esc --on r.recording --set size=1,2", "--set size=1,2: give one value here"),
        ("trace esc --on r.recording --set sise=1", "--set sise=1: esc has no free knob sise"),
        ("trace sc --on r.recording --seed -1", "rheostat trace: invalid value for '--seed'"),
        ("trace sc --on r.recording --seed x", "rheostat trace: invalid value for '--seed'"),
        ("trace sc --on r.recording --kappa -1", "rheostat trace: invalid value for '--kappa'"),
        ("trace entropy_gate --on r.recording", "`entropy_gate` needs entropy"),
        ("trace sc --on r.recording -o nowhere/t.json", "nowhere/t.json: the directory"),
    ],
)
def test_invalid_input_is_refused(
    cli: CommandLine, workspace: Path, line: str, sentence: str
) -> None:
    (workspace / "bad.rheo").write_text("nonsense\n")
    result = cli(*line.split())
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(f"error: {sentence}")
