"""An expression of a controller over one branch, evaluated for many branches in one call."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum, auto
from typing import Any, NamedTuple, final


@final
class BranchExpression:
    """The body of a lambda that a controller gives to one of the `METHODS`.

    Args:
        evaluate: Function that returns what its `Form` states of some branches. It must be given
            nothing but branches, since it reads their attributes without a guard.
    """

    __slots__ = ("evaluate",)

    def __init__(self, evaluate: Callable[[Sequence[Any]], Iterable[Any]]):
        self.evaluate = evaluate


class Form(Enum):
    """What a `BranchExpression` returns of some branches."""

    VALUES = auto()
    """The value for each branch, all of them evaluated at once."""
    LAZY_VALUES = auto()
    """The value for each branch, evaluated when it is taken: the method checks it before the
    next one."""
    SELECTED = auto()
    """The branches for which it is true. A value is tested before the next one is evaluated: a
    container may change afterwards."""


class MethodArgument(NamedTuple):
    """The argument of a method that can be a `BranchExpression`."""

    position: int
    keyword: str
    form: Form


METHODS: Mapping[str, MethodArgument] = {
    "where": MethodArgument(0, "condition", Form.SELECTED),
    "by": MethodArgument(0, "key", Form.VALUES),
    "advance": MethodArgument(1, "burst", Form.LAZY_VALUES),
}
"""The methods that take expressions, which no type but `Branches` or `ShownEpisode` has."""
