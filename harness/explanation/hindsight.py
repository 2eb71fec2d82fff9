"""What hindsight shows of episodes: which tokens an answer could have been had without.

Everything is read off the trace of an episode and its answer; docs/explaining.md gives the
definitions to users.
"""

from collections.abc import Sequence

import msgspec

from dsl.aggregates import tally, winner
from harness.mdp.ledger import ActionKind, BarrierRecord


class Hindsight(msgspec.Struct, frozen=True, kw_only=True):
    """Where the tokens of some episodes went. Sums over episodes.

    ``pruned``, ``uncounted`` and ``agreeing`` part all tokens by branch, so they add up to
    ``tokens``. ``after_settled`` cuts across them, by time.
    """

    episodes: int
    tokens: int
    settled: int
    """Episodes that settle: behind some barrier and every later one, the leader, the answer with
    the most votes among all branches that are not pruned, is the one that the episode ends with."""
    after_settled: int
    """Tokens of all barriers after the first such one. 0 for an episode that does not settle."""
    pruned: int
    """Tokens on branches that were pruned later."""
    uncounted: int
    """Tokens on branches that never counted: kept to the end, where their latest revealed answer is
    not the episode's, or they have none."""
    silent: int
    """Those of them on branches that never revealed an answer."""
    agreeing: int
    """Tokens on branches that were kept, and whose latest answer at the end is the episode's."""


def analyse_hindsight(trace: Sequence[BarrierRecord], answer: str | None) -> Hindsight:
    """What hindsight shows of one episode.

    Args:
        trace: its barriers, the answer's among them.
        answer: what it ended with; an episode without an answer does not settle.
    """
    board = _BranchBoard()
    leaders = [board.take(barrier) for barrier in trace]
    first = len(leaders)
    while answer is not None and first > 0 and leaders[first - 1] == answer:
        first -= 1
    settled = first < len(leaders)
    total = sum(board.charges.values())
    pruned = agreeing = silent = 0
    for branch, charge in board.charges.items():
        if branch in board.pruned:
            pruned += charge
        elif branch not in board.answers:
            silent += charge
        elif board.answers[branch] == answer:
            agreeing += charge
    return Hindsight(
        episodes=1,
        tokens=total,
        settled=int(settled),
        after_settled=total - trace[first].spent if settled else 0,
        pruned=pruned,
        uncounted=total - pruned - agreeing,
        silent=silent,
        agreeing=agreeing,
    )


def sum_hindsight(parts: Sequence[Hindsight]) -> Hindsight:
    """Return the sums of several."""
    names = Hindsight.__struct_fields__
    return Hindsight(**{name: sum(getattr(part, name) for part in parts) for name in names})


class _BranchBoard:
    """The branches of one episode, as its actions leave them."""

    def __init__(self) -> None:
        self.charges: dict[int, int] = {}
        """Tokens charged on each branch, in opening order."""
        self.answers: dict[int, str] = {}
        """The latest revealed answer of each branch that has one."""
        self.pruned: set[int] = set()

    def take(self, barrier: BarrierRecord) -> str | None:
        """Take up the actions of a barrier; give the leader behind it."""
        for action in barrier.actions:
            if action.branch is None:
                continue  # the episode's own answer
            self.charges[action.branch] = self.charges.get(action.branch, 0) + action.charge
            if action.answer is not None:
                self.answers[action.branch] = action.answer
            if action.kind is ActionKind.PRUNE:
                self.pruned.add(action.branch)
        alive = [branch for branch in self.charges if branch not in self.pruned]
        return winner(tally([self.answers.get(branch) for branch in alive]))
