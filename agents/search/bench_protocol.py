"""The evaluations that a proposer may ask for in a round.

A proposer is given a `Bench` and a brief. The bench plays programs over the search set and counts
what that costs; it gives no access to recordings, gold answers or held-out questions.
"""

from collections.abc import Sequence
from random import Random
from typing import Protocol

from agents.run.budget_guard import BudgetGuard
from agents.run.records import ControllerLanguage, StartingProgram
from agents.search.measurements import (
    CurveScore,
    ProgramComparison,
    ProgramScore,
    SettingFigures,
)
from agents.search.player_pool import Knobs


class Bench(BudgetGuard, Protocol):
    """What a proposer may do: play programs over what this round shows it of the search set."""

    @property
    def random(self) -> Random:
        """The round's source of chance, the proposer's own."""
        ...

    @property
    def state(self) -> bytes | None:
        """What the proposer left in the round before, ``None`` in its first."""
        ...

    @property
    def allowance(self) -> int:
        """Programs that it may still play in this round."""
        ...

    @property
    def most(self) -> int:
        """The most programs that it may put forward."""
        ...

    @property
    def tries(self) -> int:
        """Programs that it may write for each that it puts forward, until one checks."""
        ...

    @property
    def free_knobs(self) -> bool:
        """Whether programs are to have free knobs in place of a schedule."""
        ...

    @property
    def labels(self) -> Sequence[str]:
        """The recordings that the round shows, ``model/benchmark``, in the order of `Worth`."""
        ...

    @property
    def language(self) -> ControllerLanguage:
        """What language models and agents are to write in."""
        ...

    def profile(
        self, source: str, beta: float, language: ControllerLanguage = ControllerLanguage.RHEO
    ) -> str:
        """Return a program with what each line does at one β, as text; takes one of the allowance.

        Raises:
            InputError: it cannot be played, or none is left.
        """
        ...

    def play(
        self,
        sources: Sequence[str],
        *,
        thorough: bool = False,
        language: ControllerLanguage = ControllerLanguage.RHEO,
    ) -> list[ProgramScore | None]:
        """Plays programs, in order; ``None`` where one does not check or cannot be played.

        Each program that was not played so before takes one of the allowance; those beyond it are
        not played and give ``None``.

        Args:
            sources: the programs.
            thorough: under as many seeds as a review, and at every β, which tells apart what a
                first look does not; else under few seeds and at every second β.
            language: that they are written in.
        """
        ...

    def list_references(self) -> list[tuple[str, ProgramScore]]:
        """Return the best candidate so far, if any, and the best baseline, on the shown part."""
        ...

    def compare(
        self,
        source: str,
        other: str | None = None,
        *,
        language: ControllerLanguage = ControllerLanguage.RHEO,
    ) -> ProgramComparison:
        """Compare a program question by question, with the seeds of a review.

        Each program that was not played so before takes one of the allowance.

        Args:
            source: Source text of the program.
            other: Source text of the other; by default the best candidate so far, or the best
                baseline.
            language: Language of the programs.

        Raises:
            InputError: A program cannot be played, or none is left.
        """
        ...

    def describe_base_rates(self) -> str:
        """Describe what evidence is worth on the shown part; see `agents.feedback.evidence`."""
        ...

    @property
    def starting_programs(self) -> Sequence[StartingProgram]:
        """Programs that the search starts from."""
        ...

    @property
    def betas(self) -> Sequence[float]:
        """Values of β at which programs are played."""
        ...

    @property
    def setting_allowance(self) -> int:
        """Settings times seeds that may still be played in this round."""
        ...

    def play_settings(
        self, source: str, settings: Sequence[Knobs], seeds: range
    ) -> SettingFigures | None:
        """Play settings of a program with free knobs over what the round shows.

        As many settings under as many seeds as a screened program has count as one program of the
        allowance.

        Args:
            source: Source text of the program.
            settings: Value of every free knob, by name.
            seeds: Consecutive seeds; any seeds may be used, not only those of a review.

        Returns:
            Figures of each setting, or ``None`` if the allowance does not suffice.

        Raises:
            InputError: The program cannot be played.
        """
        ...

    def score_settings(self, figures: SettingFigures) -> CurveScore:
        """Score a curve whose points are settings in the order of β."""
        ...
