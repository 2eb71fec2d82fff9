"""Members of a population that behave as a test wants them to."""

import numpy as np

from agents.evolution.members import Member, ProgramOrigin
from agents.search.measurements import Curves, ProgramScore


def made(
    name: str,
    score: float,
    *,
    cost: float = 1000.0,
    width: float = 4.0,
    nodes: int = 50,
    halves: tuple[float, float] | None = None,
    steady: bool = True,
    accuracy: float | None = None,
) -> Member:
    """A member of this score; two of equal points do the same."""
    curves = Curves(np.array([cost, 2 * cost]), np.full(2, score if accuracy is None else accuracy))
    worth = ProgramScore(score, (score,), halves or (score, score), (curves,), width, steady)
    return Member(ProgramOrigin(name, "seed", ()), worth, nodes)


def names(members: list[Member]) -> list[str]:
    """What the members are called."""
    return [each.origin.source for each in members]
