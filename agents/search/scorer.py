"""Score measurements, and compare programs by paired intervals."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from agents.run.records import Gain
from agents.search.measurements import (
    Curves,
    ProgramMeasurement,
    ProgramScore,
    SearchSubset,
    compute_curves,
    select_everything,
)
from agents.search.objective import Objective
from harness.evaluation.bootstrap import Floats, Stratum, interval, resample
from harness.evaluation.frontier import area, build_curve
from harness.request.recordings import NamedRecording

SLACK = 0.02
"""A cost that falls by less than this fraction as β rises counts as level, since seeds are few."""


class Scorer:
    """Score programs within the range of costs that the baselines span on each recording.

    Args:
        recordings: Search set.
        objective: Objective to maximise.
        baselines: By name, the measurements of each baseline on every recording.
    """

    def __init__(
        self,
        recordings: Sequence[NamedRecording],
        objective: Objective,
        baselines: Mapping[str, Sequence[ProgramMeasurement]],
    ):
        self._objective = objective
        self._questions = [
            (
                each.recording.provenance.benchmark,
                *(question.id for question in each.recording.questions),
            )
            for each in recordings
        ]
        self.whole = select_everything([len(each.recording.questions) for each in recordings])
        ends = [
            [compute_curves(measured[place], self.whole.questions[place]).cost for measured in
             baselines.values()]
            for place in range(len(recordings))
        ]  # fmt: skip
        self.low = np.array([min(cost.min() for cost in each) for each in ends])
        self.high = np.array([max(cost.max() for cost in each) for each in ends])

    def worth(
        self, measured: Sequence[ProgramMeasurement], shown: SearchSubset | None = None
    ) -> ProgramScore:
        """Score a program.

        Args:
            measured: Measurements on each recording of ``shown``, in order.
            shown: Part of the search set that counts; all of it by default.
        """
        shown = shown or self.whole
        found = [compute_curves(m, q) for m, q in zip(measured, shown.questions, strict=True)]
        values = tuple(
            self._value(each, place) for each, place in zip(found, shown.recordings, strict=True)
        )
        halves = [
            self._halves(each, place) for each, place in zip(found, shown.recordings, strict=True)
        ]
        tokens = sum(int(m.tokens.sum()) for m in measured)
        sequential = sum(int(m.sequential.sum()) for m in measured)
        return ProgramScore(
            score=float(np.mean(values)),
            by_recording=values,
            halves=(
                float(np.mean([cheap for cheap, _ in halves])),
                float(np.mean([dear for _, dear in halves])),
            ),
            curves=tuple(found),
            parallel=tokens / max(sequential, 1),
            steady=find_cost_drop(found) is None,
        )

    def gain(
        self,
        ours: Sequence[ProgramMeasurement],
        theirs: Sequence[ProgramMeasurement],
        against: str,
        shown: SearchSubset | None = None,
    ) -> Gain | None:
        """Return the gain in objective of one program over another, with its paired interval.

        Questions are resampled; recordings of one benchmark share their samples. ``None`` if
        nothing is shown.

        Args:
            ours: Measurements of the program on each recording of ``shown``.
            theirs: Measurements of the other program on each recording of ``shown``.
            against: Name of the other program.
            shown: Part of the search set that counts; all of it by default.
        """
        shown = shown or self.whole
        if not shown.recordings:
            return None
        differences = np.zeros(1)
        exact = 0.0
        for index, places in enumerate(self._strata(shown)):
            questions = [shown.questions[at] for at in places]
            pair = [
                self._drawn([m[at] for at in places], questions, index, shown, places)
                for m in (ours, theirs)
            ]
            exact += float((pair[0][0] - pair[1][0]).sum())
            differences = differences + (pair[0][1] - pair[1][1]).sum(axis=1)
        count = len(shown.recordings)
        around = interval(differences / count)
        return Gain(
            against=against,
            value=round(exact / count, 4),
            low=round(around.low, 4),
            high=round(around.high, 4),
        )

    def _value(self, found: Curves, place: int) -> float:
        low, high = self.low[place], self.high[place]
        return float(self._objective(found.cost, found.accuracy, np.asarray(low), np.asarray(high)))

    def _halves(self, found: Curves, place: int) -> tuple[float, float]:
        ends = np.array([self.low[place], np.sqrt(self.low[place] * self.high[place]),
                         self.high[place]])  # fmt: skip
        one = build_curve(found.cost, found.accuracy)
        both = build_curve(*(np.stack([column, column]) for column in (one.cost, one.accuracy)))
        cheap, dear = np.nan_to_num(area(both, ends[:2], ends[1:]))
        return float(cheap), float(dear)

    def _strata(self, shown: SearchSubset) -> list[list[int]]:
        """Group the recordings of ``shown`` that have the same questions and share samples."""
        together: dict[tuple[object, ...], list[int]] = {}
        for at, (place, mask) in enumerate(zip(shown.recordings, shown.questions, strict=True)):
            together.setdefault((self._questions[place], mask.tobytes()), []).append(at)
        return list(together.values())

    def _drawn(
        self,
        measured: Sequence[ProgramMeasurement],
        questions: Sequence[NDArray[np.bool_]],
        index: int,
        shown: SearchSubset,
        places: Sequence[int],
    ) -> tuple[Floats, Floats]:
        """Return the objective by recording of a stratum: measured (R,) and sampled (n, R)."""
        columns = [
            part[:, mask].T.astype(np.float64) / each.seeds
            for each, mask in zip(measured, questions, strict=True)
            for part in (each.right, each.tokens)
        ]
        totals = np.concatenate(columns, axis=1)
        drawn = resample([Stratum(totals, 1.0)], seed=index)
        exact: list[Floats] = []
        sampled: list[Floats] = []
        start = 0
        for each, at in zip(measured, places, strict=True):
            size = len(each.right)
            place = shown.recordings[at]
            for rows, out in ((totals.mean(axis=0)[None, :], exact), (drawn, sampled)):
                right, tokens = (
                    rows[:, start : start + size],
                    rows[:, start + size : start + 2 * size],
                )
                low = np.full(len(rows), self.low[place])
                high = np.full(len(rows), self.high[place])
                out.append(self._objective(tokens, right * 100, low, high))
            start += 2 * size
        return np.concatenate(exact), np.stack(sampled, axis=1)


def find_cost_drop(found: Sequence[Curves]) -> int | None:
    """Return the first point whose mean cost is below that of the point before, if any.

    Args:
        found: Measurements by recording; points are in the order of β.
    """
    logs = np.mean([np.log(np.maximum(each.cost, 1.0)) for each in found], axis=0)
    down = np.flatnonzero(np.diff(logs) < -SLACK)
    return int(down[0]) + 1 if len(down) else None
