"""Objectives: one number for each curve on one recording, in points of percent.

``frontier``, the default, is the mean accuracy of the curve's running maximum over the logarithm of
the price, between the cheapest and the most expensive baseline (`harness.evaluation.frontier`).
Below the price of its first point a controller cannot play, so there the baselines' curve counts.
``accuracy`` is the best accuracy of any β, as in AutoTTS. ``tradeoff:GAMMA`` is the best value of
any β of the accuracy minus GAMMA points for every doubling of the price over the cheapest baseline.
``tokens-at:CONTROLLER`` is the percentage of a reference's price that is saved at its accuracies.
``meet:FILE`` is the percentage of a file's user profiles whose limits some β meets, as in PersonTTS
(arXiv 2610.09684).

The price of a point is its tokens, or with a latency weight w the geometric mean of its tokens,
with weight 1 - w, and its sequential tokens, with weight w.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from agents.run.user_profiles import UserProfile, load_profiles
from dsl.vocabulary import nearest
from harness.errors import InputError
from harness.evaluation.bootstrap import Floats
from harness.evaluation.frontier import FrontierCurve, area, build_curve, cost_at
from harness.messages import did_you_mean
from harness.request.option_names import name_option

POINTS_PER_DOUBLING = 1.0
"""Points of accuracy that are worth a doubling of the price, where baselines gain fewer by one.

Good controllers gain about two at their expensive end. Where baselines are flat, much less would
turn the noise of a few questions into large savings."""

SAVINGS_STEPS = 64
"""Prices at which savings are measured."""

MISSED_DOUBLINGS = 1.0
"""Doublings of the price for each percentage point by which a reference's accuracy is missed."""

TIE_WEIGHT = 0.01
"""Weight of the frontier in ``meet``, which decides between controllers that meet equally many."""


class CurvePoints(NamedTuple):
    """Points of curves; the last axis runs over points, the axes before it over curves."""

    cost: Floats
    """Array (..., P): tokens per question."""
    accuracy: Floats
    """Array (..., P): percent."""
    sequential: Floats
    """Array (..., P): sequential tokens per question."""


class PriceOptions(NamedTuple):
    """What counts as the price of a point, and which points may be used."""

    latency: float = 0.0
    """Weight of sequential tokens, from 0 to 1."""
    max_sequential: float | None = None
    """The most sequential tokens per question; points above are not used."""

    def price(self, points: CurvePoints) -> Floats:
        """Return the price of each point, an array (..., P)."""
        cost = np.maximum(points.cost, 1.0)
        if self.latency == 0:
            return cost
        sequential = np.maximum(points.sequential, 1.0)
        blended: Floats = np.exp(
            (1 - self.latency) * np.log(cost) + self.latency * np.log(sequential)
        )
        return blended

    def price_usable(self, points: CurvePoints) -> Floats:
        """Return the price of each point, infinite where it takes too many sequential tokens."""
        price = self.price(points)
        if self.max_sequential is None:
            return price
        return np.where(points.sequential > self.max_sequential, np.inf, price)


class ReferenceCurves(NamedTuple):
    """What a curve is compared with on one recording."""

    baselines: CurvePoints
    """The points of all baselines together, (..., B)."""
    low: float
    """Price of the cheapest baseline point."""
    high: float
    """Price of the most expensive baseline point."""
    target: CurvePoints | None = None
    """The points of the controller that ``tokens-at`` names, (..., T)."""
    baseline_curve: FrontierCurve | None = None
    """The curve of the baselines from ``low`` on, (..., B), if it was computed before."""

    def with_curve(self, prices: PriceOptions) -> "ReferenceCurves":
        """Return the same with the curve of the baselines, for several uses."""
        return self._replace(baseline_curve=self.compute_curve(prices))

    def compute_curve(self, prices: PriceOptions) -> FrontierCurve:
        """Compute the curve of the baselines from ``low`` on."""
        return _extend(_curve(self.baselines, self, prices), self.low)


class Objective(Protocol):
    """Score many curves at once."""

    def __call__(
        self, points: CurvePoints, references: ReferenceCurves, prices: PriceOptions
    ) -> Floats:
        """Score curves.

        Args:
            points: Points of the curves, (..., P).
            references: Points to compare with, with the same leading axes.
            prices: What counts as the price of a point.

        Returns:
            Array (...,), in points of percent.
        """
        ...


@dataclass(frozen=True)
class FrontierObjective:
    """Mean accuracy over the logarithm of the price."""

    def __call__(
        self, points: CurvePoints, references: ReferenceCurves, prices: PriceOptions
    ) -> Floats:
        """See `Objective`."""
        ours = _curve(points, references, prices)
        baselines = references.baseline_curve or references.compute_curve(prices)
        size = ours.cost.shape[:-1]
        low, high = np.full(size, references.low), np.full(size, references.high)
        start = np.clip(ours.cost[..., 0], low, high)
        below = _integral(baselines, low, start)
        above = _integral(ours, start, high)
        width: float = np.log(references.high / references.low)
        return (below + above) / width if width > 0 else ours.accuracy[..., -1]


@dataclass(frozen=True)
class AccuracyObjective:
    """Best accuracy, whatever its price."""

    def __call__(
        self, points: CurvePoints, references: ReferenceCurves, prices: PriceOptions
    ) -> Floats:
        """See `Objective`."""
        best: Floats = _curve(points, references, prices).accuracy[..., -1]
        return best


@dataclass(frozen=True)
class TradeoffObjective:
    """Best accuracy minus a penalty for every doubling of the price."""

    gamma: float
    """Penalty in points of percent."""

    def __call__(
        self, points: CurvePoints, references: ReferenceCurves, prices: PriceOptions
    ) -> Floats:
        """See `Objective`."""
        ours = _curve(points, references, prices)
        doublings = np.log2(ours.cost / max(references.low, 1.0))
        best: Floats = (ours.accuracy - self.gamma * doublings).max(axis=-1)
        return best


@dataclass(frozen=True)
class TokensAtObjective:
    """Percentage of a reference's price that is saved at its accuracies.

    The ratio of prices is a geometric mean over the reference's points. A point whose accuracy is
    not reached counts the higher of both most expensive prices, doubled for each percentage point
    that is missing.
    """

    controller: str

    def __call__(
        self, points: CurvePoints, references: ReferenceCurves, prices: PriceOptions
    ) -> Floats:
        """See `Objective`."""
        assert references.target is not None  # the scorer plays the controller that is named
        ours = _curve(points, references, prices)
        wanted, price = references.target.accuracy, prices.price(references.target)
        reached = np.stack(
            [cost_at(ours, wanted[..., index]) for index in range(wanted.shape[-1])], axis=-1
        )
        missing = np.maximum(wanted - ours.accuracy[..., -1:], 0.0)
        highest = np.maximum(ours.cost[..., -1:], price.max(axis=-1, keepdims=True))
        needed = np.where(
            np.isfinite(reached), reached, highest * 2.0 ** (MISSED_DOUBLINGS * missing)
        )
        ratio = np.exp(np.log(needed / price).mean(axis=-1))
        saved: Floats = 100 * (1 - ratio)
        return saved


@dataclass(frozen=True)
class MeetObjective:
    """Percentage of user profiles whose limits are met by some point.

    The frontier objective is added with a small weight and decides between controllers that meet
    equally many.
    """

    profiles: Sequence[UserProfile]

    def __call__(
        self, points: CurvePoints, references: ReferenceCurves, prices: PriceOptions
    ) -> Floats:
        """See `Objective`."""
        usable = np.isfinite(prices.price_usable(points))
        met = [
            (profile.find_met(points.accuracy, points.cost, points.sequential) & usable).any(
                axis=-1
            )
            for profile in self.profiles
        ]
        share: Floats = 100 * np.mean(met, axis=0)
        return share + TIE_WEIGHT * FrontierObjective()(points, references, prices)


OBJECTIVE_FORMS = ("frontier", "accuracy", "tradeoff:GAMMA", "tokens-at:CONTROLLER", "meet:FILE")
"""What ``--objective`` takes."""


_DESCRIPTIONS = {
    "frontier": "the mean accuracy over the logarithm of the price, between the cheapest and the"
    " most expensive baseline point of each recording, under the running maximum of accuracy;"
    " below the price of its first point a controller cannot play, so there the baselines count",
    "accuracy": "the best accuracy of any point, whatever it costs",
    "tradeoff": "the best of any point of its accuracy minus {detail} points for every doubling of"
    " the price over the cheapest baseline",
    "tokens-at": "the percentage of the price of {detail} that is saved at its accuracies, a"
    " geometric mean over its points; each percentage point that is missed doubles the price of"
    " that point",
    "meet": "the percentage of the user profiles of {detail} whose limits some point meets; the"
    " frontier, with a small weight, decides between equals",
}


def describe_objective(text: str) -> str:
    """Describe an objective as a noun phrase.

    Args:
        text: Objective as the request writes it.
    """
    kind, _, detail = text.partition(":")
    return _DESCRIPTIONS[kind].format(detail=detail)


def parse_objective(text: str, profiles: Sequence[UserProfile] = ()) -> Objective:
    """Parse the value of ``--objective``.

    Args:
        text: The value.
        profiles: The profiles of ``meet:FILE``, if the file was read before.

    Raises:
        InputError: The text names no objective, or its file of profiles cannot be used.
    """
    name, colon, rest = text.partition(":")
    if text == "frontier":
        return FrontierObjective()
    if text == "accuracy":
        return AccuracyObjective()
    if name == "tradeoff" and colon:
        return TradeoffObjective(_parse_gamma(text, rest))
    if name == "tokens-at" and rest:
        return TokensAtObjective(rest)
    if name == "meet" and rest:
        return MeetObjective(profiles or load_profiles(Path(rest)))
    forms = ", ".join(OBJECTIVE_FORMS[:-1]) + f" and {OBJECTIVE_FORMS[-1]}"
    near = nearest(name, [form.partition(":")[0] for form in OBJECTIVE_FORMS])
    raise InputError(
        f"{name_option('objective', text)}: unknown objective; choose from {forms}",
        hint=did_you_mean(near) if near else None,
    )


def _parse_gamma(text: str, rest: str) -> float:
    try:
        gamma = float(rest)
    except ValueError:
        gamma = -1.0
    if not 0 <= gamma < float("inf"):
        raise InputError(
            f"{name_option('objective', text)}: GAMMA is a number of points for a doubling"
            " of tokens, at least 0; write tradeoff:2"
        )
    return gamma


def measure_savings(
    points: CurvePoints, references: ReferenceCurves, prices: PriceOptions
) -> float:
    """Measure how many doublings of the price a curve saves against the baselines.

    At each price between the cheapest and the most expensive baseline, the curve and the baselines
    have an accuracy. The doublings of the price that the baselines need from one to the other are
    the saving; a doubling counts for at least `POINTS_PER_DOUBLING` points, also above the best
    baseline. In accuracy, a gain at a low price outweighs one at a high price, where all curves are
    flat; in savings it does less so.

    Args:
        points: Points of one curve, (P,).
        references: Points to compare with, (B,).
        prices: What counts as the price of a point.

    Returns:
        The mean over the logarithm of the price.
    """
    ours = _curve(points, references, prices)
    baselines = references.baseline_curve or references.compute_curve(prices)
    steps = (np.arange(SAVINGS_STEPS) + 0.5) / SAVINGS_STEPS
    low, high = np.log(references.low), np.log(references.high)
    grid = low + steps * (high - low)
    theirs = np.interp(grid, baselines.log_cost, baselines.accuracy)
    accuracy = np.where(
        grid < ours.log_cost[0], theirs, np.interp(grid, ours.log_cost, ours.accuracy)
    )
    saved = _count_doublings(accuracy, baselines) - _count_doublings(theirs, baselines)
    return float(np.mean(saved))


def _count_doublings(accuracy: Floats, baselines: FrontierCurve) -> Floats:
    """Count the doublings of the price from the baselines' lowest accuracy to others.

    Args:
        accuracy: Array (N,), in percent.
        baselines: Curve of the baselines, (B,).
    """
    rises = np.diff(baselines.accuracy)
    doublings = np.minimum(np.diff(baselines.log_cost) / np.log(2), rises / POINTS_PER_DOUBLING)
    reached = np.concatenate([[0.0], np.cumsum(doublings)])
    outside = accuracy - np.clip(accuracy, baselines.accuracy[0], baselines.accuracy[-1])
    inside: Floats = np.interp(accuracy, baselines.accuracy, reached)
    return inside + outside / POINTS_PER_DOUBLING


def _curve(points: CurvePoints, references: ReferenceCurves, prices: PriceOptions) -> FrontierCurve:
    """Build curves over the price; points that take too long add nothing to them."""
    price, accuracy = prices.price(points), points.accuracy
    if prices.max_sequential is not None:
        unusable = points.sequential > prices.max_sequential
        # At the end of the range with accuracy 0, a point changes nothing below it.
        price = np.where(unusable, np.maximum(price, references.high), price)
        accuracy = np.where(unusable, 0.0, accuracy)
    return build_curve(price, accuracy)


def _extend(curves: FrontierCurve, low: float) -> FrontierCurve:
    """Move the first point of each curve down to a price, so that it covers the whole range."""
    cost = curves.cost.copy()
    cost[..., 0] = np.minimum(cost[..., 0], low)
    return FrontierCurve(cost, np.log(cost), curves.accuracy)


def _integral(curves: FrontierCurve, low: Floats, high: Floats) -> Floats:
    """Return the integral of accuracy over the logarithm of the price, 0 for an empty range."""
    width = np.log(high) - np.log(low)
    wide = width > 0
    if wide.all():
        whole: Floats = np.nan_to_num(area(curves, low, high)) * width
        return whole
    integrals = np.zeros(width.shape)
    if wide.any():
        part = FrontierCurve(*(values[wide] for values in curves))
        integrals[wide] = np.nan_to_num(area(part, low[wide], high[wide])) * width[wide]
    return integrals
