"""Plot of accuracy over tokens, or over sequential tokens, in the terminal."""

from collections.abc import Sequence
from math import log10
from typing import NamedTuple

import numpy as np
from rich.text import Text
from textual.app import RenderResult
from textual_plot import AxisFormatter, HiResMode, PlotWidget

from harness.evaluation.cost_axis import CostAxis
from harness.evaluation.curve_styles import finite
from harness.evaluation.frontier import build_curve
from harness.messages import format_tokens

Text.from_markup("")  # loads a large table of emojis, before a plot draws its first label


class PlotCurve(NamedTuple):
    """One curve."""

    label: str
    points: Sequence[tuple[float, float]]
    """(cost, accuracy in percent) of each point."""
    style: str
    """Colour."""


PALETTE = ("cyan", "magenta", "yellow", "blue", "white")
"""Colours of baselines; the selected candidate is green."""

CHOSEN = "bright_green"


class FrontierPlot(PlotWidget):
    """Plot curves over the logarithm of their cost, each as the running maximum of its points."""

    can_focus = False

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id, allow_pan_and_zoom=False)
        self.curves: tuple[PlotCurve, ...] = ()
        self._is_shown = False

    def on_mount(self) -> None:
        """Set up the axes."""
        super().on_mount()
        self.margin_left = 5
        self.margin_top = 1
        self.margin_bottom = 2
        self.set_x_formatter(LogAxisFormatter(1))
        self.show_legend(
            is_visible=False
        )  # it would cover half of a small plot; see `format_legend`

    def render(self) -> RenderResult:
        """See `PlotWidget`; draw no axes before `show` was called."""
        return super().render() if self._is_shown else ""

    def show(self, curves: Sequence[PlotCurve]) -> None:
        """Draw curves, replacing earlier ones.

        Args:
            curves: Curves, the most important one last so that it is on top.
        """
        if self._is_shown and tuple(curves) == self.curves:
            return
        self._is_shown, self.curves = True, tuple(curves)
        curves = [
            curve._replace(points=points) for curve in curves if (points := finite(curve.points))
        ]
        self.clear()
        all_points = [point for curve in curves for point in curve.points]
        if not all_points:
            return
        for curve in curves:
            costs, accuracies = _steps(curve.points)
            if len(costs) > 1:
                self.plot(costs, accuracies, curve.style, HiResMode.BRAILLE, curve.label)
            else:
                self.scatter(costs, accuracies, "●", curve.style, None, curve.label)
        low, high = min(point[0] for point in all_points), max(point[0] for point in all_points)
        self.set_xlimits(log10(max(low, 1.0)) - 0.03, log10(max(high, 2.0)) + 0.03)


class LogAxisFormatter(AxisFormatter):
    """Format ticks at 1, 2 and 5 times the powers of ten on a logarithmic axis.

    Args:
        least: Smallest power of ten.
    """

    def __init__(self, least: int) -> None:
        self._least = least

    def get_ticks(self, min_: float, max_: float, max_ticks: int = 8) -> list[float]:
        """Return the logarithms of the ticks within a range.

        Args:
            min_: Logarithm to base 10 of the least value.
            max_: Logarithm to base 10 of the largest value.
            max_ticks: The most ticks; never more than 6 are returned.
        """
        ticks = [
            log10(step * 10**power) for power in range(self._least, 9) for step in (1, 2, 5)
            if min_ <= log10(step * 10**power) <= max_
        ]  # fmt: skip
        return ticks[:: -(-len(ticks) // max(1, min(max_ticks, 6)))] if ticks else []

    def get_labels_for_ticks(self, ticks: Sequence[float]) -> list[str]:
        """See `AxisFormatter`."""
        return [format_tokens(10**tick) for tick in ticks]


def format_legend(curves: Sequence[PlotCurve], axis: CostAxis) -> Text:
    """Format the legend on one line, with the cost over which curves are drawn."""
    text = Text(f"accuracy % over {axis} ", "dim")
    for curve in reversed(curves):
        text.append(f" ━ {curve.label}", curve.style)
    return text


def _steps(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """Return the running maximum over the logarithm of tokens, as evaluation computes it."""
    costs, accuracies = np.array(sorted(points), float).T
    curve = build_curve(costs, accuracies)
    return [log10(max(cost, 1.0)) for cost in curve.cost.tolist()], curve.accuracy.tolist()
