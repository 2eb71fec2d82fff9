"""Base rates against a plain count over the same branch orders."""

from collections.abc import Sequence

import pytest

from harness.explanation.base_rates import (
    FIRST,
    MORE,
    WIDTH,
    BaseRate,
    count_base_rates,
)
from harness.mdp.environment import ReplayEnvironment
from harness.mdp.replay import BranchPool, NotProbed, ReplayChain, permute_branches

SEEDS = range(6)


def chain(length: int, final: str, early: str = "ERR") -> ReplayChain:
    """A branch that shows ``early`` for all but its last two intervals."""
    probes = [early] * max(0, length - 2) + [final] * min(2, length)
    return ReplayChain(probes, 500 * length + 1, final)


def environment(*questions: tuple[str, Sequence[ReplayChain]]) -> ReplayEnvironment:
    pools = [BranchPool(list(chains), 500, True) for _, chains in questions]
    return ReplayEnvironment(pools, [gold for gold, _ in questions], name="m/b")


def rates(found: ReplayEnvironment) -> dict[str, BaseRate]:
    return {each.case: each for each in count_base_rates(found, SEEDS).rates}


MIXED = environment(
    ("7", [chain(3 + at % 5, "7" if at % 3 else "9", "7") for at in range(20)]),
    ("1", [chain(4 + at % 7, "2" if at % 2 else "ERR", "2") for at in range(20)]),
)


def test_finishers_are_ranked_by_length_and_then_by_opening() -> None:
    expected = []
    for gold, pool in zip(MIXED.gold, MIXED.branch_pools, strict=True):
        for seed in SEEDS:
            opened = [pool.chains[at] for at in permute_branches(20, seed)[:WIDTH]]
            shortest = min(len(each.probes) for each in opened)
            first = next(each for each in opened if len(each.probes) == shortest)
            expected.append(first.final == gold)
    result = rates(MIXED)[f"finisher 1 of {WIDTH}"]
    assert result.count == len(expected)
    assert result.right == pytest.approx(100 * sum(expected) / len(expected), abs=0.01)


def test_more_is_the_majority_of_many_branches_in_the_same_episodes() -> None:
    right = environment(("7", [chain(3, "7")] * 12 + [chain(3, "9")] * 8))
    assert MORE > 20
    assert {each.more for each in count_base_rates(right, SEEDS).rates} == {100.0}


def test_votes_count_answers_and_not_failures() -> None:
    failing = environment(("7", [chain(2, "ERR")] * 20))
    case = rates(failing)["2 finished, votes 0:0"]
    assert case.right == 0


def test_unfinished_branches_that_agree_are_counted_once_an_episode() -> None:
    early = environment(("7", [chain(9, "7", early="9")] * 20))
    case = rates(early)[f"{FIRST} of {FIRST} agree twice, none has finished"]
    assert case.count == len(SEEDS)
    assert case.right == 0
    assert case.more == 100


def test_questions_are_grouped_by_how_often_the_majority_is_right() -> None:
    both = environment(("7", [chain(3, "7")] * 20), ("7", [chain(6, "9")] * 20))
    kinds = {each.kind: each for each in count_base_rates(both, SEEDS).kinds}
    assert (kinds["always"].questions, kinds["never"].questions) == (1, 1)
    assert kinds["sometimes"].questions == 0
    assert kinds["never"].share > kinds["always"].share
    assert sum(each.share for each in kinds.values()) == pytest.approx(100, abs=0.05)


def test_recordings_without_probes_are_refused() -> None:
    pool = BranchPool([ReplayChain([], 900, "7")], 500, False)
    with pytest.raises(NotProbed):
        count_base_rates(ReplayEnvironment([pool], ["7"]), SEEDS)
