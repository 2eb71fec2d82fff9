"""The bench of a proposer in a round: it plays programs over what the round shows, and counts."""

from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

from agents.evolution.starting_programs import load_seeds
from agents.feedback.evidence import describe_evidence
from agents.feedback.line_profile import profile_lines
from agents.feedback.point_analysis import open_shown_recordings
from agents.loop.round_files import source_mark
from agents.run.records import ControllerLanguage, ResourceUsage, StartingProgram
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


class SpendLimit(NamedTuple):
    """What language models may still cost in a slot; ``None`` for any amount."""

    tokens: int | None = None
    usd: float | None = None


class SpendTracker:
    """Keeps what language models may still cost in a slot.

    Args:
        purse: at the beginning.
    """

    def __init__(self, spend_limit: SpendLimit):
        self._spend_limit = spend_limit
        self.withheld = ""
        """Why a call was not made, in words; empty where all were."""

    def affords(self, most: ResourceUsage) -> bool:
        """See `agents.run.budget_guard.BudgetGuard.affords`."""
        tokens, usd = most.tokens_in + most.tokens_out, most.usd
        if self._spend_limit.tokens is not None and tokens > self._spend_limit.tokens:
            self.withheld = (
                f"{max(0, self._spend_limit.tokens):,} tokens are left,"
                f" and a call may take {tokens:,}"
            )
        elif self._spend_limit.usd is not None and usd > self._spend_limit.usd:
            self.withheld = (
                f"{max(0.0, self._spend_limit.usd):.4f} dollars are left,"
                f" and a call may cost {usd:.4f}"
            )
        else:
            return True
        return False

    def charge(self, used: ResourceUsage) -> None:
        """See `agents.run.budget_guard.BudgetGuard.charge`."""
        tokens, usd = self._spend_limit
        self._spend_limit = SpendLimit(
            None if tokens is None else tokens - used.tokens_in - used.tokens_out,
            None if usd is None else usd - used.usd,
        )


class RoundBench(SpendTracker):
    """See `agents.search.bench_protocol.Bench`.

    Args:
        arena: the search set.
        number: the round.
        slot: the proposer's slot; its chance depends on it.
        state: what the proposer left in the round before.
        known: programs that it played in earlier rounds, as `source_mark` names them, which cost
            nothing.
        allowance: programs that it may play.
        spend_limit: what language models may cost.
        tries: programs that may be written for each proposal.
        is_out_of_time: whether a limit was reached.
        check_interrupt: raises where an interrupt was requested.
        tell: adds progress to the event log.
        best: the best candidate so far.
    """

    def __init__(
        self,
        arena: Arena,
        number: int,
        slot: str,
        *,
        state: bytes | None,
        known: set[str],
        allowance: int,
        spend_limit: SpendLimit = SpendLimit(),  # noqa: B008 - it is immutable
        tries: int = 1,
        is_out_of_time: Callable[[], bool],
        check_interrupt: Callable[[], None],
        tell: Callable[..., None],
        best: Incumbent | None = None,
    ):
        self._arena = arena
        self._shown = arena.split(number).shown
        self.random = Random(f"{arena.request.seed}/{number}/{slot}")
        self.state = state
        self._known = known
        self._allowance = allowance
        self._setting_seeds = 0
        self._best = best
        super().__init__(spend_limit)
        self.tries = tries
        self._is_out_of_time = is_out_of_time
        self._check_interrupt = check_interrupt
        self._tell = tell
        self._worths: dict[tuple[str, bool], ProgramScore | None] = {}
        self.played: list[str] = []
        """The programs that were played for the first time, as `source_mark` names them."""

    @property
    def allowance(self) -> int:
        """Programs that may still be played."""
        return self._allowance

    @property
    def most(self) -> int:
        """The most programs that may be put forward."""
        return self._arena.request.per_round

    @property
    def language(self) -> ControllerLanguage:
        """What language models and agents are to write in."""
        return self._arena.request.language

    @property
    def free_knobs(self) -> bool:
        """Whether programs are to have free knobs."""
        return self._arena.request.free_knobs

    def play(
        self,
        sources: Sequence[str],
        *,
        thorough: bool = False,
        language: ControllerLanguage = ControllerLanguage.RHEO,
    ) -> list[ProgramScore | None]:
        """See `agents.search.bench_protocol.Bench.play`."""
        self._check_interrupt()
        wanted = []
        for source in dict.fromkeys(sources):
            if (source, thorough) in self._worths or not self._may_play(source, thorough=thorough):
                continue
            wanted.append(source)
        found = self._arena.screen(wanted, self._shown, thorough=thorough, language=language)
        for source, worth in zip(wanted, found, strict=True):
            self._worths[source, thorough] = worth
        return [self._worths.get((source, thorough)) for source in sources]

    def play_settings(
        self, source: str, settings: Sequence[Knobs], seeds: range
    ) -> SettingFigures | None:
        """See `agents.search.bench_protocol.Bench.play_settings`."""
        self._check_interrupt()
        wanted = len(settings) * len(seeds)
        if wanted > self.setting_allowance:
            return None
        unit = self._setting_unit
        before, self._setting_seeds = self._setting_seeds, self._setting_seeds + wanted
        for number in range(before // unit, self._setting_seeds // unit):
            self._allowance -= 1
            self.played.append(f"{source_mark(source)}#{number + 1}")
        return self._arena.play_settings(source, settings, seeds, self._shown)

    @property
    def setting_allowance(self) -> int:
        """See `agents.search.bench_protocol.Bench.setting_allowance`."""
        unit = self._setting_unit
        return max(0, self._allowance * unit + unit - 1 - self._setting_seeds % unit)

    @property
    def _setting_unit(self) -> int:
        """Settings times seeds that count as one program: those of a screened program."""
        request = self._arena.request
        return len(thin_betas(request.betas)) * request.screening

    def score_settings(self, figures: SettingFigures) -> CurveScore:
        """See `agents.search.bench_protocol.Bench.score_settings`."""
        return self._arena.scorer.score_figures(figures, self._shown)

    def list_references(self) -> list[tuple[str, ProgramScore]]:
        """See `agents.search.bench_protocol.Bench.list_references`."""
        found = []
        if self._best is not None:
            score = self._arena.screen(
                [self._best.source], self._shown, thorough=True, language=self._best.language
            )[0]
            if score is not None:
                found.append((self._best.name, score))
        name = self._arena.best_baseline
        measured = [self._arena.baselines[name][at] for at in self._shown.recordings]
        return [*found, (name, self._arena.scorer.worth(measured, self._shown))]

    def compare(
        self,
        source: str,
        other: str | None = None,
        *,
        language: ControllerLanguage = ControllerLanguage.RHEO,
    ) -> ProgramComparison:
        """See `agents.search.bench_protocol.Bench.compare`."""
        self._check_interrupt()
        if other is None and self._best is not None and self._best.language is language:
            other = self._best.source
        for each in (source, other):
            if each is not None and not self._may_play(each, thorough=True):
                raise InputError("no programs are left to play in this round")
        found = self._arena.compare(source, other, self._shown, language)
        if found is None:
            raise InputError("it cannot be played")
        return found

    def describe_base_rates(self) -> str:
        """See `agents.search.bench_protocol.Bench.describe_base_rates`."""
        recordings = open_shown_recordings(self._arena, self._shown)
        return describe_evidence(recordings)[0].text

    @property
    def starting_programs(self) -> Sequence[StartingProgram]:
        """See `agents.search.bench_protocol.Bench.starting_programs`."""
        return self._arena.request.starting_programs or load_seeds()

    @property
    def betas(self) -> Sequence[float]:
        """See `agents.search.bench_protocol.Bench.betas`."""
        return self._arena.request.betas

    @property
    def labels(self) -> list[str]:
        """See `agents.search.bench_protocol.Bench.labels`."""
        return [self._arena.recordings[place].label for place in self._shown.recordings]

    def profile(
        self, source: str, beta: float, language: ControllerLanguage = ControllerLanguage.RHEO
    ) -> str:
        """See `agents.search.bench_protocol.Bench.profile`."""
        self._check_interrupt()
        if not self._may_play(f"{source}@{beta:g}", thorough=False):
            raise InputError("no programs are left to play in this round")
        return profile_lines(self._arena, self._shown, source, beta, language)

    def _may_play(self, source: str, *, thorough: bool) -> bool:
        """Take a program out of the allowance, if it is new and there is some left."""
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

    def tell(self, says: str, **data: object) -> None:
        """See `agents.run.budget_guard.BudgetGuard.tell`."""
        self._tell(says, **data, played=len(self.played))
