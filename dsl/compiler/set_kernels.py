"""Kernels that sort, thin out and subtract sets of branches, for compiled programs."""

from dsl.compiler.kernel_types import Bytes, Ints32, Ints64, Reals
from dsl.numeric import add_real, mul_real, sub_real


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
