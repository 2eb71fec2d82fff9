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
    """The points of one controller on one recording: as measured (row 0), then each drawing."""

    cost: Floats
    """(1 + n, P) tokens for each question."""
    accuracy: Floats
    """(1 + n, P) in percent."""


def bootstrap_curves(grid: Grid, played: CellEpisodes) -> list[list[CurveSamples]]:
    """The points of each controller of the grid, by recording.

    Args:
        grid: what was played.
        played: every cell of it.

    Returns:
        For each recording, an item for each of the grid's controllers.
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
    """For each recording, which drawings it has: recordings with the same questions share them."""
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
    """The range of costs that counts on one recording: the cheapest and the dearest baseline.

    Args:
        baselines: their points on the recording.
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


def estimate_token_ratios(
    controller: str,
    reference: str,
    labels: Sequence[str],
    ours: Sequence[CurveSamples],
    theirs: Sequence[CurveSamples],
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


def _values(points: CurveSamples, ends: CostRange, objective: Objective) -> Floats:
    """(1 + n,) the objective as measured, then of each drawing."""
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
    """(1 + n, points of the other) logarithms; infinite where a point is not reached."""
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
