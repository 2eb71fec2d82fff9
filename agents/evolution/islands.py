"""Islands: populations that differ in what they hold for fit, so that they keep different ideas."""

from enum import Enum
from random import Random
from typing import NamedTuple

from agents.evolution.archive import find_cell
from agents.evolution.members import Fitness, Member, score_high_cost, score_low_cost, score_overall

CAPACITY = 16
"""Programs on an island."""

MEMBERS_PER_CELL = 4
"""Programs on an island that behave alike, at most."""

TOURNAMENT_SIZE = 3
"""Programs that compete for becoming a parent."""


class IslandKind(NamedTuple):
    """What an island holds for fit."""

    name: str
    fitness: Fitness


ISLAND_KINDS = (
    IslandKind("whole", score_overall),
    IslandKind("cheap", score_low_cost),
    IslandKind("dear", score_high_cost),
    IslandKind("whole", score_overall),
)
"""The islands, in the order in which programs migrate."""


class InsertionOutcome(Enum):
    """What became of a program that came to an island."""

    BEST = "best of its island"
    KEPT = "kept"
    IDLE = "no effect"
    """It does the same as one that is there and is no shorter."""
    WORSE = "worse"


class Island:
    """One population."""

    def __init__(self, kind: IslandKind):
        self.kind = kind
        self._members: list[Member] = []
        self._signatures: dict[bytes, Member] = {}

    @property
    def members(self) -> list[Member]:
        """The programs, the fittest first."""
        return list(self._members)

    @property
    def best(self) -> Member:
        """The fittest."""
        return self._members[0]

    def pick(self, random: Random) -> Member:
        """A parent: the fittest of a few that are drawn."""
        drawn = [random.choice(self._members) for _ in range(TOURNAMENT_SIZE)]
        return max(drawn, key=self.kind.fitness)

    def take(self, member: Member) -> InsertionOutcome:
        """Takes a program if it is worth a place, and drops the one that it pushes out."""
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
        self._members.sort(key=self.kind.fitness, reverse=True)  # stable: of equals, the older
        self._signatures[member.signature] = member

    def _drop(self, member: Member) -> None:
        self._members = [each for each in self._members if each is not member]
        del self._signatures[member.signature]
