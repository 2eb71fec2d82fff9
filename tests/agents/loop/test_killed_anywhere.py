"""A run with repairs and a person, killed at every moment that it has: same end, same bill."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from agents.run.directory import RunDirectory, create, open_run
from agents.run.records import Approve, BaselineRef, Caps, Decision
from tests.agents.conftest import request
from tests.agents.loop.programs import CONTRARY
from tests.agents.loop.test_killed import ROOT, content

SCRIPT = Path(__file__).with_name("scripted_session.py")
PEOPLE = {"r001-2": Decision(candidate="r001-2", approved=True, note="short", by="ada")}
MOST = 60
"""More moments than a session has."""


class Whole(NamedTuple):
    """A run that nobody disturbed."""

    run: RunDirectory
    calls: list[str]


def play(run: RunDirectory, *more: str) -> int:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(run.path), str(run.path.parent / "calls"), *more],
        cwd=ROOT, env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True, text=True, check=False, timeout=250,
    )  # fmt: skip
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode


def decide(run: RunDirectory) -> None:
    """What a person does from elsewhere, as soon as a candidate waits."""
    waits = [each.candidate for each in run.events() if each.kind == "waiting"]
    for candidate in waits:
        if candidate in PEOPLE:
            run.decide(PEOPLE[candidate])


def to_its_end(run: RunDirectory) -> None:
    for _ in range(10):
        assert play(run) == 0
        if run.ending is not None:
            return
        decide(run)
    pytest.fail("it does not end")


def calls(run: RunDirectory) -> list[str]:
    return (run.path.parent / "calls").read_text().splitlines()


@pytest.fixture(scope="module")
def whole(recordings: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder = tmp_path_factory.mktemp("whole")
    contrary = folder / "contrary.rheo"
    contrary.write_text(CONTRARY)
    asked = request(
        recordings[:2],
        proposers=["paid"],
        approve=Approve.EACH,
        tune=True,
        tune_evaluations=10,
        caps=Caps(rounds=2),
        baselines=[BaselineRef(controller=str(contrary), settings=[{"n": 1}, {"n": 4}])],
    )
    run = create(folder / "run", asked)
    to_its_end(run)
    return Whole(run, calls(run))


def fresh(whole: Whole, folder: Path) -> RunDirectory:
    """A run of the same request."""
    folder.mkdir()
    return create(folder / "run", whole.run.request)


def test_every_call_is_made_and_paid_once(whole: Whole) -> None:
    assert [each.split()[0] for each in whole.calls] == ["propose", "repair", "repair", "propose"]
    ending = whole.run.ending
    assert ending is not None
    assert (ending.usage.tokens_in, ending.usage.usd) == (4_000, 1.0)
    assert whole.run.draft("r001-2").tries == 3
    kinds = [each.kind for each in whole.run.events()]
    assert {"unsound", "repaired", "replayed", "tuned", "waiting", "decided"} <= set(kinds)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("session", [1, 2])
@pytest.mark.parametrize("moment", ["event", "writes", "checkpoint"])
def test_a_run_killed_at_any_moment_ends_the_same_for_the_same_price(
    whole: Whole, tmp_path: Path, moment: str, session: int
) -> None:
    for count in range(1, MOST):
        run = fresh(whole, tmp_path / str(count))
        for _ in range(1, session):
            assert play(run) == 0
            decide(run)
        was_killed = play(run, moment, str(count)) != 0
        decide(run)
        to_its_end(run)
        assert content(run) == content(whole.run), count
        assert calls(run) == whole.calls, count
        if not was_killed:
            assert count > 8
            return
    pytest.fail("a session has more moments than were tried")


@pytest.mark.slow
def test_a_run_may_be_moved_while_it_waits(whole: Whole, tmp_path: Path) -> None:
    run = fresh(whole, tmp_path / "before")
    assert play(run) == 0
    decide(run)
    (tmp_path / "after").mkdir()
    run.path.parent.rename(tmp_path / "after" / "there")
    moved = open_run(tmp_path / "after" / "there" / "run")
    to_its_end(moved)
    assert calls(moved) == whole.calls
    assert content(moved) == content(whole.run)
