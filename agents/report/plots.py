"""Plots of a report, as SVG in the text colour of the page.

Equal figures give equal bytes. Axes and labels use the colour of the surrounding text, so a plot
works on light and dark pages; curve colours are readable on both.
"""

import io
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from agents.report.records import ControllerRole, Round, RunReport, Side, Winner
from agents.report.run_history import get_initial_objective
from harness.evaluation.cost_axis import CostAxis, get_cost
from harness.evaluation.curve_styles import (
    COLOURS,
    VERMILION,
    CurveStyle,
    curve_style,
    plot_text,
)
from harness.messages import format_tokens
from harness.pages.sweep_plots import collect_series, reproducible_svg

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK = "#010203"
"""Placeholder for the page's text colour while the plot is drawn."""

_INKED = (
    "text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color", "grid.color",
)  # fmt: skip

WINNER_COLOUR = VERMILION
_WINNER = CurveStyle(WINNER_COLOUR, "o", (0, ()))
_REFERENCE = CurveStyle(_INK, "*", (0, (3, 2)))

PANEL = (4.8, 3.8)
_KNOB = (2.3, 1.7)


def plot_frontier(
    report: RunReport,
    side: Side,
    recording: str,
    name: str,
    axis: CostAxis = CostAxis.TOKENS,
) -> str:
    """Plot accuracy over a cost: winner with interval, references, baselines.

    Args:
        report: Report whose controllers are drawn.
        side: Set of recordings.
        recording: Label of one recording, or ``mean``.
        name: Identifier of the plot, unique on the page.
        axis: The cost.
    """

    def draw(figure: "Figure") -> None:
        panel = figure.subplots()
        styles = _styles(report)
        curves = [
            series
            for series in collect_series(side.rows, recording, axis)
            if series.controller in styles
        ]
        named: list[tuple[Artist, str]] = []
        # The winner is drawn last, over all others.
        for curve in sorted(curves, key=lambda series: styles[series.controller] is _WINNER):
            costs = [max(get_cost(row, axis), 1) for row in curve.rows]
            style = styles[curve.controller]
            winner = style is _WINNER
            [line] = panel.plot(
                costs, [row.accuracy for row in curve.rows], linestyle=style.dash,
                marker=style.marker, color=style.colour,
                markersize=4 if winner else 3.5, linewidth=1.8 if winner else 1.2,
            )  # fmt: skip
            named.append((line, curve.controller))
            if winner:
                panel.fill_between(
                    costs, [row.accuracy_low for row in curve.rows],
                    [row.accuracy_high for row in curve.rows],
                    color=WINNER_COLOUR, alpha=0.15, linewidth=0,
                )  # fmt: skip
        _cost_axis(panel, [get_cost(row, axis) for curve in curves for row in curve.rows], axis)
        panel.set_title(plot_text(recording), fontsize=10)
        panel.set_ylabel("accuracy, %")
        add_legend(figure, named)

    return render_svg(draw, PANEL, name)


def plot_trajectory(rounds: Sequence[Round], baseline: str, name: str) -> str:
    """Plot the objective of the best so far over rounds, with the interval of its gain.

    Args:
        rounds: Rounds of the run, at least one.
        baseline: Name of the best baseline.
        name: Identifier of the plot, unique on the page.
    """

    def draw(figure: "Figure") -> None:
        from matplotlib.ticker import MaxNLocator

        panel = figure.subplots()
        gains = [summary.gain for summary in rounds]
        floor = get_initial_objective(rounds)
        # Before the first round there is the best baseline.
        numbers = [0, *(summary.round for summary in rounds)]
        [best] = panel.step(
            numbers, [floor, *(summary.objective for summary in rounds)], where="post",
            color=WINNER_COLOUR, linewidth=1.8, marker="o", markersize=3.5,
        )  # fmt: skip
        low = [floor, *(floor + (gain.low if gain is not None else 0.0) for gain in gains)]
        high = [floor, *(floor + (gain.high if gain is not None else 0.0) for gain in gains)]
        panel.fill_between(
            numbers, low, high, step="post", color=WINNER_COLOUR, alpha=0.15, linewidth=0
        )
        floor_line = panel.axhline(floor, color=COLOURS[0], linestyle=":", linewidth=1.2)
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.set_xlabel("round")
        panel.set_ylabel("objective")
        panel.grid(alpha=0.25, linewidth=0.5)
        add_legend(figure, [(floor_line, baseline), (best, "the best so far")])

    return render_svg(draw, PANEL, name)


def plot_schedule(winner: Winner, name: str) -> str:
    """Plot every knob over β, each in its own panel."""
    count = len(winner.schedule)
    across = min(3, count)
    down = -(-count // across)

    def draw(figure: "Figure") -> None:
        panels = figure.subplots(down, across, squeeze=False).ravel()
        for panel, (knob, values) in zip(panels, winner.schedule.items(), strict=False):
            panel.plot(winner.betas, values, color=WINNER_COLOUR, linewidth=1.8)
            panel.set_title(plot_text(knob), fontsize=9)
            panel.set_xticks([0, 0.5, 1])
            panel.tick_params(labelsize=8)
            panel.grid(alpha=0.25, linewidth=0.5)
        for panel in panels[count:]:
            panel.set_visible(False)
        figure.supxlabel("beta", fontsize=9, color=_INK)

    return render_svg(draw, (_KNOB[0] * across, _KNOB[1] * down), name)


def _styles(report: RunReport) -> dict[str, CurveStyle]:
    """Choose the style of each plotted controller; runners-up are omitted for clarity."""
    styles = {}
    baselines = [
        controller
        for controller in report.controllers
        if controller.role is ControllerRole.BASELINE
    ]
    for controller in report.controllers:
        if controller.role is ControllerRole.WINNER:
            styles[controller.label] = _WINNER
        elif controller.role is ControllerRole.REFERENCE:
            styles[controller.label] = _REFERENCE
        elif controller.role is ControllerRole.BASELINE:
            styles[controller.label] = curve_style(baselines.index(controller))
    return styles


def add_legend(figure: "Figure", named: "Sequence[tuple[Artist, str]]") -> None:
    """Add the legend below the panel; entries are in reverse drawing order.

    Args:
        figure: Figure to add the legend to.
        named: Curves and their labels. They are passed here because matplotlib drops labels that
            begin with an underscore.
    """
    handles = [artist for artist, _ in reversed(named)]
    labels = [plot_text(name) for _, name in reversed(named)]
    figure.legend(
        handles, labels, loc="outside lower center", ncols=3, fontsize=8, frameon=False,
        handlelength=3,
    )  # fmt: skip


def _cost_axis(panel: "Axes", costs: Sequence[int], axis: CostAxis) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    panel.set_xscale("log")
    # On a wide range, labels at every 1, 2 and 5 would overlap.
    narrow = max(costs) < 200 * max(min(costs), 1)
    panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if narrow else (1,)))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: format_tokens(value)))
    panel.xaxis.set_minor_formatter(NullFormatter())
    panel.set_xlabel(f"{axis} for each question")
    panel.grid(alpha=0.25, linewidth=0.5)


def render_svg(draw: Callable[["Figure"], None], size: tuple[float, float], name: str) -> str:
    """Render a figure as SVG for inlining in a page.

    Args:
        draw: Draws on the empty figure.
        size: Width and height in inches.
        name: Identifier of the plot, unique on the page.
    """
    from matplotlib.figure import Figure

    style = {
        "axes.labelsize": 9,
        "xtick.labelsize": 8,
        "ytick.labelsize": 8,
        **dict.fromkeys(_INKED, _INK),
    }
    with reproducible_svg(style):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        written = io.BytesIO()
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
    return _inline_svg(written.getvalue().decode(), name)


def _inline_svg(svg: str, name: str) -> str:
    """Adapt an SVG for inlining: unique identifiers, the page's text colour, no links."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"\s*<style.*?</style>", "", svg, flags=re.DOTALL)
    # Only inside tags: a label may look like an attribute.
    svg = re.sub(r"<[^>]*>", lambda tag: _inline_tag(tag[0], name), svg)
    head, body = svg.split(">", 1)
    head = re.sub(r' (width|height|xmlns|xmlns:xlink|version)="[^"]*"', "", head)
    return f"{head}>{body}".strip() + "\n"


def _inline_tag(tag: str, name: str) -> str:
    tag = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', tag)
    tag = re.sub(r'(href="|url\()#', rf"\1#{name}-", tag)
    tag = tag.replace("xlink:href", "href")
    tag = re.sub(r"font-family: [^;\"]*(; )?", "", tag)
    tag = re.sub(r"font: ([0-9.]+px) [^;\"]*", r"font-size: \1", tag)
    return tag.replace(_INK, "currentColor")
