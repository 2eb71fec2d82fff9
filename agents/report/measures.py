"""What curves are worth, and how many tokens they save, with intervals."""

from collections.abc import Sequence

import numpy as np

from agents.report.drawings import Drawn
from agents.report.records import TokenRatio, Worth
from agents.search.objective import Objective
from harness.evaluation.bootstrap import Floats, interval
from harness.evaluation.frontier import cost_of, curve
from harness.evaluation.scores import MEAN

_DECIMALS = 4


class Ends:
    """The range of costs that counts on one recording: the cheapest and the dearest baseline.

    Args:
        baselines: their points on the recording.
    """

    def __init__(self, baselines: Sequence[Drawn]):
        self.low = min(float(each.cost[0].min()) for each in baselines)
        self.high = max(float(each.cost[0].max()) for each in baselines)


def worths(
    controller: str,
    labels: Sequence[str],
    ours: Sequence[Drawn],
    rival: Sequence[Drawn],
    ends: Sequence[Ends],
    objective: Objective,
) -> list[Worth]:
    """The objective over each recording, and its mean where there are several.

    Args:
        controller: its label.
        labels: of the recordings.
        ours: the controller's points, by recording.
        rival: those of the best baseline.
        ends: the ranges of costs, by recording.
        objective: what is to be made large.
    """
    mine, other = (
        [_values(each, end, objective) for each, end in zip(side, ends, strict=True)]
        for side in (ours, rival)
    )
    found = [
        _worth(controller, label, a, b) for label, a, b in zip(labels, mine, other, strict=True)
    ]
    if len(labels) > 1:
        found.append(_worth(controller, MEAN, np.mean(mine, axis=0), np.mean(other, axis=0)))
    return found


def ratios(
    controller: str,
    reference: str,
    labels: Sequence[str],
    ours: Sequence[Drawn],
    theirs: Sequence[Drawn],
) -> list[TokenRatio]:
    """The tokens for the accuracy of a reference, over each recording and over all.

    Args:
        controller: the label of the one that may be cheaper.
        reference: the label of the one whose points are to be reached.
        labels: of the recordings.
        ours: the controller's points, by recording.
        theirs: the reference's.
    """
    found: list[TokenRatio] = []
    means: list[Floats] = []
    for label, mine, other in zip(labels, ours, theirs, strict=True):
        logs = _log_ratios(mine, other)
        reached = np.isfinite(logs[0])
        points = len(reached)
        mean = logs[:, reached].mean(axis=1) if reached.any() else None
        if mean is not None:
            means.append(mean)
        missed = points - int(reached.sum())
        found.append(_ratio(controller, reference, label, mean, points, missed))
    if len(labels) > 1:
        points = sum(each.points for each in found)
        missed = sum(each.missed for each in found)
        over_all = np.mean(means, axis=0) if means else None
        found.append(_ratio(controller, reference, MEAN, over_all, points, missed))
    return found


def _values(points: Drawn, ends: Ends, objective: Objective) -> Floats:
    """(1 + n,) the objective as measured, then of each drawing."""
    size = len(points.cost)
    low, high = np.full(size, ends.low), np.full(size, ends.high)
    return objective(points.cost, points.accuracy, low, high)


def _worth(controller: str, label: str, mine: Floats, other: Floats) -> Worth:
    around, gain = interval(mine[1:]), interval(mine[1:] - other[1:])
    return Worth(
        controller=controller,
        recording=label,
        value=_finite(mine[0]),
        low=_finite(around.low),
        high=_finite(around.high),
        gain=_finite(mine[0] - other[0]),
        gain_low=_finite(gain.low),
        gain_high=_finite(gain.high),
    )


def _log_ratios(mine: Drawn, other: Drawn) -> Floats:
    """(1 + n, points of the other) logarithms; infinite where a point is not reached."""
    ours = curve(mine.cost, mine.accuracy)
    needed = [cost_of(ours, other.accuracy[:, at]) for at in range(other.accuracy.shape[1])]
    ratios: Floats = np.log(np.stack(needed, axis=1)) - np.log(np.maximum(other.cost, 1.0))
    return ratios


def _ratio(
    controller: str, reference: str, label: str, logs: Floats | None, points: int, missed: int
) -> TokenRatio:
    around = None if logs is None else interval(logs[1:])
    return TokenRatio(
        controller=controller,
        reference=reference,
        recording=label,
        ratio=None if logs is None else _finite(np.exp(logs[0])),
        low=None if around is None else _finite(np.exp(around.low)),
        high=None if around is None else _finite(np.exp(around.high)),
        points=points,
        missed=missed,
    )


def _finite(value: float | np.float64) -> float | None:
    return round(float(value), _DECIMALS) + 0.0 if np.isfinite(value) else None
