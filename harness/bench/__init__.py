"""The benchmark: play one controller in several ways over the same cells, and compare.

The controller is CMC of the library. A *cell* is one recording at one β. Each contender runs in a
separate process on one core. Its time is CPU time, so that other work on the machine has little
effect. The results of contenders are compared, episode by episode: a fast wrong answer is reported
as such.
"""

from pathlib import Path
from typing import Literal, get_args

import msgspec

ContenderName = Literal["minimal", "compiled", "interpreter", "plain", "foreign"]

CONTENDER_NAMES: tuple[ContenderName, ...] = get_args(ContenderName)
"""The contenders: a pass that reads and decides nothing, both engines, plain Python and, if given,
a controller in another language that is equivalent to CMC.
"""

SLOW_CONTENDERS = frozenset({"interpreter", "plain", "foreign"})
"""Contenders that play only the first seeds by default."""


class ContenderTask(msgspec.Struct, frozen=True, kw_only=True):
    """The task of one contender."""

    contender: ContenderName
    recordings: tuple[Path, ...]
    betas: tuple[float, ...]
    seeds: int
    """How many seeds it plays, from 0."""
    compared: int
    """How many of those seeds are compared."""
    foreign: Path | None = None
    """Path of the controller in another language."""
    repeats: int
    """Repeats; the minimum time counts."""


class CellResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one cell over the compared seeds."""

    recording: str
    """The recording's digest."""
    beta: float
    accuracy: float
    """Accuracy in percent."""
    cost: int
    """Tokens for each question."""
    digest: str
    """Digest of the correctness and tokens of each episode."""


class CompilationTimes(msgspec.Struct, frozen=True, kw_only=True):
    """CPU seconds to compile the program, the minimum of several runs."""

    translate: float
    """From the checked program to LLVM IR."""
    generate: float
    """From LLVM IR to machine code."""
    load: float
    shared: float
    """Once for each machine: the kernels that all programs share."""


class ContenderMeasurement(msgspec.Struct, frozen=True, kw_only=True):
    """The times and results of one contender."""

    contender: ContenderName
    episodes: int
    reads: int
    """Intervals of all episodes: the sum of tokens // Δ."""
    seconds: list[float]
    """CPU seconds of each repeat."""
    elapsed: list[float] = []
    """Wall-clock seconds of each repeat, which include work in other processes."""
    peak: int
    """Peak memory of the process, in bytes."""
    cells: list[CellResult]
    """Results by cell; empty for the pass that decides nothing."""
    compilation: CompilationTimes | None = None

    @property
    def per_read(self) -> float:
        """Nanoseconds for one read, at the best repeat."""
        return min(self.seconds) * 1e9 / self.reads if self.reads else 0.0
