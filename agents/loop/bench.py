"""Bench of a proposer in a round: plays programs on the shown part, within an allowance."""

from collections.abc import Callable, Sequence
from random import Random

import msgspec

from agents.evolution.starting_programs import load_seeds
from agents.feedback.evidence import describe_evidence
from agents.feedback.line_profile import profile_lines
from agents.feedback.point_analysis import open_shown_recordings
from agents.loop.accounts import SpendLimit, SpendTracker
from agents.loop.round_files import source_mark
from agents.run.records import ControllerLanguage, StartingProgram
from agents.search.arena import Arena, thin_betas
from agents.search.measurements import (
    CurveScore,
    ProgramComparison,
    ProgramScore,
    SettingFigures,
)
from agents.search.player_pool import Knobs
from agents.search.review import Incumbent
from harness.errors import InputError


class RoundBench(SpendTracker):
    """See `agents.search.bench_protocol.Bench`.

    Args:
        arena: Search set of the run.
        number: Round number, from 1.
        slot: Name of the proposer's slot; part of the random seed.
        state: State that the proposer stored in its previous round; ``None`` for none.
        played_before: Marks (`source_mark`) of the programs that it played in earlier rounds;
            playing them again is free.
        allowance: Maximum number of programs to play.
        spend_limit: Budget for language models.
        tries: Maximum number of programs to write for each proposal.
        is_out_of_time: Returns whether a limit was reached.
        check_interrupt: Raises ``KeyboardInterrupt`` if an interrupt was requested.
        report: Writes progress to the event log.
        best: Best candidate so far; ``None`` if there is none.
    """

    def __init__(
        self,
        arena: Arena,
        number: int,
        slot: str,
        *,
        state: bytes | None,
        played_before: set[str],
        allowance: int,
        spend_limit: SpendLimit = SpendLimit(),  # noqa: B008 - it is immutable
        tries: int = 1,
        is_out_of_time: Callable[[], bool],
        check_interrupt: Callable[[], None],
        report: Callable[..., None],
        best: Incumbent | None = None,
    ):
        self._arena = arena
        self._shown = arena.split(number).shown
        self.random = Random(f"{arena.request.seed}/{number}/{slot}")
        self.state = state
        self._known = played_before
        self._allowance = allowance
        self._setting_seeds = 0
        self._best = best
        super().__init__(spend_limit)
        self.tries = tries
        self._is_out_of_time = is_out_of_time
        self._check_interrupt = check_interrupt
        self._report = report
        self._scores: dict[tuple[str, bool], ProgramScore | None] = {}
        self.played: list[str] = []
        """Marks of the programs that were played for the first time; see `source_mark`."""

    @property
    def allowance(self) -> int:
        """Programs that may still be played."""
        return self._allowance

    @property
    def most(self) -> int:
        """Maximum number of proposals."""
        return self._arena.request.per_round

    @property
    def language(self) -> ControllerLanguage:
        """Language that models and agents write in."""
        return self._arena.request.language

    @property
    def free_knobs(self) -> bool:
        """Whether programs have free knobs instead of a schedule."""
        return self._arena.request.free_knobs

    def play(
        self,
        sources: Sequence[str],
        *,
        thorough: bool = False,
        language: ControllerLanguage = ControllerLanguage.RHEO,
    ) -> list[ProgramScore | None]:
        """Play programs; see `agents.search.bench_protocol.Bench.play`.

        Args:
            sources: Source texts of programs that check.
            thorough: Whether to use the seeds of a review instead of those of screening.
            language: Language of the programs.

        Returns:
            The score of each program; ``None`` if it cannot be played or the allowance is used up.
        """
        self._check_interrupt()
        unplayed = []
        for source in dict.fromkeys(sources):
            if (source, thorough) in self._scores or not self._may_play(source, thorough=thorough):
                continue
            unplayed.append(source)
        scores = self._arena.screen(unplayed, self._shown, thorough=thorough, language=language)
        for source, score in zip(unplayed, scores, strict=True):
            self._scores[source, thorough] = score
        return [self._scores.get((source, thorough)) for source in sources]

    def play_settings(
        self, source: str, settings: Sequence[Knobs], seeds: range
    ) -> SettingFigures | None:
        """Play settings of one program; see `agents.search.bench_protocol.Bench.play_settings`.

        Args:
            source: Source text of a program with free knobs.
            settings: Values of its knobs, a mapping for each setting.
            seeds: Seeds of every setting.

        Returns:
            The figures of all settings; ``None`` if the allowance does not suffice.
        """
        self._check_interrupt()
        plays = len(settings) * len(seeds)
        if plays > self.setting_allowance:
            return None
        unit = self._setting_unit
        before, self._setting_seeds = self._setting_seeds, self._setting_seeds + plays
        for number in range(before // unit, self._setting_seeds // unit):
            self._allowance -= 1
            self.played.append(f"{source_mark(source)}#{number + 1}")
        return self._arena.play_settings(source, settings, seeds, self._shown)

    def seeds(self, *, thorough: bool) -> range:
        """See `agents.search.bench_protocol.Bench.seeds`."""
        request = self._arena.request
        return range(request.seeds if thorough else request.screening)

    @property
    def setting_allowance(self) -> int:
        """See `agents.search.bench_protocol.Bench.setting_allowance`."""
        unit = self._setting_unit
        return max(0, self._allowance * unit + unit - 1 - self._setting_seeds % unit)

    @property
    def _setting_unit(self) -> int:
        """Number of pairs of setting and seed that count as one program, as in screening."""
        request = self._arena.request
        return len(thin_betas(request.betas)) * request.screening

    def score_settings(self, figures: SettingFigures) -> CurveScore:
        """See `agents.search.bench_protocol.Bench.score_settings`."""
        return self._arena.scorer.score_figures(figures, self._shown)

    def list_references(self) -> list[tuple[str, ProgramScore]]:
        """See `agents.search.bench_protocol.Bench.list_references`."""
        references = []
        if self._best is not None:
            score = self._arena.screen(
                [self._best.source], self._shown, thorough=True, language=self._best.language
            )[0]
            if score is not None:
                references.append((self._best.name, score))
        name = self._arena.best_baseline
        measured = [self._arena.baselines[name][index] for index in self._shown.recordings]
        return [*references, (name, self._arena.scorer.score_program(measured, self._shown))]

    def compare(
        self,
        source: str,
        other: str | None = None,
        *,
        language: ControllerLanguage = ControllerLanguage.RHEO,
    ) -> ProgramComparison:
        """Compare two programs by question; see `agents.search.bench_protocol.Bench.compare`.

        Args:
            source: Source text of a program that checks.
            other: Program to compare with; by default the best so far in the same language, or
                else the best baseline.
            language: Language of both programs.

        Raises:
            InputError: A program cannot be played, or the allowance is used up.
        """
        self._check_interrupt()
        is_default = other is None
        if other is None and self._best is not None and self._best.language is language:
            other = self._best.source
        for program in (source, other):
            if program is not None and not self._may_play(program, thorough=True):
                raise InputError("no programs are left to play in this round")
        comparison = self._arena.compare(source, other, self._shown, language)
        if comparison is None:
            raise InputError("it cannot be played")
        if is_default and other is not None and self._best is not None:
            gain = msgspec.structs.replace(comparison.gain, against=self._best.name)
            return comparison._replace(gain=gain)
        return comparison

    def describe_base_rates(self) -> str:
        """See `agents.search.bench_protocol.Bench.describe_base_rates`."""
        recordings = open_shown_recordings(self._arena, self._shown)
        return describe_evidence(recordings)[0].text

    @property
    def starting_programs(self) -> Sequence[StartingProgram]:
        """See `agents.search.bench_protocol.Bench.starting_programs`."""
        return self._arena.request.starting_programs or load_seeds()

    @property
    def signals(self) -> frozenset[str]:
        """See `agents.search.bench_protocol.Bench.signals`."""
        named = [
            frozenset(opened.recording.provenance.signals) & opened.recording.signals
            for opened in self._arena.recordings
        ]
        return frozenset.intersection(*named) if named else frozenset()

    @property
    def betas(self) -> Sequence[float]:
        """See `agents.search.bench_protocol.Bench.betas`."""
        return self._arena.request.betas

    @property
    def labels(self) -> list[str]:
        """See `agents.search.bench_protocol.Bench.labels`."""
        return [self._arena.recordings[index].label for index in self._shown.recordings]

    def profile(
        self, source: str, beta: float, language: ControllerLanguage = ControllerLanguage.RHEO
    ) -> str:
        """Profile the lines of a program; see `agents.search.bench_protocol.Bench.profile`.

        Args:
            source: Source text of a program that checks.
            beta: β at which it is played.
            language: Language of the program.

        Raises:
            InputError: The allowance is used up, or a recording lacks what the program needs.
        """
        self._check_interrupt()
        if not self._may_play(f"{source}@{beta:g}", thorough=False):
            raise InputError("no programs are left to play in this round")
        return profile_lines(self._arena, self._shown, source, beta, language)

    def _may_play(self, source: str, *, thorough: bool) -> bool:
        """Charge a new program to the allowance; return whether it may be played."""
        name = source_mark(source) + ("+" if thorough else "")
        if name in self._known:
            return True
        if self._allowance <= 0:
            return False
        self._allowance -= 1
        self._known.add(name)
        self.played.append(name)
        return True

    def check_interrupt(self) -> None:
        """See `agents.run.budget_guard.BudgetGuard.check_interrupt`."""
        self._check_interrupt()

    def is_out_of_time(self) -> bool:
        """See `agents.run.budget_guard.BudgetGuard.is_out_of_time`."""
        return self._is_out_of_time()

    def report(self, message: str, **data: object) -> None:
        """See `agents.run.budget_guard.BudgetGuard.report`."""
        self._report(message, **data, played=len(self.played))
