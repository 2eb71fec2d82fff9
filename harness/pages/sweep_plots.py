"""Plots of swept controllers: accuracy over tokens, in a terminal and as SVG.

Both depend on the rows only; equal rows give equal bytes. Tokens are on a logarithmic scale,
controllers in the order of the rows.
"""

import io
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import cycle
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.evaluation.canvas import Canvas, CanvasError, Curve, draw_canvas
from harness.evaluation.cost_axis import CostAxis, get_cost
from harness.evaluation.curve_styles import curve_style, finite, plot_text
from harness.evaluation.sweep import SweepRow
from harness.messages import format_tokens

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = "●▲■◆○△□◇"
"""The markers of controllers in a terminal, used in turn."""

_COLUMNS, _LINES = 76, 18
_NARROWEST = 20
_PANEL = (4.6, 3.4)
"""Size of one panel of the SVG, in inches."""
_INSIDE = 6
"""The most names of a legend inside a panel; more would hide curves, and are beside it."""


class Series(NamedTuple):
    """One controller on one recording, with its points by cost."""

    controller: str
    rows: Sequence[SweepRow]


def collect_series(
    rows: Sequence[SweepRow], recording: str, axis: CostAxis = CostAxis.TOKENS
) -> list[Series]:
    """Return the series of one recording, in the order of the rows.

    Args:
        rows: The rows of a sweep.
        recording: The recording.
        axis: The cost by which points are sorted.
    """
    series: dict[str, list[SweepRow]] = {}
    for row in rows:
        if row.recording == recording:
            series.setdefault(row.controller, []).append(row)
    return [
        Series(controller, sorted(points, key=lambda row: (get_cost(row, axis), row.accuracy)))
        for controller, points in series.items()
    ]


def plot_in_terminal(
    rows: Sequence[SweepRow],
    recording: str,
    *,
    width: int = _COLUMNS,
    axis: CostAxis = CostAxis.TOKENS,
) -> str:
    """Return the curves of one recording in characters, without colours.

    A plot that cannot be drawn is replaced by a line with the reason, so that no result is lost.

    Args:
        rows: The rows of a sweep.
        recording: The recording to draw.
        width: Columns to fill; independent of the terminal.
        axis: The cost over which accuracy is drawn.
    """
    plotted = [
        (plot_text(series.controller), points)
        for series in collect_series(rows, recording, axis)
        if (points := finite(zip(*_coordinates(series, axis), strict=True)))
    ]
    title = f"accuracy, %, over {axis} for each question: {plot_text(recording)}"
    if not plotted:
        return f"{title}\n(no points to plot)\n"
    markers = [marker for _, marker in zip(plotted, cycle(MARKERS), strict=False)]
    xs = [x for _, points in plotted for x, _ in points]
    ys = [y for _, points in plotted for _, y in points]
    ticks, levels = _ticks([round(10**x) for x in xs]), _levels(ys)
    canvas = Canvas(
        width=max(width, _NARROWEST),
        height=_LINES,
        curves=[
            Curve(marker, points) for marker, (_, points) in zip(markers, plotted, strict=True)
        ],
        # Set limits: by default, plotext widens some ranges beyond all points.
        x_range=_range(xs),
        y_range=_range(ys),
        x_ticks=[(_log(tick), format_tokens(tick)) for tick in ticks],
        y_ticks=[(level, f"{level:g}") for level in levels],
    )
    # Put the legend beside the canvas, where it cannot hide a point.
    legend = "  ".join(
        f"{marker} {label}" for marker, (label, _) in zip(markers, plotted, strict=True)
    )
    try:
        text = draw_canvas(canvas)
    except CanvasError as problem:
        text = f"(the plot could not be drawn: {problem})"
    return "\n".join(line.rstrip() for line in [title, *text.splitlines(), legend]) + "\n"


def render_svg(rows: Sequence[SweepRow], axis: CostAxis = CostAxis.TOKENS) -> bytes:
    """Render a panel for each recording: points with 95 % intervals, joined by cost.

    Args:
        rows: The rows of a sweep.
        axis: The cost over which accuracy is drawn.
    """
    from matplotlib.figure import Figure

    with reproducible_svg():
        figure = draw_figure(Figure(layout="constrained"), rows, axis)
        written = io.BytesIO()
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": "rheostat"})
    return written.getvalue()


def draw_figure(figure: "Figure", rows: Sequence[SweepRow], axis: CostAxis) -> "Figure":
    """Draw a panel for each recording: points with 95 % intervals, joined by cost.

    Args:
        figure: An empty figure; its size is set.
        rows: The rows of a sweep.
        axis: The cost over which accuracy is drawn.

    Returns:
        The figure.
    """
    recordings = list(dict.fromkeys(row.recording for row in rows))
    across = min(2, max(len(recordings), 1))
    down = max(1, -(-len(recordings) // across))
    figure.set_size_inches(_PANEL[0] * across, _PANEL[1] * down)
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for panel, recording in zip(panels, recordings, strict=False):
        _draw(panel, rows, recording, axis)
    for panel in panels[len(recordings) :]:
        panel.set_visible(False)
    return figure


@contextmanager
def reproducible_svg(style: Mapping[str, object] = MappingProxyType({})) -> Iterator[None]:
    """Return matplotlib settings under which equal figures give equal SVG.

    Without them, ids are salted at random and a name between dollar signs is parsed as a formula,
    which fails if it is invalid. Text is written as text, because the reader's machine has the
    fonts: a glyph that is missing from matplotlib's own font only makes its width an estimate, and
    needs no warning.

    Args:
        style: Additional matplotlib settings.
    """
    import matplotlib as mpl

    settings: dict[Any, Any] = {
        "svg.hashsalt": "rheostat", "svg.fonttype": "none", "text.parse_math": False, **style,
    }  # fmt: skip
    with mpl.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        yield


def _draw(panel: "Axes", rows: Sequence[SweepRow], recording: str, axis: CostAxis) -> None:
    from matplotlib.ticker import FuncFormatter, NullFormatter

    handles, labels = [], []
    for index, series in enumerate(collect_series(rows, recording, axis)):
        middle = [row.accuracy for row in series.rows]
        # After rounding to two decimals, an end may be slightly beyond the centre.
        below = [max(0.0, row.accuracy - row.accuracy_low) for row in series.rows]
        above = [max(0.0, row.accuracy_high - row.accuracy) for row in series.rows]
        style = curve_style(index)
        handles.append(
            panel.errorbar(
                [max(get_cost(row, axis), 1) for row in series.rows], middle, yerr=[below, above],
                color=style.colour, marker=style.marker, linestyle=style.dash,
                markersize=3.5, linewidth=1.2, elinewidth=0.6, capsize=1.5,
            )
        )  # fmt: skip
        labels.append(plot_text(series.controller))
    panel.set_xscale("log")
    ticks = _ticks([get_cost(row, axis) for row in rows if row.recording == recording])
    panel.set_xticks(ticks)
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: format_tokens(round(value))))
    panel.xaxis.set_minor_formatter(NullFormatter())
    panel.set_title(plot_text(recording), fontsize=10, parse_math=False)
    panel.set_xlabel(f"{axis} for each question")
    panel.set_ylabel("accuracy, %")
    panel.grid(alpha=0.25, linewidth=0.5)
    # Pass handles and labels: matplotlib omits labels that begin with an underscore.
    if len(labels) > _INSIDE:
        where: dict[str, Any] = {"loc": "center left", "bbox_to_anchor": (1, 0.5)}
    else:
        where = {"loc": "lower right"}
    legend = panel.legend(handles, labels, fontsize=8, frameon=False, **where)
    for text in legend.get_texts():
        text.set_parse_math(False)


def _coordinates(series: Series, axis: CostAxis) -> tuple[list[float], list[float]]:
    costs = [_log(get_cost(row, axis)) for row in series.rows]
    return costs, [row.accuracy for row in series.rows]


def _ticks(costs: Sequence[int]) -> list[int]:
    """Return 1, 2 and 5 times the powers of ten inside the range; its ends if there is none."""
    low, high = max(min(costs), 1), max(*costs, 1)
    powers = range(len(str(high)))
    inside = [
        first * 10**power for power in powers for first in (1, 2, 5)
        if low <= first * 10**power <= high
    ]  # fmt: skip
    return inside or sorted({low, high})


def _levels(accuracies: Sequence[float]) -> list[float]:
    """Return about five round values inside the range; its ends if there is none."""
    low, high = min(accuracies), max(accuracies)
    steps = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20)
    step = next((step for step in steps if (high - low) / step <= 6), steps[-1])
    inside = range(math.ceil(low / step), math.floor(high / step) + 1)
    return [round(index * step, 2) for index in inside] or sorted({low, high})


def _range(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of an axis: those of the values, or a range around the only one."""
    low, high = min(values), max(values)
    return (low, high) if low < high else (low - 1, high + 1)


def _log(tokens: int) -> float:
    return math.log10(max(tokens, 1))
