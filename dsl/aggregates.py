"""Aggregates over the branches of a set or the values of a window: sums, extremes and votes."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from dsl.dirichlet import clip_votes, density_at, lay_nodes, node_at, probability_below
from dsl.exponentials import exp_real
from dsl.numeric import (
    add_int,
    add_real,
    beta_confidence_int,
    beta_confidence_real,
    div_real,
    log_real,
    mul_real,
    sub_real,
)


def sum_ints(values: Sequence[int]) -> int:
    """Return the saturating sum of integers."""
    total = 0
    for value in values:
        total = add_int(total, value)
    return total


def sum_reals(values: Sequence[float]) -> float:
    """Return the saturating sum of reals."""
    total = 0.0
    for value in values:
        total = add_real(total, value)
    return total


def mean_reals(values: Sequence[float]) -> float:
    """Return the mean."""
    return div_real(sum_reals(values), float(len(values)))


def variance_reals(values: Sequence[float]) -> float:
    """Return the mean squared distance from the mean, in two passes."""
    mean = mean_reals(values)
    total = 0.0
    for value in values:
        off = sub_real(value, mean)
        total = add_real(total, mul_real(off, off))
    return div_real(total, float(len(values)))


def quantile_reals(values: Sequence[float], q: float) -> float:
    """Return the value at part ``q`` of the sorted values; 0 of none.

    The values are sorted and numbered from 0. The result is at the number q · (n - 1), between
    two values in proportion, and never above the upper one. ``q`` is clipped to 0 … 1.
    """
    if not values:
        return 0.0
    ordered = sorted(values)
    position = mul_real(min(max(q, 0.0), 1.0), float(len(ordered) - 1))
    low = int(position)
    if low + 1 >= len(ordered):
        return ordered[-1]
    lower, upper = ordered[low], ordered[low + 1]
    part = mul_real(sub_real(position, float(low)), sub_real(upper, lower))
    return min(add_real(lower, part), upper)


def median_reals(values: Sequence[float]) -> float:
    """Return the quantile at one half."""
    return quantile_reals(values, 0.5)


def min_reals(values: Sequence[float]) -> float:
    """Return the smallest."""
    return min(values, default=0.0)


def max_reals(values: Sequence[float]) -> float:
    """Return the largest."""
    return max(values, default=0.0)


def min_ints(values: Sequence[int]) -> int:
    """Return the smallest."""
    return min(values, default=0)


def max_ints(values: Sequence[int]) -> int:
    """Return the largest."""
    return max(values, default=0)


Votes: TypeAlias = int | float
"""A number of votes: an integer without weights, a real with them."""


class Tally(NamedTuple):
    """The votes of a list of answers."""

    answers: tuple[str, ...]
    """The distinct answers, in the order in which they were first seen."""
    votes: tuple[Votes, ...]
    """The votes of each; as long as ``answers``."""
    weighted: bool
    """Whether votes are sums of weights, and so reals."""


def tally(answers: Sequence[str | None], weights: Sequence[float] | None = None) -> Tally:
    """Count the answers of a set.

    Args:
        answers: one for each branch, in set order; ``None`` does not vote.
        weights: one for each branch, in the same order; every vote is 1 without them.
    """
    if weights is None:
        counts: dict[str, int] = {}
        for answer in answers:
            if answer is not None:
                counts[answer] = counts.get(answer, 0) + 1
        return Tally(tuple(counts), tuple(counts.values()), weighted=False)
    sums: dict[str, float] = {}
    for answer, weight in zip(answers, weights, strict=True):
        if answer is not None:
            sums[answer] = add_real(sums.get(answer, 0.0), weight)
    return Tally(tuple(sums), tuple(sums.values()), weighted=True)


def winner(counted: Tally) -> str | None:
    """Return the answer with the most votes; ``None`` if no branch votes."""
    first = _leader(counted)
    return None if first is None else counted.answers[first]


def runner_up(counted: Tally) -> str | None:
    """Return the answer with the most votes of all but the winner; ``None`` below two answers."""
    second = _second(counted)
    return None if second is None else counted.answers[second]


def leading_votes(counted: Tally) -> Votes:
    """Return the winner's votes; 0 if no branch votes."""
    return _votes_at(counted, _leader(counted))


def votes_of(counted: Tally, answer: str | None) -> Votes:
    """Return the votes of one answer; 0 for one that no branch gave, and for ``None``."""
    return _votes_at(counted, _index_of(counted, answer))


def total_votes(counted: Tally) -> Votes:
    """Return all votes: an integer without weights, else a real, added up as first seen."""
    return _total(counted.votes) if counted.weighted else sum(counted.votes)


def leading_share(counted: Tally) -> float:
    """Return the winner's votes divided by all votes; 0 where those are 0 or below."""
    return _share(counted, leading_votes(counted))


def share_of(counted: Tally, answer: str | None) -> float:
    """Return the votes of one answer divided by all votes; 0 where those are 0 or below."""
    return _share(counted, votes_of(counted, answer))


def margin(counted: Tally) -> float:
    """Return the winner's share less the runner-up's, a missing one having 0.

    So it is 1 where all agree, and 0 if no branch votes or all votes are 0 or below.
    """
    second = _share(counted, _votes_at(counted, _second(counted)))
    return sub_real(leading_share(counted), second)


def distinct(counted: Tally) -> int:
    """Return how many different answers have been given."""
    return len(counted.answers)


def entropy(counted: Tally) -> float:
    """Shannon entropy of the votes over the answers, in nats; 0 where all agree or no branch votes.

    The sum of ``-p log p`` over the answers with votes above 0, in the order of first sight, with p
    the answer's part of the votes of just these. It is 0 where all votes together are 0 or below.
    """
    if _total(counted.votes) <= 0.0:
        return 0.0
    positive = [votes for votes in counted.votes if votes > 0]
    total = _total(positive)
    result = 0.0
    for votes in positive:
        part = div_real(float(votes), total)
        result = sub_real(result, mul_real(part, log_real(part)))
    return result


def confidence(counted: Tally) -> float:
    """`beta_confidence` of the winner's votes and the runner-up's, a missing one having 0.

    It is 0 if no branch votes. Votes below 0 count as 0 in it.
    """
    if not counted.answers:
        return 0.0
    first, second = leading_votes(counted), _votes_at(counted, _second(counted))
    if counted.weighted:
        return beta_confidence_real(float(first), float(second))
    return beta_confidence_int(int(first), int(second))


def dirichlet_confidence(counted: Tally) -> float:
    """Return the probability that the winner is the most frequent answer of all.

    The frequencies have a Dirichlet distribution with the votes plus 1. With fewer than three
    answers it is `confidence`; it is 0 if no branch votes. Votes below 0 count as 0 in it.
    """
    leader = _leader(counted)
    if leader is None or len(counted.answers) < 3:
        return confidence(counted)
    votes = [clip_votes(float(one)) for one in counted.votes]
    shapes = 0.0
    for one in votes:
        shapes = shapes + (one + 1.0)
    nodes = lay_nodes(votes[leader], shapes)
    above = 0.0
    whole = 0.0
    for index in range(nodes.left + nodes.right + 1):
        x = node_at(nodes, index - nodes.left)
        density = density_at(nodes, x)
        decay = exp_real(-x)
        product = density
        for position, one in enumerate(votes):
            if position != leader:
                product = product * probability_below(one, x, decay)
        above = above + product
        whole = whole + density
    return min(above / whole, 1.0)


def _leader(counted: Tally) -> int | None:
    return counted.votes.index(max(counted.votes)) if counted.votes else None


def _second(counted: Tally) -> int | None:
    """Return the index of the runner-up among the answers."""
    leader = _leader(counted)
    second: int | None = None
    for index, votes in enumerate(counted.votes):
        if index != leader and (second is None or votes > counted.votes[second]):
            second = index
    return second


def _index_of(counted: Tally, answer: str | None) -> int | None:
    if answer is None or answer not in counted.answers:
        return None
    return counted.answers.index(answer)


def _votes_at(counted: Tally, index: int | None) -> Votes:
    if index is None:
        return 0.0 if counted.weighted else 0
    return counted.votes[index]


def _share(counted: Tally, votes: Votes) -> float:
    total = _total(counted.votes)
    return div_real(float(votes), total) if total > 0.0 else 0.0


def _total(votes: Sequence[Votes]) -> float:
    """Return all votes, added up in the order of first sight."""
    total = 0.0
    for some in votes:
        total = add_real(total, float(some))
    return total
