"""The domain of the direction proof: bounds and tendency of a value over an interval of β.

Where no rule covers an expression, an obstacle explains why and what a rule would cover.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from dsl import tree
from dsl.operations import Combination, Number, operator_name


class Tendency(Enum):
    """Which way a value goes as β rises. Rising means that it never falls, and the reverse."""

    CONSTANT = "constant"
    RISING = "rising"
    FALLING = "falling"
    UNKNOWN = "unknown"

    def seen_through(self, sense: int) -> "Tendency":
        """Return the tendency of a function of this: it follows (1), opposes (-1) or neither."""
        if sense == 0 or self is Tendency.CONSTANT:
            return Tendency.CONSTANT
        if sense == 1 or self is Tendency.UNKNOWN:
            return self
        return Tendency.FALLING if self is Tendency.RISING else Tendency.RISING


def combine_tendencies(tendencies: Iterable[Tendency]) -> Tendency:
    """Return the tendency of what follows several values at once."""
    moving = {one for one in tendencies if one is not Tendency.CONSTANT}
    if not moving:
        return Tendency.CONSTANT
    return moving.pop() if len(moving) == 1 else Tendency.UNKNOWN


@dataclass(frozen=True, slots=True)
class Obstacle:
    """The smallest expression that no rule covers, and what a rule would cover instead."""

    node: tree.Expression
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A value over an interval of β: ``low <= value <= high``, and its tendency.

    ``obstacle`` explains why the tendency is unknown; it is ``None`` where it is known.
    """

    low: Number
    high: Number
    tendency: Tendency
    obstacle: Obstacle | None = None

    @property
    def is_point(self) -> bool:
        """Whether it is one value, whatever β and the free knobs are."""
        return self.low == self.high

    def as_real(self) -> "Behaviour":
        """Return the same as real numbers: the conversion rounds, and keeps the order."""
        return Behaviour(float(self.low), float(self.high), self.tendency, self.obstacle)


def settle_constant(
    low: Number, high: Number, tendency: Tendency, obstacle: Obstacle | None
) -> Behaviour:
    """Return a behaviour, which is constant if its bounds meet.

    Args:
        low: lower bound.
        high: upper bound.
        tendency: the direction, unless it is constant.
        obstacle: why the direction is unknown.
    """
    if low == high or tendency is Tendency.CONSTANT:
        return Behaviour(low, high, Tendency.CONSTANT)
    return Behaviour(low, high, tendency, obstacle if tendency is Tendency.UNKNOWN else None)


def hull(parts: Sequence[Behaviour]) -> tuple[Number, Number]:
    """Return the bounds that hold all of the parts."""
    return min(part.low for part in parts), max(part.high for part in parts)


_OPPOSED = "its operands move in opposite directions"

_PROBLEMS = {
    "+": _OPPOSED,
    "-": "both operands move in the same direction",
    "*": "no rule proves this product",
    "/": "no rule proves this quotient",
    "//": "no rule proves this quotient",
    "%": "a remainder rises and falls",
    "abs": "its argument changes sign",
    "log": "its argument reaches 0",
    "pow": "no rule proves this power",
    "==": "it may become true and false again",
    "!=": "it may become true and false again",
    "min": "its arguments move in opposite directions",
    "max": "its arguments move in opposite directions",
    "clamp": "its arguments move in opposite directions",
    "and": "one side becomes true, the other false",
    "or": "one side becomes true, the other false",
}

_REMEDIES = {
    "+": (
        "a sum can be proved if both operands move in the same direction; combine the terms "
        "in `beta` into one"
    ),
    "-": (
        "a difference can be proved if one side rises and the other falls or is constant; "
        "combine the terms in `beta` into one"
    ),
    "*": "a product can be proved if both sides have a known sign and the same effect, or one is"
    " a constant of known sign; `+`, `-`, `min`, `max` and `round` can be proved for all numbers",
    "/": "a quotient can be proved if the divisor is never 0, both sides have a known sign and"
    " pull the same way; keep the divisor away from 0 with `max`",
    "//": "a quotient can be proved if the divisor is never 0, both sides have a known sign"
    " and the same effect; keep the divisor away from 0 with `max`",
    "%": "`//`, `min`, `max` and `round` can be proved",
    "abs": "it can be proved if its argument keeps one sign; `max(x, 0)` and `min(x, 0)` can be"
    " proved for all numbers",
    "log": "it can be proved if its argument stays above 0: `log(1 + x)`, `log(max(x, 0.01))`",
    "pow": "it can be proved if the base stays on one side of 1 and the exponent on one side of 0,"
    " and both have the same effect",
    "==": "compare with `<`, `<=`, `>` or `>=`",
    "!=": "compare with `<`, `<=`, `>` or `>=`",
    "round": "rounding can be proved if the number of decimals stays the same",
    "beta_confidence": (
        "it can be proved for integers, if the first argument rises and the second falls or"
        " is constant; make integers with `round`"
    ),
    "and": (
        "it can be proved if both sides become true, or both become false; use one "
        "threshold on `beta`"
    ),
    "or": (
        "it can be proved if both sides become true, or both become false; use one "
        "threshold on `beta`"
    ),
    "min": "it can be proved if its arguments move in the same direction",
    "max": "it can be proved if its arguments move in the same direction",
    "clamp": "it can be proved if its arguments move in the same direction",
}

_COMPARISON = (
    "a comparison can be proved if its operands move in opposite directions, or one is constant"
)

CROSSING = (
    "its sides may cross where the condition changes",
    "an `if` can be proved if its condition changes once and the value moves in one direction",
)
"""The problem and the remedy of an ``if`` on `beta`."""

OPPOSED_SIDES = (
    _OPPOSED,
    "an `if` on free knobs can be proved if both sides move in the same direction for all knobs",
)
"""The problem and the remedy of an ``if`` on free knobs."""


def describe_obstacle(node: Combination) -> Obstacle:
    """Return the obstacle for an operator or a function that no rule covers."""
    name = operator_name(node)
    problem = _PROBLEMS.get(name, "no rule determines the direction of this")
    return Obstacle(node, problem, _REMEDIES.get(name, _COMPARISON))
