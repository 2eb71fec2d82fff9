"""Members of a population that behave as a test wants them to."""

import numpy as np

from agents.evolution.population import Member, ProgramOrigin
from agents.search.measurements import ProgramScore
from agents.search.objective import CurvePoints


def build_member(
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
    tokens = np.array([cost, 2 * cost])
    percent = np.full(2, score if accuracy is None else accuracy)
    curves = CurvePoints(tokens, percent, tokens / width)
    worth = ProgramScore(score, score, (score,), halves or (score, score), (curves,), width, steady)
    return Member(ProgramOrigin(name, "seed", ()), worth, nodes)


def names(members: list[Member]) -> list[str]:
    """What the members are called."""
    return [member.origin.source for member in members]
