"""``rheostat discover`` and the commands for its runs, from the command line."""

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
def quick_options(recordings: list[Path]) -> tuple[str, ...]:
    """Arguments of a search that takes little time."""
    return ("discover", "--on", *map(str, recordings[:2]), "--proposer", "evolve", *SMALL)


def test_discovery_prints_a_table_a_frontier_and_next_steps(
    cli: CommandLine, quick_options: Sequence[str]
) -> None:
    result = cli(*quick_options, "--run", "runs/a", "--rounds", "1")
    assert result.status == 0, result.err
    assert "round   1" in result.err
    for name in ("sc", "esc", "cmc"):
        assert name in result.out
    assert "rheostat discover --run runs/a --resume --rounds 2" in result.out
    assert max(map(len, result.out.splitlines())) <= 100
    run = Path("runs/a")
    names = {path.name for path in run.iterdir()}
    assert {"report.md", "report.html", "archive.json", "ending.json"} <= names
    drafts = [open_run(run).draft(review.candidate) for review in open_run(run).reviews()]
    reviewed = [draft.proposal.parents for draft in drafts if draft.proposer == "start"]
    assert reviewed == [["cmc"], ["early_votes"], ["prune_to_one"]]


@pytest.mark.slow
def test_minutes_are_not_cut_short_by_a_number_of_rounds(
    cli: CommandLine, quick_options: Sequence[str]
) -> None:
    result = cli(*quick_options, "--run", "a", "--max-minutes", "0.001")
    assert result.status in (0, 1), result.err
    assert open_run(Path("a")).request.caps.rounds == 1000


@pytest.mark.slow
def test_equal_requests_give_equal_archives(cli: CommandLine, quick_options: Sequence[str]) -> None:
    for name in ("a", "b"):
        assert cli(*quick_options, "--run", name, "--rounds", "1", "--seed", "5").status == 0
    assert Path("a/archive.json").read_bytes() == Path("b/archive.json").read_bytes()
    assert cli(*quick_options, "--run", "c", "--rounds", "1", "--seed", "6").status == 0
    played = [Path(name, "rounds/001/proposals/01-evolve.json").read_bytes() for name in "abc"]
    assert played[0] == played[1] != played[2]


@pytest.mark.slow
def test_resume_accepts_higher_limits_and_no_other_change(
    cli: CommandLine, quick_options: Sequence[str]
) -> None:
    assert cli(*quick_options, "--run", "a", "--rounds", "1").status == 0
    refused = cli("discover", "--run", "a", "--resume", "--seed", "9")
    assert refused.status == 2
    assert "--seed: the run was started with another value" in refused.err
    again = cli("discover", "--run", "a", "--resume", "--rounds", "2", "--threads", "1")
    assert again.status == 0
    assert [summary.round for summary in open_run(Path("a")).summaries()] == [1, 2]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--proposer", "evolv"), "unknown proposer; did you mean evolve?"),
        (("--proposer", "hand"), "users can always propose"),
        (("--objective", "cost"), "choose from frontier, accuracy, tradeoff:GAMMA"),
        (("--beta", "2"), "--beta 2"),
        (("--rounds", "0"), "0 is not in the range"),
    ],
)
def test_bad_input_gives_one_sentence_and_no_files(
    cli: CommandLine, quick_options: Sequence[str], arguments: Sequence[str], sentence: str
) -> None:
    result = cli(*quick_options, "--run", "a", *arguments)
    assert result.status == 2
    assert sentence in result.err
    assert not Path("a").exists()


def test_recording_of_the_search_set_cannot_be_held_out(
    cli: CommandLine, quick_options: Sequence[str], recordings: list[Path]
) -> None:
    result = cli(*quick_options, "--run", "a", "--held-out", str(recordings[1]))
    assert result.status == 2
    assert "is in the search set, so it cannot be held out" in result.err
    assert not Path("a").exists()


@pytest.mark.slow
def test_held_out_recordings_are_not_needed_after_the_start(
    cli: CommandLine, quick_options: Sequence[str], recordings: list[Path], tmp_path: Path
) -> None:
    moved = tmp_path / "kept.recording"
    moved.write_bytes(recordings[2].read_bytes())
    assert cli(*quick_options, "--run", "a", "--rounds", "1", "--held-out", str(moved)).status == 0
    moved.unlink()
    assert cli("discover", "--run", "a", "--resume", "--rounds", "2", "--threads", "1").status == 0


@pytest.mark.slow
def test_runs_are_listed_with_their_state(cli: CommandLine, quick_options: Sequence[str]) -> None:
    assert cli(*quick_options, "--run", "runs/a", "--rounds", "1").status == 0
    result = cli("runs", "runs", "--json")
    rows = json.loads(result.out)
    assert [(row["run"], row["state"], row["rounds"]) for row in rows] == [("a", "ended", 1)]
    assert rows[0]["evaluations"] > 24
    assert datetime.fromisoformat(rows[0]["last_event"]).tzinfo is not None
    assert rows[0]["waiting"] is None
    assert cli("runs", "runs", "--json").out == result.out  # it contains no age
    table = cli("runs", "runs").out
    assert max(map(len, table.splitlines())) <= 80
    assert "usd" not in table  # no model was used
    assert [row["run"] for row in json.loads(cli("runs", "--json").out)] == ["a"]


@pytest.mark.slow
def test_ended_run_is_unchanged_until_a_limit_is_raised(
    cli: CommandLine, quick_options: Sequence[str]
) -> None:
    assert cli(*quick_options, "--run", "a", "--rounds", "1").status == 0
    before = {path: path.read_bytes() for path in Path("a").rglob("*") if path.is_file()}
    result = cli("discover", "--run", "a", "--resume", "--threads", "1")
    assert result.status == 0
    assert "has ended, and there is nothing left to do: 1 round was played" in result.err
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.slow
def test_price_of_a_probe_cannot_change_on_resume(
    cli: CommandLine, quick_options: Sequence[str]
) -> None:
    assert cli(*quick_options, "--run", "a", "--rounds", "1", "--kappa", "5").status == 0
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
    """Follow the log until an event of a kind; return its candidate."""
    follower = EventFollower(run / "events.jsonl")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for event in follower.read_new():
            if event.kind == kind:
                return event.candidate
        time.sleep(0.05)
    pytest.fail(f"there was no event {kind}")


@pytest.mark.slow
def test_waiting_run_is_decided_from_another_terminal(
    cli: CommandLine, quick_options: Sequence[str]
) -> None:
    Path("mine.rheo").write_text(GOOD)
    process = started(*quick_options, "--run", "a", "--rounds", "1", "--objective", "tradeoff:30",
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
        result = cli("approve", "a", candidate, "--note", "as short as it gets", "--by", "ada")
        assert result.status == 0
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
def test_interrupted_run_can_be_resumed(quick_options: Sequence[str], home: Path) -> None:
    process = started(*quick_options, "--run", "a", "--rounds", "1")
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
def test_user_submits_a_program_that_checks(cli: CommandLine, quick_options: Sequence[str]) -> None:
    Path("mine.rheo").write_text(GOOD)
    Path("wrong.rheo").write_text(GOOD.replace("open n", "open m"))
    assert cli("propose", "a", "mine.rheo").status == 2
    assert cli(*quick_options, "--run", "a", "--rounds", "1").status == 0
    ended = cli("propose", "a", "mine.rheo")
    assert ended.status == 2
    assert "has ended" in ended.err
    process = started(*quick_options, "--run", "b", "--rounds", "2")
    with process:
        wait_for(Path("b"), "round")
        assert cli("propose", "b", "wrong.rheo").status == 2
        proposed = cli("propose", "b", "mine.rheo", "--words", "ends early")
        assert proposed.status == 0
        assert "warning: --words is deprecated; use --summary" in proposed.err
        process.communicate(timeout=120)
    drafts = [
        open_run(Path("b")).draft(review.candidate) for review in open_run(Path("b")).reviews()
    ]
    assert [draft.proposal.words for draft in drafts if draft.proposer == "hand"] == ["ends early"]


def test_a_missing_directory_of_runs_and_an_empty_one_are_told_apart(
    cli: CommandLine, home: Path
) -> None:
    missing = cli("runs", "nowhere")
    assert (missing.status, missing.out) == (2, "")
    assert missing.err == "error: nowhere: no such run or directory of runs; check the path\n"
    (home / "empty").mkdir()
    assert "empty: no runs found" in cli("runs", "empty").err
