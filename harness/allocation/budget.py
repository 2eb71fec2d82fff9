"""The cost of an allocation in the unit of its pipeline, and checks against that pipeline.

The unit of compute is one pass of a model of 3 billion parameters with 128 prompt and 64 output
tokens. A model of M billion parameters, with a prompt of Np tokens and S samples of Nd, takes (M /
3) · (Np + S · Nd) / 64 − 2 units (AgentTTS, arXiv 2508.00890): a prompt is read once, for any
number of samples.
"""

from math import floor
from typing import NamedTuple

from dsl.allocation import (
    AllocationAnalysis,
    CheckedAllocation,
    ResolvedStage,
    analyse_allocation,
)
from dsl.allocation.pipeline_fit import SLACK, PipelineShape, find_misfits, is_within_budget
from dsl.diagnostics import DslError
from dsl.source import Source
from harness.request.ranges import parse_betas
from store.pipelines.schema import CostUnit, Pipeline, PipelineModel, Stage, StageChoices

UNIT_PARAMETERS = 3.0
"""Parameters of the unit's model, in billions."""
UNIT_OUTPUT = 64
"""Output tokens of the unit's pass."""
OFFSET = 2.0
"""The constant that the rule subtracts, so that the unit's pass costs 1."""

MAX_SAMPLES = 4096
"""The most samples of one stage, at any budget."""


class StageRate(NamedTuple):
    """The cost of a stage by its samples: ``max(0, fixed + per_sample * samples)``."""

    fixed: float
    per_sample: float

    def cost(self, samples: float) -> float:
        """Return the cost of a number of samples."""
        return max(0.0, self.fixed + self.per_sample * samples)

    def samples(self, cost: float) -> float:
        """Return the samples that a cost pays for, not rounded; 0 if samples are free."""
        return (cost - self.fixed) / self.per_sample if self.per_sample > 0 else 0.0

    def most(self, budget: float) -> int:
        """Return the most samples that a budget affords, at most `MAX_SAMPLES`; 0 if none."""
        if not is_within_budget(self.cost(1), budget):
            return 0
        if self.per_sample <= 0:
            return MAX_SAMPLES
        return min(MAX_SAMPLES, floor((budget + SLACK - self.fixed) / self.per_sample))


def compute_rate(parameters: float, prompt_tokens: float, output_tokens: float) -> StageRate:
    """Return the rate of one stage in units of compute.

    Args:
        parameters: Parameters of the model, in billions.
        prompt_tokens: Tokens of one prompt.
        output_tokens: Tokens of one sample.
    """
    passes = parameters / UNIT_PARAMETERS / UNIT_OUTPUT
    return StageRate(passes * prompt_tokens - OFFSET, passes * output_tokens)


def dollar_rate(model: PipelineModel, prompt_tokens: float, output_tokens: float) -> StageRate:
    """Return the rate of one stage in dollars for a thousand questions, each prompt paid once.

    Args:
        model: The model with its prices.
        prompt_tokens: Tokens of one prompt.
        output_tokens: Tokens of one sample.
    """
    return StageRate(
        prompt_tokens * model.dollars_in / 1000, output_tokens * model.dollars_out / 1000
    )


def rate(pipeline: Pipeline, stage: Stage, model: PipelineModel) -> StageRate:
    """Return the rate of a stage with a model, in the pipeline's unit.

    Args:
        pipeline: The pipeline.
        stage: The stage.
        model: The model.
    """
    tokens = stage.prompt_tokens, stage.output_tokens
    if pipeline.unit is CostUnit.DOLLARS:
        return dollar_rate(model, *tokens)
    return compute_rate(model.parameters, *tokens)


def stage_costs(pipeline: Pipeline, choices: StageChoices) -> list[float]:
    """Return the cost of each stage of an allocation of samples, in order."""
    return [
        rate(pipeline, stage, pipeline.model(choice.model)).cost(choice.samples)
        for stage, choice in zip(pipeline.stages, choices, strict=True)
    ]


def cost(pipeline: Pipeline, choices: StageChoices) -> float:
    """Return the cost of an allocation of samples: the sum over stages."""
    return sum(stage_costs(pipeline, choices))


CHECKED_BETAS = "0:1:0.1"
"""The values of β at which an allocation is checked against its budget, those of ``--play``."""


def check_fit(analysis: AllocationAnalysis, pipeline: Pipeline) -> AllocationAnalysis:
    """Add what does not fit a pipeline to the findings of a check; mark it unsound if anything."""
    if analysis.checked is None:
        return analysis
    misfits = find_misfits(
        analysis.checked, describe_pipeline(pipeline), list(parse_betas(CHECKED_BETAS))
    )
    if not misfits:
        return analysis
    return analysis._replace(checked=None, diagnostics=[*analysis.diagnostics, *misfits])


def require_fit(source: Source, pipeline: Pipeline) -> CheckedAllocation:
    """Return an allocation that is sound and fits a pipeline.

    Raises:
        DslError: It is not sound or does not fit; the message shows where.
    """
    analysis = check_fit(analyse_allocation(source), pipeline)
    if analysis.checked is None:
        raise DslError(
            source, [diagnostic for diagnostic in analysis.diagnostics if diagnostic.is_error]
        )
    return analysis.checked


def describe_pipeline(pipeline: Pipeline) -> PipelineShape:
    """Describe the constraints of a pipeline on allocations."""

    def cost(resolved: ResolvedStage) -> float:
        stage, model = pipeline.stage(resolved.stage), pipeline.model(resolved.model)
        return rate(pipeline, stage, model).cost(resolved.samples)

    return PipelineShape(
        name=pipeline.name,
        models={
            stage.name: [one.name for one in pipeline.candidates(stage)]
            for stage in pipeline.stages
        },
        governable={stage.name: list(stage.recordings) for stage in pipeline.stages},
        cost=cost,
    )
