"""The evaluations that a proposer may ask for in a round.

A proposer is given a `Bench` and a brief. The bench plays programs over the search set and counts
what that costs; it gives no access to recordings, gold answers or held-out questions.
"""

from collections.abc import Collection, Sequence
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
    """Evaluations for a proposer, over the part of the search set that the round shows."""

    @property
    def random(self) -> Random:
        """Random source of the proposer in this round."""
        ...

    @property
    def state(self) -> bytes | None:
        """State that the proposer returned in its last round; ``None`` in its first."""
        ...

    @property
    def allowance(self) -> int:
        """Number of programs that may still be played in this round."""
        ...

    @property
    def most(self) -> int:
        """Maximum number of proposals."""
        ...

    @property
    def tries(self) -> int:
        """Number of attempts for each proposal, until one has no errors."""
        ...

    @property
    def free_knobs(self) -> bool:
        """Whether programs should have free knobs in place of a schedule."""
        ...

    @property
    def labels(self) -> Sequence[str]:
        """Shown recordings, ``model/benchmark``, in the order of `ProgramScore.by_recording`."""
        ...

    @property
    def language(self) -> ControllerLanguage:
        """Language that language models and agents write controllers in."""
        ...

    def profile(
        self, source: str, beta: float, language: ControllerLanguage = ControllerLanguage.RHEO
    ) -> str:
        """Return a program with what each line does at one β; counts as one program.

        Args:
            source: Source text of the program.
            beta: Value of β.
            language: Language of the program.

        Raises:
            InputError: It cannot be played, or the allowance is used up.
        """
        ...

    def play(
        self,
        sources: Sequence[str],
        *,
        thorough: bool = False,
        language: ControllerLanguage = ControllerLanguage.RHEO,
    ) -> list[ProgramScore | None]:
        """Play programs and score them.

        Each program that was not played in this way before takes one of the allowance.

        Args:
            sources: Source texts of the programs.
            thorough: Play under the seeds of a review and at every β, and not under the screening
                seeds and at every second β.
            language: Language of the programs.

        Returns:
            Scores in order; ``None`` for a program that has errors, cannot be played, or is beyond
            the allowance.
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

        Each program that was not played in this way before takes one of the allowance.

        Args:
            source: Source text of the program.
            other: Source text of the other; by default the best candidate so far, or the best
                baseline.
            language: Language of the programs.

        Raises:
            InputError: A program cannot be played, or the allowance is used up.
        """
        ...

    def describe_base_rates(self) -> str:
        """Describe how often the leader is right, by evidence; see `agents.feedback.evidence`."""
        ...

    @property
    def starting_programs(self) -> Sequence[StartingProgram]:
        """Programs that the search starts from."""
        ...

    @property
    def signals(self) -> Collection[str]:
        """The named signals that every recording of the search set declares and has."""
        ...

    @property
    def betas(self) -> Sequence[float]:
        """Values of β at which programs are played."""
        ...

    def seeds(self, *, thorough: bool) -> range:
        """Return the seeds of a review, or those of screening."""
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
