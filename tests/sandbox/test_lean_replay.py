"""The lean replay: outcomes, charges and states are those of the full replay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl.episode import (
    Advance,
    Answer,
    AnyVerb,
    BranchView,
    BudgetSpent,
    Inadmissible,
    Open,
    Outcome,
    Probe,
    Prune,
    Sample,
    Status,
)
from harness.mdp.admission import NotProbed
from harness.mdp.replay import BranchPool, NamedSignal, Replay, ReplayChain
from sandbox.host.lean_replay import LeanReplay
from sandbox.host.tracks import PoolTracks
from sandbox.python.branches import Branch
from sandbox.python.columns import RevealedColumns, show_advanced, show_opened
from sandbox.worker.messages import encode_branch
from store.records import SignalScope
from tests.harness.branch_pools import branch_pools

BRANCHES = st.lists(st.integers(0, 5), max_size=6).map(tuple)


@st.composite
def advances(draw: st.DrawFn) -> Advance:
    branches = draw(BRANCHES)
    bursts = [draw(st.integers(0, 4) | st.just(2**62)) for _ in branches]
    return Advance(branches=branches, bursts=tuple(bursts), look=draw(st.integers(0, 5)) > 0)


VERBS = st.lists(
    st.one_of(
        advances(),
        advances(),
        st.builds(Open, count=st.integers(0, 4), look=st.booleans()),
        st.builds(Sample, count=st.integers(0, 2)),
        st.builds(Probe, branches=BRANCHES),
        st.builds(Prune, branches=BRANCHES),
        st.just(Answer(answer="7")),
    ),
    max_size=20,
)


def perform(replay: Replay, verb: AnyVerb) -> Outcome | str:
    try:
        return replay.perform(verb)
    except (BudgetSpent, Inadmissible, NotProbed) as refusal:
        return f"{type(refusal).__name__}: {refusal}"


READS = {"nothing": [], "counts": ["changes"], "signals": ["signal", "streak"]}
"""Attributes that a controller reads, by what has to be sent for them."""


def require_equal(lean: LeanReplay, plain: Replay, verbs: list[AnyVerb], reads: str) -> None:
    """Both replays do the same for every verb, and have the same state after it."""
    for verb in verbs:
        depths = [view.depth for view in plain.episode.branches]
        outcome = perform(plain, verb)
        assert perform(lean, verb) == outcome
        assert (lean.spent, lean.sequential, lean.ended) == (
            plain.spent,
            plain.sequential,
            plain.ended,
        )
        assert lean.episode.active == plain.episode.active
        assert lean.episode.finished == plain.episode.finished
        assert lean.episode.pruned == plain.episode.pruned
        if isinstance(outcome, Outcome):
            views = [plain.episode.branches[index] for index in outcome.branches]
            if lean.last_columns is None:
                shown = [bytes(encode_branch(view)) for view in views]
                assert [bytes(state) for state in lean.last_states] == shown
            else:
                branches = show(lean.last_columns, verb, views, depths, plain.episode.interval)
                require_shown(branches, views, counts=reads == "counts")


def show(
    columns: RevealedColumns,
    verb: AnyVerb,
    views: list[BranchView],
    depths: list[int],
    interval: int,
) -> list[Branch]:
    """Return branches that were advanced, opened or pruned, as a worker shows them.

    Args:
        columns: What the verb has revealed.
        verb: The verb.
        views: The branches of its outcome.
        depths: The depth of all branches before it.
        interval: Δ in tokens.
    """
    branches = [Branch(view.index, 0, lambda: 0, (), interval) for view in views]
    if isinstance(verb, Advance):
        for branch in branches:
            branch.depth, branch.seen = depths[branch.index], True
        show_advanced(branches, verb.bursts, columns)
    elif isinstance(verb, Open):
        show_opened(branches, columns)
    else:
        assert isinstance(verb, Prune)
        assert columns == RevealedColumns()
        return []
    return branches


def require_shown(branches: list[Branch], views: list[BranchView], *, counts: bool) -> None:
    """Branches show what their views show.

    Args:
        branches: The branches; none if nothing was revealed.
        views: Their views.
        counts: Whether streaks and changes were sent.
    """
    for branch, view in zip(branches, views, strict=bool(branches)):
        shown = (branch.depth, branch.tokens, branch.answer, branch.cut_off)
        assert shown == (view.depth, view.tokens, view.answer, view.cut_off)
        assert branch.finished == (view.status is Status.FINISHED)
        assert branch.seen == (view.revealed == view.depth)
        if counts:
            assert (branch.streak, branch.changes) == (view.streak, view.changes)


@pytest.mark.parametrize("reads", READS)
@given(
    branch_pool=branch_pools(),
    seed=st.integers(0, 9),
    budget=st.none() | st.integers(0, 200),
    probe_cost=st.integers(0, 3),
    verbs=VERBS,
)
def test_every_verb_has_the_outcome_charge_and_states_of_the_replay(
    reads: str,
    branch_pool: BranchPool,
    seed: int,
    budget: int | None,
    probe_cost: int,
    verbs: list[AnyVerb],
) -> None:
    tracks = PoolTracks(branch_pool, READS[reads])
    for _ in range(2):  # the second episode finds the states that the first one has encoded
        lean = LeanReplay(tracks, seed=seed, budget=budget, probe_cost=probe_cost)
        plain = Replay(branch_pool, seed=seed, budget=budget, probe_cost=probe_cost, apart=True)
        require_equal(lean, plain, verbs, reads)


STEPS: list[AnyVerb] = [
    Open(count=2),
    Advance(branches=(1, 0), bursts=(2, 1)),
    Advance(branches=(0, 1), bursts=(1, 1)),
    Prune(branches=(0,)),
    Advance(branches=(1,), bursts=(9,)),
]


@pytest.mark.parametrize("scope", ["branch", "probe", "interval"])
def test_states_contain_the_signals_of_their_depth(scope: SignalScope) -> None:
    values = [0.5] if scope == "branch" else [0.1, 0.2, 0.3, 0.4]
    chain = ReplayChain(
        ["7", "9", "9", "7"],
        44,
        "7",
        entropy=[0.4, 0.3, 0.2, 0.1],
        logprob=[-1.0, -2.0, -3.0, -4.0, -5.0],
        signals={"reward": NamedSignal(scope, values)},
    )
    pool = BranchPool([chain, chain], 10)
    require_equal(
        LeanReplay(PoolTracks(pool, READS["signals"]), seed=0),
        Replay(pool, seed=0, apart=True),
        STEPS,
        "signals",
    )


def test_a_branch_that_passed_an_answer_without_revealing_it_shows_so() -> None:
    pool = BranchPool([ReplayChain(["7", "9", "9", "7", "7"], 54, "7")] * 2, 10)
    verbs: list[AnyVerb] = [
        Open(count=2),
        Advance(branches=(0,), bursts=(2,), look=False),
        Advance(branches=(0, 1), bursts=(1, 1)),
        Probe(branches=(1,)),
        Advance(branches=(1,), bursts=(1,), look=False),
        Probe(branches=(1,)),
        Advance(branches=(0, 1), bursts=(9, 9)),
    ]
    require_equal(
        LeanReplay(PoolTracks(pool, READS["counts"]), seed=0),
        Replay(pool, seed=0, apart=True),
        verbs,
        "counts",
    )
