"""What was measured of a program, by question, and what is made of it.

Everything is kept as sums over seeds, so that any part of the questions can be looked at, and any
drawing of them made, without playing again.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.evaluation.bootstrap import Floats
from harness.request.recordings import NamedRecording


class ProgramMeasurement(NamedTuple):
    """One program over one recording: P points, Q questions, sums over seeds."""

    right: NDArray[np.int64]
    """(P, Q) seeds under which it is right."""
    tokens: NDArray[np.int64]
    """(P, Q) tokens."""
    sequential: NDArray[np.int64]
    """(P,) tokens on the critical path, over all questions."""
    seeds: int


class Curves(NamedTuple):
    """A program's points on one recording, over some of its questions."""

    cost: Floats
    """(P,) tokens for each question."""
    accuracy: Floats
    """(P,) in percent."""


class ProgramScore(NamedTuple):
    """What a program is worth on what was shown of the search set."""

    score: float
    """The objective, over all recordings that were shown."""
    by_recording: tuple[float, ...]
    halves: tuple[float, float]
    """The mean accuracy over the cheaper and over the dearer half of the range of costs, by the
    logarithm of tokens, whatever the objective is; over all recordings."""
    curves: tuple[Curves, ...]
    """By recording."""
    parallel: float
    """Tokens over tokens on the critical path: how wide it goes."""
    steady: bool
    """Whether its cost never falls as β rises."""


class SearchSubset(NamedTuple):
    """A part of the search set: recordings, and questions of each."""

    recordings: tuple[int, ...]
    questions: tuple[NDArray[np.bool_], ...]
    """For each of them, (Q,) which questions."""


class SearchSplit(NamedTuple):
    """What a round shows to proposers, and what it withholds for the review."""

    shown: SearchSubset
    withheld: SearchSubset
    """May be empty."""


FOLDS = 4
"""A round withholds one question in so many."""

LEAST_QUESTIONS = 8
"""Of fewer questions none is withheld."""

LEAST_RECORDINGS = 3
"""Of fewer recordings none is withheld."""


def select_everything(sizes: Sequence[int]) -> SearchSubset:
    """The whole search set.

    Args:
        sizes: the questions of each recording.
    """
    return SearchSubset(tuple(range(len(sizes))), tuple(np.ones(size, np.bool_) for size in sizes))


def split_search_set(sizes: Sequence[int], number: int) -> SearchSplit:
    """What round ``number`` shows: all but a fold of the questions and one recording, in turn.

    Recordings of one benchmark have the same questions in the same order, so a question that is
    withheld is withheld of every model.
    """
    turn = (number + number // FOLDS) % len(sizes)  # every fold meets every recording
    withheld_recording = turn if len(sizes) >= LEAST_RECORDINGS else None
    fold = number % FOLDS
    shown, shown_masks, rest, rest_masks = [], [], [], []
    for place, size in enumerate(sizes):
        hidden = np.arange(size) % FOLDS == fold
        if size < LEAST_QUESTIONS:
            hidden[:] = False
        if place == withheld_recording:
            rest.append(place)
            rest_masks.append(np.ones(size, np.bool_))
            continue
        shown.append(place)
        shown_masks.append(~hidden)
        if hidden.any():
            rest.append(place)
            rest_masks.append(hidden)
    return SearchSplit(
        SearchSubset(tuple(shown), tuple(shown_masks)), SearchSubset(tuple(rest), tuple(rest_masks))
    )


def compute_curves(measured: ProgramMeasurement, questions: NDArray[np.bool_]) -> Curves:
    """The points over some questions."""
    count = int(questions.sum()) * measured.seeds
    return Curves(
        measured.tokens[:, questions].sum(axis=1) / count,
        measured.right[:, questions].sum(axis=1) / count * 100,
    )


def count_questions(recordings: Sequence[NamedRecording]) -> list[int]:
    """The questions of each recording."""
    return [len(each.recording.questions) for each in recordings]
