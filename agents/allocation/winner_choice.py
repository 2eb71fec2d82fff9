"""Choose the winner among trials that the questions cannot tell apart, and cross-validate it.

The best of many trials is often a lucky one. So all trials whose paired difference from it has an
interval that contains 0 stay in the choice, and the cheapest of them wins: a higher cost needs a
gain that is significant.

How far such a choice can be trusted is measured on questions that did not make it. The questions
are split into folds. For each fold, the choice is made on all others, and is judged on the fold.
The gain is over the first trial of the run, which no score had influenced.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from agents.allocation.allocation_objective import AllocationObjective
from agents.report.carry_over import estimate_kept_share
from harness.evaluation.bootstrap import ConfidenceInterval, Floats, Stratum, interval, resample
from store.pipelines.schema import StageChoices, Trial

FOLDS = 10
"""Maximum number of folds."""

LEAST_QUESTIONS = 8
"""With fewer questions, nothing is cross-validated."""


class EligibleTrial(msgspec.Struct, frozen=True, kw_only=True):
    """A trial of the choice; figures are from 0 to about 1."""

    candidate: str
    objective: float
    cost: float
    behind: float
    """Objective of the best trial minus its own."""
    low: float
    high: float
    """Interval of that difference, paired by question."""


class ChoiceEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """The choice of a winner, judged on questions that did not make it.

    Figures are of the objective, from 0 to about 1.
    """

    folds: int
    questions: int
    objective: float
    """Mean objective on the questions that did not make the choice."""
    low: float
    high: float
    shown_gain: float
    """Mean gain over the first trial, on the questions that made the choice."""
    withheld_gain: float
    """The same on the others."""
    share: float | None
    """The second as a share of the first; ``None`` if nothing was gained."""
    share_low: float | None
    share_high: float | None


class _TrialTable(NamedTuple):
    """Trials as arrays."""

    choices: list[StageChoices]
    costs: list[float]
    scores: Floats
    """Array (questions, trials)."""


def _tabulate(trials: Sequence[Trial]) -> _TrialTable:
    scores = np.array([[answer.score for answer in trial.answered] for trial in trials]).T
    return _TrialTable(
        [trial.choices for trial in trials], [trial.cost for trial in trials], scores
    )


def list_eligible(
    trials: Mapping[str, Trial], objective: AllocationObjective
) -> list[EligibleTrial]:
    """List the trials that cannot be told apart from the best, the winner first.

    Args:
        trials: Trials by candidate, in order; at least one.
        objective: Objective of the run.
    """
    names = list(trials)
    table = _tabulate(list(trials.values()))
    comparison = _compare(table, objective)
    rows = []
    for index in comparison.eligible:
        behind = comparison.values[comparison.best] - comparison.values[index]
        low, high = comparison.bounds[index]
        rows.append(
            EligibleTrial(
                candidate=names[index],
                objective=round(float(comparison.values[index]), 5),
                cost=table.costs[index],
                behind=round(float(behind), 5),
                low=round(low, 5),
                high=round(high, 5),
            )
        )
    return rows


class _Comparison(NamedTuple):
    """Trials compared with the best of them."""

    values: Floats
    """Array (trials,): objectives."""
    best: int
    """The highest objective; the cheapest of equals."""
    bounds: list[ConfidenceInterval]
    """How far each trial is behind the best."""
    eligible: list[int]
    """Trials that cannot be told apart from the best, the cheapest first."""


def _compare(table: _TrialTable, objective: AllocationObjective) -> _Comparison:
    """Compare trials with the best of them on the questions of a table."""
    values = objective(table.scores.mean(axis=0), table.choices)
    indices = range(len(values))
    best = min(indices, key=lambda index: (-values[index], table.costs[index], index))
    resampled = objective(resample([Stratum(table.scores, 1.0)]), table.choices)
    behind = resampled[:, best, None] - resampled
    bounds = [interval(behind[:, index]) for index in indices]
    eligible = [index for index in indices if bounds[index].low <= 0]
    eligible.sort(key=lambda index: (table.costs[index], -values[index], index))
    return _Comparison(values, best, bounds, eligible)


def cross_validate(
    trials: Sequence[Trial], objective: AllocationObjective
) -> ChoiceEstimate | None:
    """Judge the choice of a winner on questions that did not make it.

    Args:
        trials: Trials in order, at least one.
        objective: Objective of the run.

    Returns:
        The estimate; ``None`` if there are too few questions.
    """
    table = _tabulate(trials)
    count = len(table.scores)
    if count < LEAST_QUESTIONS:
        return None
    folds = min(FOLDS, count // 2)
    rows = []
    for fold in range(folds):
        withheld = np.arange(count) % folds == fold
        part = table._replace(scores=table.scores[~withheld])
        chosen = _compare(part, objective).eligible[0]
        shown, other = (
            objective(table.scores[mask].mean(axis=0), table.choices)
            for mask in (~withheld, withheld)
        )
        rows.append((shown[chosen] - shown[0], other[chosen] - other[0], other[chosen]))
    gains = np.array(rows)
    bounds = interval(resample([Stratum(gains[:, 2:], 1.0)])[:, 0])
    kept = estimate_kept_share(gains[:, :2])
    return ChoiceEstimate(
        folds=folds,
        questions=count,
        objective=round(float(gains[:, 2].mean()), 5),
        low=round(bounds.low, 5),
        high=round(bounds.high, 5),
        shown_gain=round(float(gains[:, 0].mean()), 5),
        withheld_gain=round(float(gains[:, 1].mean()), 5),
        share=kept.share,
        share_low=kept.low,
        share_high=kept.high,
    )
