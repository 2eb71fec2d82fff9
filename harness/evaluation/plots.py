"""Pictures of swept controllers: accuracy over tokens, in a terminal and as SVG.

Both are made from rows and from nothing else; equal rows give equal bytes. Tokens are drawn on a
logarithmic scale, controllers in the order of the rows.
"""

import io
import math
from collections.abc import Sequence
from itertools import cycle
from typing import TYPE_CHECKING, NamedTuple

from harness.evaluation.sweep import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKERS = "●▲■◆○△□◇"
"""The signs of the controllers in a terminal, in turn."""

_COLUMNS, _LINES = 76, 18
_PANEL = (4.6, 3.4)
"""Inches of one panel of the SVG."""


class Series(NamedTuple):
    """One controller on one recording, its points by cost."""

    controller: str
    rows: Sequence[Row]


def series(rows: Sequence[Row], recording: str) -> list[Series]:
    """The series of one recording, in the order of the rows."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row.recording == recording:
            found.setdefault(row.controller, []).append(row)
    return [
        Series(controller, sorted(each, key=lambda row: (row.cost, row.accuracy)))
        for controller, each in found.items()
    ]


def in_terminal(rows: Sequence[Row], recording: str, *, width: int = _COLUMNS) -> str:
    """The curves of one recording in characters, without colours.

    Args:
        rows: of a sweep.
        recording: whose rows to draw.
        width: columns to fill.
    """
    import plotext

    figure = plotext.figure
    figure.clear()
    figure.theme("colorless")
    figure.plot_size(width, _LINES)
    drawn = series(rows, recording)
    for each in drawn:
        figure.draw(figure.signal(*_places(each), marker="·").lines())
    for each, marker in zip(drawn, cycle(MARKERS), strict=False):
        figure.draw(figure.signal(*_places(each), marker=marker))
    costs = [row.cost for each in drawn for row in each.rows]
    accuracies = [row.accuracy for each in drawn for row in each.rows]
    ticks, levels = _ticks(costs), _levels(accuracies)
    # Left to itself, plotext widens some ranges beyond all points.
    figure.ruler("x").lim(*_range([_log(cost) for cost in costs]))
    figure.ruler("y").lim(*_range(accuracies))
    figure.ruler("x").ticks([_log(tick) for tick in ticks], [_short(tick) for tick in ticks])
    figure.ruler("y").ticks(levels, [f"{level:g}" for level in levels])
    text = plotext.uncolorize(str(figure.build()))
    figure.clear()
    # Beside the canvas, where it can hide no point.
    legend = "  ".join(
        f"{marker} {each.controller}" for each, marker in zip(drawn, cycle(MARKERS), strict=False)
    )
    lines = [f"accuracy, %, over tokens for each question: {recording}", *text.splitlines(), legend]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def svg(rows: Sequence[Row]) -> bytes:
    """A panel for each recording: points with their intervals of 95 %, joined by cost."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    recordings = list(dict.fromkeys(row.recording for row in rows))
    across = min(2, len(recordings))
    down = -(-len(recordings) // across)
    # The ids of an SVG are salted by chance, and its head has the date, unless one says otherwise.
    with mpl.rc_context({"svg.hashsalt": "rheostat", "svg.fonttype": "none"}):
        figure = Figure(figsize=(_PANEL[0] * across, _PANEL[1] * down), layout="constrained")
        panels = figure.subplots(down, across, squeeze=False).ravel()
        for panel, recording in zip(panels, recordings, strict=False):
            _draw(panel, rows, recording)
        for panel in panels[len(recordings) :]:
            panel.set_visible(False)
        written = io.BytesIO()
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": "rheostat"})
    return written.getvalue()


def _draw(panel: "Axes", rows: Sequence[Row], recording: str) -> None:
    from matplotlib.ticker import FuncFormatter, NullFormatter

    for each in series(rows, recording):
        middle = [row.accuracy for row in each.rows]
        # Rounded to two decimals, an end may pass its middle by a hair.
        below = [max(0.0, row.accuracy - row.accuracy_low) for row in each.rows]
        above = [max(0.0, row.accuracy_high - row.accuracy) for row in each.rows]
        panel.errorbar(
            [max(row.cost, 1) for row in each.rows], middle, yerr=[below, above],
            marker="o", markersize=3.5, linewidth=1.2, elinewidth=0.6, capsize=1.5,
            label=each.controller,
        )  # fmt: skip
    panel.set_xscale("log")
    ticks = _ticks([row.cost for row in rows if row.recording == recording])
    panel.set_xticks(ticks)
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(round(value))))
    panel.xaxis.set_minor_formatter(NullFormatter())
    panel.set_title(recording, fontsize=10)
    panel.set_xlabel("tokens for each question")
    panel.set_ylabel("accuracy, %")
    panel.grid(alpha=0.25, linewidth=0.5)
    panel.legend(fontsize=8, frameon=False, loc="lower right")


def _places(each: Series) -> tuple[list[float], list[float]]:
    return [_log(row.cost) for row in each.rows], [row.accuracy for row in each.rows]


def _ticks(costs: Sequence[int]) -> list[int]:
    """1, 2 and 5 times the powers of ten inside the range; its ends, where there is none."""
    low, high = max(min(costs), 1), max(*costs, 1)
    powers = range(len(str(high)))
    inside = [
        first * 10**power for power in powers for first in (1, 2, 5)
        if low <= first * 10**power <= high
    ]  # fmt: skip
    return inside or sorted({low, high})


def _levels(accuracies: Sequence[float]) -> list[float]:
    """About five round values inside the range; its ends, where there is none."""
    low, high = min(accuracies), max(accuracies)
    steps = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20)
    step = next((step for step in steps if (high - low) / step <= 6), steps[-1])
    inside = range(math.ceil(low / step), math.floor(high / step) + 1)
    return [round(index * step, 2) for index in inside] or sorted({low, high})


def _range(values: Sequence[float]) -> tuple[float, float]:
    """The ends of an axis: those of the values, or something around the only one."""
    low, high = min(values), max(values)
    return (low, high) if low < high else (low - 1, high + 1)


def _short(tokens: int) -> str:
    """A number of tokens in a few characters: ``500``, ``20k``, ``1.5M``, ``422T``."""
    if tokens < 10_000:
        return str(tokens)
    for unit, size in (("k", 1e3), ("M", 1e6), ("G", 1e9)):
        if tokens < 999.5 * size:
            return f"{tokens / size:.3g}{unit}"
    return f"{tokens / 1e12:,.0f}T" if tokens >= 9.995e13 else f"{tokens / 1e12:.3g}T"


def _log(tokens: int) -> float:
    return math.log10(max(tokens, 1))
