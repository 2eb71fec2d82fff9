"""Statistics of a record of trials, as shown by ``rheostat inspect``."""

from pathlib import Path

import msgspec

from store.pipelines.schema import Trial, format_choices
from store.pipelines.trials import TrialLog, read_trials


class StageSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A stage of the pipeline."""

    stage: str
    models: list[str]
    """The models that it may use, the smallest first."""


class BestTrial(msgspec.Struct, frozen=True, kw_only=True):
    """The trial with the highest score, the cheapest of equals."""

    allocation: str
    score: float
    """Score from 0 to 1."""
    cost: float
    """Cost in the pipeline's unit."""


class QuestionScores(msgspec.Struct, frozen=True, kw_only=True):
    """One question over the trials."""

    id: str
    mean: float
    """Mean score over all trials, from 0 to 1."""
    best: float
    """Score in the best trial."""


class TrialsInspection(msgspec.Struct, frozen=True, kw_only=True):
    """Statistics of a record of trials; every byte of it was read and checked."""

    path: str
    pipeline: str
    digest: str
    """Digest of the pipeline and the questions."""
    unit: str
    metric: str
    stages: list[StageSummary]
    questions: int
    trials: int
    best: BestTrial | None
    """``None`` if it holds no trial yet."""
    torn: str | None
    """A sentence about an incomplete last append, if there is one."""
    per_question: list[QuestionScores] | None = None


def inspect_trials(path: Path, *, questions: bool = False) -> TrialsInspection:
    """Compute the statistics of a record.

    Args:
        path: Path of the record.
        questions: Whether to compute those of each question.

    Raises:
        StoreError: From `store.pipelines.trials.read_trials`.
    """
    log = read_trials(path)
    pipeline = log.head.pipeline
    best = max(log.trials.values(), key=lambda trial: (trial.score, -trial.cost), default=None)
    return TrialsInspection(
        path=str(path),
        pipeline=pipeline.name,
        digest=log.head.digest,
        unit=pipeline.unit.value,
        metric=pipeline.metric.value,
        stages=[
            StageSummary(stage=stage.name, models=[one.name for one in pipeline.candidates(stage)])
            for stage in pipeline.stages
        ],
        questions=len(log.head.questions),
        trials=len(log.trials),
        best=None
        if best is None
        else BestTrial(allocation=format_choices(best.choices), score=best.score, cost=best.cost),
        torn=log.torn,
        per_question=_questions(log, best) if questions else None,
    )


def _questions(log: TrialLog, best: Trial | None) -> list[QuestionScores]:
    if best is None:
        return []
    trials = list(log.trials.values())
    return [
        QuestionScores(
            id=name,
            mean=sum(trial.answered[index].score for trial in trials) / len(trials),
            best=best.answered[index].score,
        )
        for index, name in enumerate(log.head.questions)
    ]
