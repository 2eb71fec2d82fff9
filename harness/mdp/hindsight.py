"""Hindsight: the tokens that an episode could have saved.

Everything is computed from the trace of an episode and its answer; docs/explaining.md has the
definitions. An engine that plays many episodes gives the same as arrays, without traces.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from dsl.aggregates import tally, winner
from harness.mdp.ledger import ActionKind, BarrierRecord


class Hindsight(msgspec.Struct, frozen=True, kw_only=True):
    """Where the tokens of some episodes went. Sums over episodes.

    ``pruned``, ``uncounted`` and ``agreeing`` divide all tokens by branch, so they add up to
    ``tokens``. ``after_settled`` divides them by time.
    """

    episodes: int
    tokens: int
    settled: int
    """Episodes that settle: after some barrier and every later one, the leader is the answer of the
    episode. The leader is the answer with the most votes among all branches that are not pruned.
    """
    after_settled: int
    """Tokens of all barriers after the first such one. 0 for an episode that does not settle."""
    pruned: int
    """Tokens on branches that were pruned later."""
    uncounted: int
    """Tokens on branches that never counted: not pruned, and with another latest answer than the
    episode's, or none.
    """
    silent: int
    """The part of ``uncounted`` on branches that never revealed an answer."""
    agreeing: int
    """Tokens on branches that were not pruned and whose latest answer is the episode's."""


class HindsightArrays(NamedTuple):
    """Hindsight of each episode, as in `Hindsight`: Q questions × S seeds, (Q, S) each.

    Both engines give the same arrays.
    """

    settled: NDArray[np.int64]
    """1 for an episode that settles, else 0."""
    after_settled: NDArray[np.int64]
    pruned: NDArray[np.int64]
    uncounted: NDArray[np.int64]
    silent: NDArray[np.int64]
    agreeing: NDArray[np.int64]

    def enter(self, cell: tuple[int, int], hindsight: Hindsight) -> None:
        """Enter the hindsight of one episode.

        Args:
            cell: The positions of its question and its seed.
            hindsight: Its hindsight.
        """
        for name, values in self._asdict().items():
            values[cell] = getattr(hindsight, name)

    def at(self, cell: tuple[int, int]) -> Hindsight:
        """Return the hindsight of one episode, by the positions of its question and its seed."""
        part = slice(cell[0], cell[0] + 1), slice(cell[1], cell[1] + 1)
        return HindsightArrays(*(values[part] for values in self)).total()

    def total(self) -> Hindsight:
        """Return the sums over all episodes."""
        sums = {name: int(values.sum()) for name, values in self._asdict().items()}
        tokens = sums["pruned"] + sums["uncounted"] + sums["agreeing"]
        return Hindsight(episodes=self.settled.size, tokens=tokens, **sums)


def empty_hindsight(questions: int, seeds: int) -> HindsightArrays:
    """Return arrays to fill in."""
    shape = (questions, seeds)
    return HindsightArrays(*(np.zeros(shape, np.int64) for _ in HindsightArrays._fields))


def analyse_hindsight(trace: Sequence[BarrierRecord], answer: str | None) -> Hindsight:
    """Return the hindsight of one episode.

    Args:
        trace: Its barriers, including the answer's.
        answer: The episode's answer; an episode without an answer does not settle.
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
    """Return the sums over several."""
    names = Hindsight.__struct_fields__
    return Hindsight(**{name: sum(getattr(part, name) for part in parts) for name in names})


class _BranchBoard:
    """The branches of one episode, updated by its actions."""

    def __init__(self) -> None:
        self.charges: dict[int, int] = {}
        """Tokens charged on each branch, in opening order."""
        self.answers: dict[int, str] = {}
        """The latest revealed answer of each branch that has one."""
        self.pruned: set[int] = set()

    def take(self, barrier: BarrierRecord) -> str | None:
        """Apply the actions of a barrier; return the leader after it."""
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
