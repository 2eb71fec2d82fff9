"""Kernels over sets of branches: votes and sorting, for compiled programs.

They compute over arrays what `dsl.aggregates` computes over texts. Answers are numbered from 0, -1
is none. The arrays of votes and marks are all 0 when a tally begins, and `clear` resets them.
"""

from dsl.beta import beta_confidence_int, beta_confidence_real
from dsl.compiler.kernel_types import Bytes, Ints32, Ints64, Reals
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
            if votes[answer] == 0:
                distinct[count] = answer
                count += 1
            votes[answer] += 1
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
            if marks[answer] == 0:
                marks[answer] = 1
                distinct[count] = answer
                count += 1
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
        if index != but:
            value = votes[distinct[index]]
            if best < 0 or value > most:
                best = index
                most = value
    return best


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


def sort_integers(members: Ints32, keys: Ints64, size: int) -> None:
    """Sort members by key, the smallest first; equals keep their order.

    Args:
        members: branch indexes, int32, shape (at least size,).
        keys: sort key of each member.
        size: number of members.
    """
    for index in range(1, size):
        member = members[index]
        key = keys[index]
        slot = index
        while slot > 0:
            if keys[slot - 1] <= key:
                break
            members[slot] = members[slot - 1]
            keys[slot] = keys[slot - 1]
            slot -= 1
        members[slot] = member
        keys[slot] = key


def sort_reals(members: Ints32, keys: Reals, size: int) -> None:
    """Sort members by real key, the smallest first; equals keep their order.

    Args:
        members: branch indexes, int32, shape (at least size,).
        keys: sort key of each member.
        size: number of members.
    """
    for index in range(1, size):
        member = members[index]
        key = keys[index]
        slot = index
        while slot > 0:
            if keys[slot - 1] <= key:
                break
            members[slot] = members[slot - 1]
            keys[slot] = keys[slot - 1]
            slot -= 1
        members[slot] = member
        keys[slot] = key


def quantile(values: Reals, size: int, q: float) -> float:
    """Sort values in place, and return the value at part ``q`` of them.

    Args:
        values: the values.
        size: their number.
        q: the part, clipped to 0 … 1.
    """
    if size == 0:
        return 0.0
    for index in range(1, size):
        value = values[index]
        slot = index
        while slot > 0:
            if values[slot - 1] <= value:
                break
            values[slot] = values[slot - 1]
            slot -= 1
        values[slot] = value
    part = q
    if part < 0.0:
        part = 0.0
    if part > 1.0:
        part = 1.0
    position = mul_real(part, float(size - 1))
    low = 0
    while low + 1 < size and float(low + 1) <= position:
        low += 1
    if low + 1 >= size:
        return values[size - 1]
    upper = values[low + 1]
    more = mul_real(sub_real(position, float(low)), sub_real(upper, values[low]))
    result = add_real(values[low], more)
    if upper < result:
        return upper
    return result


def once(members: Ints32, size: int, answers: Ints32, marks: Bytes, kept: Ints32) -> int:
    """Store the first member of each answer, in order, and return their number.

    Args:
        members: branch indexes, int32, shape (at least size,).
        size: number of members.
        answers: answer number of each branch, -1 for none.
        marks: working array by answer number, all 0 before and after.
        kept: receives the first members.
    """
    count = 0
    for index in range(size):
        answer = answers[members[index]]
        if answer >= 0:  # noqa: SIM102 - kernels evaluate both sides of an `and`
            if marks[answer] == 0:
                marks[answer] = 1
                kept[count] = members[index]
                count += 1
    for index in range(count):
        marks[answers[kept[index]]] = 0
    return count


def subtract(
    members: Ints32, size: int, without: Ints32, gone: int, marks: Bytes, remaining: Ints32
) -> int:
    """Store the members that are not in another set, in order, and return their number.

    ``marks`` has an element for each branch, all 0 before and after.

    Args:
        members: branch indexes, int32, shape (at least size,).
        size: number of members.
        without: the set to subtract.
        gone: number of members of ``without``.
        marks: working array, all 0 before and after.
        remaining: receives the remaining members.
    """
    for index in range(gone):
        marks[without[index]] = 1
    count = 0
    for index in range(size):
        if marks[members[index]] == 0:
            remaining[count] = members[index]
            count += 1
    for index in range(gone):
        marks[without[index]] = 0
    return count
