"""The lean replay: outcomes, charges and states are those of the full replay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl.episode import (
    Advance,
    Answer,
    AnyVerb,
    BudgetSpent,
    Inadmissible,
    Open,
    Outcome,
    Probe,
    Prune,
    Sample,
)
from harness.mdp.admission import NotProbed
from harness.mdp.replay import BranchPool, NamedSignal, Replay, ReplayChain
from sandbox.host.lean_replay import LeanReplay, PoolTracks
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


def require_equal(lean: LeanReplay, plain: Replay, verbs: list[AnyVerb]) -> None:
    """Both replays do the same for every verb, and have the same state after it."""
    for verb in verbs:
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
            views = plain.episode.branches
            shown = [bytes(encode_branch(views[index])) for index in outcome.branches]
            assert [bytes(state) for state in lean.last_states] == shown


@given(
    branch_pool=branch_pools(),
    seed=st.integers(0, 9),
    budget=st.none() | st.integers(0, 200),
    probe_cost=st.integers(0, 3),
    verbs=VERBS,
)
def test_every_verb_has_the_outcome_charge_and_states_of_the_replay(
    branch_pool: BranchPool, seed: int, budget: int | None, probe_cost: int, verbs: list[AnyVerb]
) -> None:
    tracks = PoolTracks(branch_pool)
    for _ in range(2):  # the second episode finds the states that the first one has encoded
        lean = LeanReplay(tracks, seed=seed, budget=budget, probe_cost=probe_cost)
        plain = Replay(branch_pool, seed=seed, budget=budget, probe_cost=probe_cost, apart=True)
        require_equal(lean, plain, verbs)


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
    require_equal(LeanReplay(PoolTracks(pool), seed=0), Replay(pool, seed=0, apart=True), STEPS)


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
    require_equal(LeanReplay(PoolTracks(pool), seed=0), Replay(pool, seed=0, apart=True), verbs)
