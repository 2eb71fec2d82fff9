"""Bootstrap statistics of curves: the objective and token ratios, with intervals.

Questions are resampled as in `harness.evaluation.bootstrap`: all controllers share the same
samples, and recordings of one benchmark share theirs, so every difference is paired.
"""

from collections.abc import Sequence

import numpy as np

from agents.report.records import ObjectiveEstimate, TokenRatio
from agents.search.objective import CurvePoints, Objective, PriceOptions, ReferenceCurves
from harness.evaluation.bootstrap import Floats, Stratum, interval, resample
from harness.evaluation.frontier import build_curve, cost_at, sequential_at
from harness.evaluation.grid import Grid, GridCell
from harness.evaluation.scores import MEAN, CellEpisodes
from harness.request.recordings import NamedRecording


def bootstrap_curves(grid: Grid, played: CellEpisodes) -> list[list[CurvePoints]]:
    """Bootstrap the points of each controller of the grid, by recording.

    The points are arrays (1 + n, P): row 0 is measured, the others are samples.

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


def _of_recording(grid: Grid, played: CellEpisodes, place: int, stratum: int) -> list[CurvePoints]:
    points = range(len(grid.points))
    episodes = [played[GridCell(point, place)] for point in points]
    columns = [
        np.stack([part.sum(axis=1, dtype=np.int64) for part in parts], axis=1)
        for parts in zip(
            *((each.right, each.tokens, each.sequential) for each in episodes), strict=True
        )
    ]
    totals = np.concatenate(columns, axis=1).astype(np.float64)
    questions, seeds = episodes[0].right.shape
    # Measured in the same way as a drawing, so that equal figures are equal bits.
    measured = totals.sum(axis=0)[None, :] / (questions * float(seeds))
    both = np.concatenate([measured, resample([Stratum(totals, float(seeds))], seed=stratum)])
    accuracy, cost, sequential = np.split(both, 3, axis=1)
    found = []
    for program in grid.programs:
        own = [at for at in points if grid.points[at].program is program]
        found.append(CurvePoints(cost[:, own], accuracy[:, own] * 100, sequential[:, own]))
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


def build_references(
    baselines: Sequence[CurvePoints], target: CurvePoints | None, prices: PriceOptions
) -> ReferenceCurves:
    """Build the reference curves of one recording; their range of prices is the measured one.

    Args:
        baselines: Points of each baseline.
        target: Points of the controller that the objective names, if it names one.
        prices: What counts as the price of a point.
    """
    points = CurvePoints(
        *(np.concatenate(columns, axis=1) for columns in zip(*baselines, strict=True))
    )
    measured = prices.price(points)[0]
    return ReferenceCurves(points, float(measured.min()), float(measured.max()), target)


def estimate_worths(
    controller: str,
    labels: Sequence[str],
    ours: Sequence[CurvePoints],
    baseline: Sequence[CurvePoints],
    references: Sequence[ReferenceCurves],
    objective: Objective,
    prices: PriceOptions,
) -> list[ObjectiveEstimate]:
    """Estimate the objective over each recording, and the mean if there are several.

    Args:
        controller: Label of the controller.
        labels: Labels of the recordings.
        ours: Points of the controller, by recording.
        baseline: Points of the best baseline, by recording.
        references: Points to compare with, by recording.
        objective: Objective to maximise.
        prices: What counts as the price of a point.
    """
    mine, other = (
        [
            objective(each, reference, prices)
            for each, reference in zip(side, references, strict=True)
        ]
        for side in (ours, baseline)
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
    ours: Sequence[CurvePoints],
    theirs: Sequence[CurvePoints],
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
    latencies: list[float] = []
    for label, mine, other in zip(labels, ours, theirs, strict=True):
        logs = _log_ratios(mine, other)
        reached = np.isfinite(logs[0])
        points = len(reached)
        mean = logs[:, reached].mean(axis=1) if reached.any() else None
        if mean is not None:
            means.append(mean)
        missed = points - int(reached.sum())
        latency = _log_latency(mine, other, logs[0]) if reached.any() else None
        if latency is not None:
            latencies.append(latency)
        found.append(_ratio(controller, reference, label, mean, points, missed, latency))
    if len(labels) > 1:
        points = sum(each.points for each in found)
        missed = sum(each.missed for each in found)
        over_all = np.mean(means, axis=0) if means else None
        latency = float(np.mean(latencies)) if latencies else None
        found.append(_ratio(controller, reference, MEAN, over_all, points, missed, latency))
    return found


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


def _log_ratios(mine: CurvePoints, other: CurvePoints) -> Floats:
    """Return log ratios, (1 + n, points of the reference); infinite if a point is not reached."""
    ours = build_curve(mine.cost, mine.accuracy)
    needed = [cost_at(ours, other.accuracy[:, at]) for at in range(other.accuracy.shape[1])]
    ratios: Floats = np.log(np.stack(needed, axis=1)) - np.log(np.maximum(other.cost, 1.0))
    return ratios


def _log_latency(mine: CurvePoints, other: CurvePoints, log_ratios: Floats) -> float:
    """Return the mean log ratio of sequential tokens at the points that are reached."""
    reached = np.isfinite(log_ratios)
    tokens = np.exp(log_ratios[reached]) * np.maximum(other.cost[0, reached], 1.0)
    own = sequential_at(mine.cost[0], mine.sequential[0], tokens)
    return float(np.log(own / np.maximum(other.sequential[0, reached], 1.0)).mean())


def _ratio(
    controller: str,
    reference: str,
    label: str,
    logs: Floats | None,
    points: int,
    missed: int,
    latency: float | None,
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
        sequential=None if latency is None else _finite(np.exp(latency)),
    )


def _finite(value: float | np.float64) -> float | None:
    return round(float(value), _DECIMALS) + 0.0 if np.isfinite(value) else None
