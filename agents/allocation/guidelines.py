"""Guidelines derived from a belief: sentences that most hypotheses of its ensemble support."""

import numpy as np

from agents.allocation.belief import Belief
from harness.allocation.space import AllocationSpace

MIN_CERTAINTY = 0.8
"""Minimum fraction of the hypotheses that support a guideline."""

MIN_LOGIT_DIFFERENCE = 0.25
"""Minimum difference of logits worth a guideline."""


def derive_guidelines(space: AllocationSpace, belief: Belief) -> list[str]:
    """Derive guidelines: what sizes are worth, and each stage's model, saturation and input."""
    guidelines = _sizes(space, belief)
    ends = np.quantile(belief.ends(), (0.2, 0.8), axis=0)
    gains, more = belief.gains(), np.median(belief.coupling(), axis=0)
    for stage, name in enumerate(space.names):
        guidelines.append(_model(space, belief, stage, name))
        low, high = (max(1, round(float(end))) for end in ends[:, stage])
        if float(np.median(gains[:, stage])) < MIN_LOGIT_DIFFERENCE:
            guidelines.append(f"{name}: more samples bring little improvement.")
        elif high <= 3 * low:
            guidelines.append(f"{name}: samples stop paying at about {low} to {high}.")
        else:
            guidelines.append(
                f"{name}: it is uncertain where samples stop paying; {low} to {high} so far."
            )
        if stage and float(more[stage]) > 1:
            guidelines.append(
                f"{name}: needs more samples to correct errors of {space.names[stage - 1]}; spend"
                f" on {space.names[stage - 1]} first."
            )
    return guidelines


def _sizes(space: AllocationSpace, belief: Belief) -> list[str]:
    """Describe whether larger models are better in this pipeline; empty if there is no choice."""
    sizes = [{space.pipeline.model(name).parameters for name in models} for models in space.models]
    if all(len(of_stage) < 2 for of_stage in sizes):
        return []
    probability = belief.larger_is_better()
    if probability >= MIN_CERTAINTY:
        verdict = "Larger models are better"
    elif probability <= 1 - MIN_CERTAINTY:
        verdict = "Smaller models are better"
    else:
        verdict = "Sizes do not decide which model is better"
    pair = "of two models of a stage, the larger one is more able"
    return [f"{verdict}: {pair} with a probability of {probability:.2f}."]


def _model(space: AllocationSpace, belief: Belief, stage: int, name: str) -> str:
    """Choose the model of a stage: the smallest one that no larger one clearly beats."""
    models, able = space.models[stage], belief.abilities(stage)
    for index, model in enumerate(models):
        worse = [
            models[other]
            for other in range(index + 1, len(models))
            if float(np.mean(able[:, other] - able[:, index] > MIN_LOGIT_DIFFERENCE))
            >= MIN_CERTAINTY
        ]
        if not worse:
            why = (
                "at equal numbers of samples, no larger one is clearly better"
                if index < len(models) - 1
                else "at equal numbers of samples, the smaller ones are clearly worse"
            )
            return f"{name}: {model}; {why}." if len(models) > 1 else f"{name}: {model} alone."
    return f"{name}: {models[-1]}."
