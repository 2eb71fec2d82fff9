"""The archive: for each way of behaving, the best program that behaves so.

A way of behaving is a cell of a grid: how many tokens a program spends, and how wide it goes. What
is good in another cell has ideas that the best one lacks, so crossing takes its donors from here.
"""

from collections.abc import Iterable
from random import Random
from typing import NamedTuple

import numpy as np

from agents.evolution.members import Member, score_overall


class ArchiveCell(NamedTuple):
    """A way of behaving."""

    cost: int
    """Of the mean logarithm of tokens over β and recordings, in half doublings."""
    width: int
    """Of tokens over tokens on the critical path, in half doublings."""


def find_cell(member: Member) -> ArchiveCell:
    """The cell that a program belongs to."""
    worth = member.worth
    logs = [np.log2(np.maximum(each.cost, 1.0)).mean() for each in worth.curves]
    return ArchiveCell(
        round(2 * float(np.mean(logs))), round(2 * float(np.log2(max(worth.parallel, 1.0))))
    )


class EliteArchive:
    """The best of each cell."""

    def __init__(self, members: Iterable[Member] = ()):
        self._cells: dict[ArchiveCell, Member] = {}
        for each in members:
            self.take(each)

    def take(self, member: Member) -> bool:
        """Takes a program if it is the first of its cell, or better than the one there."""
        place = find_cell(member)
        there = self._cells.get(place)
        if there is not None and score_overall(there) >= score_overall(member):
            return False
        self._cells[place] = member
        return True

    def pick(self, random: Random) -> Member:
        """One of them, each as likely as any other."""
        return random.choice(self.members)

    @property
    def members(self) -> list[Member]:
        """All of them, in the order of their cells."""
        return [self._cells[place] for place in sorted(self._cells)]

    def fittest(self, most: int) -> list[Member]:
        """The best of them, the best first."""
        return sorted(self.members, key=score_overall, reverse=True)[:most]

    def __len__(self) -> int:
        return len(self._cells)
