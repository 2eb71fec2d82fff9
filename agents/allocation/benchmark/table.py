"""Summarise the output of `agents.allocation.benchmark` as the table of docs/allocation.md.

``python -m agents.allocation.benchmark.table LINES.jsonl ...`` reads the runs of one or more files
and writes a row for each proposer and setting: the best so far in percent of the optimum after
several numbers of trials, with a 95 % interval over seeds; and the median and quartiles of the
trials until nearly the optimum, where a run that did not find it counts as longer than any other.
"""

import sys
from collections.abc import Sequence
from itertools import groupby
from math import inf, sqrt
from pathlib import Path
from statistics import mean, stdev

from agents.allocation.benchmark.benchmark_runs import (
    BenchmarkRun,
    read_benchmark_runs,
    setting_title,
)
from agents.allocation.results import Z_95

TRIAL_COUNTS = (10, 20, 50)
"""Numbers of trials at which the best so far is shown."""


def format_row(runs: Sequence[BenchmarkRun]) -> str:
    """Format the row of one proposer in one setting."""
    parts = [_interval([100 * run.after(count) for run in runs]) for count in TRIAL_COUNTS]
    until = sorted(inf if run.until is None else float(run.until) for run in runs)
    low, middle, high = (_length(_quantile(until, part)) for part in (0.25, 0.5, 0.75))
    solved = sum(trials < inf for trials in until)
    cells = [
        setting_title(runs[0].without), f"`{runs[0].proposer}`", str(len(runs)), *parts,
        f"{middle} ({low}–{high})", f"{solved} of {len(runs)}",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _interval(values: Sequence[float]) -> str:
    if len(values) < 2:
        return f"{values[0]:.1f}"
    return f"{mean(values):.1f} ± {Z_95 * stdev(values) / sqrt(len(values)):.1f}"


def _quantile(ordered: Sequence[float], part: float) -> float:
    """Interpolate a quantile; it is unknown beyond the last known value."""
    position = part * (len(ordered) - 1)
    low, high = ordered[int(position)], ordered[min(int(position) + 1, len(ordered) - 1)]
    share = position - int(position)
    return low if share == 0 else inf if high == inf else low + share * (high - low)


def _length(trials: float) -> str:
    return f">{TRIAL_COUNTS[-1]}" if trials == inf else f"{trials:g}"


def main(paths: Sequence[str]) -> None:
    """Print the rows for the given files."""
    runs = read_benchmark_runs([Path(path) for path in paths])
    for _, group in groupby(runs, key=lambda run: (run.without, run.proposer)):
        sys.stdout.write(f"{format_row(list(group))}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
