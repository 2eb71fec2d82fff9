"""Figures of candidates, as arrays that are made once, when a review is read."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.run.records import PointFigures
from harness.evaluation.cost_axis import CostAxis

PointArray = NDArray[np.float64]
"""Array (R, P, 4): β, accuracy in percent, cost and sequential cost of the points of each
recording; not a number where a recording has no such point, or a figure is not known."""

_BETA, _ACCURACY, _COST, _SEQUENTIAL = range(4)
_NO_POINTS: PointArray = np.full((1, 1, 4), np.nan)


class PointMeans(NamedTuple):
    """Figures of one point, averaged over recordings."""

    accuracy: float
    cost: float
    """Tokens; for an allocation, its cost."""
    sequential: float | None
    """Sequential tokens; ``None`` if they are not known."""


def collect_points(points: Mapping[str, Sequence[PointFigures]]) -> PointArray | None:
    """Return the points of a review as an array; ``None`` if there are none."""
    columns = [column for column in points.values() if column]
    if not columns:
        return None
    result = np.full((len(columns), max(map(len, columns)), 4), np.nan)
    for recording, column in enumerate(columns):
        result[recording, : len(column)] = [
            (
                point.beta or 0.0,
                point.accuracy,
                point.cost,
                np.nan if point.sequential is None else point.sequential,
            )
            for point in column
        ]
    return result


def compute_curve(points: PointArray, axis: CostAxis) -> list[tuple[float, float]]:
    """Return (cost, accuracy) of each point, averaged over recordings, in order of cost.

    It is empty over sequential tokens if they are not known.

    Args:
        points: Points of a candidate.
        axis: Cost of a point.
    """
    means = points.mean(axis=0)
    costs = means[:, _COST if axis is CostAxis.TOKENS else _SEQUENTIAL]
    pairs = zip(costs.tolist(), means[:, _ACCURACY].tolist(), strict=True)
    return sorted((cost, accuracy) for cost, accuracy in pairs if cost == cost)  # nan is unequal


class FigureTable:
    """Figures of all candidates of a run at any β.

    Args:
        candidates: Points of each candidate; ``None`` for a candidate without a review.
    """

    def __init__(self, candidates: Sequence[PointArray | None] = ()) -> None:
        arrays = [_NO_POINTS if points is None else points for points in candidates]
        recordings, most = (max((array.shape[axis] for array in arrays), default=1)
                            for axis in (0, 1))  # fmt: skip
        self._points = np.full((len(arrays), recordings, most, 4), np.nan)
        for position, array in enumerate(arrays):
            self._points[position, : array.shape[0], : array.shape[1]] = array
        self._means: dict[float, NDArray[np.float64]] = {}

    def compute_means(self, beta: float) -> NDArray[np.float64]:
        """Return accuracy, cost and sequential cost at the points nearest to a β.

        Returns:
            Array (N, 3) of averages over recordings; not a number where a figure is not known.
        """
        if beta not in self._means:
            distances = np.abs(self._points[..., _BETA] - beta)
            distances[np.isnan(distances)] = np.inf
            nearest = distances.argmin(axis=2)[..., np.newaxis, np.newaxis]
            chosen = np.take_along_axis(self._points, nearest, axis=2)[:, :, 0, _ACCURACY:]
            exists = ~np.isnan(chosen[..., :1])  # a recording without points has no accuracy
            with np.errstate(invalid="ignore"):
                self._means[beta] = np.where(exists, chosen, 0.0).sum(axis=1) / exists.sum(axis=1)
        return self._means[beta]

    def find_means(self, candidate: int, beta: float) -> PointMeans | None:
        """Return the figures of a candidate; ``None`` if it has none.

        Args:
            candidate: Position of the candidate.
            beta: Value of β.
        """
        accuracy, cost, sequential = self.compute_means(beta)[candidate].tolist()
        if accuracy != accuracy:
            return None
        return PointMeans(accuracy, cost, None if sequential != sequential else sequential)
