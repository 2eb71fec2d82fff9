"""The best allocation, if stages depend on each other through one number only.

If a better input never makes a stage's output worse, an allocation whose first stages cost more and
yield less than another's is never the best: stage by stage, only prefixes that no cheaper prefix
equals are kept. The result is exact.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from dsl.allocation.pipeline_fit import SLACK
from harness.allocation.space import AllocationSpace
from store.pipelines.schema import StageChoice, StageChoices


class Optimum(NamedTuple):
    """The best allocation of a space, found by exact search."""

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
    """Return the allocation whose last output has the highest quality; the cheapest of equals.

    Args:
        space: The allocations of a budget.
        after: Returns the quality of a stage's output from the stage's index, its choice, and the
            quality of its input, and must not decrease with the latter. The input of the first
            stage has quality 1.
        enough: Samples of each stage beyond which quality does not rise; ``None`` for no limit.
    """
    front = [_PartialAllocation(0.0, 1.0, ())]
    floors = [space.options(index)[0].cost for index in range(len(space.names))]
    for index in range(len(space.names)):
        behind = sum(floors[index + 1 :])
        options = [
            option
            for option in space.options(index)
            if enough is None or option.choice.samples <= max(1, enough[index])
        ]
        extended = []
        for prefix in front:
            remaining = space.budget + SLACK - behind - prefix.cost
            for choice, cost in options:
                if cost > remaining:
                    break
                extended.append(
                    _PartialAllocation(
                        prefix.cost + cost,
                        after(index, choice, prefix.quality),
                        (*prefix.choices, choice),
                    )
                )
        front = _pareto_front(extended)
    best = front[-1]
    return Optimum(best.choices, best.quality, best.cost)


def _pareto_front(allocations: list[_PartialAllocation]) -> list[_PartialAllocation]:
    """Return the prefixes that no cheaper one equals, by cost."""
    front: list[_PartialAllocation] = []
    for allocation in sorted(allocations, key=lambda one: (one.cost, -one.quality)):
        if not front or allocation.quality > front[-1].quality:
            front.append(allocation)
    return front
