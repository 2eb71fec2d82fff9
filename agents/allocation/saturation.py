"""What trials show of a stage's samples: the best score of any trial with so many of a model."""

from collections.abc import Mapping, Sequence

from agents.allocation.told import TrialTold

Points = Mapping[str, Sequence[tuple[int, float]]]
"""By model, (samples, score)."""


def saturation_points(trials: Sequence[TrialTold], at: int) -> dict[str, list[tuple[int, float]]]:
    """Of one stage, the best score by samples for each model; controllers are left out."""
    best: dict[str, dict[int, float]] = {}
    for each in trials:
        stage = each.stages[at]
        if not stage.controller:
            some = best.setdefault(stage.model, {})
            some[stage.samples] = max(some.get(stage.samples, 0.0), each.score)
    return {model: sorted(some.items()) for model, some in sorted(best.items())}
