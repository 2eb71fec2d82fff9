"""The seam of allocation, the *trial*: whoever proposes speaks to what plays through this alone."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from store.pipelines.records import Choice, Choices, Pipeline, Trial


class Environment(Protocol):
    """Plays allocations of one pipeline: a simulator, a record of trials, or servers."""

    @property
    def pipeline(self) -> Pipeline:
        """What it plays."""
        ...

    @property
    def kind(self) -> str:
        """``simulator``, ``record`` or ``servers``."""
        ...

    @property
    def digest(self) -> str:
        """Names what a trial's outcome depends on, by content."""
        ...

    @property
    def recorded(self) -> Mapping[Choices, float] | None:
        """The allocations that alone can be played, with their costs; ``None`` for any."""
        ...

    @property
    def governed(self) -> Sequence[Mapping[Choice, float]]:
        """For each stage the controllers that may govern it, with what they cost there."""
        ...

    def play(self, choices: Choices) -> Trial:
        """Carries out an allocation on every question.

        Raises:
            InputError: it cannot be played here; the sentence names it.
            SurroundingsError: a server does not play its part.
        """
        ...
