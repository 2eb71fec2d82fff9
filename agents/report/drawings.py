"""The curves of controllers, as measured and as they come out with other questions of the kind.

Questions are drawn as everywhere (`harness.evaluation.bootstrap`): all controllers see the same
drawings, and recordings of one benchmark share theirs, so that every difference is paired.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from harness.evaluation.bootstrap import Floats, Stratum, resample
from harness.evaluation.grid import Cell, Grid
from harness.evaluation.scores import Played
from harness.request.recordings import Named


class Drawn(NamedTuple):
    """The points of one controller on one recording: as measured (row 0), then each drawing."""

    cost: Floats
    """(1 + n, P) tokens for each question."""
    accuracy: Floats
    """(1 + n, P) in percent."""


def drawings(grid: Grid, played: Played) -> list[list[Drawn]]:
    """The points of each controller of the grid, by recording.

    Args:
        grid: what was played.
        played: every cell of it.

    Returns:
        For each recording, an item for each of the grid's controllers.
    """
    strata = _strata(grid.recordings)
    return [
        _of_recording(grid, played, place, strata[place]) for place in range(len(grid.recordings))
    ]


def _of_recording(grid: Grid, played: Played, place: int, stratum: int) -> list[Drawn]:
    points = range(len(grid.points))
    episodes = [played[Cell(point, place)] for point in points]
    right = np.stack([each.right.sum(axis=1, dtype=np.int64) for each in episodes], axis=1)
    tokens = np.stack([each.tokens.sum(axis=1, dtype=np.int64) for each in episodes], axis=1)
    totals = np.concatenate([right, tokens], axis=1).astype(np.float64)
    questions, seeds = episodes[0].right.shape
    # Measured in the same way as a drawing, so that equal figures are equal bits.
    measured = totals.sum(axis=0)[None, :] / (questions * float(seeds))
    both = np.concatenate([measured, resample([Stratum(totals, float(seeds))], seed=stratum)])
    accuracy, cost = both[:, : len(points)] * 100, both[:, len(points) :]
    found = []
    for program in grid.programs:
        own = [at for at in points if grid.points[at].program is program]
        found.append(Drawn(cost[:, own], accuracy[:, own]))
    return found


def _strata(recordings: Sequence[Named]) -> list[int]:
    """For each recording, which drawings it has: recordings with the same questions share them."""
    numbers: dict[tuple[str, ...], int] = {}
    return [
        numbers.setdefault(
            (
                each.recording.provenance.benchmark,
                *(question.id for question in each.recording.questions),
            ),
            len(numbers),
        )
        for each in recordings
    ]
