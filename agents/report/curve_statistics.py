"""Bootstrap statistics of curves: the objective and token ratios, with intervals.

Questions are resampled as in `harness.evaluation.bootstrap`: all controllers share the same
samples, and recordings of one benchmark share theirs, so every difference is paired.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from agents.report.records import ObjectiveEstimate, TokenRatio
from agents.search.objective import Objective
from harness.evaluation.bootstrap import Floats, Stratum, interval, resample
from harness.evaluation.frontier import build_curve, cost_at
from harness.evaluation.grid import Grid, GridCell
from harness.evaluation.scores import MEAN, CellEpisodes
from harness.request.recordings import NamedRecording


class CurveSamples(NamedTuple):
    """Points of one controller on one recording; row 0 is measured, the others are samples."""

    cost: Floats
    """Array (1 + n, P): tokens per question."""
    accuracy: Floats
    """Array (1 + n, P): accuracy in percent."""


def bootstrap_curves(grid: Grid, played: CellEpisodes) -> list[list[CurveSamples]]:
    """Bootstrap the points of each controller of the grid, by recording.

    Args:
        grid: Grid of controllers, recordings and settings.
        played: Outcome of every cell of the grid.

    Returns:
        For each recording, the samples of each controller of the grid.
    """
    strata = _strata(grid.recordings)
    return [
        _of_recording(grid, played, place, strata[place]) for place in range(len(grid.recordings))
    ]


def _of_recording(grid: Grid, played: CellEpisodes, place: int, stratum: int) -> list[CurveSamples]:
    points = range(len(grid.points))
    episodes = [played[GridCell(point, place)] for point in points]
    right = np.stack([each.right.sum(axis=1, dtype=np.int64) for each in episodes], axis=1)
    tokens = np.stack([each.tokens.sum(axis=1, dtype=np.int64) for each in episodes], axis=1)
    totals = np.concatenate([right, tokens], axis=1).astype(np.float64)
    questions, seeds = episodes[0].right.shape
    # Measured in the same way as a drawing, so that equal figures are equal bits.
    measured = totals.sum(axis=0)[None, :] / (questions * float(seeds))
    both = np.concatenate([measured, resample([Stratum(totals, float(seeds))], seed=stratum)])
    accuracy, cost = both[:, : len(points)] * 100, both[:, len(points) :]
    found = []
    for program in grid.programs:
        own = [at for at in points if grid.points[at].program is program]
        found.append(CurveSamples(cost[:, own], accuracy[:, own]))
    return found


def _strata(recordings: Sequence[NamedRecording]) -> list[int]:
    """Assign bootstrap samples to recordings: those with the same questions share them."""
    numbers: dict[tuple[str, ...], int] = {}
    return [
        numbers.setdefault(
            (
                each.recording.provenance.benchmark,
                *(question.id for question in each.recording.questions),
            ),
            len(numbers),
        )
        for each in recordings
    ]


_DECIMALS = 4


class CostRange:
    """Range of costs of one recording: from the cheapest to the most expensive baseline.

    Args:
        baselines: Points of the baselines on the recording.
    """

    def __init__(self, baselines: Sequence[CurveSamples]):
        self.low = min(float(each.cost[0].min()) for each in baselines)
        self.high = max(float(each.cost[0].max()) for each in baselines)


def estimate_worths(
    controller: str,
    labels: Sequence[str],
    ours: Sequence[CurveSamples],
    rival: Sequence[CurveSamples],
    ends: Sequence[CostRange],
    objective: Objective,
) -> list[ObjectiveEstimate]:
    """Estimate the objective over each recording, and the mean if there are several.

    Args:
        controller: Label of the controller.
        labels: Labels of the recordings.
        ours: Points of the controller, by recording.
        rival: Points of the best baseline, by recording.
        ends: Ranges of costs, by recording.
        objective: Objective to maximise.
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


def estimate_token_ratios(
    controller: str,
    reference: str,
    labels: Sequence[str],
    ours: Sequence[CurveSamples],
    theirs: Sequence[CurveSamples],
) -> list[TokenRatio]:
    """Estimate the tokens needed to match a reference, over each recording and over all.

    Args:
        controller: Label of the controller.
        reference: Label of the controller whose accuracy is to be matched.
        labels: Labels of the recordings.
        ours: Points of the controller, by recording.
        theirs: Points of the reference, by recording.
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


def _values(points: CurveSamples, ends: CostRange, objective: Objective) -> Floats:
    """Return an array (1 + n,): the objective as measured, then of each bootstrap sample."""
    size = len(points.cost)
    low, high = np.full(size, ends.low), np.full(size, ends.high)
    return objective(points.cost, points.accuracy, low, high)


def _worth(controller: str, label: str, mine: Floats, other: Floats) -> ObjectiveEstimate:
    around, gain = interval(mine[1:]), interval(mine[1:] - other[1:])
    return ObjectiveEstimate(
        controller=controller,
        recording=label,
        value=_finite(mine[0]),
        low=_finite(around.low),
        high=_finite(around.high),
        gain=_finite(mine[0] - other[0]),
        gain_low=_finite(gain.low),
        gain_high=_finite(gain.high),
    )


def _log_ratios(mine: CurveSamples, other: CurveSamples) -> Floats:
    """Return log ratios, (1 + n, points of the reference); infinite if a point is not reached."""
    ours = build_curve(mine.cost, mine.accuracy)
    needed = [cost_at(ours, other.accuracy[:, at]) for at in range(other.accuracy.shape[1])]
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
