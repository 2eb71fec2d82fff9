"""Islands: populations that differ in what they hold for fit, so that they keep different ideas."""

from enum import Enum
from random import Random
from typing import NamedTuple

from agents.evolution.archive import cell
from agents.evolution.members import Fitness, Member, cheap, dear, whole

CAPACITY = 16
"""Programs on an island."""

PER_CELL = 4
"""Programs on an island that behave alike, at most."""

TOURNAMENT = 3
"""Programs that compete for becoming a parent."""


class Kind(NamedTuple):
    """What an island holds for fit."""

    name: str
    fitness: Fitness


KINDS = (Kind("whole", whole), Kind("cheap", cheap), Kind("dear", dear), Kind("whole", whole))
"""The islands, in the order in which programs migrate."""


class Fate(Enum):
    """What became of a program that came to an island."""

    BEST = "best of its island"
    KEPT = "kept"
    IDLE = "no effect"
    """It does the same as one that is there and is no shorter."""
    WORSE = "worse"


class Island:
    """One population."""

    def __init__(self, kind: Kind):
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
        drawn = [random.choice(self._members) for _ in range(TOURNAMENT)]
        return max(drawn, key=self.kind.fitness)

    def take(self, member: Member) -> Fate:
        """Takes a program if it is worth a place, and drops the one that it pushes out."""
        twin = self._signatures.get(member.signature)
        if twin is not None:
            if twin.nodes <= member.nodes:
                return Fate.IDLE
            self._drop(twin)
        before = self._members[0] if self._members else None
        self._insert(member)
        alike = [each for each in self._members if cell(each) == cell(member)]
        if len(alike) > PER_CELL:
            self._drop(alike[-1])
        if len(self._members) > CAPACITY:
            self._drop(self._members[-1])
        if member.signature not in self._signatures:
            return Fate.WORSE
        fitness = self.kind.fitness
        improves = before is None or fitness(member) > fitness(before)
        return Fate.BEST if improves else Fate.KEPT

    def _insert(self, member: Member) -> None:
        self._members.append(member)
        self._members.sort(key=self.kind.fitness, reverse=True)  # stable: of equals, the older
        self._signatures[member.signature] = member

    def _drop(self, member: Member) -> None:
        self._members = [each for each in self._members if each is not member]
        del self._signatures[member.signature]
