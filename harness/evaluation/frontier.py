"""The curve of accuracy over tokens through a controller's swept points.

The curve goes through the points in the order of their costs. A costlier point that is less
accurate does not lower it: it follows the *running maximum* of accuracy. Between two points it is
linear in the logarithm of tokens; right of the costliest it is level. Left of the cheapest a
controller cannot play, which an area counts as an accuracy of 0. Tokens below 1 count as 1.

Every function takes many curves at once, because intervals need the same figure for thousands of
resamples: the last axis runs over points, the axes before it over curves.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class FrontierCurve(NamedTuple):
    """Curves of accuracy over the logarithm of tokens."""

    cost: Floats
    """(..., P) float64 tokens in ascending order, each at least 1."""
    log_cost: Floats
    accuracy: Floats
    """(..., P) float64 running maximum of accuracy, in ascending order."""


def build_curve(cost: Floats, accuracy: Floats) -> FrontierCurve:
    """Return the curves through swept points.

    Args:
        cost: (..., P) tokens for each question.
        accuracy: (..., P) accuracies in the same order.
    """
    # Of points with equal cost, put the most accurate first: the others then change nothing.
    order = np.lexsort((-accuracy, cost), axis=-1)
    ascending = np.take_along_axis(np.maximum(cost, 1.0), order, axis=-1)
    ranked = np.take_along_axis(accuracy, order, axis=-1)
    return FrontierCurve(ascending, np.log(ascending), np.maximum.accumulate(ranked, axis=-1))


def accuracy_at(curves: FrontierCurve, cost: Floats) -> Floats:
    """Return each curve's accuracy at a cost; left of the cheapest point, that point's accuracy.

    Callers must check whether a curve starts further right: for a resample that moves it slightly
    past the cost, no other value would be fair.

    Args:
        curves: (..., P) curves.
        cost: (...,) tokens, one value for each curve.
    """
    x, y = curves.log_cost, curves.accuracy
    log_cost = _log(cost)
    reached = (x <= log_cost[..., None]).sum(axis=-1)
    left = np.clip(reached - 1, 0, None)
    right = np.clip(reached, None, x.shape[-1] - 1)
    inside = _between(log_cost, _pick(x, left), _pick(x, right), _pick(y, left), _pick(y, right))
    return np.where(reached == 0, y[..., 0], inside)


def cost_at(curves: FrontierCurve, accuracy: Floats) -> Floats:
    """Return the fewest tokens at which each curve has an accuracy; infinite if it never does.

    Args:
        curves: (..., P) curves.
        accuracy: (...,) accuracies, one for each curve.
    """
    x, y = curves.log_cost, curves.accuracy
    below = (y < accuracy[..., None]).sum(axis=-1)
    left = np.clip(below - 1, 0, None)
    right = np.clip(below, None, x.shape[-1] - 1)
    inside = _between(accuracy, _pick(y, left), _pick(y, right), _pick(x, left), _pick(x, right))
    # If a point has exactly this accuracy, use its cost, without rounding by the logarithm.
    itself = (below == 0) | (_pick(y, right) == accuracy)
    cost = np.where(itself, _pick(curves.cost, right), np.exp(inside))
    return np.where(below == x.shape[-1], np.inf, cost)


def costs_at(curves: FrontierCurve, accuracies: Floats) -> Floats:
    """Return the fewest tokens at which each curve has each of some accuracies.

    Args:
        curves: (R, P) curves.
        accuracies: (R, N) accuracies, N for each curve.

    Returns:
        (R, N) tokens; infinite if a curve never has the accuracy.
    """
    return np.stack([cost_at(curves, column) for column in accuracies.T], axis=1)


def sequential_at(cost: Floats, sequential: Floats, tokens: Floats) -> Floats:
    """Return one controller's sequential tokens where it spends some tokens.

    Between two points they are linear in the logarithms of both.

    Args:
        cost: (P,) tokens of its points.
        sequential: (P,) sequential tokens of its points.
        tokens: (N,) tokens.

    Returns:
        (N,) sequential tokens, at least 1.
    """
    order = np.argsort(cost, kind="stable")
    logs = np.interp(_log(tokens), _log(cost[order]), _log(sequential[order]))
    values: Floats = np.exp(logs)
    return values


def area(curves: FrontierCurve, low_cost: Floats, high_cost: Floats) -> Floats:
    """Return the mean accuracy of each curve over the logarithm of tokens, between two costs.

    Args:
        curves: (..., P) curves.
        low_cost: (...,) tokens.
        high_cost: (...,) tokens.

    Returns:
        (...,) in the unit of accuracy; NaN if the two costs are equal.
    """
    low, high = _log(low_cost), _log(high_cost)
    x, y = curves.log_cost, curves.accuracy
    knots = np.clip(x, low[..., None], high[..., None])
    # Points outside of the range move to its ends, with the curve's height there; so what lies left
    # of the first point adds nothing.
    start, end = accuracy_at(curves, low_cost), accuracy_at(curves, high_cost)
    inside = (x > low[..., None]) & (x < high[..., None])
    level = np.where(x <= low[..., None], start[..., None], end[..., None])
    heights = np.where(inside, y, level)
    steps = (knots[..., 1:] - knots[..., :-1]) * (heights[..., 1:] + heights[..., :-1]) / 2
    tail = (high - np.clip(x[..., -1], low, high)) * y[..., -1]
    total = steps.sum(axis=-1) + tail
    width = high - low
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(width > 0, total / width, np.nan)


def _log(cost: Floats) -> Floats:
    return np.log(np.maximum(cost, 1.0))


def _pick(values: Floats, index: NDArray[np.intp]) -> Floats:
    return np.take_along_axis(values, index[..., None], axis=-1)[..., 0]


def _between(x: Floats, x0: Floats, x1: Floats, y0: Floats, y1: Floats) -> Floats:
    """Interpolate linearly between two points; return the second height if ``x0 == x1``."""
    width = x1 - x0
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(width > 0, (x - x0) / width, 1.0)
    return y0 + (y1 - y0) * share
