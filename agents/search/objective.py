"""Objectives: one number for each curve on one recording, in points of percent.

``frontier``, the default, is the mean accuracy of the curve's running maximum over the logarithm of
tokens, between the cheapest and the most expensive baseline (`harness.evaluation.frontier`).
``accuracy`` is the best accuracy of any β, as in AutoTTS. ``tradeoff:GAMMA`` is the best value of
any β of the accuracy minus GAMMA points for every doubling of tokens over the cheapest baseline.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from harness.errors import InputError
from harness.evaluation.bootstrap import Floats
from harness.evaluation.frontier import area, build_curve


class Objective(Protocol):
    """Score many curves at once."""

    def __call__(self, cost: Floats, accuracy: Floats, low: Floats, high: Floats) -> Floats:
        """Score curves.

        Args:
            cost: Array (..., P), tokens per question.
            accuracy: Array (..., P), in percent.
            low: Array (...,), tokens of the cheapest baseline.
            high: Array (...,), tokens of the most expensive baseline.

        Returns:
            Array (...,), in points of percent.
        """
        ...


@dataclass(frozen=True)
class FrontierObjective:
    """Mean accuracy over the logarithm of tokens."""

    def __call__(self, cost: Floats, accuracy: Floats, low: Floats, high: Floats) -> Floats:
        """See `Objective`."""
        return area(build_curve(cost, accuracy), low, high)


@dataclass(frozen=True)
class AccuracyObjective:
    """Best accuracy, whatever its cost."""

    def __call__(self, cost: Floats, accuracy: Floats, low: Floats, high: Floats) -> Floats:
        """See `Objective`."""
        best: Floats = accuracy.max(axis=-1)
        return best


@dataclass(frozen=True)
class TradeoffObjective:
    """Best accuracy minus a price for every doubling of tokens."""

    gamma: float
    """Price in points of percent."""

    def __call__(self, cost: Floats, accuracy: Floats, low: Floats, high: Floats) -> Floats:
        """See `Objective`."""
        doublings = np.log2(np.maximum(cost, 1.0) / np.maximum(low, 1.0)[..., None])
        best: Floats = (accuracy - self.gamma * doublings).max(axis=-1)
        return best


def parse_objective(text: str) -> Objective:
    """Parse the value of ``--objective``.

    Raises:
        InputError: The text names no objective.
    """
    name, colon, rest = text.partition(":")
    if text == "frontier":
        return FrontierObjective()
    if text == "accuracy":
        return AccuracyObjective()
    if name == "tradeoff" and colon:
        try:
            gamma = float(rest)
        except ValueError:
            gamma = -1.0
        if not 0 <= gamma < float("inf"):
            raise InputError(
                f"--objective {text}: GAMMA is a number of points for a doubling of tokens, at"
                " least 0; write tradeoff:2"
            )
        return TradeoffObjective(gamma)
    raise InputError(
        f"--objective {text}: unknown objective; choose from frontier, accuracy and tradeoff:GAMMA"
    )
