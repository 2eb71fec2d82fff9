"""Score measurements, and compare programs by paired intervals."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.run.records import Gain
from agents.search.measurements import (
    CurveScore,
    ProgramMeasurement,
    ProgramScore,
    SearchSubset,
    SettingFigures,
    compute_curves,
    select_everything,
)
from agents.search.objective import (
    CurvePoints,
    FrontierObjective,
    Objective,
    PriceOptions,
    ReferenceCurves,
    measure_savings,
)
from harness.evaluation.bootstrap import Floats, Stratum, interval, resample
from harness.request.recordings import NamedRecording

MOST_SAMPLED = 128
"""Sampled objectives that are kept: a review compares a candidate with two programs, on the whole
search set and on parts of it."""

SLACK = 0.02
"""A cost that falls by less than this fraction as β rises counts as level, since seeds are few."""


class ReferencePrograms(NamedTuple):
    """Measurements of the programs that every candidate is scored against."""

    baselines: Mapping[str, Sequence[ProgramMeasurement]]
    """By name, on every recording."""
    target: Sequence[ProgramMeasurement] | None = None
    """The controller that the objective ``tokens-at`` names, on every recording."""


class _SampledObjective(NamedTuple):
    """The objective of a program on a recording."""

    value: float
    samples: Floats
    """Array (n,): the objective on each bootstrap sample of the questions."""


class Scorer:
    """Score programs against the baselines of each recording.

    Args:
        recordings: Search set.
        objective: Objective to maximise.
        programs: Baselines, and the target of the objective if it has one.
        prices: What counts as the price of a point.
    """

    def __init__(
        self,
        recordings: Sequence[NamedRecording],
        objective: Objective,
        programs: ReferencePrograms,
        prices: PriceOptions = PriceOptions(),  # noqa: B008 - it is immutable
    ):
        self._objective = objective
        self.prices = prices
        self._questions = [
            (
                recording.recording.provenance.benchmark,
                *(question.id for question in recording.recording.questions),
            )
            for recording in recordings
        ]
        self.whole = select_everything(
            [len(recording.recording.questions) for recording in recordings]
        )
        self._baselines = [
            _join(measurements) for measurements in zip(*programs.baselines.values(), strict=True)
        ]
        self._target = programs.target
        self._references: dict[tuple[int, bytes], ReferenceCurves] = {}
        self._halves: dict[tuple[int, bytes], tuple[ReferenceCurves, ReferenceCurves]] = {}
        self._samples: dict[tuple[int, bytes, int], ReferenceCurves] = {}
        self._values: dict[bytes, _SampledObjective] = {}
        """Those of the last programs whose gains were computed."""

    def score_program(
        self, measured: Sequence[ProgramMeasurement], shown: SearchSubset | None = None
    ) -> ProgramScore:
        """Score a program.

        Args:
            measured: Measurements on each recording of ``shown``, in order.
            shown: Part of the search set that counts; all of it by default.
        """
        shown = shown or self.whole
        curves = [compute_curves(m, q) for m, q in zip(measured, shown.questions, strict=True)]
        references = self._list_references(shown)
        values = self._evaluate(curves, references)
        halves = [
            self._score_halves(curve, recording, mask)
            for curve, recording, mask in zip(
                curves, shown.recordings, shown.questions, strict=True
            )
        ]
        tokens = sum(int(m.tokens.sum()) for m in measured)
        sequential = sum(int(m.sequential.sum()) for m in measured)
        return ProgramScore(
            score=float(np.mean(values)),
            fitness=self._measure_fitness(curves, references),
            by_recording=tuple(values),
            halves=(
                float(np.mean([low for low, _ in halves])),
                float(np.mean([high for _, high in halves])),
            ),
            curves=tuple(curves),
            parallel=tokens / max(sequential, 1),
            steady=find_cost_drop(curves) is None,
        )

    def score_figures(
        self, figures: SettingFigures, shown: SearchSubset | None = None
    ) -> CurveScore:
        """Score one curve whose points are settings in the order of β.

        Args:
            figures: Figures of the settings on each recording of ``shown``.
            shown: Part of the search set that was played; all of it by default.
        """
        columns = (figures.cost, figures.accuracy, figures.sequential)
        curves = [
            CurvePoints(*(column[:, index] for column in columns))
            for index in range(figures.cost.shape[1])
        ]
        references = self._list_references(shown or self.whole)
        fitness = self._measure_fitness(curves, references)
        baselines = self._measure_fitness(
            [reference.baselines for reference in references], references
        )
        uncovered = [
            max(0.0, float(np.log2(reference.high / self.prices.price(curve).max())))
            for curve, reference in zip(curves, references, strict=True)
        ]
        return CurveScore(
            fitness=fitness,
            gain=fitness - baselines,
            steady=find_cost_drop(curves) is None,
            uncovered=float(np.mean(uncovered)),
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
        for stratum, members in enumerate(self._strata(shown)):
            for index in members:
                recording, mask = shown.recordings[index], shown.questions[index]
                mine, other = (
                    self._sample_objective(program[index], recording, mask, stratum)
                    for program in (ours, theirs)
                )
                exact += mine.value - other.value
                differences = differences + (mine.samples - other.samples)
        count = len(shown.recordings)
        around = interval(differences / count)
        return Gain(
            against=against,
            value=round(exact / count, 4),
            low=round(around.low, 4),
            high=round(around.high, 4),
        )

    def _sample_objective(
        self, measured: ProgramMeasurement, recording: int, mask: NDArray[np.bool_], stratum: int
    ) -> "_SampledObjective":
        """Return the objective of a program on a recording, with its bootstrap samples.

        Args:
            measured: Measurement of the program on the recording.
            recording: Index of the recording.
            mask: Questions that count.
            stratum: Number of the stratum; recordings of one stratum share their samples.
        """
        key = _compute_digest(measured, recording, mask, stratum)
        sampled = self._values.pop(key, None) or _SampledObjective(
            float(
                self._objective(
                    compute_curves(measured, mask), self._reference(recording, mask), self.prices
                )
            ),
            self._objective(
                _resample_curves(measured, mask, stratum),
                self._sample_references(recording, mask, stratum),
                self.prices,
            ),
        )
        if len(self._values) >= MOST_SAMPLED:
            del self._values[next(iter(self._values))]
        self._values[key] = sampled
        return sampled

    def _evaluate(
        self, curves: Sequence[CurvePoints], references: Sequence[ReferenceCurves]
    ) -> list[float]:
        """Return the objective of a curve on each recording."""
        return [
            float(self._objective(curve, reference, self.prices))
            for curve, reference in zip(curves, references, strict=True)
        ]

    def _list_references(self, shown: SearchSubset) -> list[ReferenceCurves]:
        return [
            self._reference(recording, mask)
            for recording, mask in zip(shown.recordings, shown.questions, strict=True)
        ]

    def _measure_fitness(
        self, curves: Sequence[CurvePoints], references: Sequence[ReferenceCurves]
    ) -> float:
        """Return what a search of curves maximises; see `CurveScore`."""
        if not isinstance(self._objective, FrontierObjective):
            return float(np.mean(self._evaluate(curves, references)))
        baselines = _average([reference.baselines for reference in references])
        price = self.prices.price(baselines)
        reference = ReferenceCurves(baselines, float(price.min()), float(price.max()))
        return measure_savings(_average(curves), reference, self.prices)

    def _reference(self, recording: int, mask: NDArray[np.bool_]) -> ReferenceCurves:
        """Return the reference curves of one recording over some of its questions."""
        key = (recording, mask.tobytes())
        if key not in self._references:
            baselines = compute_curves(self._baselines[recording], mask)
            price = self.prices.price(baselines)
            target = None if self._target is None else compute_curves(self._target[recording], mask)
            references = ReferenceCurves(baselines, float(price.min()), float(price.max()), target)
            self._references[key] = references.with_curve(self.prices)
        return self._references[key]

    def _sample_references(
        self, recording: int, mask: NDArray[np.bool_], stratum: int
    ) -> ReferenceCurves:
        """Return the bootstrap samples of the reference curves, with the measured range."""
        key = (recording, mask.tobytes(), stratum)
        if key not in self._samples:
            measured = self._reference(recording, mask)
            sampled = measured._replace(
                baselines=_resample_curves(self._baselines[recording], mask, stratum),
                target=None
                if self._target is None
                else _resample_curves(self._target[recording], mask, stratum),
            )
            self._samples[key] = sampled.with_curve(self.prices)
        return self._samples[key]

    def _score_halves(
        self, curve: CurvePoints, recording: int, mask: NDArray[np.bool_]
    ) -> tuple[float, float]:
        """Return the frontier objective in the lower and in the upper half of the price range.

        Args:
            curve: Points over the questions that count.
            recording: Index of the recording.
            mask: Questions that count.
        """
        key = (recording, mask.tobytes())
        if key not in self._halves:
            whole = self._reference(recording, mask)
            middle = float(np.sqrt(whole.low * whole.high))
            self._halves[key] = (
                whole._replace(high=middle).with_curve(self.prices),
                whole._replace(low=middle).with_curve(self.prices),
            )
        value = FrontierObjective()
        low, high = (float(value(curve, half, self.prices)) for half in self._halves[key])
        return low, high

    def _strata(self, shown: SearchSubset) -> list[list[int]]:
        """Group the recordings of ``shown`` that have the same questions and share samples."""
        together: dict[tuple[object, ...], list[int]] = {}
        for position, (index, mask) in enumerate(
            zip(shown.recordings, shown.questions, strict=True)
        ):
            together.setdefault((self._questions[index], mask.tobytes()), []).append(position)
        return list(together.values())


def find_cost_drop(curves: Sequence[CurvePoints]) -> int | None:
    """Return the first point whose mean cost is below that of the point before, if any.

    Args:
        curves: Points by recording, in the order of β.
    """
    logs = np.mean([np.log(np.maximum(curve.cost, 1.0)) for curve in curves], axis=0)
    down = np.flatnonzero(np.diff(logs) < -SLACK)
    return int(down[0]) + 1 if len(down) else None


def _compute_digest(
    measured: ProgramMeasurement, recording: int, mask: NDArray[np.bool_], stratum: int
) -> bytes:
    """Return a digest of all that a sampled objective depends on."""
    digest = sha256(f"{recording} {stratum} {measured.seeds} {measured.right.shape}".encode())
    for part in (mask, measured.right, measured.tokens, measured.sequential):
        digest.update(part.tobytes())
    return digest.digest()


def _average(curves: Sequence[CurvePoints]) -> CurvePoints:
    """Return the mean of curves with the same number of points, point by point."""
    return CurvePoints(*(np.mean(np.stack(values), axis=0) for values in zip(*curves, strict=True)))


def _join(measured: Sequence[ProgramMeasurement]) -> ProgramMeasurement:
    """Join the points of several programs on one recording."""
    return ProgramMeasurement(
        np.concatenate([program.right for program in measured]),
        np.concatenate([program.tokens for program in measured]),
        np.concatenate([program.sequential for program in measured]),
        measured[0].seeds,
    )


def _resample_curves(
    measured: ProgramMeasurement, mask: NDArray[np.bool_], stratum: int
) -> CurvePoints:
    """Return bootstrap samples of the points of one recording, arrays (n, P).

    Args:
        measured: Measurement of a program.
        mask: Questions that count.
        stratum: Number of the stratum; recordings of one stratum share their samples.
    """
    columns = [
        part[:, mask].T.astype(np.float64) / measured.seeds
        for part in (measured.tokens, measured.right, measured.sequential)
    ]
    sampled: Floats = resample([Stratum(np.concatenate(columns, axis=1), 1.0)], seed=stratum)
    cost, right, sequential = np.split(sampled, 3, axis=1)
    return CurvePoints(cost, right * 100, sequential)
