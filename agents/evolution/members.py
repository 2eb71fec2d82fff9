"""A program of a population, with what it is worth and where it comes from."""

from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

import msgspec
import numpy as np

from agents.search.measurements import ProgramScore
from agents.variation import compute_size
from dsl import tree
from dsl.parser import parse
from dsl.source import Source

UNSTEADY_PENALTY = 2.0
"""Points of the objective that it costs when β does not raise the tokens."""

NODE_PENALTY = 0.01
"""Points of the objective that a node of the syntax tree costs: of equals, the shorter wins, and a
long program has to be worth its length."""


class ProgramOrigin(msgspec.Struct, frozen=True, array_like=True):
    """A program that can be kept, without what it is worth: that depends on what a round shows."""

    source: str
    root: str
    """The seed or the candidate that its line of descent goes back to."""
    steps: tuple[str, ...]
    """What was done to it since, in words, the latest last."""


class Member(NamedTuple):
    """A program and what it is worth in this round."""

    origin: ProgramOrigin
    worth: ProgramScore
    nodes: int

    @property
    def signature(self) -> bytes:
        """Equal for programs that do the same: the same points on every recording."""
        parts = [np.concatenate([each.cost, each.accuracy]) for each in self.worth.curves]
        return sha256(np.round(np.concatenate(parts), 6).tobytes()).digest()


Fitness = Callable[[Member], float]


def score_overall(member: Member) -> float:
    """The objective, less the price of length and of a β that does not raise the tokens."""
    return member.worth.score - _price(member)


def score_low_cost(member: Member) -> float:
    """The same, with the cheaper half of the range in the foreground."""
    return (member.worth.score + member.worth.halves[0]) / 2 - _price(member)


def score_high_cost(member: Member) -> float:
    """The same, with the dearer half in the foreground."""
    return (member.worth.score + member.worth.halves[1]) / 2 - _price(member)


def _price(member: Member) -> float:
    return NODE_PENALTY * member.nodes + (0.0 if member.worth.steady else UNSTEADY_PENALTY)


@lru_cache(maxsize=512)
def parse_sound_program(source: str) -> tree.Program:
    """The tree of a program that checks."""
    found = parse(Source(source)).program
    assert found is not None
    return found


def create_member(origin: ProgramOrigin, worth: ProgramScore) -> Member:
    """A member, with its length."""
    return Member(origin, worth, compute_size(parse_sound_program(origin.source)))
