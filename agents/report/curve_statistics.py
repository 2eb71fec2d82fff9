"""Bootstrap statistics of curves: the objective and token ratios, with intervals.

Questions are resampled as in `harness.evaluation.bootstrap`: all controllers share the same
samples, and recordings of one benchmark share theirs, so every difference is paired.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from agents.report.records import ObjectiveEstimate, TokenRatio
from agents.search.objective import CurvePoints, Objective, PriceOptions, ReferenceCurves
from harness.evaluation.bootstrap import Floats, Stratum, interval, resample
from harness.evaluation.frontier import build_curve, costs_at, sequential_at
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
        _bootstrap_recording(grid, played, index, strata[index])
        for index in range(len(grid.recordings))
    ]


def _bootstrap_recording(
    grid: Grid, played: CellEpisodes, index: int, stratum: int
) -> list[CurvePoints]:
    points = range(len(grid.points))
    episodes = [played[GridCell(point, index)] for point in points]
    columns = [
        np.stack([part.sum(axis=1, dtype=np.int64) for part in parts], axis=1)
        for parts in zip(
            *((episode.right, episode.tokens, episode.sequential) for episode in episodes),
            strict=True,
        )
    ]
    totals = np.concatenate(columns, axis=1).astype(np.float64)
    questions, seeds = episodes[0].right.shape
    # Measured in the same way as a drawing, so that equal figures are equal bits.
    measured = totals.sum(axis=0)[None, :] / (questions * float(seeds))
    rows = np.concatenate([measured, resample([Stratum(totals, float(seeds))], seed=stratum)])
    accuracy, cost, sequential = np.split(rows, 3, axis=1)
    curves = []
    for program in grid.programs:
        columns_of_program = [index for index in points if grid.points[index].program is program]
        curves.append(
            CurvePoints(
                cost[:, columns_of_program],
                accuracy[:, columns_of_program] * 100,
                sequential[:, columns_of_program],
            )
        )
    return curves


def _strata(recordings: Sequence[NamedRecording]) -> list[int]:
    """Assign bootstrap samples to recordings: those with the same questions share them."""
    numbers: dict[tuple[str, ...], int] = {}
    return [
        numbers.setdefault(
            (
                recording.recording.provenance.benchmark,
                *(question.id for question in recording.recording.questions),
            ),
            len(numbers),
        )
        for recording in recordings
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
    values, baseline_values = (
        [
            objective(curve, reference, prices)
            for curve, reference in zip(side, references, strict=True)
        ]
        for side in (ours, baseline)
    )
    estimates = [
        _estimate_objective(controller, label, a, b)
        for label, a, b in zip(labels, values, baseline_values, strict=True)
    ]
    if len(labels) > 1:
        estimates.append(
            _estimate_objective(
                controller, MEAN, np.mean(values, axis=0), np.mean(baseline_values, axis=0)
            )
        )
    return estimates


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
    ratios: list[TokenRatio] = []
    mean_logs: list[Floats] = []
    latencies: list[float] = []
    for label, points_of_controller, points_of_reference in zip(labels, ours, theirs, strict=True):
        equal = _find_tokens_needed(points_of_controller, points_of_reference)
        logs = equal.log_ratios
        reached = np.isfinite(logs[0])
        points = len(reached)
        mean = logs[:, reached].mean(axis=1) if reached.any() else None
        if mean is not None:
            mean_logs.append(mean)
        missed = points - int(reached.sum())
        latency = (
            _log_latency(points_of_controller, points_of_reference, equal)
            if reached.any()
            else None
        )
        if latency is not None:
            latencies.append(latency)
        ratios.append(_ratio(controller, reference, label, mean, points, missed, latency))
    if len(labels) > 1:
        points = sum(ratio.points for ratio in ratios)
        missed = sum(ratio.missed for ratio in ratios)
        over_all = np.mean(mean_logs, axis=0) if mean_logs else None
        latency = float(np.mean(latencies)) if latencies else None
        ratios.append(_ratio(controller, reference, MEAN, over_all, points, missed, latency))
    return ratios


def _estimate_objective(
    controller: str, label: str, mine: Floats, other: Floats
) -> ObjectiveEstimate:
    bounds, gain = interval(mine[1:]), interval(mine[1:] - other[1:])
    return ObjectiveEstimate(
        controller=controller,
        recording=label,
        value=_finite(mine[0]),
        low=_finite(bounds.low),
        high=_finite(bounds.high),
        gain=_finite(mine[0] - other[0]),
        gain_low=_finite(gain.low),
        gain_high=_finite(gain.high),
    )


class _TokensNeeded(NamedTuple):
    """Tokens that two curves need for the accuracies of the reference's points."""

    needed: Floats
    """(1 + n, points of the reference): of the controller; infinite if it never has one."""
    own: Floats
    """The same of the reference."""

    @property
    def log_ratios(self) -> Floats:
        """Return the log ratios of both; infinite if a point is not reached."""
        ratios: Floats = np.log(self.needed) - np.log(np.maximum(self.own, 1.0))
        return ratios


def _find_tokens_needed(mine: CurvePoints, other: CurvePoints) -> _TokensNeeded:
    return _TokensNeeded(
        *(
            costs_at(build_curve(points.cost, points.accuracy), other.accuracy)
            for points in (mine, other)
        )
    )


def _log_latency(mine: CurvePoints, other: CurvePoints, equal: _TokensNeeded) -> float:
    """Return the mean log ratio of sequential tokens at the points that are reached."""
    reached = np.isfinite(equal.needed[0])
    sequential, reference = (
        sequential_at(points.cost[0], points.sequential[0], tokens[0, reached])
        for points, tokens in ((mine, equal.needed), (other, equal.own))
    )
    return float(np.log(sequential / reference).mean())


def _ratio(
    controller: str,
    reference: str,
    label: str,
    logs: Floats | None,
    points: int,
    missed: int,
    latency: float | None,
) -> TokenRatio:
    bounds = None if logs is None else interval(logs[1:])
    return TokenRatio(
        controller=controller,
        reference=reference,
        recording=label,
        ratio=None if logs is None else _finite(np.exp(logs[0])),
        low=None if bounds is None else _finite(np.exp(bounds.low)),
        high=None if bounds is None else _finite(np.exp(bounds.high)),
        points=points,
        missed=missed,
        sequential=None if latency is None else _finite(np.exp(latency)),
    )


def _finite(value: float | np.float64) -> float | None:
    return round(float(value), _DECIMALS) + 0.0 if np.isfinite(value) else None
