"""What is believed of the stages, in sentences: the guidelines that the published agent writes."""

from typing import TYPE_CHECKING

import numpy as np

from harness.allocation.space import Space

if TYPE_CHECKING:
    from agents.allocation.belief import Belief

SURE = 0.8
"""The part of the accounts that a sentence rests on, at least."""

CLEAR = 0.25
"""A difference of logits that is worth a sentence."""


def guidelines(space: Space, belief: "Belief") -> list[str]:
    """Sentences on each stage: its model, where its samples stop paying, what its input does."""
    found = []
    ends = np.quantile(belief.ends(), (0.2, 0.8), axis=0)
    gains, more = belief.gains(), np.median(belief.coupling(), axis=0)
    for at, name in enumerate(space.names):
        found.append(_model(space, belief, at, name))
        low, high = (max(1, round(float(each))) for each in ends[:, at])
        if float(np.median(gains[:, at])) < CLEAR:
            found.append(f"{name}: repetition brings little.")
        elif high <= 3 * low:
            found.append(f"{name}: samples stop paying at about {low} to {high}.")
        else:
            found.append(f"{name}: where samples stop paying is open; {low} to {high} by now.")
        if at and float(more[at]) > 1:
            found.append(
                f"{name}: what {space.names[at - 1]} gets wrong has to be made up here with more"
                " samples; spend there first."
            )
    return found


def _model(space: Space, belief: "Belief", at: int, name: str) -> str:
    """Which model a stage wants: the smallest of which no larger one is clearly better."""
    models, able = space.models[at], belief.abilities(at)
    for place, model in enumerate(models):
        worse = [
            models[other]
            for other in range(place + 1, len(models))
            if float(np.mean(able[:, other] - able[:, place] > CLEAR)) >= SURE
        ]
        if not worse:
            why = (
                "sample for sample no larger one is clearly better"
                if place < len(models) - 1
                else "sample for sample the smaller ones are clearly worse"
            )
            return f"{name}: {model}; {why}." if len(models) > 1 else f"{name}: {model} alone."
    return f"{name}: {models[-1]}."
