"""Kernels of hindsight: who leads among the branches, and where an episode's tokens went."""

from dsl.compiler.kernel_types import Ints32, Ints64
from dsl.compiler.state import PRUNED

_PRUNED = int(PRUNED)


def leading_answer(opened: int, status: Ints64, answers: Ints32, votes: Ints64) -> int:
    """Return the answer with the most votes among branches not pruned, the first seen on a tie.

    Args:
        opened: number of branches.
        status: status of each branch.
        answers: answer number of each branch, -1 for none.
        votes: working array by answer number, all 0 before and after.

    Returns:
        The number of the answer; -1 if no branch votes.
    """
    most = 0
    for branch in range(opened):
        answer = answers[branch]
        if answer >= 0 and status[branch] != _PRUNED:
            votes[answer] += 1
            if votes[answer] > most:
                most = votes[answer]
    leader = -1
    for branch in range(opened):
        answer = answers[branch]
        if answer >= 0 and status[branch] != _PRUNED:
            if leader < 0 and votes[answer] == most:
                leader = answer
            votes[answer] = 0
    return leader


def sum_pruned(opened: int, status: Ints64, charges: Ints64) -> int:
    """Return the tokens on branches that were pruned.

    Args:
        opened: number of branches.
        status: status of each branch.
        charges: tokens charged on each branch.
    """
    total = 0
    for branch in range(opened):
        if status[branch] == _PRUNED:
            total += charges[branch]
    return total


def sum_voting(opened: int, status: Ints64, answers: Ints32, charges: Ints64, voted: int) -> int:
    """Return the tokens on branches that were not pruned and have a given latest answer.

    Args:
        opened: number of branches.
        status: status of each branch.
        answers: answer number of each branch, -1 for none.
        charges: tokens charged on each branch.
        voted: the answer's number, -1 for branches without an answer.
    """
    total = 0
    for branch in range(opened):
        if status[branch] != _PRUNED and answers[branch] == voted:
            total += charges[branch]
    return total
