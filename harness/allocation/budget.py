"""What an allocation costs, in the unit of its pipeline.

The unit of compute is one pass of a model of 3 billion parameters with 128 prompt and 64 output
tokens. A model of M billion parameters, with a prompt of Np tokens and S samples of Nd, takes
(M / 3) · (Np + S · Nd) / 64 − 2 of them (AgentTTS, arXiv 2508.00890): a prompt is read once,
whatever the number of samples. Below 0 that rule means nothing, and the cost is 0.
"""

from math import floor
from typing import NamedTuple

from store.pipelines.records import Choices, Model, Pipeline, Stage, Unit

UNIT_PARAMETERS = 3.0
"""Billions of parameters of the unit's model."""
UNIT_OUTPUT = 64
"""Output tokens of the unit's pass."""
OFFSET = 2.0
"""What the rule takes off, so that the unit's pass costs 1."""

MOST_SAMPLES = 4096
"""Of one stage, whatever the budget."""
SLACK = 1e-9
"""By which a cost may pass a budget: sums of thirds are not exact."""


class Rate(NamedTuple):
    """What a stage costs as its samples grow: ``max(0, fixed + each * samples)``."""

    fixed: float
    each: float

    def cost(self, samples: float) -> float:
        """Of a number of samples."""
        return max(0.0, self.fixed + self.each * samples)

    def most(self, budget: float) -> int:
        """The most samples that a budget affords, `MOST_SAMPLES` at most; 0 where not one."""
        if self.cost(1) > budget + SLACK:
            return 0
        if self.each <= 0:
            return MOST_SAMPLES
        return min(MOST_SAMPLES, floor((budget + SLACK - self.fixed) / self.each))


def compute_rate(parameters: float, prompt_tokens: float, output_tokens: float) -> Rate:
    """Units of compute of one stage.

    Args:
        parameters: of the model, in billions.
        prompt_tokens: of one prompt.
        output_tokens: of one sample.
    """
    passes = parameters / UNIT_PARAMETERS / UNIT_OUTPUT
    return Rate(passes * prompt_tokens - OFFSET, passes * output_tokens)


def dollar_rate(model: Model, prompt_tokens: float, output_tokens: float) -> Rate:
    """Dollars of one stage for a thousand questions, each prompt paid once."""
    return Rate(prompt_tokens * model.dollars_in / 1000, output_tokens * model.dollars_out / 1000)


def rate(pipeline: Pipeline, stage: Stage, model: Model) -> Rate:
    """What a stage costs with a model, in the pipeline's unit."""
    tokens = stage.prompt_tokens, stage.output_tokens
    if pipeline.unit is Unit.DOLLARS:
        return dollar_rate(model, *tokens)
    return compute_rate(model.parameters, *tokens)


def stage_costs(pipeline: Pipeline, choices: Choices) -> list[float]:
    """What each stage of an allocation of samples costs, in order."""
    return [
        rate(pipeline, stage, pipeline.model(choice.model)).cost(choice.samples)
        for stage, choice in zip(pipeline.stages, choices, strict=True)
    ]


def cost(pipeline: Pipeline, choices: Choices) -> float:
    """What an allocation of samples costs: the sum over stages."""
    return sum(stage_costs(pipeline, choices))
