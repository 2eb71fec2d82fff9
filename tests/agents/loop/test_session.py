"""Sessions: decisions, limits, repairs, and the lock."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from agents.loop import round_files
from agents.loop.discovery_task import discovery_task_factory
from agents.loop.session import SessionOptions, SessionResult, SessionStatus, run_session
from agents.run.directory import RunDirectory, create_run
from agents.run.events import Event, EventFollower
from agents.run.records import (
    ApprovalMode,
    BaselineRef,
    Decision,
    ResourceUsage,
    ReviewVerdict,
    RunLimits,
)
from harness.errors import ExternalError
from tests.agents.conftest import request
from tests.agents.loop.programs import BAD, BROKEN, CONTRARY, GOOD, OTHER
from tests.agents.loop.scripted import Scripted

Begin = Callable[..., RunDirectory]


@pytest.fixture
def begin(recordings: list[Path], tmp_path: Path) -> Begin:
    """Create a run of the scripted proposer over two recordings."""

    def create(**options: object) -> RunDirectory:
        contrary = tmp_path / "contrary.rheo"
        contrary.write_text(CONTRARY)
        settings: list[dict[str, int | float]] = [{"n": n} for n in (1, 2, 4, 8)]
        few = {
            "proposers": ["scripted"],
            "tune": False,
            "caps": RunLimits(rounds=1),
            "baselines": [BaselineRef(controller=str(contrary), settings=settings)],
        }
        return create_run(tmp_path / "run", request(recordings[:2], **(few | options)))

    return create


def finish(run: RunDirectory, candidate: str | None, decision: Decision | None) -> None:
    if candidate is not None:
        run.write_text("selected.rheo", run.source(candidate))


def play(run: RunDirectory, proposer: Scripted, **manner: object) -> SessionResult:
    calm = SessionOptions(**({"workers": 1, "wait": False} | manner))  # type: ignore[arg-type]
    return run_session(run, discovery_task_factory({"scripted": proposer}), finish, calm)


def kinds(run: RunDirectory) -> list[str]:
    return [event.kind for event in run.events()]


def test_best_candidate_is_selected_without_approval(begin: Begin) -> None:
    run = begin()
    assert play(run, Scripted([[BAD, GOOD]])) == SessionResult(SessionStatus.ENDED, "r001-2")
    assert [review.verdict for review in run.reviews()] == [ReviewVerdict.KEPT, ReviewVerdict.BEST]
    assert run.selected_path.read_text() == GOOD
    assert "waiting" not in kinds(run)


def test_run_without_a_significant_gain_has_no_winner(begin: Begin) -> None:
    run = begin()
    assert play(run, Scripted([[BAD]])) == SessionResult(SessionStatus.ENDED, None)
    assert not run.selected_path.exists()
    ending = run.ending
    assert ending is not None
    assert (ending.selected, ending.reason) == (None, "1 round was played")


# Decisions


def test_each_new_best_waits_for_a_decision(begin: Begin) -> None:
    run = begin(approve=ApprovalMode.EACH, caps=RunLimits(rounds=2))
    proposer = Scripted([[GOOD], [BAD]])
    assert play(run, proposer) == SessionResult(SessionStatus.WAITING, "r001-1")
    assert kinds(run)[-2:] == ["waiting", "left"]
    assert not run.has("archive.json")
    run.decide(Decision(candidate="r001-1", approved=True, note="short", by="ada"))
    assert play(run, proposer) == SessionResult(SessionStatus.ENDED, "r001-1")
    assert "decided" in kinds(run)
    assert len(proposer.briefs) == 2  # stored proposals are not requested again
    assert any("short" in note for note in proposer.briefs[1].notes)


def test_rejected_candidate_is_neither_best_nor_a_parent(begin: Begin) -> None:
    run = begin(approve=ApprovalMode.EACH, caps=RunLimits(rounds=2))
    proposer = Scripted([[GOOD], [BAD]])
    play(run, proposer)
    run.decide(Decision(candidate="r001-1", approved=False, note="too eager", by="ada"))
    assert play(run, proposer) == SessionResult(SessionStatus.ENDED, None)
    assert run.review("r001-1").verdict is ReviewVerdict.REJECTED
    assert run.reviews()[0].reasons == ["rejected by a reviewer: too eager"]
    assert "r001-1" not in [program.name for program in proposer.briefs[1].known]
    assert "too eager" in proposer.briefs[1].text


def test_final_approval_offers_the_next_best_after_a_rejection(begin: Begin) -> None:
    run = begin(approve=ApprovalMode.FINAL)
    proposer = Scripted([[GOOD, OTHER, BAD]])
    first = play(run, proposer)
    assert first.end is SessionStatus.WAITING
    assert first.candidate is not None
    run.decide(Decision(candidate=first.candidate, approved=False))
    second = play(run, proposer)
    assert second.end is SessionStatus.WAITING
    assert {first.candidate, second.candidate} == {"r001-1", "r001-2"}
    assert second.candidate is not None
    run.decide(Decision(candidate=second.candidate, approved=True))
    assert play(run, proposer) == SessionResult(SessionStatus.ENDED, second.candidate)


def test_no_candidate_is_selected_if_all_are_rejected(begin: Begin) -> None:
    run = begin(approve=ApprovalMode.FINAL)
    proposer = Scripted([[GOOD]])
    play(run, proposer)
    run.decide(Decision(candidate="r001-1", approved=False))
    assert play(run, proposer) == SessionResult(SessionStatus.ENDED, None)


def test_waiting_session_continues_after_the_decision(begin: Begin) -> None:
    run = begin(approve=ApprovalMode.FINAL)
    looks = []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            run.decide(Decision(candidate="r001-1", approved=True))

    assert play(run, Scripted([[GOOD]]), wait=True, sleep=sleep) == SessionResult(
        SessionStatus.ENDED, "r001-1"
    )
    assert len(looks) == 3


# Repairs


def test_failed_program_returns_to_its_proposer_with_diagnostics(begin: Begin) -> None:
    run = begin()
    proposer = Scripted(
        [[BROKEN]], repairs=[BROKEN.replace("winer(finished)", "winner(fin)"), GOOD]
    )
    assert play(run, proposer) == SessionResult(SessionStatus.ENDED, "r001-1")
    assert len(proposer.failures) == 2
    assert "did you mean" in proposer.failures[0]
    assert "fin" in proposer.failures[1]
    assert run.draft("r001-1").tries == 3
    assert kinds(run).count("unsound") == 2
    assert "repaired" in kinds(run)


def test_program_is_unsound_after_all_tries_and_the_run_continues(begin: Begin) -> None:
    run = begin(repairs=1)
    proposer = Scripted([[BROKEN, GOOD]], repairs=[BROKEN, GOOD])
    assert play(run, proposer) == SessionResult(SessionStatus.ENDED, "r001-2")
    assert [review.verdict for review in run.reviews()] == [
        ReviewVerdict.UNSOUND,
        ReviewVerdict.BEST,
    ]
    assert len(proposer.failures) == 1
    assert "winer" in run.draft("r001-1").diagnostics


# Limits


@pytest.mark.parametrize(
    ("caps", "reason"),
    [
        (RunLimits(rounds=3), "3 rounds were played"),
        (RunLimits(rounds=9, tokens=150), "200 of 150 tokens are spent"),
        (RunLimits(rounds=9, usd=0.5), "0.60 of 0.50 dollars are spent"),
        (RunLimits(rounds=9, evaluations=2), "2 of 2 programs were played"),
        (RunLimits(rounds=9, minutes=1e-9), "1e-09 minutes of work are over"),
    ],
)
def test_limit_ends_the_run(begin: Begin, caps: RunLimits, reason: str) -> None:
    run = begin(caps=caps)
    usage = ResourceUsage(tokens_in=90, tokens_out=10, usd=0.3)
    play(run, Scripted([[GOOD], [OTHER]], usage=usage))
    ending = run.ending
    assert ending is not None
    assert ending.reason == reason
    assert kinds(run)[-1] == "ended"


def test_ended_run_continues_with_a_raised_limit(begin: Begin) -> None:
    run = begin(caps=RunLimits(rounds=1))
    proposer = Scripted([[BAD], [GOOD]])
    assert play(run, proposer) == SessionResult(SessionStatus.ENDED, None)
    run.write("request.json", replace(run.request, caps=RunLimits(rounds=2)))
    assert play(run, proposer) == SessionResult(SessionStatus.ENDED, "r002-1")
    assert [brief.round for brief in proposer.briefs] == [1, 2]


# Users, readers, writers


def test_submitted_program_is_proposed_once(begin: Begin) -> None:
    run = begin(caps=RunLimits(rounds=2))
    assert round_files.submit_proposal(run, GOOD, "mine")
    assert not round_files.submit_proposal(run, GOOD, "in other words")
    assert play(run, Scripted([[BAD], []])) == SessionResult(SessionStatus.ENDED, "r001-2")
    assert run.draft("r001-2").proposer == "hand"
    assert [review.candidate for review in run.reviews()] == ["r001-1", "r001-2"]


def test_reader_follows_the_log_during_the_run(begin: Begin) -> None:
    run = begin()
    events: list[Event] = []
    finished = threading.Event()

    def follow() -> None:
        follower = EventFollower(run.events_path)
        while not finished.is_set():
            events.extend(follower.read_new())
        events.extend(follower.read_new())

    reader = threading.Thread(target=follow)
    reader.start()
    play(run, Scripted([[GOOD]]))
    finished.set()
    reader.join()
    assert events == run.events()


def test_second_session_is_refused_while_the_first_is_active(begin: Begin) -> None:
    run = begin()
    refused = []

    def listen(event: Event) -> None:
        if event.kind == "round":
            with pytest.raises(ExternalError, match="another process is at work") as problem:
                play(run, Scripted([]))
            refused.append(problem)

    play(run, Scripted([[GOOD]]), listen=listen)
    assert len(refused) == 1


def test_interrupted_session_logs_it_and_can_be_resumed(begin: Begin) -> None:
    run = begin()

    def listen(event: Event) -> None:
        if event.kind == "replayed":
            raise KeyboardInterrupt

    proposer = Scripted([[GOOD]])
    with pytest.raises(KeyboardInterrupt):
        play(run, proposer, listen=listen)
    assert kinds(run)[-1] == "left"
    assert play(run, proposer) == SessionResult(SessionStatus.ENDED, "r001-1")
    assert len(proposer.briefs) == 1
