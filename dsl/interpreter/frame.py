"""The state of one episode that belongs to the program: memory, fields, draws, where it is."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, TypeVar

from dsl.episode import BranchView, Episode, Origin
from dsl.random_draws import EpisodeRandom

T = TypeVar("T")
Number: TypeAlias = int | float
Value: TypeAlias = int | float | bool | str | None
"""What a cell, a field or a scalar expression can hold; an answer is a text or ``None``."""


class SlidingWindow:
    """The last values pushed, at most ``size`` of them."""

    __slots__ = ("size", "values")

    def __init__(self, size: int):
        self.size = size
        self.values: deque[float] = deque(maxlen=size)


class Frame:
    """One episode from the program's side."""

    __slots__ = (
        "beta", "born", "branch", "branch_windows", "cells", "draws", "episode", "fields",
        "first_fields", "knobs", "lets", "passed", "steps", "stopped", "windows",
    )  # fmt: skip

    def __init__(self, episode: Episode, knobs: Mapping[str, Number], beta: float):
        self.episode = episode
        self.knobs = knobs
        self.beta = beta
        self.steps = 0
        self.draws = EpisodeRandom(episode.seed, episode.question)
        self.cells: dict[str, Value] = {}
        self.windows: dict[str, SlidingWindow] = {}
        self.fields: dict[str, list[Value | SlidingWindow]] = {}
        self.first_fields: dict[str, Value] = {}
        """The initial value of each field that is no window."""
        self.branch_windows: dict[str, int] = {}
        """The size of each window of a branch."""
        self.lets: dict[str, Value | Sequence[int]] = {}
        self.born: list[int] = []
        """The step in which each branch was opened."""
        self.passed: list[int] = []
        """The intervals of each branch that its running values have passed."""
        self.stopped: Origin | None = None
        """The ``stop``, or the verb in which the budget ended, that led to `finally`."""
        self.branch: BranchView | None = None
        """The branch that a dot refers to."""

    @property
    def current_branch(self) -> BranchView:
        """The branch that a dot refers to; the checker has proved that there is one."""
        assert self.branch is not None
        return self.branch

    def meet_new_branches(self) -> None:
        """Initialize the birth and the fields of branches opened since the last call."""
        for _ in range(len(self.born), len(self.episode.branches)):
            self.born.append(self.steps)
            self.passed.append(0)
            for name, value in self.first_fields.items():
                self.fields[name].append(value)
            for name, size in self.branch_windows.items():
                self.fields[name].append(SlidingWindow(size))


Numeric: TypeAlias = Callable[[Frame], Number]
Integer: TypeAlias = Callable[[Frame], int]
Real: TypeAlias = Callable[[Frame], float]
Truth: TypeAlias = Callable[[Frame], bool]
AnswerOf: TypeAlias = Callable[[Frame], str | None]
Branches: TypeAlias = Callable[[Frame], Sequence[int]]
"""A set is a snapshot: the indices of its branches, in its order."""


def of_each(frame: Frame, members: Sequence[int], closure: Callable[[Frame], T]) -> list[T]:
    """Return a closure's value for each branch of a set, in its order.

    Args:
        frame: the episode.
        members: the branches.
        closure: evaluated with the dot bound to each branch.
    """
    views, outside = frame.episode.branches, frame.branch
    values = []
    for index in members:
        frame.branch = views[index]
        values.append(closure(frame))
    frame.branch = outside
    return values
