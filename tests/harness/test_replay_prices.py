"""What each action does and costs, by examples worked by hand."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl.episode import Advance, AnyVerb, BudgetSpent, Open, Outcome, Probe, Prune, Sample, Status
from harness.mdp.admission import NotProbed
from harness.mdp.replay import BranchPool, Replay, ReplayChain, permute_branches
from tests.harness.ledger_by_table import picture_of

THREE = ReplayChain(["1", "1", "2"], 350, "2")
"""P = 3 at Δ = 100; the last stretch is 50 tokens."""
SHORT = ReplayChain(["1", "1", "2"], 270, "2")
"""T is below ΔP, as in a fifth of the released branches."""
BARE = ReplayChain([], 70, "5")


def replay_of(*chains: ReplayChain, budget: int | None = None, kappa: int = 0) -> Replay:
    """All chains are alike or the test names them by content, so the dealt order is no matter."""
    return Replay(BranchPool(chains, 100), seed=0, budget=budget, probe_cost=kappa)


def one(branch: int = 0, burst: int = 1, *, look: bool = True) -> Advance:
    return Advance(branches=(branch,), bursts=(burst,), look=look)


def test_a_branch_of_three_probes_ends_at_its_fourth_advance() -> None:
    replay = replay_of(THREE)
    charges = []
    for verb in (Open(count=1), one(), one(), one()):
        before = replay.spent
        replay.perform(verb)
        charges.append(replay.spent - before)
    view = replay.episode.branches[0]
    assert charges == [100, 100, 100, 50]
    assert (view.depth, view.status, view.answer) == (4, Status.FINISHED, "2")
    assert (view.streak, view.changes, view.revealed, view.tokens) == (1, 1, 4, 350)


@pytest.mark.parametrize(("chain", "read", "stepped"), [(THREE, 350, 350), (SHORT, 270, 300)])
def test_a_read_costs_t_and_advances_cost_at_least_the_span_of_probes(
    chain: ReplayChain, read: int, stepped: int
) -> None:
    reader, walker = replay_of(chain), replay_of(chain)
    reader.perform(Sample(count=1))
    walker.perform(Open(count=1))
    walker.perform(one(burst=9))
    assert (reader.spent, walker.spent) == (read, stepped)
    assert reader.episode.branches[0].depth == walker.episode.branches[0].depth == 4


def test_a_chain_without_probes_finishes_when_it_is_opened_and_costs_t() -> None:
    replay = replay_of(BARE)
    assert replay.perform(Open(count=1)) == Outcome((0,), exhausted=False)
    assert (replay.spent, replay.episode.finished) == (70, [0])
    assert replay.episode.branches[0].depth == 1


def test_a_probe_costs_kappa_once_and_the_finishing_step_costs_none() -> None:
    replay = replay_of(THREE, kappa=7)
    replay.perform(Open(count=1))
    assert replay.spent == 107
    replay.perform(one(burst=2))
    assert replay.spent == 107 + 2 * 107
    replay.perform(one())
    assert replay.spent == 3 * 107 + 50
    assert replay.episode.branches[0].tokens == 350


def test_an_unseen_advance_reveals_nothing_until_it_is_probed() -> None:
    replay = replay_of(THREE)
    replay.perform(Open(count=1, look=False))
    replay.perform(one(burst=2, look=False))
    view = replay.episode.branches[0]
    assert (view.answer, view.revealed, view.depth) == (None, 0, 3)
    replay.perform(Probe(branches=(0,)))
    assert (view.answer, view.revealed, view.streak) == ("2", 3, 0)


def test_the_entropy_shown_is_that_of_the_latest_probe() -> None:
    replay = replay_of(THREE._replace(entropy=[3.0, 2.0, 1.0]))
    replay.perform(Open(count=1))
    shown = [replay.episode.branches[0].entropy]
    for _ in range(3):
        replay.perform(one())
        shown.append(replay.episode.branches[0].entropy)
    assert shown == [3.0, 2.0, 1.0, 1.0]


def test_the_last_token_of_the_budget_can_be_spent_and_none_beyond_it() -> None:
    replay = replay_of(THREE, THREE, budget=200)
    assert replay.perform(Open(count=2)) == Outcome((0, 1), exhausted=False)
    with pytest.raises(BudgetSpent, match="CONTINUE is not admissible: 200 of 200 tokens"):
        replay.perform(one())


def test_if_the_budget_ends_inside_a_verb_its_prefix_is_performed() -> None:
    replay = replay_of(THREE, THREE, budget=450)
    replay.perform(Open(count=2))
    outcome = replay.perform(Advance(branches=(1, 0), bursts=(2, 2)))
    assert outcome == Outcome((1,), exhausted=True)
    assert [view.depth for view in replay.episode.branches] == [1, 3]
    assert (replay.spent, replay.sequential) == (400, 300)


def test_an_interval_may_be_affordable_when_its_probe_is_not() -> None:
    replay = replay_of(THREE, budget=105, kappa=6)
    assert replay.perform(Open(count=1)) == Outcome((0,), exhausted=True)
    assert (replay.spent, replay.episode.branches[0].answer) == (100, None)


def test_the_last_read_may_overshoot_the_budget() -> None:
    replay = replay_of(THREE, THREE, THREE, budget=351)
    assert replay.perform(Sample(count=3)) == Outcome((0, 1), exhausted=True)
    assert replay.spent == 700
    with pytest.raises(BudgetSpent):
        replay.perform(Sample(count=1))


def test_a_read_of_a_budget_that_is_just_spent_is_refused() -> None:
    replay = replay_of(THREE, THREE, budget=350)
    replay.perform(Sample(count=1))
    with pytest.raises(BudgetSpent):
        replay.perform(Sample(count=1))


def test_a_spent_budget_still_lets_a_branch_be_pruned() -> None:
    replay = replay_of(THREE, budget=100)
    replay.perform(Open(count=1))
    assert replay.perform(Prune(branches=(0,))) == Outcome((0,), exhausted=False)


def test_sequential_tokens_are_the_largest_charge_of_each_barrier() -> None:
    replay = replay_of(THREE, THREE, THREE)
    replay.perform(Open(count=3))
    replay.perform(Advance(branches=(0, 1), bursts=(3, 1)))
    assert replay.spent == 300 + 250 + 100
    assert replay.sequential == 100 + 250
    replay.perform(Prune(branches=(2,)))
    assert replay.sequential == 350
    assert replay.episode.sequential == 350


def test_branches_finish_in_the_order_of_the_verb_whatever_interval_they_end_in() -> None:
    replay = replay_of(THREE, THREE, THREE)
    replay.perform(Open(count=3))
    replay.perform(one(2, burst=2))
    replay.perform(Advance(branches=(1, 2, 0), bursts=(3, 1, 3)))
    assert replay.episode.finished == [1, 2, 0]


def test_pruned_branches_are_listed_in_opening_order_and_keep_answers() -> None:
    replay = replay_of(THREE, THREE, THREE)
    replay.perform(Open(count=3))
    replay.perform(Prune(branches=(2, 0)))
    assert (replay.episode.pruned, replay.episode.active) == ([0, 2], [1])
    assert replay.episode.branches[2].answer == "1"


@pytest.mark.parametrize(
    "verb", [Open(count=0), Sample(count=0), Prune(branches=()), Advance(branches=(), bursts=())]
)
def test_a_verb_over_an_empty_set_is_a_barrier_without_cost(verb: AnyVerb) -> None:
    replay = replay_of(THREE, budget=0)
    before = picture_of(replay.episode)
    assert replay.perform(verb) == Outcome((), exhausted=False)
    assert picture_of(replay.episode) == before


def test_chains_without_recorded_probes_can_only_be_read() -> None:
    replay = Replay(BranchPool([BARE], 100, probed=False), seed=0)
    with pytest.raises(NotProbed, match="only whole reads"):
        replay.perform(Open(count=1))
    assert (replay.spent, replay.episode.branches) == (0, [])
    replay.perform(Sample(count=1))
    assert replay.spent == 70


@given(branches=st.integers(0, 200), seed=st.integers(-(2**31), 2**31))
def test_the_permutation_is_that_of_a_new_generator(branches: int, seed: int) -> None:
    order = list(range(branches))
    random.Random(seed).shuffle(order)
    assert permute_branches(branches, seed) == tuple(order)


def test_branches_open_in_permuted_order() -> None:
    chains = [ReplayChain([], 10 + n, str(n)) for n in range(8)]
    replay = Replay(BranchPool(chains, 100), seed=3)
    replay.perform(Sample(count=8))
    assert [view.answer for view in replay.episode.branches] == [
        str(n) for n in permute_branches(8, 3)
    ]
    assert permute_branches(8, 3) != tuple(range(8))
