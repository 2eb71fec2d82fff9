"""What a run does when a person says no, and what a session does when one wants it to stop."""

import signal
import threading

import pytest
from msgspec.structs import replace

from agents.feedback.brief import Brief
from agents.loop.discovery import discovery
from agents.loop.session import End, Manner, Outcome, session
from agents.proposers import Bench, Proposed
from agents.run.directory import RunDirectory
from agents.run.records import Approve, Caps, Decision, Proposal, Usage, Verdict
from tests.agents.loop.programs import BAD, BROKEN, GOOD, wide
from tests.agents.loop.scripted import Scripted
from tests.agents.loop.test_session import Begin, begin, finish, kinds, play

__all__ = ["begin"]

FAIR = wide(2, "0.5 + 0.25 * beta")
"""Better than the baseline, and worse than GOOD."""


def verdicts(run: RunDirectory) -> dict[str, Verdict]:
    return {each.candidate: each.verdict for each in run.reviews()}


def test_of_several_new_bests_in_a_round_the_one_before_is_offered_after_a_no(
    begin: Begin,
) -> None:
    run = begin(approve=Approve.EACH)
    proposer = Scripted([[FAIR, GOOD]])
    assert play(run, proposer) == Outcome(End.WAITING, "r001-2")
    run.decide(Decision(candidate="r001-2", approved=False))
    assert play(run, proposer) == Outcome(End.WAITING, "r001-1")
    run.decide(Decision(candidate="r001-1", approved=True))
    assert play(run, proposer) == Outcome(End.ENDED, "r001-1")
    assert verdicts(run) == {"r001-1": Verdict.BEST, "r001-2": Verdict.REJECTED}
    assert [each.best for each in run.summaries()] == ["r001-1"]


def test_a_no_at_the_end_reaches_the_archive_and_the_rounds_to_come(begin: Begin) -> None:
    run = begin(approve=Approve.FINAL)
    proposer = Scripted([[GOOD], [FAIR]])
    assert play(run, proposer) == Outcome(End.WAITING, "r001-1")
    run.decide(Decision(candidate="r001-1", approved=False, note="no"))
    assert play(run, proposer) == Outcome(End.ENDED, None)
    assert verdicts(run) == {"r001-1": Verdict.REJECTED}
    run.write("request.json", replace(run.request, caps=Caps(rounds=2)))
    # What was rejected is no rival: a program that is worse than it becomes the best.
    assert play(run, proposer) == Outcome(End.WAITING, "r002-1")
    assert verdicts(run)["r002-1"] is Verdict.BEST
    gain = run.review("r002-1").gain
    assert gain is not None
    assert gain.against != "r001-1"
    assert run.ending is None


# Caps within a round


def test_what_does_not_check_is_not_mended_beyond_a_cap(begin: Begin) -> None:
    run = begin(caps=Caps(rounds=9, tokens=50))
    proposer = Scripted([[BROKEN]], repairs=[GOOD], usage=Usage(tokens_in=60))
    assert play(run, proposer) == Outcome(End.ENDED, None)
    assert proposer.failures == []
    assert verdicts(run) == {"r001-1": Verdict.UNSOUND}
    ending = run.ending
    assert ending is not None
    assert ending.reason == "60 of 50 tokens are spent"


class Playing:
    """Plays all that it may, each program another."""

    def __init__(self, name: str, first: int):
        self.name = name
        self._first = first

    def propose(self, brief: Brief, bench: Bench) -> Proposed:
        at = self._first
        while bench.allowance > 0:
            bench.play([wide(at)])
            at += 1
        return Proposed([])

    def repair(self, brief: Brief, failed: Proposal, diagnostics: str, bench: Bench) -> Proposed:
        return Proposed([])


def test_proposers_have_rounds_in_turn_while_the_cap_on_programs_lasts(begin: Begin) -> None:
    run = begin(proposers=["one", "two"], caps=Caps(rounds=5, evaluations=6), round_evaluations=4)
    both = {"one": Playing("one", 2), "two": Playing("two", 30)}
    session(run, discovery(both), finish, Manner(workers=1, wait=False))
    ending = run.ending
    assert ending is not None
    assert ending.usage.evaluations == 6
    assert ending.rounds == 2  # four programs by the one, two by the other


# Ctrl-C


class Tireless(Playing):
    """Would play for long, and is told to stop."""

    def propose(self, brief: Brief, bench: Bench) -> Proposed:
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)
        for _ in range(20_000):
            bench.play([BAD])
        return Proposed([])


def test_ctrl_c_is_heard_while_a_proposer_plays(begin: Begin) -> None:
    run = begin(proposers=["tireless"])
    before = signal.getsignal(signal.SIGINT)
    proposers = {"tireless": Tireless("tireless", 1)}
    with pytest.raises(KeyboardInterrupt):
        session(run, discovery(proposers), finish, Manner(workers=1, wait=False))
    assert kinds(run)[-1] == "left"
    assert not list(run.round_path(1).glob("proposals/*tireless*"))
    assert signal.getsignal(signal.SIGINT) is before
