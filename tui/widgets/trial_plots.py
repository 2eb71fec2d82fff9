"""Plots of trials in the terminal: progress, and saturation of a stage."""

from collections.abc import Mapping, Sequence
from math import log10

from rich.text import Text
from textual_plot import HiResMode, PlotWidget

from agents.allocation.results import SaturationCurves
from harness.evaluation.curve_styles import finite
from tui.widgets.frontier_plot import CHOSEN, PALETTE, LogAxisFormatter

MARK = "bright_white"
"""Colour of the selected trial."""


class TrialPlot(PlotWidget):
    """Plot that is redrawn when its data changes."""

    can_focus = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id, classes=classes, allow_pan_and_zoom=False)
        self._plotted: object = None

    def on_mount(self) -> None:
        """Set up the axes."""
        super().on_mount()
        self.margin_left = 5
        self.margin_top = 1
        self.margin_bottom = 2
        self.show_legend(is_visible=False)  # it would cover half of a small plot

    def _is_new(self, content: object) -> bool:
        if content == self._plotted:
            return False
        self._plotted = content
        self.clear()
        return True

    def _room(self, across: Sequence[float], up: Sequence[float]) -> None:
        """Leave a margin around points, so that none is on the frame."""
        wide, high = (0.04 * (max(some) - min(some)) or 0.5 for some in (across, up))
        self.set_xlimits(min(across) - wide, max(across) + wide)
        self.set_ylimits(min(up) - high, max(up) + high)


class ProgressPlot(TrialPlot):
    """Plot scores in percent, and the best so far as steps, over trials or over total cost."""

    def show(
        self, points: Sequence[tuple[float, float]], chosen: tuple[float, float] | None
    ) -> None:
        """Draw trials, replacing earlier ones.

        Args:
            points: (position, score) of each trial, in order.
            chosen: Index of the selected trial.
        """
        if not self._is_new((tuple(points), chosen)) or not (points := finite(points)):
            return
        positions, scores = zip(*points, strict=True)
        self.scatter(positions, scores, "·")
        x, best = [positions[0]], [scores[0]]
        for position, score in points[1:]:
            x += [position, position]
            best += [best[-1], max(best[-1], score)]
        if len(points) > 1:
            self.plot(x, best, CHOSEN, HiResMode.BRAILLE)
        if chosen is not None and finite([chosen]):
            self.scatter([chosen[0]], [chosen[1]], "●", MARK)
        self._room(positions, scores)


class SaturationPlot(TrialPlot):
    """Plot the best score of a stage in percent over the logarithm of its samples, by model."""

    def on_mount(self) -> None:
        """Set up the axes."""
        super().on_mount()
        self.set_x_formatter(LogAxisFormatter(0))

    def show(self, points: SaturationCurves, chosen: tuple[int, float] | None) -> None:
        """Draw a stage, replacing the earlier one.

        Args:
            points: By model, (samples, score).
            chosen: Samples and score of the selected trial.
        """
        if not self._is_new((points, chosen)) or not points:
            return
        for (_, some), style in zip(points.items(), _styles(points), strict=True):
            samples, scores = zip(*some, strict=True)
            x, percent = (
                [log10(max(sample, 1)) for sample in samples],
                [100 * score for score in scores],
            )
            if len(x) > 1:
                self.plot(x, percent, style, HiResMode.BRAILLE)
            self.scatter(x, percent, "•", style)
        if chosen is not None:
            self.scatter([log10(chosen[0])], [100 * chosen[1]], "●", MARK)
        all_points = [point for some in points.values() for point in some]
        self._room(
            [log10(samples) for samples, _ in all_points], [100 * score for _, score in all_points]
        )


def describe_progress(over: str) -> Text:
    """Describe the progress plot."""
    text = Text(f"score % over {over} ", "dim")
    text.append(" · a trial")
    text.append(" ━ best so far", CHOSEN)
    return text.append(" ● this one", MARK)


def describe_saturation(stage: str, points: SaturationCurves) -> Text:
    """Describe a stage and the model of each curve."""
    text = Text(stage, "bold")
    text.append("  best score % over samples ", "dim")
    for model, style in zip(points, _styles(points), strict=True):
        text.append(f" ━ {model}", style)
    return text


def _styles(points: Mapping[str, object]) -> list[str]:
    return [PALETTE[index % len(PALETTE)] for index in range(len(points))]
