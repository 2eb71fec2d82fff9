"""Play one Rheo allocation at many β and return its frontier of score over cost."""

from collections.abc import Sequence

import msgspec

from agents.allocation.choices import parse_choices
from agents.allocation.results import StageAllocation, list_stage_allocations
from dsl.allocation import load_allocation
from dsl.allocation.pipeline_fit import is_within_budget
from dsl.source import Source
from harness.allocation.space import AllocationSpace
from harness.allocation.trial_environment import TrialEnvironment
from harness.errors import InputError
from harness.presentation.table import Column, Table


class FrontierPoint(msgspec.Struct, frozen=True, kw_only=True):
    """Score and cost of an allocation at one β."""

    beta: float | None
    """``None`` if it does not follow β."""
    budget: float
    cost: float
    score: float
    """Score from 0 to 1."""
    stages: list[StageAllocation]


def compute_frontier(
    environment: TrialEnvironment, source: Source, betas: Sequence[float]
) -> list[FrontierPoint]:
    """Play an allocation at every β, or once if it does not follow β.

    Args:
        environment: Environment that plays trials.
        source: Source of the allocation.
        betas: Values of β.

    Raises:
        DslError: The allocation is not sound.
        InputError: Its stages are not the pipeline's, it exceeds its own budget, or it cannot be
            played here.
    """
    checked = load_allocation(source)
    pipeline = environment.pipeline
    space = AllocationSpace(pipeline, float("inf"), governed=environment.governed)
    points = []
    for beta in betas if checked.scheduled else betas[:1]:
        choices = parse_choices(pipeline, source.text, source.name, beta)
        budget, cost = checked.at(beta).budget, space.cost(choices)
        setting = f" at beta = {beta:g}" if checked.scheduled else ""
        if not is_within_budget(cost, budget):
            raise InputError(
                f"{source.name}: costs {cost:.4g}{setting}, and its budget there is {budget:.4g}"
            )
        trial = environment.play(choices)
        points.append(
            FrontierPoint(
                beta=beta if checked.scheduled else None,
                budget=budget,
                cost=cost,
                score=trial.score,
                stages=list_stage_allocations(space, choices),
            )
        )
    return points


def build_frontier_table(points: Sequence[FrontierPoint]) -> Table:
    """Build a table with a row for each point."""
    names = [stage.stage for stage in points[0].stages]
    columns = [
        Column("beta", decimals=2), Column("budget", decimals=1), Column("cost", decimals=1),
        Column("score", "score, %", decimals=2), *(Column(name) for name in names),
    ]  # fmt: skip
    return Table(columns, [_row(point) for point in points])


def _row(point: FrontierPoint) -> list[float | str | None]:
    stages = [
        f"{stage.model} {stage.controller}@{stage.beta:g}" if stage.controller
        else f"{stage.model} x{stage.samples}"
        for stage in point.stages
    ]  # fmt: skip
    return [point.beta, point.budget, point.cost, 100 * point.score, *stages]
