"""A run with repairs and approvals, killed at its events: same bytes and same cost."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import randint
from typing import NamedTuple

import pytest

from agents.loop.round_files import read_slots
from agents.run.directory import RunDirectory, create_run, open_run
from agents.run.records import ApprovalMode, BaselineRef, Decision, RunLimits
from tests.agents.conftest import request
from tests.agents.loop.programs import CONTRARY
from tests.agents.loop.test_kill_and_resume import ROOT, content

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("scripted_session.py")
DECISIONS = {"r001-2": Decision(candidate="r001-2", approved=True, note="short", by="ada")}
MAX_EVENTS = 60
"""More events than a session has."""


class UninterruptedRun(NamedTuple):
    """A run that was not killed."""

    run: RunDirectory
    calls: list[str]


class Sessions:
    """Play sessions in a separate process, which may be killed."""

    def __init__(self, process: subprocess.Popen[str]):
        self._process = process

    def play(self, run: RunDirectory, *options: str) -> bool:
        """Play a session; return ``False`` if it was killed."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(f"{run.path} {run.path.parent / 'calls'} {' '.join(options)}\n")
        stdin.flush()
        status = int(stdout.readline())
        assert status in (0, -signal.SIGKILL)
        return status == 0

    def play_to_end(self, run: RunDirectory) -> None:
        """Play sessions until the run ends, with decisions in between."""
        for _ in range(10):
            assert self.play(run)
            if run.ending is not None:
                return
            decide(run)
        pytest.fail("it does not end")


@pytest.fixture(scope="module")
def sessions() -> Iterator[Sessions]:
    with subprocess.Popen(
        [sys.executable, str(SCRIPT)], cwd=ROOT, env={"PYTHONPATH": str(ROOT), "PATH": ""},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        yield Sessions(process)


def decide(run: RunDirectory) -> None:
    """Decide about every candidate that waits, as a reviewer would."""
    waiting = [event.candidate for event in run.events() if event.kind == "waiting"]
    for candidate in waiting:
        if candidate in DECISIONS:
            run.decide(DECISIONS[candidate])


def list_calls(run: RunDirectory) -> list[str]:
    """List the calls of the proposer, over all sessions."""
    file = run.path.parent / "calls"
    return file.read_text().splitlines() if file.exists() else []


def count_paid(run: RunDirectory) -> int:
    """Count the results of the proposer on disk."""
    slots = [slot for number in (1, 2) for slot in read_slots(run, number)]
    return sum(slot.proposer == "paid" for slot in slots)


@pytest.fixture(scope="module")
def uninterrupted(
    recordings: list[Path], tmp_path_factory: pytest.TempPathFactory, sessions: Sessions
) -> UninterruptedRun:
    folder = tmp_path_factory.mktemp("whole")
    contrary = folder / "contrary.rheo"
    contrary.write_text(CONTRARY)
    run_request = request(
        recordings[:2],
        proposers=["paid"],
        approve=ApprovalMode.EACH,
        tune=True,
        tune_evaluations=10,
        caps=RunLimits(rounds=2),
        baselines=[BaselineRef(controller=str(contrary), settings=[{"n": 1}, {"n": 4}])],
    )
    run = create_run(folder / "run", run_request)
    sessions.play_to_end(run)
    return UninterruptedRun(run, list_calls(run))


def create_fresh_run(uninterrupted: UninterruptedRun, folder: Path) -> RunDirectory:
    """Create a run of the same request, with stored evaluations to save time."""
    folder.mkdir()
    run = create_run(folder / "run", uninterrupted.run.request)
    shutil.copy(uninterrupted.run.evaluations_path, run.evaluations_path)
    return run


def test_every_call_is_made_and_paid_once(uninterrupted: UninterruptedRun) -> None:
    assert [call.split()[0] for call in uninterrupted.calls] == [
        "propose",
        "repair",
        "repair",
        "propose",
    ]
    ending = uninterrupted.run.ending
    assert ending is not None
    assert (ending.usage.tokens_in, ending.usage.usd) == (4_000, 1.0)
    assert uninterrupted.run.draft("r001-2").tries == 3
    kinds = [event.kind for event in uninterrupted.run.events()]
    assert {"unsound", "repaired", "replayed", "tuned", "waiting", "decided"} <= set(kinds)


@pytest.mark.parametrize("session", [1, 2])
@pytest.mark.parametrize("moment", ["event", "writes", "checkpoint"])
def test_run_killed_at_any_event_ends_with_the_same_bytes_and_cost(
    uninterrupted: UninterruptedRun, sessions: Sessions, tmp_path: Path, moment: str, session: int
) -> None:
    # Every fifth event, from a random offset.
    for count in range(randint(1, 5), MAX_EVENTS, 5):
        run = create_fresh_run(uninterrupted, tmp_path / str(count))
        for _ in range(1, session):
            assert sessions.play(run)
            decide(run)
        lived = sessions.play(run, moment, str(count))
        asked, kept = list_calls(run), count_paid(run)
        decide(run)
        sessions.play_to_end(run)
        assert content(run) == content(uninterrupted.run), count
        # Only the call that the kill interrupted is repeated.
        assert list_calls(run) == [*asked, *uninterrupted.calls[kept:]], count
        if lived:
            assert count > 8
            return
    pytest.fail("a session has more moments than were tried")


def test_waiting_run_can_be_moved(
    uninterrupted: UninterruptedRun, sessions: Sessions, tmp_path: Path
) -> None:
    run = create_fresh_run(uninterrupted, tmp_path / "before")
    assert sessions.play(run)
    decide(run)
    (tmp_path / "after").mkdir()
    run.path.parent.rename(tmp_path / "after" / "there")
    moved = open_run(tmp_path / "after" / "there" / "run")
    sessions.play_to_end(moved)
    assert list_calls(moved) == uninterrupted.calls
    assert content(moved) == content(uninterrupted.run)
