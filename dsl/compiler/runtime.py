"""Kernels over sets of branches: votes and sorting, for compiled programs.

They compute over arrays what `dsl.aggregates` computes over texts. Answers are numbered from 0, -1
is none. The arrays of votes and marks are all 0 when a tally begins, and `clear` resets them.
"""

from dsl.beta import beta_confidence_int, beta_confidence_real
from dsl.compiler.kernel_types import Bytes, Ints32, Ints64, Reals
from dsl.numeric import add_real, div_real, log_real, mul_real, sub_real


def tally(members: Ints32, size: int, answers: Ints32, votes: Ints64, seen: Ints32) -> int:
    """Count the answers of a set, list them in ``seen`` as first seen, and return their number.

    Args:
        members: branch indexes, int32, shape (at least size,).
        size: number of members.
        answers: answer number of each branch, -1 for none.
        votes: votes by answer number.
        seen: answer numbers in the order of first sight.
    """
    found = 0
    for place in range(size):
        answer = answers[members[place]]
        if answer >= 0:
            if votes[answer] == 0:
                seen[found] = answer
                found += 1
            votes[answer] += 1
    return found


def tally_weighted(
    members: Ints32, size: int, answers: Ints32, weights: Reals, votes: Reals, marks: Bytes,
    seen: Ints32,
) -> int:  # fmt: skip
    """Count weighted votes, one weight per member, and return the number of answers.

    Args:
        members: branch indexes, int32, shape (at least size,).
        size: number of members.
        answers: answer number of each branch, -1 for none.
        weights: weight of each member, float64.
        votes: votes by answer number.
        marks: working array, all 0 before and after.
        seen: answer numbers in the order of first sight.
    """
    found = 0
    for place in range(size):
        answer = answers[members[place]]
        if answer >= 0:
            if marks[answer] == 0:
                marks[answer] = 1
                seen[found] = answer
                found += 1
            votes[answer] = add_real(votes[answer], weights[place])
    return found


def clear(seen: Ints32, found: int, votes: Ints64, marks: Bytes) -> None:
    """Make the arrays ready for the next tally.

    Args:
        seen: answer numbers in the order of first sight.
        found: number of answers in ``seen``.
        votes: votes by answer number.
        marks: working array, all 0 before and after.
    """
    for place in range(found):
        votes[seen[place]] = 0
        marks[seen[place]] = 0


def leader(seen: Ints32, found: int, votes: Ints64, but: int) -> int:
    """Return the position of the answer with the most votes, the first on a tie, or -1.

    The index ``but`` is skipped.

    Args:
        seen: answer numbers in the order of first sight.
        found: number of answers in ``seen``.
        votes: votes by answer number.
        but: position in ``seen`` to skip; -1 for none.
    """
    best = -1
    most = 0
    for place in range(found):
        if place != but:
            here = votes[seen[place]]
            if best < 0 or here > most:
                best = place
                most = here
    return best


def leader_weighted(seen: Ints32, found: int, votes: Reals, but: int) -> int:
    """Return the position of the answer with the most weighted votes.

    Args:
        seen: answer numbers in the order of first sight.
        found: number of answers in ``seen``.
        votes: votes by answer number.
        but: position in ``seen`` to skip; -1 for none.
    """
    best = -1
    most = 0.0
    for place in range(found):
        if place != but:
            here = votes[seen[place]]
            if best < 0 or here > most:
                best = place
                most = here
    return best


def answer_at(seen: Ints32, place: int) -> int:
    """Return the answer at an index; none at -1."""
    if place < 0:
        return -1
    return seen[place]


def votes_at(seen: Ints32, place: int, votes: Ints64) -> int:
    """Return the votes at an index; 0 at -1.

    Args:
        seen: answer numbers in the order of first sight.
        place: position in ``seen``; -1 for no answer.
        votes: votes by answer number.
    """
    if place < 0:
        return 0
    return votes[seen[place]]


def votes_at_weighted(seen: Ints32, place: int, votes: Reals) -> float:
    """Return the weighted votes at a position; 0 at -1.

    Args:
        seen: answer numbers in the order of first sight.
        place: position in ``seen``; -1 for no answer.
        votes: votes by answer number.
    """
    if place < 0:
        return 0.0
    return votes[seen[place]]


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


def total(seen: Ints32, found: int, votes: Ints64) -> float:
    """Return all votes.

    Args:
        seen: answer numbers in the order of first sight.
        found: number of answers in ``seen``.
        votes: votes by answer number.
    """
    count = 0
    for place in range(found):
        count += votes[seen[place]]
    return float(count)


def total_weighted(seen: Ints32, found: int, votes: Reals) -> float:
    """Return all votes, added up in the order of first sight.

    Args:
        seen: answer numbers in the order of first sight.
        found: number of answers in ``seen``.
        votes: votes by answer number.
    """
    found_total = 0.0
    for place in range(found):
        found_total = add_real(found_total, votes[seen[place]])
    return found_total


def share(votes: float, all_votes: float) -> float:
    """Return a part of the votes; 0 where they are 0 or below."""
    if all_votes > 0.0:
        return div_real(votes, all_votes)
    return 0.0


def entropy(seen: Ints32, found: int, votes: Ints64) -> float:
    """Return the Shannon entropy of the votes, in nats.

    Args:
        seen: answer numbers in the order of first sight.
        found: number of answers in ``seen``.
        votes: votes by answer number.
    """
    whole = total(seen, found, votes)
    result = 0.0
    if whole > 0.0:
        for place in range(found):
            part = div_real(float(votes[seen[place]]), whole)
            result = sub_real(result, mul_real(part, log_real(part)))
    return result


def entropy_weighted(seen: Ints32, found: int, votes: Reals) -> float:
    """Return the Shannon entropy of weighted votes above 0, in nats.

    Args:
        seen: answer numbers in the order of first sight.
        found: number of answers in ``seen``.
        votes: votes by answer number.
    """
    result = 0.0
    if total_weighted(seen, found, votes) > 0.0:
        whole = 0.0
        for place in range(found):
            if votes[seen[place]] > 0.0:
                whole = add_real(whole, votes[seen[place]])
        for place in range(found):
            if votes[seen[place]] > 0.0:
                part = div_real(votes[seen[place]], whole)
                result = sub_real(result, mul_real(part, log_real(part)))
    return result


def confidence(found: int, first: int, second: int) -> float:
    """Return the confidence in ``first`` votes over ``second``; 0 if no branch votes.

    Args:
        found: number of answers in ``seen``.
        first: votes of the leader.
        second: votes of the runner-up.
    """
    if found == 0:
        return 0.0
    return beta_confidence_int(first, second)


def confidence_weighted(found: int, first: float, second: float) -> float:
    """Return the confidence in weighted votes; 0 if no branch votes.

    Args:
        found: number of answers in ``seen``.
        first: votes of the leader.
        second: votes of the runner-up.
    """
    if found == 0:
        return 0.0
    return beta_confidence_real(first, second)


def sort_integers(members: Ints32, keys: Ints64, size: int) -> None:
    """Sort members by key, the smallest first; equals keep their order.

    Args:
        members: branch indexes, int32, shape (at least size,).
        keys: sort key of each member.
        size: number of members.
    """
    for place in range(1, size):
        member = members[place]
        key = keys[place]
        at = place
        while at > 0:
            if keys[at - 1] <= key:
                break
            members[at] = members[at - 1]
            keys[at] = keys[at - 1]
            at -= 1
        members[at] = member
        keys[at] = key


def sort_reals(members: Ints32, keys: Reals, size: int) -> None:
    """Sort members by real key, the smallest first; equals keep their order.

    Args:
        members: branch indexes, int32, shape (at least size,).
        keys: sort key of each member.
        size: number of members.
    """
    for place in range(1, size):
        member = members[place]
        key = keys[place]
        at = place
        while at > 0:
            if keys[at - 1] <= key:
                break
            members[at] = members[at - 1]
            keys[at] = keys[at - 1]
            at -= 1
        members[at] = member
        keys[at] = key


def subtract(
    members: Ints32, size: int, without: Ints32, gone: int, marks: Bytes, kept: Ints32
) -> int:
    """Store the members that are not in another set, in order, and return their number.

    ``marks`` has an element for each branch, all 0 before and after.

    Args:
        members: branch indexes, int32, shape (at least size,).
        size: number of members.
        without: the set to subtract.
        gone: number of members of ``without``.
        marks: working array, all 0 before and after.
        kept: receives the remaining members.
    """
    for place in range(gone):
        marks[without[place]] = 1
    found = 0
    for place in range(size):
        if marks[members[place]] == 0:
            kept[found] = members[place]
            found += 1
    for place in range(gone):
        marks[without[place]] = 0
    return found
