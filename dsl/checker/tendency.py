"""What is known of a value while β goes through an interval: its bounds, and which way it goes.

Every statement here is about all settings of the free knobs: the bounds hold for all of them, and a
value rises if it rises, or stays, for each.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from dsl import tree
from dsl.operations import Number


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


def together(tendencies: Iterable[Tendency]) -> Tendency:
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


def settled(low: Number, high: Number, tendency: Tendency, obstacle: Obstacle | None) -> Behaviour:
    """A behaviour, where bounds that meet show that it is constant."""
    if low == high or tendency is Tendency.CONSTANT:
        return Behaviour(low, high, Tendency.CONSTANT)
    return Behaviour(low, high, tendency, obstacle if tendency is Tendency.UNKNOWN else None)


def hull(parts: Sequence[Behaviour]) -> tuple[Number, Number]:
    """The bounds that hold all of the parts."""
    return min(part.low for part in parts), max(part.high for part in parts)
