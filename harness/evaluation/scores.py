"""Per-question sums of played cells, which rows, intervals and curves are computed from.

A *scope* is one recording, or all of them together. The figure of all is the mean of each one's, so
that every recording has the same weight. Recordings of one benchmark share its questions: a
resampled question includes its branches of every model.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.evaluation.bootstrap import Floats, Stratum
from harness.evaluation.grid import GridCell
from harness.mdp.episodes import EpisodeArrays, compute_figures
from harness.request.recordings import NamedRecording

MEAN = "mean"
"""The recording name of rows over all recordings."""

CellEpisodes = Mapping[GridCell, EpisodeArrays]


class RecordingScope(NamedTuple):
    """The recordings that a figure is made over."""

    label: str
    recordings: tuple[int, ...]
    """Their indexes in the grid."""


class MeanFigures(NamedTuple):
    """Exact figures of one point over one scope."""

    accuracy: Fraction
    """A share."""
    cost: Fraction
    """Tokens for each question."""
    sequential: Fraction


class PublishedFigures(NamedTuple):
    """The same figures, rounded as published ones."""

    accuracy: float
    """Percent, two decimals."""
    cost: int
    """Tokens for each question, truncated."""
    sequential: int
    episodes: int


def list_scopes(recordings: Sequence[NamedRecording]) -> list[RecordingScope]:
    """Return one scope for each recording, then one for all if there are several."""
    scopes = [RecordingScope(named.label, (index,)) for index, named in enumerate(recordings)]
    return (
        scopes if len(scopes) == 1 else [*scopes, RecordingScope(MEAN, tuple(range(len(scopes))))]
    )


def scope_cells(scope: RecordingScope, point: int) -> list[GridCell]:
    """Return the cells that a point's figure over a scope is made from."""
    return [GridCell(point, recording) for recording in scope.recordings]


def compute_means(played: CellEpisodes, scope: RecordingScope, point: int) -> MeanFigures:
    """Return the exact figures of a point.

    Args:
        played: The played cells.
        scope: The recordings.
        point: Index of the point in the grid.
    """
    parts = [played[cell] for cell in scope_cells(scope, point)]
    return MeanFigures(
        _mean([part.right for part in parts]),
        _mean([part.tokens for part in parts]),
        _mean([part.sequential for part in parts]),
    )


def _mean(columns: Sequence[NDArray[Any]]) -> Fraction:
    """Return the mean of each column's mean."""
    means = [Fraction(int(column.sum(dtype=np.int64)), column.size) for column in columns]
    return sum(means, Fraction()) / len(means)


def publish_figures(played: CellEpisodes, scope: RecordingScope, point: int) -> PublishedFigures:
    """Return the figures of a point, rounded as published ones; several recordings stay exact.

    Args:
        played: The played cells.
        scope: The recordings. The figure of several is the exact mean of their figures.
        point: Index of the point in the grid.
    """
    parts = [played[cell] for cell in scope_cells(scope, point)]
    if len(parts) == 1:
        return PublishedFigures(*compute_figures(parts[0]))
    exact = compute_means(played, scope, point)
    return PublishedFigures(
        round(float(exact.accuracy * 100), 2),
        int(exact.cost),
        int(exact.sequential),
        sum(part.right.size for part in parts),
    )


def build_strata(
    played: CellEpisodes,
    recordings: Sequence[NamedRecording],
    scope: RecordingScope,
    points: Sequence[int],
    column: str,
) -> list[Stratum]:
    """Return a figure of several points, by question, for `resample`.

    Args:
        played: Every cell of the points in the scope.
        recordings: The grid's recordings.
        scope: The recordings of the figure.
        points: The points, in the order of the figures.
        column: ``right`` for accuracy as a share, ``tokens`` for cost.
    """
    together: dict[tuple[str, ...], list[int]] = {}
    for index in scope.recordings:
        recording = recordings[index].recording
        ids = tuple(question.id for question in recording.questions)
        together.setdefault((recording.provenance.benchmark, *ids), []).append(index)
    strata = []
    for indexes in together.values():
        totals = sum(_by_question(played, index, points, column) for index in indexes)
        seeds = played[GridCell(points[0], indexes[0])].right.shape[1]
        strata.append(Stratum(np.asarray(totals), float(seeds * len(scope.recordings))))
    return strata


def _by_question(
    played: CellEpisodes, recording: int, points: Sequence[int], column: str
) -> Floats:
    """(Q, points) sums over seeds; whole numbers, far below 2 to the 53rd."""
    sums = [
        getattr(played[GridCell(point, recording)], column).sum(axis=1, dtype=np.int64)
        for point in points
    ]
    return np.stack(sums, axis=1).astype(np.float64)
