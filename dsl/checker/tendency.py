"""The domain of the direction proof: bounds and tendency of a value over an interval of β.

Where no rule covers an expression, an obstacle says why and what a rule would cover.
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
        """The tendency of a function that follows its argument (1), opposes it (-1) or neither."""
        if sense == 0 or self is Tendency.CONSTANT:
            return Tendency.CONSTANT
        if sense == 1 or self is Tendency.UNKNOWN:
            return self
        return Tendency.FALLING if self is Tendency.RISING else Tendency.RISING


def combine_tendencies(tendencies: Iterable[Tendency]) -> Tendency:
    """The tendency of what follows several values at once."""
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

    ``obstacle`` says why the tendency is unknown; it is ``None`` where it is known.
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
        """The same as real numbers: the conversion rounds, and keeps the order."""
        return Behaviour(float(self.low), float(self.high), self.tendency, self.obstacle)


def settle_constant(
    low: Number, high: Number, tendency: Tendency, obstacle: Obstacle | None
) -> Behaviour:
    """A behaviour, where bounds that meet show that it is constant."""
    if low == high or tendency is Tendency.CONSTANT:
        return Behaviour(low, high, Tendency.CONSTANT)
    return Behaviour(low, high, tendency, obstacle if tendency is Tendency.UNKNOWN else None)


def hull(parts: Sequence[Behaviour]) -> tuple[Number, Number]:
    """The bounds that hold all of the parts."""
    return min(part.low for part in parts), max(part.high for part in parts)


_OPPOSED = "its sides go opposite ways"

_PROBLEMS = {
    "+": _OPPOSED,
    "-": "both sides go the same way",
    "*": "no rule for this product",
    "/": "no rule for this quotient",
    "//": "no rule for this quotient",
    "%": "a remainder goes up and down",
    "abs": "its argument changes its sign",
    "log": "its argument comes to 0",
    "pow": "no rule for this power",
    "==": "it may come true and go again",
    "!=": "it may come true and go again",
    "min": "its arguments go opposite ways",
    "max": "its arguments go opposite ways",
    "clamp": "its arguments go opposite ways",
    "and": "one side comes true, the other goes",
    "or": "one side comes true, the other goes",
}

_REMEDIES = {
    "+": "a sum is proved where both sides go the same way; gather the terms in `beta` into one",
    "-": "a difference is proved where one side rises and the other falls or stays; gather the"
    " terms in `beta` into one",
    "*": "a product is proved where both sides have a known sign and pull the same way, or one is"
    " a constant of known sign; `+`, `-`, `min`, `max` and `round` are proved of any numbers",
    "/": "a quotient is proved where the divisor never comes to 0, both sides have a known sign and"
    " pull the same way; keep the divisor away from 0 with `max`",
    "//": "a quotient is proved where the divisor never comes to 0, both sides have a known sign"
    " and pull the same way; keep the divisor away from 0 with `max`",
    "%": "`//`, `min`, `max` and `round` are proved",
    "abs": "it is proved where its argument keeps one sign; `max(x, 0)` and `min(x, 0)` are proved"
    " of any",
    "log": "it is proved where its argument stays above 0: `log(1 + x)`, `log(max(x, 0.01))`",
    "pow": "it is proved where the base stays on one side of 1 and the exponent on one side of 0,"
    " and both pull the same way",
    "==": "compare with `<`, `<=`, `>` or `>=`",
    "!=": "compare with `<`, `<=`, `>` or `>=`",
    "round": "rounding is proved where the number of decimals stays the same",
    "beta_confidence": "it is proved of integers, where the first rises and the second falls or"
    " stays; make integers with `round`",
    "and": "it is proved where both sides come true, or both go; use one threshold on `beta`",
    "or": "it is proved where both sides come true, or both go; use one threshold on `beta`",
    "min": "it is proved where its arguments go the same way",
    "max": "it is proved where its arguments go the same way",
    "clamp": "it is proved where its arguments go the same way",
}

_COMPARISON = "a comparison is proved where its sides go opposite ways, or one stays the same"

CROSSING = (
    "its sides may cross where the condition turns",
    "an `if` is proved where its condition turns once, and both sides and the jump go the same way",
)
"""The problem and the remedy of an ``if`` on `beta`."""

OPPOSED_SIDES = (
    _OPPOSED,
    "an `if` on free knobs is proved where both sides go the same way, whatever the knobs are",
)
"""The problem and the remedy of an ``if`` on free knobs."""


def describe_obstacle(node: Combination) -> Obstacle:
    """What to say of an operator or a function that no rule covers."""
    name = operator_name(node)
    problem = _PROBLEMS.get(name, "no rule says which way this goes")
    return Obstacle(node, problem, _REMEDIES.get(name, _COMPARISON))
