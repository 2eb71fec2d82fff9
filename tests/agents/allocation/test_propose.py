"""Allocations that a user proposes: checked at once, tried in the next round."""

import json
from pathlib import Path

import pytest

from agents.run.directory import open_run
from tests.agents.allocation.doubling import run_allocate
from tests.command_lines import CommandLine

MINE = """# Mine.
allocation mine {
  budget 1000

  stage retrieve {
    model   = "32B"
    samples = 1
  }

  stage answer {
    model   = "32B"
    samples = 2
  }
}
"""


@pytest.fixture
def waiting(cli: CommandLine, home: Path) -> str:
    """A run of up to six trials that waits for a decision on its first."""
    words = ["--seed", "4", "--trials", "6", "--proposer", "random", "--run", "run"]
    result = cli("allocate", *words, "--approve", "each", "--no-wait", "--json")
    assert json.loads(result.out)["waiting"] == "r001-1"
    (home / "mine.rheo").write_text(MINE)
    return "run"


def test_proposal_is_evaluated_in_the_next_round(cli: CommandLine, waiting: str) -> None:
    result = cli("propose", waiting, "mine.rheo", "--summary", "the small one will do")
    assert result.status == 0
    assert "mine: the next round evaluates it" in result.err
    assert "rheostat allocate --run run --resume" in result.err
    assert "is already in the run" in cli("propose", waiting, "mine.rheo").err
    assert cli("reject", waiting, "r001-1").status == 0
    result = cli("allocate", "--run", waiting, "--resume", "--no-wait")
    assert result.status == 0, result.err
    run = open_run(Path(waiting))
    draft = run.draft("r002-2")
    assert draft.proposer == "hand"
    assert (draft.proposal.source, draft.proposal.words) == (MINE, "the small one will do")
    assert (run.path / "candidates" / draft.candidate / "trial.json").is_file()


@pytest.mark.slow
def test_proposal_counts_towards_the_trial_limit(cli: CommandLine, waiting: str) -> None:
    cli("propose", waiting, "mine.rheo")
    cli("approve", waiting, "r001-1")
    result = cli("allocate", "--run", waiting, "--resume", "--no-wait")
    while "waits for review" in result.err:
        candidate = open_run(Path(waiting)).waiting
        assert candidate is not None
        cli("reject", waiting, candidate)
        result = cli("allocate", "--run", waiting, "--resume", "--no-wait")
    found = run_allocate(cli, "--run", waiting, "--resume", "--trials", "7")
    assert len(found["trials"]) == 7
    assert [trial["proposer"] for trial in found["trials"]].count("hand") == 1


def test_repeated_allocation_is_reported(cli: CommandLine, waiting: str) -> None:
    source = open_run(Path(waiting)).source("r001-1")
    Path("again.rheo").write_text(f"# As it was.\n{source}")
    cli("reject", waiting, "r001-1")
    cli("allocate", "--run", waiting, "--resume", "--no-wait")
    result = cli("propose", waiting, "again.rheo")
    assert result.status == 0
    assert "again.rheo: is the allocation of r001-1, which the run has already tried" in result.err
    assert not (Path(waiting) / "inbox").exists()


def test_ended_run_explains_how_to_continue(cli: CommandLine, waiting: str) -> None:
    run_allocate(cli, "--seed", "4", "--trials", "1", "--proposer", "random", "--run", "over")
    result = cli("propose", "over", "mine.rheo")
    assert result.status == 2
    assert "has ended: 1 of 1 trial was played" in result.err
    assert "resume it with a higher limit: rheostat allocate --run over --resume" in result.err


def test_proposal_that_follows_beta_needs_a_value(cli: CommandLine, waiting: str) -> None:
    Path("mine.rheo").write_text(MINE.replace("samples = 2", "samples = 1 + round(2 * beta)"))
    result = cli("propose", waiting, "mine.rheo")
    assert (result.status, "depends on beta" in result.err) == (2, True)
    assert cli("propose", waiting, "mine.rheo", "--beta", "0.5").status == 0
    [file] = (Path(waiting) / "inbox").glob("*.json")
    assert "samples = 2" in json.loads(file.read_text())["source"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (('"32B"', '"23B"'), 'did you mean "32B"?'),
        (("stage answer", "stage anwser"), "did you mean `answer`?"),
        (("budget 1000", "budget 300"), "its budget is 300"),
        (("budget 1000", "budget 100000"), "and the budget is 1278"),
        (("samples = 1", "samples = none"), "RH301"),
        (("allocation mine", "controller mine"), "is a controller, but run searches"),
    ],
)
def test_proposal_that_does_not_fit_is_rejected(
    cli: CommandLine, waiting: str, change: tuple[str, str], problem: str
) -> None:
    text = MINE.replace(*change)
    if "100000" in change[1]:
        text = text.replace("samples = 2", "samples = 50")
    Path("mine.rheo").write_text(text)
    result = cli("propose", waiting, "mine.rheo")
    assert result.status == 2
    assert problem in result.err
    assert not (Path(waiting) / "inbox").exists()
