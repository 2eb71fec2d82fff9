"""Benchmark runs of proposers on simulated pipelines, and files of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import msgspec

from agents.allocation.proposers.registry import TRIAL_PROPOSER_NAMES
from harness.errors import InputError
from store.decode_errors import DECODE_ERRORS, describe_decode_error

NEAR_OPTIMUM = 0.99
"""Fraction of the optimum that counts as found."""

AblationSetting = Literal["", "sizes", "saturation", "coupling"]
"""Property that is removed from the simulated pipeline; empty if none is."""

ABLATION_SETTINGS: tuple[AblationSetting, ...] = get_args(AblationSetting)
"""Settings in display order."""


class BenchmarkRun(msgspec.Struct, frozen=True, kw_only=True):
    """One proposer on one simulated pipeline."""

    proposer: str
    seed: int
    without: AblationSetting
    optimum: float
    curve: list[float]
    """Best score so far as a fraction of the optimum, trial by trial."""
    spent: list[float]
    """Cost of the trials so far in trial budgets, trial by trial."""

    def __post_init__(self) -> None:
        if self.proposer not in TRIAL_PROPOSER_NAMES:
            raise ValueError(f"unknown proposer {self.proposer!r}")
        if not 0 < len(self.curve) == len(self.spent):
            raise ValueError("curve and spent need a figure for each trial, and at least one")

    def after(self, trials: int) -> float:
        """Return the best so far after some trials; an exhausted space keeps its last value."""
        return self.curve[min(trials, len(self.curve)) - 1]

    @property
    def until(self) -> int | None:
        """Return the trials until nearly the optimum; ``None`` if it was not found."""
        return next(
            (number for number, score in enumerate(self.curve, 1) if score >= NEAR_OPTIMUM), None
        )


def read_benchmark_runs(paths: Sequence[Path]) -> list[BenchmarkRun]:
    """Read runs from files, ordered by setting, proposer and seed.

    Raises:
        InputError: A line is no valid run, or a run occurs twice.
    """
    runs: dict[tuple[int, int, int], BenchmarkRun] = {}
    for path in paths:
        for number, line in enumerate(path.read_bytes().splitlines(), start=1):
            try:
                run = msgspec.json.decode(line, type=BenchmarkRun)
            except DECODE_ERRORS as problem:
                reason = describe_decode_error(problem)
                raise InputError(f"{path}, line {number}: not a benchmark run: {reason}") from None
            key = (
                ABLATION_SETTINGS.index(run.without),
                TRIAL_PROPOSER_NAMES.index(run.proposer),
                run.seed,
            )
            if runs.setdefault(key, run) is not run:
                raise InputError(
                    f"{path}, line {number}: {run.proposer} on seed {run.seed} occurs twice"
                )
    return [runs[key] for key in sorted(runs)]


def setting_title(without: AblationSetting) -> str:
    """Describe a setting."""
    return f"without {without}" if without else "all observations"
