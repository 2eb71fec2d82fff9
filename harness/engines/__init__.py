"""Engines: what plays a program over a whole recording.

There is one meaning, that of the interpreter; every engine gives its results to the last bit.
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
from harness.mdp.replay import Replay


class ControllerSetting(NamedTuple):
    """At what a program is played."""

    beta: float | None = None
    """``None`` for a program that does not follow β."""
    knobs: Mapping[str, int | float] = {}
    """Free knobs that are not at their defaults."""


class EpisodeRules(NamedTuple):
    """What holds for every episode."""

    budget: int | None = None
    """B in tokens, ``None`` for no bound."""
    probe_cost: int = 0
    """κ in tokens."""


class LineCounts(NamedTuple):
    """What each source line did, over all episodes; index 0 is unused."""

    runs: NDArray[np.int64]
    """(lines + 1,) how often the line ran: the first statement on it."""
    tokens: NDArray[np.int64]
    """(lines + 1,) tokens that its verbs were charged."""


class ReplayEngine(Protocol):
    """Plays every question under every seed."""

    @property
    def name(self) -> str:
        """The name and version that results are kept under."""
        ...

    def play(
        self,
        checked: CheckedProgram,
        setting: ControllerSetting,
        replay_environment: ReplayEnvironment,
        seeds: Sequence[int],
        rules: EpisodeRules = EpisodeRules(),  # noqa: B008 - it is immutable
        counts: LineCounts | None = None,
    ) -> EpisodeArrays:
        """The ends of all episodes; adds to ``counts``, where given.

        Raises:
            SettingsError: the setting does not go with the program.
            InputError: the recording lacks something that the program needs.
        """
        ...


class EpisodeFailed(InputError):
    """A program in another language failed in an episode.

    Args:
        problem: all that is known of it, the program's own words among them.
        reason: the same without these: they could carry what was revealed to it.
    """

    def __init__(self, problem: str, reason: str = ""):  # a process unpickles it without
        super().__init__(problem)
        self.reason = reason


class ForeignEngine(Protocol):
    """Plays programs in another language than Rheo, which it reads by itself."""

    def play(
        self,
        source: Source,
        setting: ControllerSetting,
        replay_environment: ReplayEnvironment,
        seeds: Sequence[int],
        rules: EpisodeRules = EpisodeRules(),  # noqa: B008 - it is immutable
        counts: LineCounts | None = None,
    ) -> EpisodeArrays:
        """The ends of all episodes; adds to ``counts``, where given.

        Raises:
            InputError: the program cannot be used.
            EpisodeFailed: it failed in an episode.
            ExternalError: what it plays in cannot be had.
        """
        ...

    def trace(
        self,
        source: Source,
        beta: float | None,
        replay: Replay,
    ) -> None:
        """Plays one episode in books that its caller made, and may have had traced.

        Raises:
            InputError: the program cannot be used.
            EpisodeFailed: it failed.
            ExternalError: what it plays in cannot be had.
        """
        ...

    def close(self) -> None:
        """Lets go of what it keeps warm between plays."""
        ...


def empty_counts(source: Source) -> LineCounts:
    """Counts of nothing, for one program."""
    size = source.lines + 1
    return LineCounts(np.zeros(size, np.int64), np.zeros(size, np.int64))
