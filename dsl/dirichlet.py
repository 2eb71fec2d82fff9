"""How certain it is that the leading answer is the most frequent one, among all answers.

With the votes v of an answer, its frequency is a part of a Dirichlet variable of the shapes v + 1.
The parts are Gamma variables divided by their sum, so the first is the largest with probability
∫ f(x) · ∏ F(x) dx: the density of the leader's Gamma variable, and the distribution functions of
the others. The integral is taken over t, where x is the leader's shape times e^t, by the trapezoid
rule: its error falls exponentially as the step gets smaller, and is below 1e-12 for the step that
is used here. The density is divided by its own sum over the same nodes.

The functions here are those of one node; the loops over nodes and answers are in `dsl.aggregates`
and `dsl.compiler.vote_kernels`. Like all numbers of the language they are made of IEEE + - * / and
square root alone, so both engines and all machines have the same bits.
"""

from math import sqrt
from typing import Final, NamedTuple

from dsl.beta import MOST_VOTES, deviance, stirling_error
from dsl.exponentials import exp_real

_NEGLIGIBLE: Final = 40.0
"""The logarithm of what is left out at either end, with its sign turned."""

_MOST_STEP: Final = 0.2
"""The largest step, for few votes."""

_WHOLE_VOTES: Final = 512.0
"""Whole votes up to this many are added up term by term."""

_TWO_PI: Final = 6.283185307179586
_MOST_TERMS = 1_000_000


class Nodes(NamedTuple):
    """The nodes of an integral: t is ``step`` times the numbers from -``left`` to ``right``."""

    shape: float
    """The leader's."""
    step: float
    left: int
    right: int


def clip_votes(votes: float) -> float:
    """Return votes as they count: from 0 to `dsl.beta.MOST_VOTES`."""
    return min(max(votes, 0.0), float(MOST_VOTES))


def lay_nodes(leading: float, shapes: float) -> Nodes:
    """Return the nodes for a leader.

    Args:
        leading: the leader's votes, clipped.
        shapes: the sum of the shapes of all answers.
    """
    shape = leading + 1.0
    step = min(_MOST_STEP, 0.7 / sqrt(shapes))
    # The density falls by deviance(shape, shape · e^t), at least t²/2 shapes to the right. To the
    # left that is t²/3 while t > -1, and then at least |t| - 1.
    part = _NEGLIGIBLE / shape
    right = sqrt(2.0 * part)
    left = part + 1.0
    if 3.0 * part < 1.0:
        left = sqrt(3.0 * part)
    return Nodes(shape, step, int(left / step) + 1, int(right / step) + 1)


def node_at(nodes: Nodes, number: int) -> float:
    """Return x at a node, from -``left`` to ``right``."""
    return nodes.shape * exp_real(nodes.step * number)


def density_at(nodes: Nodes, x: float) -> float:
    """Return the leader's density of t at a node, up to a constant factor."""
    return exp_real(-deviance(nodes.shape, x))


def probability_below(votes: float, x: float, decay: float) -> float:
    """Return the probability that an answer's Gamma variable is at most ``x``.

    Args:
        votes: the answer's, clipped.
        x: above 0.
        decay: e^-x.
    """
    shape = votes + 1.0
    if x > shape + _NEGLIGIBLE + sqrt(_NEGLIGIBLE * (_NEGLIGIBLE + 2.0 * shape)):
        return 1.0
    whole = int(votes)
    if whole == votes and votes <= _WHOLE_VOTES and x <= _WHOLE_VOTES:
        term = 1.0
        total = 1.0
        for k in range(whole):
            term = term * x / (k + 1.0)
            total = total + term
        return max(1.0 - decay * total, 0.0)
    leading = exp_real(-deviance(shape, x) - stirling_error(shape)) / sqrt(_TWO_PI * shape)
    term = 1.0
    total = 1.0
    for k in range(_MOST_TERMS):
        term = term * x / (shape + (k + 1.0))
        total = total + term
        if term < 1e-17 * total:
            break
    return min(leading * total, 1.0)
