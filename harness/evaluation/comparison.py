"""Compare two controllers: at equal accuracy, at equal cost, and over the whole range.

A is the challenger and B the baseline. `harness.evaluation.frontier` defines the curve through a
controller's points; `harness.evaluation.bootstrap` the resamples that every interval of a scope is
computed from, the same for both controllers.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from harness.evaluation.bootstrap import ConfidenceInterval, Floats, interval, resample
from harness.evaluation.frontier import (
    FrontierCurve,
    accuracy_at,
    area,
    build_curve,
    costs_at,
    sequential_at,
)
from harness.evaluation.grid import Grid, GridPoint
from harness.evaluation.scores import (
    CellEpisodes,
    MeanFigures,
    RecordingScope,
    build_strata,
    compute_means,
    list_scopes,
    scope_cells,
)
from harness.evaluation.sweep import find_nearest_cost, percent


class PointMatch(msgspec.Struct, frozen=True, kw_only=True):
    """One point of A, compared with B's curve."""

    beta: float | None
    settings: dict[str, int | float]
    accuracy: float
    """A's, in percent."""
    cost: int
    """A's tokens for each question."""
    baseline_cost: int | None
    """The tokens that B needs for A's accuracy; ``None`` if B's curve does not reach it or has a
    single point.
    """
    ratio: float | None
    """``baseline_cost / cost``: above 1, A costs less."""
    ratio_low: float | None
    ratio_high: float | None
    """``None`` if the interval is not bounded: in some resamples B never has A's accuracy."""
    baseline_accuracy: float | None
    """B's accuracy at A's cost; ``None`` if B's cheapest point costs more."""
    difference: float | None
    """A's accuracy minus B's at A's cost, in percentage points."""
    difference_low: float | None
    difference_high: float | None


class BaselinePoint(msgspec.Struct, frozen=True, kw_only=True):
    """One point of B's curve."""

    beta: float | None
    settings: dict[str, int | float]
    accuracy: float
    cost: int


class QuestionDifference(msgspec.Struct, frozen=True, kw_only=True):
    """A question on which the two controllers differ."""

    recording: str
    question: str
    accuracy: float
    """The share of seeds with a correct answer of A, in percent, over all of its points."""
    baseline_accuracy: float
    """The same for B, over the points whose costs are nearest to A's."""
    difference: float
    cost: int
    """A's tokens, over the same points."""
    baseline_cost: int


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """A compared with B over one recording, or over all (``recording`` is ``mean``)."""

    controller: str
    baseline: str
    recording: str
    ratio: float | None
    """The tokens that B needs for the accuracies of A's points over those that A's curve needs: the
    geometric mean over the points that B reaches; ``None`` if there is none.
    """
    ratio_low: float | None
    ratio_high: float | None
    points: int
    beyond: int
    """How many points of A are more accurate than all of B's; the mean excludes them."""
    below: int
    """How many points of A are less accurate than B's cheapest. The mean excludes them too, because
    B was not played at so low an accuracy.
    """
    lowest_cost: int
    highest_cost: int
    """B's cheapest and costliest point, in tokens."""
    area: float | None
    """A's mean accuracy over the logarithm of tokens, from ``area_from`` to ``area_to``; ``None``
    if no range of costs is covered by both.
    """
    baseline_area: float | None
    area_difference: float | None
    area_low: float | None
    area_high: float | None
    area_from: int
    """The cheapest cost that both can play at, in tokens."""
    area_to: int
    """B's costliest point."""
    matches: list[PointMatch]
    differences: list[QuestionDifference]
    """The questions with the largest difference first; for all recordings, those of each."""
    baseline_points: list[BaselinePoint]
    """The points of B's curve, in the order of the grid."""
    sequential_ratio: float | None = None
    """The sequential tokens of B over those of A at equal accuracy: the geometric mean over the
    points that count in ``ratio``. Both are interpolated by the logarithm of tokens.
    """


class _ResampledFigures:
    """Figures of some points, as measured (row 0) and from each resample after it."""

    def __init__(
        self, grid: Grid, played: CellEpisodes, scope: RecordingScope, points: Sequence[int]
    ):
        self.exact: list[MeanFigures] = [compute_means(played, scope, point) for point in points]
        self.accuracy = self._with_drawings(grid, played, scope, points, "right")
        self.cost = self._with_drawings(grid, played, scope, points, "tokens")

    def _with_drawings(
        self,
        grid: Grid,
        played: CellEpisodes,
        scope: RecordingScope,
        points: Sequence[int],
        column: str,
    ) -> Floats:
        parts = build_strata(played, grid.recordings, scope, points, column)
        # Computed in the same order as a resample's, so that equal figures are equal bits.
        measured = np.zeros(len(points))
        for part in parts:
            measured += part.totals.sum(axis=0) / (len(part.totals) * part.weight)
        return np.concatenate([measured[None, :], resample(parts)])


def compare_controllers(grid: Grid, played: CellEpisodes) -> list[Comparison]:
    """Compare the grid's two controllers, on each recording and on all together.

    Args:
        grid: A grid of exactly two controllers, A and then B.
        played: Every cell of it.
    """
    ours, theirs = (
        [point for point, grid_point in enumerate(grid.points) if grid_point.program is program]
        for program in grid.programs
    )
    return [_compared(grid, played, scope, ours, theirs) for scope in list_scopes(grid.recordings)]


class _EqualAccuracy(NamedTuple):
    """The cost of B at the accuracy of each point of A."""

    baseline_cost: Floats
    """(1 + R, points) tokens, measured and from R resamples; infinite where B's curve has none."""
    beyond: NDArray[np.bool_]
    """(points,) whether A's point is more accurate than all of B's."""
    below: NDArray[np.bool_]
    """(points,) whether A's point is less accurate than B's cheapest."""


def _at_equal_accuracy(
    a: _ResampledFigures, b: _ResampledFigures, baseline: FrontierCurve
) -> _EqualAccuracy:
    cost = costs_at(baseline, a.accuracy)
    single = len(set(b.cost[0].tolist())) == 1
    below = a.accuracy[0] < baseline.accuracy[0, 0]
    # A curve is undefined below its cheapest point, and a single point is not a curve.
    cost[:, below | single] = np.inf
    return _EqualAccuracy(cost, a.accuracy[0] > b.accuracy[0].max(), below)


def _accuracies_at_equal_cost(
    a: _ResampledFigures, b: _ResampledFigures, baseline: FrontierCurve
) -> Floats:
    """Return B's accuracy at the cost of each point of A, (1 + R, points); NaN if it has none."""
    accuracies = np.stack([accuracy_at(baseline, cost) for cost in a.cost.T], axis=1)
    # Only the measured row: a resample that moves B's cheapest point a little must not count.
    accuracies[0, a.cost[0] < b.cost[0].min()] = np.nan
    return accuracies


def _compared(
    grid: Grid, played: CellEpisodes, scope: RecordingScope, ours: list[int], theirs: list[int]
) -> Comparison:
    a, b = (_ResampledFigures(grid, played, scope, points) for points in (ours, theirs))
    challenger, baseline = build_curve(a.cost, a.accuracy), build_curve(b.cost, b.accuracy)
    equal = _at_equal_accuracy(a, b, baseline)
    needed = equal.baseline_cost
    log_ratios = np.log(needed) - np.log(np.maximum(a.cost, 1.0))
    accuracies = _accuracies_at_equal_cost(a, b, baseline)
    within = np.isfinite(log_ratios[0])
    # Over all points, A counts by its own curve too: a costly point that is no more accurate than a
    # cheaper one of A is no advantage of B.
    own = costs_at(challenger, a.accuracy)
    over_own = np.log(needed) - np.log(np.maximum(own, 1.0))
    average = over_own[:, within].mean(axis=1) if within.any() else None
    covered = np.maximum(a.cost.min(axis=1), b.cost.min(axis=1)), b.cost.max(axis=1)
    areas = area(challenger, *covered), area(baseline, *covered)
    ratio = None if average is None else _ratio(average)
    around = _ratio_interval(average) if average is not None else ConfidenceInterval(np.nan, np.nan)
    differing = areas[0] - areas[1]
    spread = (
        interval(differing[1:]) if np.isfinite(differing[0]) else ConfidenceInterval(np.nan, np.nan)
    )
    return Comparison(
        controller=grid.programs[0].label,
        baseline=grid.programs[1].label,
        recording=scope.label,
        ratio=ratio,
        ratio_low=_finite(around.low),
        ratio_high=_finite(around.high),
        points=len(ours),
        beyond=int(equal.beyond.sum()),
        below=int(equal.below.sum()),
        lowest_cost=int(min(point.cost for point in b.exact)),
        highest_cost=int(max(point.cost for point in b.exact)),
        area=_percent(areas[0][0]),
        baseline_area=_percent(areas[1][0]),
        area_difference=_percent(differing[0]),
        area_low=_percent(spread.low),
        area_high=_percent(spread.high),
        area_from=int(max(min(point.cost for point in side.exact) for side in (a, b))),
        area_to=int(max(point.cost for point in b.exact)),
        matches=[
            _match(
                grid.points[point],
                a.exact[index],
                needed[0, index],
                log_ratios[:, index],
                a.accuracy[:, index],
                accuracies[:, index],
            )
            for index, point in enumerate(ours)
        ],
        differences=_differences(grid, played, scope, ours, theirs, (a, b)),
        baseline_points=[
            _point(grid.points[point], exact) for point, exact in zip(theirs, b.exact, strict=True)
        ],
        sequential_ratio=_sequential_ratio(a.exact, b.exact, own[0], needed[0]),
    )


def _sequential_ratio(
    ours: Sequence[MeanFigures], theirs: Sequence[MeanFigures], own: Floats, needed: Floats
) -> float | None:
    """Return B's sequential tokens over A's where both have the accuracy of A's points.

    Args:
        ours: Figures of A's points.
        theirs: Figures of B's points.
        own: (points of A,) tokens that A needs for their accuracy.
        needed: (points of A,) tokens that B needs for it; infinite if it never has it.
    """
    reached = np.isfinite(needed)
    if not reached.any():
        return None
    baseline, challenger = (
        sequential_at(
            np.array([float(point.cost) for point in points]),
            np.array([float(point.sequential) for point in points]),
            tokens[reached],
        )
        for points, tokens in ((theirs, needed), (ours, own))
    )
    return _finite(float(np.exp(np.log(baseline / challenger).mean())))


def _point(point: GridPoint, exact: MeanFigures) -> BaselinePoint:
    return BaselinePoint(
        beta=point.beta,
        settings=dict(point.knobs),
        accuracy=percent(exact.accuracy),
        cost=int(exact.cost),
    )


def _match(
    point: GridPoint,
    exact: MeanFigures,
    needed: float,
    log_ratio: Floats,
    accuracy: Floats,
    other: Floats,
) -> PointMatch:
    around = _ratio_interval(log_ratio)
    level = np.isfinite(other[0])
    spread = interval(accuracy[1:] - other[1:]) if level else ConfidenceInterval(np.nan, np.nan)
    return PointMatch(
        beta=point.beta,
        settings=dict(point.knobs),
        accuracy=percent(exact.accuracy),
        cost=int(exact.cost),
        baseline_cost=int(needed) if np.isfinite(needed) else None,
        ratio=_ratio(log_ratio),
        ratio_low=_finite(around.low),
        ratio_high=_finite(around.high),
        baseline_accuracy=_percent(other[0]),
        difference=_percent(accuracy[0] - other[0]),
        difference_low=_percent(spread.low),
        difference_high=_percent(spread.high),
    )


def _differences(
    grid: Grid,
    played: CellEpisodes,
    scope: RecordingScope,
    ours: list[int],
    theirs: list[int],
    sampled: tuple[_ResampledFigures, _ResampledFigures],
) -> list[QuestionDifference]:
    """Return the questions on which A at its points and B at the nearest costs differ."""
    costs = [point.cost for point in sampled[1].exact]
    paired = [theirs[find_nearest_cost(point.cost, costs)] for point in sampled[0].exact]
    differences = []
    for index in scope.recordings:
        one = RecordingScope(grid.recordings[index].label, (index,))
        a, b = (_by_question(played, one, points) for points in (ours, paired))
        for question, (mine, other) in enumerate(zip(a, b, strict=True)):
            if mine[0] == other[0]:
                continue
            differences.append(
                QuestionDifference(
                    recording=one.label,
                    question=grid.recordings[index].recording.questions[question].id,
                    accuracy=percent(mine[0]),
                    baseline_accuracy=percent(other[0]),
                    difference=percent(mine[0] - other[0]),
                    cost=int(mine[1]),
                    baseline_cost=int(other[1]),
                )
            )
    # Sorting is stable: equal differences stay in the recording's order.
    return sorted(differences, key=lambda difference: -abs(difference.difference))


def _by_question(
    played: CellEpisodes, scope: RecordingScope, points: Sequence[int]
) -> list[tuple[Fraction, Fraction]]:
    """Return each question's share of correct answers and mean tokens, over points and seeds."""
    parts = [played[scope_cells(scope, point)[0]] for point in points]
    size = sum(part.right.shape[1] for part in parts)
    right = sum(part.right.sum(axis=1, dtype=np.int64) for part in parts)
    tokens = sum(part.tokens.sum(axis=1, dtype=np.int64) for part in parts)
    return [
        (Fraction(int(share), size), Fraction(int(cost), size))
        for share, cost in zip(np.asarray(right), np.asarray(tokens), strict=True)
    ]


def _ratio(log_ratios: Floats) -> float | None:
    return _finite(float(np.exp(log_ratios[0])))


def _ratio_interval(log_ratios: Floats) -> ConfidenceInterval:
    around = interval(log_ratios[1:])
    return ConfidenceInterval(float(np.exp(around.low)), float(np.exp(around.high)))


def _finite(value: float) -> float | None:
    return round(value, 4) if np.isfinite(value) else None


def _percent(share: float) -> float | None:
    return percent(share) if np.isfinite(share) else None
