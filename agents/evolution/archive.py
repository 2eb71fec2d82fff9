"""The elite archive: the best program of each behaviour (MAP-Elites).

A behaviour is a cell of a grid: tokens spent, and parallelism. Programs in other cells have ideas
that the best one lacks, so crossover takes its donors from here.
"""

from collections.abc import Iterable
from random import Random
from typing import NamedTuple

import numpy as np

from agents.evolution.members import Member, score_overall


class ArchiveCell(NamedTuple):
    """A cell of the behaviour grid."""

    cost: int
    """Index of the mean logarithm of tokens over β and recordings, in half doublings."""
    width: int
    """Index of tokens over tokens on the critical path, in half doublings."""


def find_cell(member: Member) -> ArchiveCell:
    """Find the cell of a program."""
    worth = member.worth
    logs = [np.log2(np.maximum(each.cost, 1.0)).mean() for each in worth.curves]
    return ArchiveCell(
        round(2 * float(np.mean(logs))), round(2 * float(np.log2(max(worth.parallel, 1.0))))
    )


class EliteArchive:
    """The best program of each cell."""

    def __init__(self, members: Iterable[Member] = ()):
        self._cells: dict[ArchiveCell, Member] = {}
        for each in members:
            self.take(each)

    def take(self, member: Member) -> bool:
        """Insert a program if its cell is empty or holds a worse one."""
        place = find_cell(member)
        there = self._cells.get(place)
        if there is not None and score_overall(there) >= score_overall(member):
            return False
        self._cells[place] = member
        return True

    def pick(self, random: Random) -> Member:
        """Pick a program uniformly at random."""
        return random.choice(self.members)

    @property
    def members(self) -> list[Member]:
        """All programs in cell order."""
        return [self._cells[place] for place in sorted(self._cells)]

    def fittest(self, most: int) -> list[Member]:
        """Return the best programs, best first."""
        return sorted(self.members, key=score_overall, reverse=True)[:most]

    def __len__(self) -> int:
        return len(self._cells)
