"""Plot the output of `agents.allocation.benchmark`, for docs/allocation.md.

``python -m agents.allocation.benchmark.figure LINES.jsonl ... -o FILE.svg`` plots, for each
setting, the best so far of every proposer in percent of the optimum, against trials and against
their cost: the mean over seeds with its 95 % interval.
"""

import argparse
import sys
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import groupby
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from agents.allocation.benchmark.benchmark_runs import (
    ABLATION_SETTINGS,
    BenchmarkRun,
    read_benchmark_runs,
    setting_title,
)
from agents.allocation.proposers.registry import TRIAL_PROPOSER_NAMES
from agents.allocation.results import Z_95

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

_COLOURS = dict(
    zip(TRIAL_PROPOSER_NAMES, ("#e8590c", "#1c7ed6", "#868e96", "#2f9e44"), strict=True)
)
_STYLES = dict(zip(TRIAL_PROPOSER_NAMES, ("-", "--", ":", "-."), strict=True))
_PANEL = (3.7, 2.4)
_FOOT = 5
"""A row's axis begins at a multiple of this many percent, below every mean in it."""


class MeanCurve(NamedTuple):
    """A mean over seeds, in percent of the optimum."""

    x: Sequence[float]
    mean: "NDArray[np.float64]"
    error: "NDArray[np.float64]"
    """Half-width of the 95 % interval; 0 for a single run."""


def curve_by_trials(runs: Sequence[BenchmarkRun]) -> MeanCurve:
    """Return the best so far after 1, 2, ... trials; an exhausted space keeps its last value."""
    longest = max(len(run.curve) for run in runs)
    return _mean_over_runs(runs, range(1, longest + 1), lambda run, trial: run.after(int(trial)))


def curve_by_cost(runs: Sequence[BenchmarkRun]) -> MeanCurve:
    """Return the best so far by total cost, in trial budgets.

    The curve begins where every run has a trial, and ends where a run of full length has no more.
    """
    longest = max(len(run.curve) for run in runs)
    begin = max(run.spent[0] for run in runs)
    end = min(run.spent[-1] for run in runs if len(run.curve) == longest)
    quarters = range(int(4 * begin) + 1, int(4 * end) + 1)
    positions = [begin, *(quarter / 4 for quarter in quarters)]
    return _mean_over_runs(
        runs, positions, lambda run, cost: run.after(bisect_right(run.spent, cost))
    )


def _mean_over_runs(
    runs: Sequence[BenchmarkRun],
    positions: Sequence[float],
    best: Callable[[BenchmarkRun, float], float],
) -> MeanCurve:
    values = 100 * np.array([[best(run, position) for position in positions] for run in runs])
    spread = values.std(axis=0, ddof=1) if len(runs) > 1 else np.zeros(len(positions))
    return MeanCurve(list(positions), values.mean(axis=0), Z_95 * spread / sqrt(len(runs)))


def draw_figure(runs: Sequence[BenchmarkRun], path: Path) -> None:
    """Plot two panels for each setting and write the figure."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    settings = [
        setting for setting in ABLATION_SETTINGS if any(run.without == setting for run in runs)
    ]
    style: dict[Any, Any] = {"svg.hashsalt": "rheostat", "axes.labelsize": 9, "font.size": 9}
    with mpl.rc_context(style):
        # White background: the figure is used on pages of any colour.
        figure = Figure((2 * _PANEL[0], len(settings) * _PANEL[1] + 0.4), layout="constrained")
        rows = figure.subplots(len(settings), 2, sharey="row", squeeze=False)
        for without, (by_trials, by_cost) in zip(settings, rows, strict=True):
            setting_runs = [run for run in runs if run.without == without]
            lowest = 100.0
            for name, group in groupby(setting_runs, key=lambda run: run.proposer):
                own_runs = list(group)
                for panel, curve in (
                    (by_trials, curve_by_trials(own_runs)),
                    (by_cost, curve_by_cost(own_runs)),
                ):
                    _draw_panel(panel, curve, name)
                    lowest = min(lowest, float(curve.mean.min()))
            by_trials.set_title(setting_title(without), loc="left", fontsize=10)
            by_trials.set_ylabel("% of the optimum")
            by_trials.set_ylim(_FOOT * (lowest // _FOOT), 100.5)
        rows[-1][0].set_xlabel("trials")
        rows[-1][1].set_xlabel("cost of all trials, in budgets of one")
        legend: dict[str, Any] = {}  # a proposer need not be in the first row
        for handles, labels in (panel.get_legend_handles_labels() for panel in rows[:, 0]):
            legend |= dict(zip(labels, handles, strict=True))
        figure.legend(
            [*legend.values()], [*legend], loc="outside lower center", ncols=4, frameon=False
        )
        figure.savefig(path, format="svg", metadata={"Date": None})


def _draw_panel(panel: "Axes", curve: MeanCurve, name: str) -> None:
    colour = _COLOURS[name]
    panel.plot(curve.x, curve.mean, _STYLES[name], color=colour, linewidth=1.5, label=name)
    low, high = curve.mean - curve.error, np.minimum(curve.mean + curve.error, 100)
    panel.fill_between(curve.x, low, high, color=colour, alpha=0.13, linewidth=0)
    panel.grid(alpha=0.25, linewidth=0.5)


def main(arguments: Sequence[str]) -> None:
    """Plot the runs of files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lines", nargs="+", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args(arguments)
    draw_figure(read_benchmark_runs(options.lines), options.output)


if __name__ == "__main__":
    main(sys.argv[1:])
