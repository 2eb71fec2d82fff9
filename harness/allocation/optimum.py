"""The best allocation there is, where stages hang together by one number alone.

Where a stage's output is the better for a better input, an allocation whose beginning costs more
and is worth less than another's is never the best: stage by stage, only beginnings that none beats
at their cost are kept. What is found is exact.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from harness.allocation.budget import SLACK
from harness.allocation.space import AllocationSpace
from store.pipelines.schema import StageChoice, StageChoices


class Optimum(NamedTuple):
    """The best allocation."""

    choices: StageChoices
    score: float
    cost: float


class _PartialAllocation(NamedTuple):
    cost: float
    quality: float
    choices: StageChoices


def find_optimum(
    space: AllocationSpace,
    after: Callable[[int, StageChoice, float], float],
    enough: Sequence[int] | None = None,
) -> Optimum:
    """The allocation of a space whose last output has the highest quality; the cheapest of equals.

    Args:
        space: of which budget.
        after: the quality of a stage's output, by the stage's place, its choice, and the quality
            of its input: it never falls as that rises. The first stage's input has 1.
        enough: samples of each stage beyond which nothing is gained; ``None`` for no such end.
    """
    kept = [_PartialAllocation(0.0, 1.0, ())]
    floors = [space.options(at)[0].cost for at in range(len(space.names))]
    for at in range(len(space.names)):
        behind = sum(floors[at + 1 :])
        options = [
            each
            for each in space.options(at)
            if enough is None or each.choice.samples <= max(1, enough[at])
        ]
        found = []
        for before in kept:
            left = space.budget + SLACK - behind - before.cost
            for choice, cost in options:
                if cost > left:
                    break
                found.append(
                    _PartialAllocation(
                        before.cost + cost,
                        after(at, choice, before.quality),
                        (*before.choices, choice),
                    )
                )
        kept = _pareto_front(found)
    best = kept[-1]
    return Optimum(best.choices, best.quality, best.cost)


def _pareto_front(found: list[_PartialAllocation]) -> list[_PartialAllocation]:
    """Those that no cheaper one equals, by cost."""
    kept: list[_PartialAllocation] = []
    for each in sorted(found, key=lambda one: (one.cost, -one.quality)):
        if not kept or each.quality > kept[-1].quality:
            kept.append(each)
    return kept
