"""Rejections by a reviewer, limits within a round, and interrupts of a session."""

import signal
import threading

import pytest
from msgspec.structs import replace

from agents.feedback.brief import Brief
from agents.loop.discovery_task import discovery_task_factory
from agents.loop.session import SessionOptions, SessionResult, SessionStatus, run_session
from agents.proposers import ProposalBatch
from agents.run.directory import CROSS_VALIDATION, RunDirectory
from agents.run.records import (
    ApprovalMode,
    Decision,
    Proposal,
    ResourceUsage,
    ReviewVerdict,
    RunLimits,
)
from agents.search.bench_protocol import Bench
from tests.agents.loop.programs import BAD, BROKEN, GOOD, wide
from tests.agents.loop.scripted import Scripted
from tests.agents.loop.test_session import Begin, begin, finish, kinds, play

__all__ = ["begin"]

FAIR = wide(2, "0.5 + 0.25 * beta")
"""Better than the baseline, and worse than GOOD."""


def verdicts(run: RunDirectory) -> dict[str, ReviewVerdict]:
    return {review.candidate: review.verdict for review in run.reviews()}


def test_rejection_offers_the_earlier_best_of_the_same_round(
    begin: Begin,
) -> None:
    run = begin(approve=ApprovalMode.EACH)
    proposer = Scripted([[FAIR, GOOD]])
    assert play(run, proposer) == SessionResult(SessionStatus.WAITING, "r001-2")
    run.decide(Decision(candidate="r001-2", approved=False))
    assert play(run, proposer) == SessionResult(SessionStatus.WAITING, "r001-1")
    run.decide(Decision(candidate="r001-1", approved=True))
    assert play(run, proposer) == SessionResult(SessionStatus.ENDED, "r001-1")
    assert verdicts(run) == {"r001-1": ReviewVerdict.BEST, "r001-2": ReviewVerdict.REJECTED}
    assert [summary.best for summary in run.summaries()] == ["r001-1"]


def test_final_rejection_updates_the_archive_and_later_rounds(begin: Begin) -> None:
    run = begin(approve=ApprovalMode.FINAL)
    proposer = Scripted([[GOOD], [FAIR]])
    assert play(run, proposer) == SessionResult(SessionStatus.WAITING, "r001-1")
    run.decide(Decision(candidate="r001-1", approved=False, note="no"))
    assert play(run, proposer) == SessionResult(SessionStatus.ENDED, None)
    assert verdicts(run) == {"r001-1": ReviewVerdict.REJECTED}
    assert not run.has(CROSS_VALIDATION)
    run.write("request.json", replace(run.request, caps=RunLimits(rounds=2)))
    # A rejected candidate is no incumbent: a worse program becomes the best.
    assert play(run, proposer) == SessionResult(SessionStatus.WAITING, "r002-1")
    assert verdicts(run)["r002-1"] is ReviewVerdict.BEST
    gain = run.review("r002-1").gain
    assert gain is not None
    assert gain.against != "r001-1"
    assert run.ending is None


def test_a_continued_run_has_no_cross_validation_of_its_earlier_end(begin: Begin) -> None:
    result: list[bool] = []

    class Recorder(Scripted):
        def propose(self, brief: Brief, bench: Bench) -> ProposalBatch:
            result.append(run.has(CROSS_VALIDATION))
            return super().propose(brief, bench)

    run = begin()
    proposer = Recorder([[GOOD], [FAIR]])
    play(run, proposer)
    assert run.has(CROSS_VALIDATION)
    run.write("request.json", replace(run.request, caps=RunLimits(rounds=2)))
    play(run, proposer)
    assert result == [False, False]
    assert run.has(CROSS_VALIDATION)


# Limits within a round


def test_failed_program_is_not_repaired_beyond_a_limit(begin: Begin) -> None:
    run = begin(caps=RunLimits(rounds=9, tokens=50))
    proposer = Scripted([[BROKEN]], repairs=[GOOD], usage=ResourceUsage(tokens_in=60))
    assert play(run, proposer) == SessionResult(SessionStatus.ENDED, None)
    assert proposer.failures == []
    assert verdicts(run) == {"r001-1": ReviewVerdict.UNSOUND}
    ending = run.ending
    assert ending is not None
    assert ending.reason == "60 of 50 tokens are spent"


class Playing:
    """Play as many different programs as allowed."""

    def __init__(self, name: str, first: int):
        self.name = name
        self._first = first

    def propose(self, brief: Brief, bench: Bench) -> ProposalBatch:
        index = self._first
        while bench.allowance > 0:
            bench.play([wide(index)])
            index += 1
        return ProposalBatch([])

    def repair(
        self, brief: Brief, failed: Proposal, diagnostics: str, bench: Bench
    ) -> ProposalBatch:
        return ProposalBatch([])


def test_proposers_take_turns_until_the_evaluation_limit(begin: Begin) -> None:
    run = begin(
        proposers=["one", "two"], caps=RunLimits(rounds=5, evaluations=6), round_evaluations=4
    )
    proposers = {"one": Playing("one", 2), "two": Playing("two", 30)}
    run_session(
        run, discovery_task_factory(proposers), finish, SessionOptions(workers=1, wait=False)
    )
    ending = run.ending
    assert ending is not None
    assert ending.usage.evaluations == 6
    assert ending.rounds == 2  # four programs by the one, two by the other


# Ctrl-C


class Tireless(Playing):
    """Play for a long time, until it is interrupted."""

    def propose(self, brief: Brief, bench: Bench) -> ProposalBatch:
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)
        for _ in range(20_000):
            bench.play([BAD])
        return ProposalBatch([])


def test_ctrl_c_interrupts_a_proposer_that_plays(begin: Begin) -> None:
    run = begin(proposers=["tireless"])
    before = signal.getsignal(signal.SIGINT)
    proposers = {"tireless": Tireless("tireless", 1)}
    with pytest.raises(KeyboardInterrupt):
        run_session(
            run, discovery_task_factory(proposers), finish, SessionOptions(workers=1, wait=False)
        )
    assert kinds(run)[-1] == "left"
    assert not list(run.round_path(1).glob("proposals/*tireless*"))
    assert signal.getsignal(signal.SIGINT) is before
