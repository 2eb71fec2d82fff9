"""The benchmark: one controller played in several ways over the same cells, side by side.

The controller is CMC of the library. A *cell* is one recording at one β. Each contender runs in a
process of its own, on one core, and its time is that which the processor spent on it, so that other
work on the machine hardly shows. What the contenders compute is compared, episode by episode: a
fast wrong answer is no result.
"""

from pathlib import Path
from typing import Literal, get_args

import msgspec

ContenderName = Literal["minimal", "compiled", "interpreter", "plain", "foreign"]

CONTENDER_NAMES: tuple[ContenderName, ...] = get_args(ContenderName)
"""The contenders: a pass that reads and decides nothing, both engines, plain Python, and, where one
is named, a controller in another language that plays as CMC does."""

SLOW_CONTENDERS = frozenset({"interpreter", "plain", "foreign"})
"""Contenders that play the first seeds only, unless told otherwise."""


class ContenderTask(msgspec.Struct, frozen=True, kw_only=True):
    """What one contender is to do."""

    contender: ContenderName
    recordings: tuple[Path, ...]
    betas: tuple[float, ...]
    seeds: int
    """Plays the seeds from 0 to below this."""
    compared: int
    """Of them, those whose episodes are compared."""
    foreign: Path | None = None
    """The file of the controller in another language."""
    repeats: int
    """How often the whole is played; the least time counts."""


class CellResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the compared seeds of one cell."""

    recording: str
    """The recording's digest."""
    beta: float
    accuracy: float
    """Percent."""
    cost: int
    """Tokens for each question."""
    digest: str
    """Of whether each episode was right and of its tokens: equal where all episodes are."""


class CompilationTimes(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds of the processor that the compilation of the program took, the least of several."""

    translate: float
    """From the checked program to the text of LLVM."""
    generate: float
    """From there to machine code."""
    load: float
    shared: float
    """Once for a machine: the kernels that all programs share, from text to loaded code."""


class ContenderMeasurement(msgspec.Struct, frozen=True, kw_only=True):
    """What one contender took and gave."""

    contender: ContenderName
    episodes: int
    reads: int
    """Intervals that the episodes paid for: tokens // Δ of each, summed."""
    seconds: list[float]
    """Of the processor, for each repeat."""
    elapsed: list[float] = []
    """Of the clock, for each repeat: what runs in other processes counts here."""
    peak: int
    """The most memory that the process held, in bytes."""
    cells: list[CellResult]
    """Empty for the pass that decides nothing."""
    compilation: CompilationTimes | None = None

    @property
    def per_read(self) -> float:
        """Nanoseconds for one read, at the best repeat."""
        return min(self.seconds) * 1e9 / self.reads if self.reads else 0.0
