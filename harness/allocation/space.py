"""The allocations that a budget affords: count, list and draw them.

Every stage has one model and at least one sample, and the exact costs of the stages together do not
exceed the budget. If trials were recorded and nothing can be executed, the space is the record.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from dsl.allocation.pipeline_fit import SLACK, is_within_budget
from harness.allocation.budget import StageRate, rate
from harness.errors import InputError
from harness.numbers import in_full
from store.pipelines.schema import Pipeline, StageChoice, StageChoices, format_choices

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class PricedChoice(NamedTuple):
    """One choice of a stage and its cost."""

    choice: StageChoice
    cost: float


class AllocationSpace:
    """All allocations of a pipeline within a budget.

    Args:
        pipeline: The pipeline.
        budget: The budget in the pipeline's unit.
        governed: For each stage, the controllers that may govern it, with their costs.
        recorded: The only allocations that can be played, with their costs; ``None`` for any.

    Raises:
        InputError: The budget affords no allocation.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        budget: float,
        *,
        governed: Sequence[Mapping[StageChoice, float]] = (),
        recorded: Mapping[StageChoices, float] | None = None,
    ):
        self.pipeline, self.budget = pipeline, budget
        self.names = [stage.name for stage in pipeline.stages]
        self.models = [
            [model.name for model in pipeline.candidates(stage)] for stage in pipeline.stages
        ]
        """The models of each stage, the smallest first."""
        self.governed = list(governed) or [{} for _ in self.names]
        self.rates: list[dict[str, StageRate]] = [
            {model.name: rate(pipeline, stage, model) for model in pipeline.candidates(stage)}
            for stage in pipeline.stages
        ]
        self.recorded: dict[StageChoices, float] | None = None
        if recorded is not None:
            self.recorded = {
                choices: cost
                for choices, cost in recorded.items()
                if is_within_budget(cost, budget)
            }
        self._refuse_empty()

    def _refuse_empty(self) -> None:
        if self.recorded is not None:
            if not self.recorded:
                raise InputError(
                    f"--budget {in_full(self.budget)}: every trial of the record costs more",
                    hint="give a larger budget, or use --base-url to execute trials that are"
                    " not recorded",
                )
        elif not is_within_budget(sum(self._floors), self.budget):
            raise InputError(
                f"--budget {in_full(self.budget)}: one sample of the cheapest model in each stage"
                f" of {self.pipeline.name} costs {in_full(round(sum(self._floors), 4))}",
                hint="give at least that",
            )

    # Costs

    @cached_property
    def _floors(self) -> list[float]:
        """Return the minimum cost of each stage."""
        return [
            min([rate.cost(1) for rate in rates.values()] + list(governed.values()))
            for rates, governed in zip(self.rates, self.governed, strict=True)
        ]

    def stage_cost(self, index: int, choice: StageChoice) -> float:
        """Return the cost of a stage with a choice.

        Raises:
            InputError: The stage has no such choice; the message lists those it has.
        """
        if choice.controller:
            if choice not in self.governed[index]:
                raise InputError(
                    f"stage {self.names[index]}: {choice.label} is not among the controllers that"
                    " may govern it"
                )
            return self.governed[index][choice]
        if choice.model not in self.rates[index]:
            raise InputError(
                f"stage {self.names[index]}: there is no model {choice.model!r};"
                f" it has {', '.join(self.models[index])}"
            )
        if choice.samples < 1:
            raise InputError(f"stage {self.names[index]}: samples must be 1 or more")
        return self.rates[index][choice.model].cost(choice.samples)

    def cost(self, choices: StageChoices) -> float:
        """Return the cost of an allocation.

        Raises:
            InputError: It does not fit the pipeline.
        """
        if len(choices) != len(self.names):
            raise InputError(
                f"{self.pipeline.name} has {len(self.names)} stages, but the allocation has"
                f" {len(choices)}"
            )
        return sum(self.stage_cost(index, choice) for index, choice in enumerate(choices))

    def affords(self, choices: StageChoices) -> bool:
        """Return whether an allocation is in the space."""
        if self.recorded is not None:
            return choices in self.recorded
        try:
            return is_within_budget(self.cost(choices), self.budget)
        except InputError:
            return False

    def infeasibility(self, choices: StageChoices) -> str | None:
        """Return why an allocation is not in the space, ``None`` where it is.

        Raises:
            InputError: It does not fit the pipeline.
        """
        cost = self.cost(choices)
        if self.affords(choices):
            return None
        if not is_within_budget(cost, self.budget):
            return f"costs {cost:.4g}, and the budget is {self.budget:g}"
        return "is not recorded, and there is no server to execute it"

    def require_feasible(self, choices: StageChoices, name: str) -> None:
        """Check that an allocation is in the space: affordable, and recorded or executable.

        Raises:
            InputError: It is not; the message begins with ``name`` and gives the reason.
        """
        if problem := self.infeasibility(choices):
            raise InputError(f"{name}: {problem}")

    def most(self, index: int, model: str, remaining: float) -> int:
        """Return the most samples that a stage affords; 0 if none.

        Args:
            index: Index of the stage.
            model: The model.
            remaining: What is left of the budget.
        """
        return self.rates[index][model].most(remaining)

    def remaining(self, choices: StageChoices, index: int) -> float:
        """Return what an allocation leaves for a stage: the budget minus all other stages."""
        others = (self.stage_cost(i, choice) for i, choice in enumerate(choices) if i != index)
        return self.budget - sum(others)

    # Contents

    @cached_property
    def least(self) -> StageChoices:
        """The cheapest allocation: one sample of the cheapest model in each stage."""
        if self.recorded is not None:
            return min(self.recorded, key=lambda choices: (self.recorded or {})[choices])
        return tuple(
            StageChoice(min(rates, key=lambda name: rates[name].cost(1)), 1) for rates in self.rates
        )

    @property
    def highest_cost(self) -> StageChoices:
        """Return the allocation of a record that costs most."""
        recorded = self.recorded or {}
        return max(recorded, key=lambda choices: (recorded[choices], format_choices(choices)))

    def options(self, index: int, remaining: float | None = None) -> list[PricedChoice]:
        """Yield every affordable choice of a stage, the cheapest first.

        Args:
            index: Index of the stage.
            remaining: What is left of the budget; by default, what the other stages leave at their
                cheapest.
        """
        if remaining is None:
            remaining = self.budget - sum(self._floors) + self._floors[index]
        options = [
            PricedChoice(StageChoice(model, samples), rate.cost(samples))
            for model, rate in self.rates[index].items()
            for samples in range(1, rate.most(remaining) + 1)
        ]
        options += [
            PricedChoice(choice, cost)
            for choice, cost in self.governed[index].items()
            if is_within_budget(cost, remaining)
        ]
        return sorted(options, key=lambda option: (option.cost, option.choice.label))

    def __len__(self) -> int:
        """Return how many allocations there are."""
        if self.recorded is not None:
            return len(self.recorded)
        import numpy as np

        costs = [
            np.array([option.cost for option in self.options(index)])
            for index in range(len(self.names))
        ]
        half = (len(costs) + 1) // 2
        first, second = (_sums(part, self.budget) for part in (costs[:half], costs[half:]))
        return int(np.searchsorted(second, self.budget + SLACK - first, side="right").sum())

    def __iter__(self) -> Iterator[StageChoices]:
        """Every allocation, each once; the last stage changes fastest."""
        if self.recorded is not None:
            yield from self.recorded
            return
        everything = [self.options(index) for index in range(len(self.names))]
        behind = [sum(self._floors[index + 1 :]) for index in range(len(self.names))]
        yield from self._from(everything, behind, 0, self.budget + SLACK, ())

    def _from(
        self,
        everything: Sequence[Sequence[PricedChoice]],
        behind: Sequence[float],
        index: int,
        remaining: float,
        prefix: StageChoices,
    ) -> Iterator[StageChoices]:
        last = index == len(everything) - 1
        for choice, cost in everything[index]:
            if cost + behind[index] > remaining:
                return
            if last:
                yield (*prefix, choice)
            else:
                yield from self._from(
                    everything, behind, index + 1, remaining - cost, (*prefix, choice)
                )

    def draw(self, random: Random) -> StageChoices:
        """Draw a random allocation: a model for every stage, and a part of what others leave."""
        if self.recorded is not None:
            return random.choice(list(self.recorded))
        choices = list(self.least)
        order = list(range(len(choices)))
        random.shuffle(order)
        for index in order:
            remaining = self.remaining(tuple(choices), index)
            fit: list[StageChoice | str] = [
                name for name in self.models[index] if self.most(index, name, remaining) > 0
            ]
            governed = self.governed[index].items()
            fit += [choice for choice, cost in governed if is_within_budget(cost, remaining)]
            chosen = random.choice(fit)
            if isinstance(chosen, StageChoice):
                choices[index] = chosen
            else:
                most = self.most(index, chosen, remaining)
                choices[index] = StageChoice(chosen, 1 + int(random.random() * most))
        return tuple(choices)

    def nearest(
        self, wanted: StageChoices, without: frozenset[StageChoices]
    ) -> StageChoices | None:
        """Return the recorded allocation that is most similar to another.

        Args:
            wanted: The allocation to approximate.
            without: Allocations to exclude.
        """
        assert self.recorded is not None
        fresh = [choices for choices in self.recorded if choices not in without]
        return min(
            fresh,
            key=lambda choices: (_distance(choices, wanted), format_choices(choices)),
            default=None,
        )


def _distance(one: StageChoices, other: StageChoices) -> float:
    """Return the distance of two allocations: models count whole, samples by their ratio."""
    return sum(
        2.0 * (a.model != b.model or a.controller != b.controller)
        + abs(a.samples - b.samples) / max(a.samples, b.samples, 1)
        + abs(a.beta - b.beta)
        for a, b in zip(one, other, strict=True)
    )


def _sums(costs: "Sequence[NDArray[np.float64]]", most: float) -> "NDArray[np.float64]":
    """Return the sorted sums of one cost of each stage, none above ``most``."""
    import numpy as np

    sums = np.zeros(1)
    for cost in costs:
        sums = np.add.outer(sums, cost).ravel()
        sums = sums[sums <= most + SLACK]
    return np.sort(sums)
