"""The intervals of a review's points: from what the review played, so that nothing is played anew.

Outcomes are kept by the run; one that is gone is made again.
"""

from agents.run.directory import RunDirectory
from agents.search.arena import arena
from agents.search.measures import Measured
from harness.evaluation.bootstrap import Interval, Stratum, interval, resample


def intervals(run: RunDirectory, candidate: str) -> dict[str, list[Interval]]:
    """By recording, the interval of the accuracy at each point, in percent.

    Args:
        run: the run.
        candidate: one that was reviewed and could be played.

    Raises:
        InputError: a recording is another than when the run began.
        StoreError: a recording cannot be read.
    """
    with arena(run, workers=1) as here:
        measured = here.play(run.source(candidate))
        labels = [each.label for each in here.recordings]
    if isinstance(measured, str):  # it was reviewed, so only a failing machine comes here
        return {}
    return {label: _around(each) for label, each in zip(labels, measured, strict=True)}


def _around(measured: Measured) -> list[Interval]:
    drawn = resample([Stratum(measured.right.T.astype(float), float(measured.seeds))]) * 100
    return [interval(column) for column in drawn.T]
