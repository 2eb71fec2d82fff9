"""Named signals from JSON Lines to the figures of a vote that they weight."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.command_lines import CommandLine

IMPORT = (
    "import", "jsonl", "judged.jsonl", "--model", "m", "--benchmark", "b", "--interval", "500",
    "-o", "judged.recording",
)  # fmt: skip
VOTE = """
needs reward

controller vote {
  schedule { rising n = round(2 + 4 * beta) }

  start { open n }

  step { advance active }

  finally { answer winner(alive, weight = (.reward else 0.5)) else none }
}
"""


def branch(random: Random, name: str = "reward") -> dict[str, Any]:
    """A branch whose reward is above that of the others if it is right, most of the time."""
    count = random.randrange(4)
    final = random.choice(["7", "8", "9"])
    reward = random.random() * (0.9 if final == "7" else 0.3)
    return {
        "tokens": 500 * count + random.randrange(1, 500),
        "final": final,
        "probes": [random.choice(["7", "8", "9"]) for _ in range(count)],
        "signals": {name: [reward], "p_true": [random.random() for _ in range(count)]},
    }


def write_branches(home: Path, name: str = "reward") -> None:
    """Write a file of four questions with six branches each."""
    random = Random(3)
    lines = [
        {
            "question": f"{number}?",
            "answer": "7",
            "branches": [branch(random, name) for _ in range(6)],
        }
        for number in range(4)
    ]
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    (home / "judged.jsonl").write_text(text, encoding="utf-8")


@pytest.fixture
def judged(cli: CommandLine, home: Path) -> Path:
    write_branches(home)
    result = cli(*IMPORT, "--signal", "reward=branch,higher,meaning=of a judge")
    assert result.status == 0, result.err
    assert "judged.recording: signal p_true, per probe\n" in result.err
    (home / "vote.rheo").write_text(VOTE)
    return home / "judged.recording"


def sweep(cli: CommandLine, program: str, *more: str) -> str:
    result = cli(
        "sweep", program, "--on", "judged.recording", "--seeds", "20", "--no-cache", "--csv", *more
    )
    assert result.status == 0, result.err
    return result.out


def test_a_vote_weighted_by_an_imported_signal_has_equal_figures_in_both_engines(
    cli: CommandLine, home: Path, judged: Path
) -> None:
    compiled = sweep(cli, "vote.rheo", "--engine", "compiled")
    assert compiled == sweep(cli, "vote.rheo", "--engine", "interpreter")
    unweighted = VOTE.replace("needs reward", "").replace("(.reward else 0.5)", "1")
    (home / "vote.rheo").write_text(unweighted)
    assert sweep(cli, "vote.rheo", "--engine", "compiled") != compiled


def test_inspect_lists_signals_with_what_was_stated(cli: CommandLine, judged: Path) -> None:
    shown = cli("inspect", "judged.recording").out
    assert "signal        p_true: per probe\n" in shown
    assert "signal        reward: per branch, higher is better, of a judge\n" in shown


def test_a_signal_that_the_recording_lacks_is_refused_with_those_that_it_has(
    cli: CommandLine, home: Path, judged: Path
) -> None:
    (home / "vote.rheo").write_text(VOTE.replace("reward", "rewards"))
    result = cli("sweep", "vote.rheo", "--on", "judged.recording")
    assert result.status == 2
    assert "`vote` needs rewards, which the recording m/b does not contain" in result.err
    assert "did you mean reward? it has p_true, reward" in result.err


def test_a_signal_that_some_branches_lack_is_refused_with_that_reason(
    cli: CommandLine, home: Path
) -> None:
    (home / "vote.rheo").write_text(VOTE)
    branches = [
        {"tokens": 400, "final": "7", "probes": [], "signals": {"reward": [0.5]}},
        {"tokens": 400, "final": "8", "probes": []},
    ]
    line = {"question": "?", "answer": "7", "branches": branches}
    (home / "judged.jsonl").write_text(json.dumps(line))
    assert cli(*IMPORT, "--signal", "reward=branch").status == 0
    result = cli("sweep", "vote.rheo", "--on", "judged.recording")
    assert result.status == 2
    assert "hint: some branches of it lack reward; record it for every branch" in result.err


def test_a_signal_per_probe_must_have_a_stated_value(
    cli: CommandLine, home: Path, judged: Path
) -> None:
    program = VOTE.replace("(.reward else 0.5)", ".p_true").replace("alive", "finished")
    (home / "vote.rheo").write_text(program.replace("needs reward", "needs p_true"))
    result = cli("sweep", "vote.rheo", "--on", "judged.recording")
    assert result.status == 2
    assert "`vote` reads `.p_true` alone, but in m/b it is per probe" in result.err
    assert "`(.p_true else 0.0)`" in result.err


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("depth", "`.depth` is an attribute of every branch"),
        ("confidence", "`confidence` is a function of the language"),
        ("prune", "`prune` is a keyword of the language"),
    ],
)
def test_a_signal_with_a_name_of_the_language_is_not_imported(
    cli: CommandLine, home: Path, name: str, problem: str
) -> None:
    write_branches(home, name)
    result = cli(*IMPORT)
    assert result.status == 2
    assert problem in result.err
    assert not (home / "judged.recording").exists()


def test_two_statements_about_one_signal_are_refused(cli: CommandLine, home: Path) -> None:
    write_branches(home)
    result = cli(*IMPORT, "--signal", "reward=branch", "--signal", "reward=higher")
    assert result.status == 2
    assert "--signal reward is given twice; put all of it in one option" in result.err
