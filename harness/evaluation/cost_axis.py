"""The two costs over which accuracy is shown: tokens, and sequential tokens."""

from enum import StrEnum
from typing import Protocol, TypeVar


class CostAxis(StrEnum):
    """A cost of a point, as named on an axis."""

    TOKENS = "tokens"
    SEQUENTIAL = "sequential tokens"

    @property
    def other(self) -> "CostAxis":
        """The other cost."""
        return CostAxis.SEQUENTIAL if self is CostAxis.TOKENS else CostAxis.TOKENS


Number = TypeVar("Number", covariant=True)


class CostedPoint(Protocol[Number]):
    """A point of a curve with both costs, per question."""

    @property
    def cost(self) -> Number:
        """Tokens."""
        ...

    @property
    def sequential(self) -> Number:
        """Sequential tokens."""
        ...


def get_cost(point: CostedPoint[Number], axis: CostAxis) -> Number:
    """Return a cost of a point."""
    return point.cost if axis is CostAxis.TOKENS else point.sequential
