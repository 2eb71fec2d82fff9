"""The search set of a run, ready to play on: recordings, baselines, scorer and splits."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from agents.run.directory import RunDirectory
from agents.run.records import BaselineRef, ControllerLanguage, RecordingRef, Request
from agents.search.evaluator import EvaluationRequest, Evaluator, open_evaluator
from agents.search.measurements import (
    ProgramComparison,
    ProgramMeasurement,
    ProgramScore,
    QuestionGain,
    SearchSplit,
    SearchSubset,
    SettingFigures,
    compute_curves,
    count_questions,
    split_search_set,
)
from agents.search.objective import (
    CurvePoints,
    Objective,
    PriceOptions,
    TokensAtObjective,
    parse_objective,
)
from agents.search.player_pool import Knobs, TransientFailure
from agents.search.scorer import ReferencePrograms, Scorer
from harness.engines import EpisodeRules
from harness.errors import InputError
from harness.request.controllers import load_program
from harness.request.recordings import NamedRecording, open_recordings

SETTINGS_PER_TASK = 16
"""Settings that a player process plays at a time."""


class Arena:
    """Play the programs of a run.

    Args:
        request: Request of the run.
        recordings: Search set.
        at: Evaluator that plays over them.

    Raises:
        InputError: A baseline cannot be played over the recordings.
    """

    def __init__(
        self, request: Request, recordings: Sequence[NamedRecording], evaluator: Evaluator
    ):
        self.request = request
        self.recordings = recordings
        self._evaluator = evaluator
        self._everywhere = tuple(range(len(recordings)))
        self.baselines = self._play_baselines(request.baselines)
        """By name, the measurements of each baseline on every recording."""
        objective = parse_objective(request.objective, request.profiles)
        self.scorer = Scorer(
            recordings,
            objective,
            ReferencePrograms(self.baselines, self._play_target(objective)),
            PriceOptions(request.latency, request.max_sequential),
        )
        scores = {
            name: self.scorer.score_program(baseline).score
            for name, baseline in self.baselines.items()
        }
        self.best_baseline = max(scores, key=lambda name: scores[name])
        """Name of the baseline with the highest objective."""

    def split(self, number: int) -> SearchSplit:
        """Return what round ``number`` shows to proposers, and what it withholds."""
        return split_search_set(count_questions(self.recordings), number)

    def play(
        self, source: str, language: ControllerLanguage = ControllerLanguage.RHEO
    ) -> list[ProgramMeasurement] | str:
        """Play a program over the whole search set, with the seeds of a review.

        Returns:
            What was measured on each recording, or why it cannot be played.
        """
        betas = tuple(self.request.betas)
        entry = EvaluationRequest(
            source, self._everywhere, self.request.seeds, betas, language=language
        )
        return self._evaluator.measure([entry])[0]

    def trial(self, source: str, language: ControllerLanguage, number: int) -> str:
        """Try a program at both ends of β; return why it fails, or an empty text.

        The trial is short: one permutation of the first recording that the round shows.

        Args:
            source: Source text of the program.
            language: Language of the program.
            number: Round number.
        """
        betas = tuple(self.request.betas)
        first = self.split(number).shown.recordings[:1]
        entry = EvaluationRequest(source, first, 1, (betas[0], betas[-1]), language=language)
        outcome = self._evaluator.measure([entry])[0]
        return (
            "" if not isinstance(outcome, str) or isinstance(outcome, TransientFailure) else outcome
        )

    def screen(
        self,
        sources: Sequence[str],
        shown: SearchSubset,
        *,
        thorough: bool = False,
        language: ControllerLanguage = ControllerLanguage.RHEO,
    ) -> list[ProgramScore | None]:
        """Score programs on a part of the search set.

        Args:
            sources: Source texts of the programs.
            shown: Part of the search set.
            thorough: Use the seeds of a review and every β; else the screening seeds and every
                second β, both ends included.
            language: Language of the programs.

        Returns:
            Scores in order; ``None`` for a program that does not check or cannot be played.
        """
        return [
            None if isinstance(measured, str) else self.scorer.score_program(measured, shown)
            for measured in self._screened(sources, shown, language, thorough=thorough)
        ]

    def compare(
        self,
        source: str,
        other: str | None,
        shown: SearchSubset,
        language: ControllerLanguage = ControllerLanguage.RHEO,
    ) -> ProgramComparison | None:
        """Compare two programs question by question, with the seeds of a review.

        Args:
            source: Source text of the first program.
            other: Source text of the second; ``None`` compares with the best baseline.
            shown: Part of the search set.
            language: Language of the programs.

        Returns:
            The comparison, or ``None`` if a program cannot be played.
        """
        ours = self._screened([source], shown, language, thorough=True)[0]
        theirs: list[ProgramMeasurement] | str
        if other is None:
            baseline = self.baselines[self.best_baseline]
            theirs = [baseline[index] for index in shown.recordings]
        else:
            theirs = self._screened([other], shown, language, thorough=True)[0]
        if isinstance(ours, str) or isinstance(theirs, str):
            return None
        name = self.best_baseline if other is None else "the other"
        gain = self.scorer.gain(ours, theirs, name, shown)
        assert gain is not None  # a round always shows something
        questions = [
            difference
            for index, mask, mine, its in zip(
                shown.recordings, shown.questions, ours, theirs, strict=True
            )
            for difference in _differences(self.recordings[index].label, mask, mine, its)
        ]
        return ProgramComparison(
            gain, sorted(questions, key=lambda question: -abs(question.difference))
        )

    def play_settings(
        self, source: str, settings: Sequence[Knobs], seeds: range, shown: SearchSubset
    ) -> SettingFigures:
        """Play settings of a program with free knobs on a part of the search set.

        Args:
            source: Source text of the program.
            settings: Value of every free knob, by name.
            seeds: Consecutive seeds.
            shown: Part of the search set.

        Raises:
            InputError: The program cannot be played.
        """
        entries = [
            EvaluationRequest(
                source, shown.recordings, len(seeds), (0.0,), tuple(part), first_seed=seeds.start
            )
            for part in (
                settings[start : start + SETTINGS_PER_TASK]
                for start in range(0, len(settings), SETTINGS_PER_TASK)
            )
        ]
        outcomes = self._evaluator.measure(entries)
        problem = next((outcome for outcome in outcomes if isinstance(outcome, str)), None)
        if problem is not None:
            raise InputError(f"the template cannot be played: {problem}")
        by_recording = [
            [compute_curves(m[index], mask) for m in outcomes if not isinstance(m, str)]
            for index, mask in enumerate(shown.questions)
        ]
        cost, accuracy, sequential = (
            np.stack([np.concatenate(parts) for parts in column], axis=1)
            for column in zip(*(zip(*parts, strict=True) for parts in by_recording), strict=True)
        )
        price = self.scorer.prices.price_usable(CurvePoints(cost, accuracy, sequential))
        return SettingFigures(cost, accuracy, sequential, price)

    def _screened(
        self,
        sources: Sequence[str],
        shown: SearchSubset,
        language: ControllerLanguage,
        *,
        thorough: bool,
    ) -> list[list[ProgramMeasurement] | str]:
        seeds, betas = self.request.screening, thin_betas(self.request.betas)
        if thorough:
            seeds, betas = self.request.seeds, tuple(self.request.betas)
        entries = [
            EvaluationRequest(source, shown.recordings, seeds, betas, language=language)
            for source in sources
        ]
        return self._evaluator.measure(entries)

    def _play_target(self, objective: Objective) -> list[ProgramMeasurement] | None:
        """Play the controller that the objective names, if it names one."""
        if not isinstance(objective, TokensAtObjective):
            return None
        wanted = BaselineRef(controller=objective.controller)
        return self._play_baselines([wanted])[wanted.label]

    def _play_baselines(
        self, wanted: Sequence[BaselineRef]
    ) -> Mapping[str, list[ProgramMeasurement]]:
        entries = [
            EvaluationRequest(
                load_program(baseline.controller).checked.source.text,
                self._everywhere,
                self.request.seeds,
                tuple(self.request.betas),
                tuple(baseline.settings),
            )
            for baseline in wanted
        ]
        measurements = {}
        for baseline, measured in zip(wanted, self._evaluator.measure(entries), strict=True):
            if isinstance(measured, str):
                raise InputError(f"the baseline {baseline.controller} cannot be played: {measured}")
            measurements[baseline.label] = measured
        return measurements


@contextmanager
def open_arena(run: RunDirectory, *, workers: int, cluster: str | None = None) -> Iterator[Arena]:
    """Open the search set of a run for the length of a block.

    Args:
        run: Run directory.
        workers: Number of player processes.
        cluster: Address of a Ray cluster that plays programs instead.

    Raises:
        InputError: A recording changed since the run began, or a baseline cannot be played.
        StoreError: A recording cannot be read.
    """
    request = run.request
    recordings = reopen_recordings(request.search)
    rules = EpisodeRules(request.budget, request.kappa)
    path = run.evaluations_path
    with open_evaluator(
        recordings, rules, path=path, workers=workers, cluster=cluster
    ) as evaluator:
        yield Arena(request, recordings, evaluator)


def _differences(
    label: str, mask: NDArray[np.bool_], ours: ProgramMeasurement, theirs: ProgramMeasurement
) -> list[QuestionGain]:
    """List the questions of a recording on which two programs differ."""
    right, other_right, tokens, other_tokens = (
        part[:, mask].mean(axis=0) / measured.seeds
        for part, measured in (
            (ours.right, ours), (theirs.right, theirs), (ours.tokens, ours),
            (theirs.tokens, theirs),
        )
    )  # fmt: skip
    return [
        QuestionGain(
            label,
            number + 1,
            float(100 * (right[number] - other_right[number])),
            float(tokens[number]),
            float(other_tokens[number]),
        )
        for number in range(len(right))
        if right[number] != other_right[number]
    ]


def thin_betas(betas: Sequence[float]) -> tuple[float, ...]:
    """Return every second β, and the last."""
    return tuple(dict.fromkeys((*betas[::2], betas[-1])))


def reopen_recordings(wanted: Sequence[RecordingRef]) -> list[NamedRecording]:
    """Open the recordings of a request and check that they are unchanged.

    Raises:
        InputError: A recording changed.
        StoreError: A recording cannot be read.
    """
    opened = open_recordings([reference.path for reference in wanted])
    for reference, (_, recording) in zip(wanted, opened, strict=True):
        if recording.digest != reference.digest:
            raise InputError(
                f"{reference.path}: the recording changed since the run began",
                hint=f"the run needs {reference.label} with the digest {reference.digest}",
            )
    return [
        NamedRecording(reference.label, named.recording)
        for reference, named in zip(wanted, opened, strict=True)
    ]
