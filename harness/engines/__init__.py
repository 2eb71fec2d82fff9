"""Engines play a program over a whole recording.

The interpreter defines the semantics; every engine returns its results to the last bit.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from dsl.checker import CheckedProgram
from dsl.source import Source
from harness.errors import InputError
from harness.mdp.environment import ReplayEnvironment
from harness.mdp.episodes import EpisodeArrays
from harness.mdp.hindsight import HindsightArrays
from harness.mdp.replay import Replay


class ControllerSetting(NamedTuple):
    """The setting at which a program is played."""

    beta: float | None = None
    """``None`` for a program that does not follow β."""
    knobs: Mapping[str, int | float] = {}
    """Free knobs that are not at their defaults."""


class EpisodeRules(NamedTuple):
    """Rules of every episode."""

    budget: int | None = None
    """B in tokens, ``None`` for no limit."""
    probe_cost: int = 0
    """κ in tokens."""


class LineCounts(NamedTuple):
    """Executions and tokens of each source line, over all episodes; index 0 is unused."""

    runs: NDArray[np.int64]
    """(lines + 1,) how often the first statement on the line ran."""
    tokens: NDArray[np.int64]
    """(lines + 1,) tokens that its verbs were charged."""


class ReplayEngine(Protocol):
    """Play every question under every seed."""

    @property
    def name(self) -> str:
        """The name and version that results are cached under."""
        ...

    def play(
        self,
        checked: CheckedProgram,
        setting: ControllerSetting,
        replay_environment: ReplayEnvironment,
        seeds: Sequence[int],
        rules: EpisodeRules = EpisodeRules(),  # noqa: B008 - it is immutable
        counts: LineCounts | None = None,
        hindsight: HindsightArrays | None = None,
    ) -> EpisodeArrays:
        """Play every question under every seed.

        Args:
            checked: The program.
            setting: β and the free knobs that are set.
            replay_environment: The recording.
            seeds: Seeds of every question.
            rules: Budget and cost of a probe.
            counts: Counts of each source line, added to in place; ``None`` to count nothing.
            hindsight: Hindsight of each episode, filled in; ``None`` to compute none.

        Returns:
            The results of all episodes.

        Raises:
            SettingsError: The setting does not fit the program.
            InputError: The recording lacks something that the program needs.
        """
        ...


class EpisodeFailed(InputError):
    """A program in another language failed in an episode.

    Args:
        problem: The full error, including the program's own output.
        reason: The error without that output, which could contain what was revealed to the program.
    """

    def __init__(
        self, problem: str, reason: str = ""
    ):  # unpickling in another process passes one argument only
        super().__init__(problem)
        self.reason = reason


class ForeignEngine(Protocol):
    """Play programs in a language other than Rheo."""

    def play(
        self,
        source: Source,
        setting: ControllerSetting,
        replay_environment: ReplayEnvironment,
        seeds: Sequence[int],
        rules: EpisodeRules = EpisodeRules(),  # noqa: B008 - it is immutable
        counts: LineCounts | None = None,
    ) -> EpisodeArrays:
        """Play every question under every seed.

        Args:
            source: The controller.
            setting: β; there are no knobs.
            replay_environment: The recording.
            seeds: Seeds of every question.
            rules: Budget and cost of a probe.
            counts: Counts of each source line, added to in place; ``None`` to count nothing.

        Returns:
            The results of all episodes.

        Raises:
            InputError: The program cannot be used.
            EpisodeFailed: It failed in an episode.
            ExternalError: The runtime of the language is not available.
        """
        ...

    def trace(
        self,
        source: Source,
        beta: float | None,
        replay: Replay,
    ) -> None:
        """Play one episode in the caller's replay, which may have a trace.

        Args:
            source: The controller.
            beta: The value of β.
            replay: A new episode over a recorded question.

        Raises:
            InputError: The program cannot be used.
            EpisodeFailed: It failed.
            ExternalError: The runtime of the language is not available.
        """
        ...

    def close(self) -> None:
        """Release the resources that are kept between plays."""
        ...


def empty_counts(source: Source) -> LineCounts:
    """Return zero counts for one program."""
    size = source.lines + 1
    return LineCounts(np.zeros(size, np.int64), np.zeros(size, np.int64))
