"""An expression of a controller over one branch, evaluated for many branches in one call."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, final


@final
class BranchExpression:
    """The body of a lambda that a controller gives to one of the `METHODS`.

    Args:
        evaluate: Function that returns its value for each of some branches. It must be given
            nothing but branches, since it reads their attributes without a guard.
    """

    __slots__ = ("evaluate",)

    def __init__(self, evaluate: Callable[[Sequence[Any]], Iterable[Any]]):
        self.evaluate = evaluate


class MethodArgument(NamedTuple):
    """The argument of a method that can be a `BranchExpression`."""

    position: int
    keyword: str
    is_lazy: bool
    """Whether the method checks each value before it requests the next one."""


METHODS: Mapping[str, MethodArgument] = {
    "where": MethodArgument(0, "condition", is_lazy=False),
    "by": MethodArgument(0, "key", is_lazy=False),
    "advance": MethodArgument(1, "burst", is_lazy=True),
}
"""The methods that take expressions, which no type but `Branches` or `ShownEpisode` has."""
