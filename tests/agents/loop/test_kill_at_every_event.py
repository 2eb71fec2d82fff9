"""A run with repairs and a person, killed at the moments that it has: same end, same bill."""

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
PEOPLE = {"r001-2": Decision(candidate="r001-2", approved=True, note="short", by="ada")}
MOST = 60
"""More moments than a session has."""


class Whole(NamedTuple):
    """A run that nobody disturbed."""

    run: RunDirectory
    calls: list[str]


class Sessions:
    """Plays sessions; whether a test lets them live is told by what it gets back."""

    def __init__(self, process: subprocess.Popen[str]):
        self._process = process

    def play(self, run: RunDirectory, *more: str) -> bool:
        """Plays one; ``False`` where it was killed."""
        asked, answered = self._process.stdin, self._process.stdout
        assert asked is not None
        assert answered is not None
        asked.write(f"{run.path} {run.path.parent / 'calls'} {' '.join(more)}\n")
        asked.flush()
        status = int(answered.readline())
        assert status in (0, -signal.SIGKILL)
        return status == 0

    def to_its_end(self, run: RunDirectory) -> None:
        """Plays one after the other, and decides in between."""
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
    """What a person does from elsewhere, as soon as a candidate waits."""
    waits = [each.candidate for each in run.events() if each.kind == "waiting"]
    for candidate in waits:
        if candidate in PEOPLE:
            run.decide(PEOPLE[candidate])


def calls(run: RunDirectory) -> list[str]:
    """The calls of the proposer, over all sessions."""
    file = run.path.parent / "calls"
    return file.read_text().splitlines() if file.exists() else []


def paid(run: RunDirectory) -> int:
    """How many answers of the proposer reached the disk."""
    found = [each for number in (1, 2) for each in read_slots(run, number)]
    return sum(each.proposer == "paid" for each in found)


@pytest.fixture(scope="module")
def whole(
    recordings: list[Path], tmp_path_factory: pytest.TempPathFactory, sessions: Sessions
) -> Whole:
    folder = tmp_path_factory.mktemp("whole")
    contrary = folder / "contrary.rheo"
    contrary.write_text(CONTRARY)
    asked = request(
        recordings[:2],
        proposers=["paid"],
        approve=ApprovalMode.EACH,
        tune=True,
        tune_evaluations=10,
        caps=RunLimits(rounds=2),
        baselines=[BaselineRef(controller=str(contrary), settings=[{"n": 1}, {"n": 4}])],
    )
    run = create_run(folder / "run", asked)
    sessions.to_its_end(run)
    return Whole(run, calls(run))


def fresh(whole: Whole, folder: Path) -> RunDirectory:
    """A run of the same request; what it plays was played before, which spares the time."""
    folder.mkdir()
    run = create_run(folder / "run", whole.run.request)
    shutil.copy(whole.run.evaluations_path, run.evaluations_path)
    return run


def test_every_call_is_made_and_paid_once(whole: Whole) -> None:
    assert [each.split()[0] for each in whole.calls] == ["propose", "repair", "repair", "propose"]
    ending = whole.run.ending
    assert ending is not None
    assert (ending.usage.tokens_in, ending.usage.usd) == (4_000, 1.0)
    assert whole.run.draft("r001-2").tries == 3
    kinds = [each.kind for each in whole.run.events()]
    assert {"unsound", "repaired", "replayed", "tuned", "waiting", "decided"} <= set(kinds)


@pytest.mark.parametrize("session", [1, 2])
@pytest.mark.parametrize("moment", ["event", "writes", "checkpoint"])
def test_run_killed_at_any_event_ends_with_the_same_bytes_and_cost(
    whole: Whole, sessions: Sessions, tmp_path: Path, moment: str, session: int
) -> None:
    # Every fifth moment; which they are is another matter in every run of the tests.
    for count in range(randint(1, 5), MOST, 5):
        run = fresh(whole, tmp_path / str(count))
        for _ in range(1, session):
            assert sessions.play(run)
            decide(run)
        lived = sessions.play(run, moment, str(count))
        asked, kept = calls(run), paid(run)
        decide(run)
        sessions.to_its_end(run)
        assert content(run) == content(whole.run), count
        # What was on its way when it was killed is asked for again, and nothing else.
        assert calls(run) == [*asked, *whole.calls[kept:]], count
        if lived:
            assert count > 8
            return
    pytest.fail("a session has more moments than were tried")


def test_waiting_run_can_be_moved(whole: Whole, sessions: Sessions, tmp_path: Path) -> None:
    run = fresh(whole, tmp_path / "before")
    assert sessions.play(run)
    decide(run)
    (tmp_path / "after").mkdir()
    run.path.parent.rename(tmp_path / "after" / "there")
    moved = open_run(tmp_path / "after" / "there" / "run")
    sessions.to_its_end(moved)
    assert calls(moved) == whole.calls
    assert content(moved) == content(whole.run)
