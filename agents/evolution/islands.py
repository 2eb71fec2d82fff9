"""Islands: populations with different fitness functions, which preserve diversity."""

from enum import Enum
from random import Random
from typing import NamedTuple

from agents.evolution.archive import find_cell
from agents.evolution.members import Fitness, Member, score_high_cost, score_low_cost, score_overall

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
        drawn = [random.choice(self._members) for _ in range(TOURNAMENT_SIZE)]
        return max(drawn, key=self.kind.fitness)

    def take(self, member: Member) -> InsertionOutcome:
        """Insert a program if it is fit enough, and drop the one that it replaces."""
        twin = self._signatures.get(member.signature)
        if twin is not None:
            if twin.nodes <= member.nodes:
                return InsertionOutcome.IDLE
            self._drop(twin)
        before = self._members[0] if self._members else None
        self._insert(member)
        alike = [each for each in self._members if find_cell(each) == find_cell(member)]
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
        self._members = [each for each in self._members if each is not member]
        del self._signatures[member.signature]
