"""Checkpoints of the graph: in the run directory, or in a shared database."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.loop.graph import open_checkpoints
from agents.loop.session import SessionResult, SessionStatus
from agents.run.directory import RunDirectory
from agents.run.records import ApprovalMode, Decision, RunLimits
from harness.errors import ExternalError, InputError
from tests.agents.loop import postgres
from tests.agents.loop.programs import BAD, GOOD
from tests.agents.loop.scripted import Scripted
from tests.agents.loop.test_session import Begin, begin, play

__all__ = ["begin"]


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """URL of a Postgres server for these tests, run by another user."""
    folder = Path(tempfile.mkdtemp())
    try:
        with postgres.server(folder) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
def test_run_with_state_in_postgres_waits_and_resumes(begin: Begin, database: str) -> None:
    run = begin(approve=ApprovalMode.EACH, caps=RunLimits(rounds=2))
    proposer = Scripted([[GOOD], [BAD]])
    assert play(run, proposer, checkpoints=database) == SessionResult(
        SessionStatus.WAITING, "r001-1"
    )
    run.decide(Decision(candidate="r001-1", approved=True))
    assert play(run, proposer, checkpoints=database) == SessionResult(SessionStatus.ENDED, "r001-1")
    assert len(proposer.briefs) == 2
    assert not run.checkpoints_path.exists()


@pytest.mark.slow
def test_two_runs_in_one_database_are_independent(
    begin: Begin, database: str, tmp_path: Path
) -> None:
    first = begin(approve=ApprovalMode.FINAL)
    assert play(first, Scripted([[GOOD]]), checkpoints=database).end is SessionStatus.WAITING
    shutil.copytree(
        first.path, tmp_path / "other", ignore=shutil.ignore_patterns("rounds", "thread")
    )
    other = RunDirectory(tmp_path / "other")
    assert play(other, Scripted([[BAD]]), checkpoints=database) == SessionResult(
        SessionStatus.ENDED, None
    )


@pytest.mark.parametrize(
    ("url", "kind", "sentence"),
    [
        ("mysql://there", InputError, "is not a URL of Postgres"),
        ("postgresql://127.0.0.1:1/none", ExternalError, "the database cannot be used"),
    ],
)
def test_unusable_database_gives_one_sentence(
    begin: Begin, url: str, kind: type[Exception], sentence: str
) -> None:
    with pytest.raises(kind, match=sentence), open_checkpoints(begin(), url):
        pass
