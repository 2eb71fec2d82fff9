"""Measurements of a program by question, and what is computed from them.

Measurements are sums over seeds, so any subset or bootstrap sample of the questions can be
evaluated without playing again.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.run.records import Gain
from agents.search.objective import CurvePoints
from harness.evaluation.bootstrap import Floats
from harness.request.recordings import NamedRecording


class ProgramMeasurement(NamedTuple):
    """One program over one recording: P points, Q questions, sums over seeds."""

    right: NDArray[np.int64]
    """Array (P, Q): number of seeds under which it is right."""
    tokens: NDArray[np.int64]
    """Array (P, Q): tokens."""
    sequential: NDArray[np.int64]
    """Array (P, Q): sequential tokens, the tokens on the critical path."""
    seeds: int


class SettingFigures(NamedTuple):
    """Figures of S settings of a program on R recordings, over what a round shows of them."""

    cost: Floats
    """Array (S, R): tokens per question."""
    accuracy: Floats
    """Array (S, R): accuracy in percent."""
    sequential: Floats
    """Array (S, R): sequential tokens per question."""
    price: Floats
    """Array (S, R): price of each setting; infinite if it takes too many sequential tokens."""

    def part(self, start: int, end: int) -> "SettingFigures":
        """Return the figures of the settings from ``start`` to before ``end``."""
        return SettingFigures(*(figures[start:end] for figures in self))


class CurveScore(NamedTuple):
    """Score of a curve that a search fits."""

    fitness: float
    """What a search of curves maximises: the objective or, for the frontier, doublings of the price
    saved by the mean curve over recordings."""
    gain: float
    """Fitness minus that of all baselines together, on the same part of the search set."""
    steady: bool
    """Whether tokens never fall as β rises."""
    uncovered: float
    """Doublings of the price between the curve's most expensive point and that of the baselines;
    mean over recordings."""


class ProgramScore(NamedTuple):
    """Score of a program on the shown part of the search set."""

    score: float
    """Objective over all shown recordings."""
    fitness: float
    """What a choice among programs maximises; see `CurveScore`."""
    by_recording: tuple[float, ...]
    halves: tuple[float, float]
    """Mean accuracy over the cheaper and the more expensive half of the range of costs, by the
    logarithm of tokens, whatever the objective is."""
    curves: tuple[CurvePoints, ...]
    """Objective by recording."""
    parallel: float
    """Parallelism: tokens divided by tokens on the critical path."""
    steady: bool
    """Whether the cost never falls as β rises."""


class QuestionGain(NamedTuple):
    """A question on which two programs differ; it is named by its number on the shown part."""

    recording: str
    question: int
    """From 1."""
    difference: float
    """Accuracy of the first minus that of the second, in percentage points over all β."""
    tokens: float
    """Tokens of the first, mean over β and seeds."""
    other_tokens: float


class ProgramComparison(NamedTuple):
    """Two programs compared question by question on the shown part."""

    gain: Gain
    """Gain in objective of the first over the second."""
    questions: list[QuestionGain]
    """The questions that differ, largest difference first."""


class SearchSubset(NamedTuple):
    """A part of the search set: recordings, and questions of each."""

    recordings: tuple[int, ...]
    questions: tuple[NDArray[np.bool_], ...]
    """For each recording, a mask (Q,) of its questions."""


class SearchSplit(NamedTuple):
    """The shown and the withheld part of the search set in a round."""

    shown: SearchSubset
    withheld: SearchSubset
    """Part withheld for the review; may be empty."""


FOLDS = 4
"""A round withholds one question in this many."""

LEAST_QUESTIONS = 8
"""With fewer questions, none is withheld."""

LEAST_RECORDINGS = 3
"""With fewer recordings, none is withheld."""


def select_everything(sizes: Sequence[int]) -> SearchSubset:
    """Select the whole search set.

    Args:
        sizes: Number of questions of each recording.
    """
    return SearchSubset(tuple(range(len(sizes))), tuple(np.ones(size, np.bool_) for size in sizes))


def mask_fold(size: int, fold: int) -> NDArray[np.bool_]:
    """Return the mask of a fold of a recording's questions, an array (Q,).

    Recordings of one benchmark have the same questions in the same order, so a fold has the same
    questions of every model.

    Args:
        size: Number of questions Q of the recording.
        fold: Number of the fold, from 0 to `FOLDS` - 1.
    """
    mask: NDArray[np.bool_] = np.arange(size) % FOLDS == fold
    return mask


def split_search_set(sizes: Sequence[int], number: int) -> SearchSplit:
    """Split the search set: a round withholds a fold of the questions and one recording.

    Args:
        sizes: Number of questions of each recording.
        number: Number of the round, from 0.
    """
    turn = (number + number // FOLDS) % len(sizes)  # every fold meets every recording
    withheld_recording = turn if len(sizes) >= LEAST_RECORDINGS else None
    fold = number % FOLDS
    shown, shown_masks, withheld, withheld_masks = [], [], [], []
    for index, size in enumerate(sizes):
        hidden = mask_fold(size, fold)
        if size < LEAST_QUESTIONS:
            hidden[:] = False
        if index == withheld_recording:
            withheld.append(index)
            withheld_masks.append(np.ones(size, np.bool_))
            continue
        shown.append(index)
        shown_masks.append(~hidden)
        if hidden.any():
            withheld.append(index)
            withheld_masks.append(hidden)
    return SearchSplit(
        SearchSubset(tuple(shown), tuple(shown_masks)),
        SearchSubset(tuple(withheld), tuple(withheld_masks)),
    )


def compute_curves(measured: ProgramMeasurement, questions: NDArray[np.bool_]) -> CurvePoints:
    """Compute the points over some questions."""
    count = int(questions.sum()) * measured.seeds
    return CurvePoints(
        measured.tokens[:, questions].sum(axis=1) / count,
        measured.right[:, questions].sum(axis=1) / count * 100,
        measured.sequential[:, questions].sum(axis=1) / count,
    )


def count_questions(recordings: Sequence[NamedRecording]) -> list[int]:
    """Count the questions of each recording."""
    return [len(recording.recording.questions) for recording in recordings]
