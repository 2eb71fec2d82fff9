"""A program of a population, with what it is worth and where it comes from."""

from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

import msgspec
import numpy as np

from agents.search.measures import Worth
from agents.variation import size
from dsl import tree
from dsl.parser import parse
from dsl.source import Source

UNSTEADY = 2.0
"""Points of the objective that it costs when β does not raise the tokens."""

PER_NODE = 0.01
"""Points of the objective that a node of the syntax tree costs: of equals, the shorter wins, and a
long program has to be worth its length."""


class Origin(msgspec.Struct, frozen=True, array_like=True):
    """A program that can be kept, without what it is worth: that depends on what a round shows."""

    source: str
    root: str
    """The seed or the candidate that its line of descent goes back to."""
    steps: tuple[str, ...]
    """What was done to it since, in words, the latest last."""


class Member(NamedTuple):
    """A program and what it is worth in this round."""

    origin: Origin
    worth: Worth
    nodes: int

    @property
    def signature(self) -> bytes:
        """Equal for programs that do the same: the same points on every recording."""
        parts = [np.concatenate([each.cost, each.accuracy]) for each in self.worth.curves]
        return sha256(np.round(np.concatenate(parts), 6).tobytes()).digest()


Fitness = Callable[[Member], float]


def whole(member: Member) -> float:
    """The objective, less the price of length and of a β that does not raise the tokens."""
    return member.worth.score - _price(member)


def cheap(member: Member) -> float:
    """The same, with the cheaper half of the range in the foreground."""
    return (member.worth.score + member.worth.halves[0]) / 2 - _price(member)


def dear(member: Member) -> float:
    """The same, with the dearer half in the foreground."""
    return (member.worth.score + member.worth.halves[1]) / 2 - _price(member)


def _price(member: Member) -> float:
    return PER_NODE * member.nodes + (0.0 if member.worth.steady else UNSTEADY)


@lru_cache(maxsize=512)
def program(source: str) -> tree.Program:
    """The tree of a program that checks."""
    found = parse(Source(source)).program
    assert found is not None
    return found


def member(origin: Origin, worth: Worth) -> Member:
    """A member, with its length."""
    return Member(origin, worth, size(program(origin.source)))
