"""Scores and differences of scores with intervals of 95 %: over questions, which are a sample."""

from math import sqrt

import msgspec

from store.pipelines.records import Trial

Z = 1.96
"""Standard errors of an interval of 95 %."""


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A figure with its interval of 95 %."""

    value: float
    low: float
    high: float


def score_of(trial: Trial) -> Estimate:
    """The mean score, with Wilson's interval.

    It keeps inside 0 to 1 and is not empty where all questions are right. It is made for scores
    that are 0 or 1; those between vary less, so that it is on the safe side for them.
    """
    count, mean = len(trial.answered), trial.score
    square = Z * Z / count
    middle = (mean + square / 2) / (1 + square)
    half = Z / (1 + square) * sqrt(mean * (1 - mean) / count + square / (4 * count))
    return Estimate(value=mean, low=max(0.0, middle - half), high=min(1.0, middle + half))


def gain_of(trial: Trial, over: Trial) -> Estimate:
    """By how much one trial scores above another on the same questions, paired by question."""
    pairs = zip(trial.answered, over.answered, strict=True)
    apart = [one.score - other.score for one, other in pairs]
    mean = sum(apart) / len(apart)
    spread = sqrt(sum((each - mean) ** 2 for each in apart) / max(1, len(apart) - 1))
    error = Z * spread / sqrt(len(apart))
    return Estimate(value=mean, low=mean - error, high=mean + error)
