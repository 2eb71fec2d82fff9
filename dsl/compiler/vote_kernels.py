"""Kernels that count votes over sets of branches, for compiled programs.

They compute over arrays what `dsl.aggregates` computes over texts. Answers are numbered from 0, -1
is none. The arrays of votes and marks are all 0 when a tally begins, and `clear` resets them. The
array of distinct answers has room for one more than there are.
"""

from dsl.beta import EXACT_VOTES, beta_confidence_int, beta_confidence_real
from dsl.compiler.kernel_types import Bytes, Ints32, Ints64, Reals
from dsl.dirichlet import clip_votes, density_at, lay_nodes, node_at, probability_below
from dsl.exponentials import exp_real
from dsl.numeric import add_real, div_real, log_real, mul_real, sub_real


def tally(members: Ints32, size: int, answers: Ints32, votes: Ints64, distinct: Ints32) -> int:
    """Count the answers of a set, list them in ``distinct`` as first seen, and return their number.

    Args:
        members: branch indexes, int32, shape (at least size,).
        size: number of members.
        answers: answer number of each branch, -1 for none.
        votes: votes by answer number.
        distinct: answer numbers in the order of first sight.
    """
    count = 0
    for index in range(size):
        answer = answers[members[index]]
        if answer >= 0:
            # Entered in any case: whether an answer is new is hard to predict for a processor.
            distinct[count] = answer
            before = votes[answer]
            votes[answer] = before + 1
            if before == 0:
                count += 1
    return count


def tally_weighted(
    members: Ints32, size: int, answers: Ints32, weights: Reals, votes: Reals, marks: Bytes,
    distinct: Ints32,
) -> int:  # fmt: skip
    """Count weighted votes, one weight per member, and return the number of answers.

    Args:
        members: branch indexes, int32, shape (at least size,).
        size: number of members.
        answers: answer number of each branch, -1 for none.
        weights: weight of each member, float64.
        votes: votes by answer number.
        marks: working array, all 0 before and after.
        distinct: answer numbers in the order of first sight.
    """
    count = 0
    for index in range(size):
        answer = answers[members[index]]
        if answer >= 0:
            distinct[count] = answer
            if marks[answer] == 0:
                count += 1
            marks[answer] = 1
            votes[answer] = add_real(votes[answer], weights[index])
    return count


def clear(distinct: Ints32, count: int, votes: Ints64, marks: Bytes) -> None:
    """Make the arrays ready for the next tally.

    Args:
        distinct: answer numbers in the order of first sight.
        count: number of answers in ``distinct``.
        votes: votes by answer number.
        marks: working array, all 0 before and after.
    """
    for index in range(count):
        votes[distinct[index]] = 0
        marks[distinct[index]] = 0


def leader(distinct: Ints32, count: int, votes: Ints64, but: int) -> int:
    """Return the position of the answer with the most votes, the first on a tie, or -1.

    The index ``but`` is skipped.

    Args:
        distinct: answer numbers in the order of first sight.
        count: number of answers in ``distinct``.
        votes: votes by answer number.
        but: position in ``distinct`` to skip; -1 for none.
    """
    best = -1
    most = 0
    for index in range(count):
        value = 0 if index == but else votes[distinct[index]]
        if value > most:
            best = index
            most = value
    return best


def winner(
    members: Ints32, size: int, answers: Ints32, votes: Ints64, distinct: Ints32, guess: int
) -> int:
    """Return the answer with the most votes, -1 if no branch votes; the votes are 0 after it.

    If more than half of the branches give the answer ``guess``, no other is counted.

    Args:
        members: branch indexes, int32, shape (at least size,).
        size: number of members.
        answers: answer number of each branch, -1 for none.
        votes: votes by answer number.
        distinct: answer numbers in the order of first sight.
        guess: an answer that may have the most votes; -1 for none.
    """
    if guess >= 0:
        same = 0
        for index in range(size):
            if answers[members[index]] == guess:
                same += 1
        if 2 * same > size:
            return guess
    count = tally(members, size, answers, votes, distinct)
    found = answer_at(distinct, leader(distinct, count, votes, -1))
    for index in range(count):
        votes[distinct[index]] = 0
    return found


def leader_weighted(distinct: Ints32, count: int, votes: Reals, but: int) -> int:
    """Return the position of the answer with the most weighted votes.

    Args:
        distinct: answer numbers in the order of first sight.
        count: number of answers in ``distinct``.
        votes: votes by answer number.
        but: position in ``distinct`` to skip; -1 for none.
    """
    best = -1
    most = 0.0
    for index in range(count):
        if index != but:
            value = votes[distinct[index]]
            if best < 0 or value > most:
                best = index
                most = value
    return best


def answer_at(distinct: Ints32, index: int) -> int:
    """Return the answer at an index; none at -1."""
    if index < 0:
        return -1
    return distinct[index]


def votes_at(distinct: Ints32, index: int, votes: Ints64) -> int:
    """Return the votes at an index; 0 at -1.

    Args:
        distinct: answer numbers in the order of first sight.
        index: position in ``distinct``; -1 for no answer.
        votes: votes by answer number.
    """
    if index < 0:
        return 0
    return votes[distinct[index]]


def votes_at_weighted(distinct: Ints32, index: int, votes: Reals) -> float:
    """Return the weighted votes at a position; 0 at -1.

    Args:
        distinct: answer numbers in the order of first sight.
        index: position in ``distinct``; -1 for no answer.
        votes: votes by answer number.
    """
    if index < 0:
        return 0.0
    return votes[distinct[index]]


def votes_of(answer: int, votes: Ints64) -> int:
    """Return the votes of an answer, which may be none, or one that no branch gave."""
    if answer < 0:
        return 0
    return votes[answer]


def votes_of_weighted(answer: int, votes: Reals) -> float:
    """Return the same for weighted votes."""
    if answer < 0:
        return 0.0
    return votes[answer]


def total(distinct: Ints32, size: int, votes: Ints64) -> float:
    """Return all votes.

    Args:
        distinct: answer numbers in the order of first sight.
        size: number of answers in ``distinct``.
        votes: votes by answer number.
    """
    count = 0
    for index in range(size):
        count += votes[distinct[index]]
    return float(count)


def total_count(distinct: Ints32, size: int, votes: Ints64) -> int:
    """Return all votes as an integer.

    Args:
        distinct: answer numbers in the order of first sight.
        size: number of answers in ``distinct``.
        votes: votes by answer number.
    """
    count = 0
    for index in range(size):
        count += votes[distinct[index]]
    return count


def total_weighted(distinct: Ints32, count: int, votes: Reals) -> float:
    """Return all votes, added up in the order of first sight.

    Args:
        distinct: answer numbers in the order of first sight.
        count: number of answers in ``distinct``.
        votes: votes by answer number.
    """
    weight = 0.0
    for index in range(count):
        weight = add_real(weight, votes[distinct[index]])
    return weight


def share(votes: float, all_votes: float) -> float:
    """Return a part of the votes; 0 where they are 0 or below."""
    if all_votes > 0.0:
        return div_real(votes, all_votes)
    return 0.0


def entropy(distinct: Ints32, count: int, votes: Ints64) -> float:
    """Return the Shannon entropy of the votes, in nats.

    Args:
        distinct: answer numbers in the order of first sight.
        count: number of answers in ``distinct``.
        votes: votes by answer number.
    """
    all_votes = total(distinct, count, votes)
    result = 0.0
    if all_votes > 0.0:
        for index in range(count):
            part = div_real(float(votes[distinct[index]]), all_votes)
            result = sub_real(result, mul_real(part, log_real(part)))
    return result


def entropy_weighted(distinct: Ints32, count: int, votes: Reals) -> float:
    """Return the Shannon entropy of weighted votes above 0, in nats.

    Args:
        distinct: answer numbers in the order of first sight.
        count: number of answers in ``distinct``.
        votes: votes by answer number.
    """
    result = 0.0
    if total_weighted(distinct, count, votes) > 0.0:
        all_votes = 0.0
        for index in range(count):
            if votes[distinct[index]] > 0.0:
                all_votes = add_real(all_votes, votes[distinct[index]])
        for index in range(count):
            if votes[distinct[index]] > 0.0:
                part = div_real(votes[distinct[index]], all_votes)
                result = sub_real(result, mul_real(part, log_real(part)))
    return result


def confidence(count: int, first: int, second: int) -> float:
    """Return the confidence in ``first`` votes over ``second``; 0 if no branch votes.

    Args:
        count: number of answers in ``distinct``.
        first: votes of the leader.
        second: votes of the runner-up.
    """
    if count == 0:
        return 0.0
    return beta_confidence_int(first, second)


def confidence_weighted(count: int, first: float, second: float) -> float:
    """Return the confidence in weighted votes; 0 if no branch votes.

    Args:
        count: number of answers in ``distinct``.
        first: votes of the leader.
        second: votes of the runner-up.
    """
    if count == 0:
        return 0.0
    return beta_confidence_real(first, second)


_BOUND_MARGIN = 1e-9
"""More than the error of a confidence, by far."""


def bound_confidence(first: float, second: float, level: float) -> float:
    """Return a bound of the confidence in weighted votes that is on its side of ``level``.

    The bounds are confidences in whole votes, which are looked up. It is ``level`` itself if they
    do not tell.

    Args:
        first: votes of the leader.
        second: votes of the runner-up.
        level: what the confidence is compared with.
    """
    first = max(first, 0.0)
    second = max(second, 0.0)
    if first < float(EXACT_VOTES) and second < float(EXACT_VOTES):
        least = beta_confidence_int(int(first), int(second) + 1) - _BOUND_MARGIN
        if least > level:
            return least
        most = beta_confidence_int(int(first) + 1, int(second)) + _BOUND_MARGIN
        if most < level:
            return most
    return level


def dirichlet_confidence(distinct: Ints32, count: int, votes: Ints64, leader: int) -> float:
    """Return the probability that the leader is the most frequent of three answers or more.

    Args:
        distinct: answer numbers in the order of first sight.
        count: number of answers in ``distinct``.
        votes: votes by answer number.
        leader: position of the leader in ``distinct``.
    """
    shapes = 0.0
    for index in range(count):
        shapes = shapes + (clip_votes(float(votes[distinct[index]])) + 1.0)
    nodes = lay_nodes(clip_votes(float(votes[distinct[leader]])), shapes)
    above = 0.0
    whole = 0.0
    for number in range(nodes.left + nodes.right + 1):
        x = node_at(nodes, number - nodes.left)
        density = density_at(nodes, x)
        decay = exp_real(-x)
        product = density
        for index in range(count):
            if index != leader:
                one = clip_votes(float(votes[distinct[index]]))
                product = product * probability_below(one, x, decay)
        above = above + product
        whole = whole + density
    return min(above / whole, 1.0)


def dirichlet_confidence_weighted(distinct: Ints32, count: int, votes: Reals, leader: int) -> float:
    """Return the probability that the leader is the most frequent of three answers, by weights.

    Args:
        distinct: answer numbers in the order of first sight.
        count: number of answers in ``distinct``.
        votes: votes by answer number.
        leader: position of the leader in ``distinct``.
    """
    shapes = 0.0
    for index in range(count):
        shapes = shapes + (clip_votes(votes[distinct[index]]) + 1.0)
    nodes = lay_nodes(clip_votes(votes[distinct[leader]]), shapes)
    above = 0.0
    whole = 0.0
    for number in range(nodes.left + nodes.right + 1):
        x = node_at(nodes, number - nodes.left)
        density = density_at(nodes, x)
        decay = exp_real(-x)
        product = density
        for index in range(count):
            if index != leader:
                one = clip_votes(votes[distinct[index]])
                product = product * probability_below(one, x, decay)
        above = above + product
        whole = whole + density
    return min(above / whole, 1.0)
