"""What the MDP refuses, in which words, and what a hostile controller gains: nothing."""

from collections.abc import Iterator
from itertools import count
from typing import cast

import pytest

from dsl.episode import (
    Advance,
    Answer,
    AnyVerb,
    Inadmissible,
    Open,
    Probe,
    Prune,
    Sample,
)
from harness.mdp.ledger import BarrierRecord
from harness.mdp.replay import BranchPool, Replay, ReplayChain
from tests.harness.ledger_by_table import picture_of

CHAIN = ReplayChain(["1", "2"], 250, "2")


def midway(trace: list[BarrierRecord] | None = None) -> Replay:
    """Branch 0 active, 1 finished, 2 pruned; one of four left to open."""
    replay = Replay(BranchPool([CHAIN] * 4, 100), seed=0, trace=trace)
    replay.perform(Open(count=3))
    replay.perform(Advance(branches=(1,), bursts=(2,)))
    replay.perform(Prune(branches=(2,)))
    return replay


REFUSALS: list[tuple[AnyVerb, str]] = [
    (Open(count=2), "BRANCH is not admissible: 2 branches are requested, 1 are left"),
    (Sample(count=2), "READ is not admissible: 2 branches are requested, 1 are left"),
    (Open(count=-1), "BRANCH is not admissible: its count is -1"),
    (
        Advance(branches=(1,), bursts=(1,)),
        "CONTINUE of branch 1 is not admissible: it is finished",
    ),
    (Advance(branches=(2,), bursts=(1,)), "CONTINUE of branch 2 is not admissible: it is pruned"),
    (
        Advance(branches=(0, 3), bursts=(1, 1)),
        "CONTINUE of branch 3 is not admissible: it has not been opened",
    ),
    (Prune(branches=(-1,)), "PRUNE of branch -1 is not admissible: it has not been opened"),
    (
        Advance(branches=(0, 0), bursts=(1, 1)),
        "CONTINUE of branch 0 is not admissible: it is named twice",
    ),
    (
        Advance(branches=(0,), bursts=(0,)),
        "CONTINUE of branch 0 is not admissible: a burst is at least one interval",
    ),
    (
        Advance(branches=(0,), bursts=()),
        "CONTINUE is not admissible: there must be one burst for each branch",
    ),
    (
        Probe(branches=(0,)),
        "PROBE of branch 0 is not admissible: the answer at this depth is already revealed",
    ),
    (Prune(branches=(1,)), "PRUNE of branch 1 is not admissible: it is finished"),
]


@pytest.mark.parametrize(("verb", "message"), REFUSALS, ids=lambda case: str(case))
def test_a_refusal_names_action_branch_and_reason_and_changes_nothing(
    verb: AnyVerb, message: str
) -> None:
    trace: list[BarrierRecord] = []
    replay = midway(trace)
    before = (picture_of(replay.episode), replay.spent, replay.sequential, len(trace))
    with pytest.raises(Inadmissible) as caught:
        replay.perform(verb)
    assert str(caught.value) == message
    after = (picture_of(replay.episode), replay.spent, replay.sequential, len(trace))
    assert after == before


@pytest.mark.parametrize("verb", [Open(count=1), Answer(answer="2"), Prune(branches=(0,))])
def test_nothing_is_admitted_after_the_answer(verb: AnyVerb) -> None:
    replay = midway()
    replay.perform(Answer(answer="1"))
    with pytest.raises(Inadmissible, match="the episode has been answered"):
        replay.perform(verb)
    assert replay.answer == "1"


class Yes(str):
    """Equal to everything that it is compared with."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


class Wandering(tuple[int, ...]):
    """Names another branch each time that it is gone through."""

    __slots__ = ()

    passes = count()

    def __iter__(self) -> Iterator[int]:
        yield next(self.passes) % 3


class LateOpen(Open, frozen=True):
    """A verb of a kind of its own."""


@pytest.mark.parametrize(
    "verb",
    [
        cast("AnyVerb", None),
        cast("AnyVerb", "answer"),
        cast("AnyVerb", Open),
        LateOpen(count=1),
        Answer(answer=Yes("x")),
        Prune(branches=Wandering((0,))),
        Open(count=True),
        Advance(branches=(0,), bursts=[1]),  # type: ignore[arg-type]
        Open(count=1, because=Yes("why")),
    ],
    ids=lambda verb: type(verb).__name__,
)
def test_values_that_are_not_exactly_verbs_are_refused(verb: AnyVerb) -> None:
    replay = midway()
    before = picture_of(replay.episode)
    with pytest.raises(Inadmissible):
        replay.perform(verb)
    assert picture_of(replay.episode) == before
    assert not replay.ended


def test_a_tampered_view_changes_no_admission_and_no_charge() -> None:
    replay = midway()
    episode = replay.episode
    episode.active[:] = [1, 2]
    episode.spent = -1000
    episode.limit = 99
    episode.branches[1].status = episode.branches[0].status
    for verb in (Advance(branches=(1,), bursts=(1,)), Open(count=2)):
        with pytest.raises(Inadmissible):
            replay.perform(verb)
    replay.perform(Advance(branches=(0,), bursts=(2,)))
    assert replay.spent == episode.spent == 3 * 100 + 150 + 150
    assert (episode.active, episode.finished) == ([], [1, 0])


def test_lists_emptied_by_the_controller_do_not_reach_the_ledger() -> None:
    replay = Replay(BranchPool([CHAIN] * 3, 100), seed=0)
    replay.perform(Open(count=2))
    for held in ("active", "branches", "finished", "pruned"):
        getattr(replay.episode, held).clear()
    replay.perform(Prune(branches=(1,)))
    assert replay.episode.active == [0]
    assert [view.index for view in replay.episode.branches] == [0, 1]


def test_a_list_does_not_change_while_a_controller_iterates_over_it() -> None:
    replay = Replay(BranchPool([CHAIN] * 3, 100), seed=0)
    replay.perform(Open(count=3))
    for branch in replay.episode.active:
        replay.perform(Prune(branches=(branch,)))
    assert replay.episode.pruned == [0, 1, 2]
