"""A pipeline as the checker of allocations is told of it."""

from dsl.allocation import (
    AllocationAnalysis,
    CheckedAllocation,
    GivenStage,
    analyse_allocation,
)
from dsl.allocation.fitting import Shape, misfits
from dsl.diagnostics import DslError
from dsl.source import Source
from harness.allocation.budget import rate
from harness.request.ranges import betas
from store.pipelines.records import Pipeline

BETAS = "0:1:0.1"
"""The values of β at which an allocation is held to its budget, those of ``--play``."""


def fitted(analysis: AllocationAnalysis, pipeline: Pipeline) -> AllocationAnalysis:
    """What a check found, with what does not fit a pipeline; it is sound no more where that is."""
    if analysis.checked is None:
        return analysis
    found = misfits(analysis.checked, shape_of(pipeline), list(betas(BETAS)))
    if not found:
        return analysis
    return analysis._replace(checked=None, diagnostics=[*analysis.diagnostics, *found])


def fitting(source: Source, pipeline: Pipeline) -> CheckedAllocation:
    """An allocation that must be sound and fit a pipeline.

    Raises:
        DslError: it is not, or does not; the message shows where.
    """
    found = fitted(analyse_allocation(source), pipeline)
    if found.checked is None:
        raise DslError(source, [each for each in found.diagnostics if each.is_error])
    return found.checked


def shape_of(pipeline: Pipeline) -> Shape:
    """What an allocation has to fit."""

    def cost(given: GivenStage) -> float:
        stage, model = pipeline.stage(given.stage), pipeline.model(given.model)
        return rate(pipeline, stage, model).cost(given.samples)

    return Shape(
        name=pipeline.name,
        models={
            each.name: [one.name for one in pipeline.candidates(each)] for each in pipeline.stages
        },
        governable={each.name: list(each.recordings) for each in pipeline.stages},
        cost=cost,
    )
