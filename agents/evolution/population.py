"""Populations: scored programs, the archive of elites, and islands.

Islands are populations with different fitness functions, which preserve diversity. The archive
keeps the best program of each behaviour (MAP-Elites); a behaviour is a cell of a grid of tokens
spent and parallelism. Programs in other cells have ideas that the best one lacks, so crossover
takes its donors from the archive.
"""

from collections.abc import Callable, Iterable
from enum import Enum
from functools import lru_cache
from hashlib import sha256
from random import Random
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
    score: ProgramScore
    nodes: int

    @property
    def signature(self) -> bytes:
        """Return a key that is equal for programs with the same points on every recording."""
        parts = [np.concatenate([curve.cost, curve.accuracy]) for curve in self.score.curves]
        return sha256(np.round(np.concatenate(parts), 6).tobytes()).digest()


Fitness = Callable[[Member], float]


def score_overall(member: Member) -> float:
    """Return the objective minus the penalties."""
    return member.score.score - _price(member)


def score_low_cost(member: Member) -> float:
    """Return the fitness that emphasises the cheaper half of the range of costs."""
    return (member.score.score + member.score.halves[0]) / 2 - _price(member)


def score_high_cost(member: Member) -> float:
    """Return the fitness that emphasises the more expensive half of the range of costs."""
    return (member.score.score + member.score.halves[1]) / 2 - _price(member)


def _price(member: Member) -> float:
    return NODE_PENALTY * member.nodes + (0.0 if member.score.steady else UNSTEADY_PENALTY)


@lru_cache(maxsize=512)
def parse_sound_program(source: str) -> tree.Program:
    """Parse a program that checks."""
    program = parse(Source(source)).program
    assert program is not None
    return program


def create_member(origin: ProgramOrigin, score: ProgramScore) -> Member:
    """Create a member with its length."""
    return Member(origin, score, compute_size(parse_sound_program(origin.source)))


# Archive


class ArchiveCell(NamedTuple):
    """A cell of the behaviour grid."""

    cost: int
    """Index of the mean logarithm of tokens over β and recordings, in half doublings."""
    width: int
    """Index of tokens over tokens on the critical path, in half doublings."""


def find_cell(member: Member) -> ArchiveCell:
    """Find the cell of a program."""
    score = member.score
    logs = [np.log2(np.maximum(curve.cost, 1.0)).mean() for curve in score.curves]
    return ArchiveCell(
        round(2 * float(np.mean(logs))), round(2 * float(np.log2(max(score.parallel, 1.0))))
    )


class EliteArchive:
    """The best program of each cell."""

    def __init__(self, members: Iterable[Member] = ()):
        self._cells: dict[ArchiveCell, Member] = {}
        for member in members:
            self.take(member)

    def take(self, member: Member) -> bool:
        """Insert a program if its cell is empty or holds a worse one."""
        cell = find_cell(member)
        incumbent = self._cells.get(cell)
        if incumbent is not None and score_overall(incumbent) >= score_overall(member):
            return False
        self._cells[cell] = member
        return True

    def pick(self, random: Random) -> Member:
        """Pick a program uniformly at random."""
        return random.choice(self.members)

    @property
    def members(self) -> list[Member]:
        """All programs in cell order."""
        return [self._cells[cell] for cell in sorted(self._cells)]

    def fittest(self, most: int) -> list[Member]:
        """Return the best programs, best first."""
        return sorted(self.members, key=score_overall, reverse=True)[:most]

    def __len__(self) -> int:
        return len(self._cells)


# Islands


CAPACITY = 16
"""Maximum programs on an island."""

MEMBERS_PER_CELL = 4
"""Maximum programs with equal behaviour on an island."""

TOURNAMENT_SIZE = 3
"""Tournament size of parent selection."""


class IslandKind(NamedTuple):
    """Fitness function of an island."""

    name: str
    fitness: Fitness


ISLAND_KINDS = (
    IslandKind("whole", score_overall),
    IslandKind("cheap", score_low_cost),
    IslandKind("dear", score_high_cost),
    IslandKind("whole", score_overall),
)
"""The islands in migration order."""


class InsertionOutcome(Enum):
    """Result of inserting a program."""

    BEST = "best of its island"
    KEPT = "kept"
    IDLE = "no effect"
    """It behaves like an existing program and is not shorter."""
    WORSE = "worse"


class Island:
    """One population."""

    def __init__(self, kind: IslandKind):
        self.kind = kind
        self._members: list[Member] = []
        self._signatures: dict[bytes, Member] = {}

    @property
    def members(self) -> list[Member]:
        """The programs, fittest first."""
        return list(self._members)

    @property
    def best(self) -> Member:
        """The fittest program."""
        return self._members[0]

    def pick(self, random: Random) -> Member:
        """Select a parent: the fittest of a few random programs."""
        contestants = [random.choice(self._members) for _ in range(TOURNAMENT_SIZE)]
        return max(contestants, key=self.kind.fitness)

    def take(self, member: Member) -> InsertionOutcome:
        """Insert a program if it is fit enough, and drop the one that it replaces."""
        twin = self._signatures.get(member.signature)
        if twin is not None:
            if twin.nodes <= member.nodes:
                return InsertionOutcome.IDLE
            self._drop(twin)
        before = self._members[0] if self._members else None
        self._insert(member)
        alike = [other for other in self._members if find_cell(other) == find_cell(member)]
        if len(alike) > MEMBERS_PER_CELL:
            self._drop(alike[-1])
        if len(self._members) > CAPACITY:
            self._drop(self._members[-1])
        if member.signature not in self._signatures:
            return InsertionOutcome.WORSE
        fitness = self.kind.fitness
        improves = before is None or fitness(member) > fitness(before)
        return InsertionOutcome.BEST if improves else InsertionOutcome.KEPT

    def _insert(self, member: Member) -> None:
        self._members.append(member)
        self._members.sort(
            key=self.kind.fitness, reverse=True
        )  # the sort is stable, so ties go to the older program
        self._signatures[member.signature] = member

    def _drop(self, member: Member) -> None:
        self._members = [other for other in self._members if other is not member]
        del self._signatures[member.signature]
