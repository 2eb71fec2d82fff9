"""The commands of a discovery, as a person uses them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest

from agents.run.directory import open_run
from agents.run.events import EventFollower
from tests.agents.loop.programs import GOOD
from tests.command_lines import CommandLine

SMALL = ("--seeds", "6", "--screening", "3", "--beta", "0,0.5,1", "--threads", "1",
         "--round-evaluations", "24", "--no-tune")  # fmt: skip


@pytest.fixture
def begun(recordings: list[Path]) -> tuple[str, ...]:
    """The beginning of a command line that plays in a moment."""
    return ("discover", "--on", *map(str, recordings[:2]), "--proposer", "evolve", *SMALL)


def test_discovery_prints_a_table_a_frontier_and_next_steps(
    cli: CommandLine, begun: Sequence[str]
) -> None:
    said = cli(*begun, "--run", "runs/a", "--rounds", "1")
    assert said.status == 0, said.err
    assert "round   1" in said.err
    for name in ("sc", "esc", "cmc"):
        assert name in said.out
    assert "rheostat discover --run runs/a --resume --rounds 2" in said.out
    assert max(map(len, said.out.splitlines())) <= 100
    run = Path("runs/a")
    names = {each.name for each in run.iterdir()}
    assert {"report.md", "report.html", "archive.json", "ending.json"} <= names


@pytest.mark.slow
def test_equal_requests_give_equal_archives(cli: CommandLine, begun: Sequence[str]) -> None:
    for name in ("a", "b"):
        assert cli(*begun, "--run", name, "--rounds", "1", "--seed", "5").status == 0
    assert Path("a/archive.json").read_bytes() == Path("b/archive.json").read_bytes()
    assert cli(*begun, "--run", "c", "--rounds", "1", "--seed", "6").status == 0
    played = [Path(name, "rounds/001/proposals/01-evolve.json").read_bytes() for name in "abc"]
    assert played[0] == played[1] != played[2]


@pytest.mark.slow
def test_resume_accepts_higher_limits_and_no_other_change(
    cli: CommandLine, begun: Sequence[str]
) -> None:
    assert cli(*begun, "--run", "a", "--rounds", "1").status == 0
    refused = cli("discover", "--run", "a", "--resume", "--seed", "9")
    assert refused.status == 2
    assert "--seed: the run was started with another value" in refused.err
    again = cli("discover", "--run", "a", "--resume", "--rounds", "2", "--threads", "1")
    assert again.status == 0
    assert [each.round for each in open_run(Path("a")).summaries()] == [1, 2]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--proposer", "evolv"), "there is no such proposer; did you mean evolve?"),
        (("--proposer", "hand"), "people can always propose"),
        (("--objective", "cost"), "choose from frontier, accuracy, tradeoff:GAMMA"),
        (("--beta", "2"), "--beta 2"),
        (("--rounds", "0"), "0 is not in the range"),
    ],
)
def test_bad_input_gives_one_sentence_and_no_files(
    cli: CommandLine, begun: Sequence[str], arguments: Sequence[str], sentence: str
) -> None:
    said = cli(*begun, "--run", "a", *arguments)
    assert said.status == 2
    assert sentence in said.err
    assert not Path("a").exists()


def test_recording_of_the_search_set_cannot_be_held_out(
    cli: CommandLine, begun: Sequence[str], recordings: list[Path]
) -> None:
    said = cli(*begun, "--run", "a", "--held-out", str(recordings[1]))
    assert said.status == 2
    assert "is in the search set, so it cannot be held out" in said.err
    assert not Path("a").exists()


@pytest.mark.slow
def test_held_out_recordings_are_not_needed_after_the_start(
    cli: CommandLine, begun: Sequence[str], recordings: list[Path], tmp_path: Path
) -> None:
    kept = tmp_path / "kept.recording"
    kept.write_bytes(recordings[2].read_bytes())
    assert cli(*begun, "--run", "a", "--rounds", "1", "--held-out", str(kept)).status == 0
    kept.unlink()
    assert cli("discover", "--run", "a", "--resume", "--rounds", "2", "--threads", "1").status == 0


def test_runs_are_listed_with_their_state(cli: CommandLine, begun: Sequence[str]) -> None:
    assert cli(*begun, "--run", "runs/a", "--rounds", "1").status == 0
    said = cli("runs", "runs", "--json")
    rows = json.loads(said.out)
    assert [(row["run"], row["state"], row["rounds"]) for row in rows] == [("a", "ended", 1)]
    assert rows[0]["evaluations"] > 24
    assert datetime.fromisoformat(rows[0]["last_event"]).tzinfo is not None
    assert rows[0]["waiting"] is None
    assert cli("runs", "runs", "--json").out == said.out  # no age is in it
    shown = cli("runs", "runs").out
    assert max(map(len, shown.splitlines())) <= 80
    assert "usd" not in shown  # nobody was paid
    assert [row["run"] for row in json.loads(cli("runs", "--json").out)] == ["a"]
    assert cli("runs", "nowhere").status == 2


@pytest.mark.slow
def test_ended_run_is_unchanged_until_a_limit_is_raised(
    cli: CommandLine, begun: Sequence[str]
) -> None:
    assert cli(*begun, "--run", "a", "--rounds", "1").status == 0
    before = {each: each.read_bytes() for each in Path("a").rglob("*") if each.is_file()}
    said = cli("discover", "--run", "a", "--resume", "--threads", "1")
    assert said.status == 0
    assert "has ended, and there is nothing left to do: 1 round was played" in said.err
    assert {each: each.read_bytes() for each in before} == before


@pytest.mark.slow
def test_price_of_a_probe_cannot_change_on_resume(cli: CommandLine, begun: Sequence[str]) -> None:
    assert cli(*begun, "--run", "a", "--rounds", "1", "--kappa", "5").status == 0
    for kappa, status in (("0", 2), ("5", 0)):
        assert cli("discover", "--run", "a", "--resume", "--kappa", kappa).status == status


# From another terminal

START = "import sys; from harness.cli.main import main; sys.exit(main())"


def started(*arguments: str) -> subprocess.Popen[str]:
    root = Path(__file__).parents[3]
    return subprocess.Popen(
        [sys.executable, "-c", START, *arguments],
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(run: Path, kind: str, seconds: float = 120) -> str | None:
    """Follows the log until an event of a kind; gives its candidate."""
    follower = EventFollower(run / "events.jsonl")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for event in follower.new():
            if event.kind == kind:
                return event.candidate
        time.sleep(0.05)
    pytest.fail(f"there was no event {kind}")


@pytest.mark.slow
def test_waiting_run_is_decided_from_another_terminal(
    cli: CommandLine, begun: Sequence[str]
) -> None:
    Path("mine.rheo").write_text(GOOD)
    process = started(*begun, "--run", "a", "--rounds", "1", "--objective", "tradeoff:30",
                      "--approve", "final")  # fmt: skip
    with process:
        candidate = wait_for(Path("a"), "waiting")
        assert candidate is not None
        [row] = json.loads(cli("runs", "a", "--json").out)
        assert (row["state"], row["waiting"]) == ("waits", candidate)
        second = cli("discover", "--run", "a", "--resume")
        assert second.status == 3
        assert "another process is at work on this run" in second.err
        unknown = cli("approve", "a", "r009-9")
        assert unknown.status == 2
        assert f"did you mean {candidate}?" in unknown.err
        said = cli("approve", "a", candidate, "--note", "as short as it gets", "--by", "ada")
        assert said.status == 0
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert candidate in out
    card = Path("a/selected.md").read_text()
    assert "ada" in card
    assert "as short as it gets" in card
    late = cli("reject", "a", candidate)
    assert late.status == 2
    assert "was already approved, by ada" in late.err


@pytest.mark.slow
def test_interrupted_run_can_be_resumed(begun: Sequence[str], home: Path) -> None:
    process = started(*begun, "--run", "a", "--rounds", "1")
    with process:
        wait_for(Path("a"), "searching")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "resume with rheostat discover" in err
    assert "Traceback" not in err
    assert open_run(Path("a")).events()[-1].kind == "left"
    with started("discover", "--run", "a", "--resume", "--threads", "1") as again:
        _, err = again.communicate(timeout=120)
    assert again.returncode == 0, err


@pytest.mark.slow
def test_user_submits_a_program_that_checks(cli: CommandLine, begun: Sequence[str]) -> None:
    Path("mine.rheo").write_text(GOOD)
    Path("wrong.rheo").write_text(GOOD.replace("open n", "open m"))
    assert cli("propose", "a", "mine.rheo").status == 2
    assert cli(*begun, "--run", "a", "--rounds", "1").status == 0
    over = cli("propose", "a", "mine.rheo")
    assert over.status == 2
    assert "has ended" in over.err
    process = started(*begun, "--run", "b", "--rounds", "2")
    with process:
        wait_for(Path("b"), "round")
        assert cli("propose", "b", "wrong.rheo").status == 2
        assert cli("propose", "b", "mine.rheo", "--words", "ends early").status == 0
        process.communicate(timeout=120)
    drafts = [open_run(Path("b")).draft(each.candidate) for each in open_run(Path("b")).reviews()]
    assert [each.proposal.words for each in drafts if each.proposer == "hand"] == ["ends early"]
