"""A program of a population, with its score and origin."""

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
"""Penalty, in points of the objective, if token use does not rise with β."""

NODE_PENALTY = 0.01
"""Penalty, in points of the objective, for a node of the syntax tree: ties go to the shorter
program."""


class ProgramOrigin(msgspec.Struct, frozen=True, array_like=True):
    """A program without its score, which depends on what a round shows."""

    source: str
    root: str
    """The seed or the candidate that its line of descent began with."""
    steps: tuple[str, ...]
    """Descriptions of the operators applied since, latest last."""


class Member(NamedTuple):
    """A program and its score in this round."""

    origin: ProgramOrigin
    worth: ProgramScore
    nodes: int

    @property
    def signature(self) -> bytes:
        """Return a key that is equal for programs with the same points on every recording."""
        parts = [np.concatenate([each.cost, each.accuracy]) for each in self.worth.curves]
        return sha256(np.round(np.concatenate(parts), 6).tobytes()).digest()


Fitness = Callable[[Member], float]


def score_overall(member: Member) -> float:
    """Return the objective minus the penalties."""
    return member.worth.score - _price(member)


def score_low_cost(member: Member) -> float:
    """Return the fitness that emphasises the cheaper half of the range of costs."""
    return (member.worth.score + member.worth.halves[0]) / 2 - _price(member)


def score_high_cost(member: Member) -> float:
    """Return the fitness that emphasises the more expensive half of the range of costs."""
    return (member.worth.score + member.worth.halves[1]) / 2 - _price(member)


def _price(member: Member) -> float:
    return NODE_PENALTY * member.nodes + (0.0 if member.worth.steady else UNSTEADY_PENALTY)


@lru_cache(maxsize=512)
def parse_sound_program(source: str) -> tree.Program:
    """Parse a program that checks."""
    found = parse(Source(source)).program
    assert found is not None
    return found


def create_member(origin: ProgramOrigin, worth: ProgramScore) -> Member:
    """Create a member with its length."""
    return Member(origin, worth, compute_size(parse_sound_program(origin.source)))
