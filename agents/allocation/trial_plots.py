"""Plots of trials, as SVG in the text colour of the page."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agents.allocation.results import SaturationCurves, TrialSummary
from agents.report.plots import PANEL, WINNER_COLOUR, add_legend, render_svg
from harness.evaluation.curve_styles import COLOURS, curve_style, plot_text

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

_TRIAL = "#868e96"


def plot_progress(
    trials: Sequence[TrialSummary],
    optimum: float | None,
    *,
    by: str,
    name: str,
) -> str:
    """Plot the best so far against trials, or against total cost.

    Args:
        trials: Trials, at least one.
        optimum: The optimum, if it is known.
        by: ``trial`` or ``spent``.
        name: Identifier of the plot, unique on the page.
    """

    def draw(figure: "Figure") -> None:
        panel = figure.subplots()
        at = [float(each.trial if by == "trial" else each.spent) for each in trials]
        [dots] = panel.plot(at, [100 * each.score for each in trials], ".", color=_TRIAL)
        [best] = panel.step(
            at, [100 * each.best for each in trials], where="post", color=WINNER_COLOUR,
            linewidth=1.8,
        )  # fmt: skip
        named: list[tuple[Artist, str]] = [(dots, "a trial"), (best, "the best so far")]
        if optimum is not None:
            known = panel.axhline(100 * optimum, color=COLOURS[0], linestyle=":")
            named.append((known, "the optimum"))
        panel.set_xlabel("trial" if by == "trial" else "cost of all trials so far")
        panel.set_ylabel("score, %")
        panel.grid(alpha=0.25, linewidth=0.5)
        add_legend(figure, named)

    return render_svg(draw, PANEL, name)


def plot_saturation(points: SaturationCurves, stage: str, name: str) -> str:
    """Plot the best score of a stage by its samples, one curve per model.

    Args:
        points: By model, (samples, score).
        stage: Name of the stage.
        name: Identifier of the plot, unique on the page.
    """

    def draw(figure: "Figure") -> None:
        panel = figure.subplots()
        named: list[tuple[Artist, str]] = []
        for at, (model, some) in enumerate(points.items()):
            samples, scores = zip(*some, strict=True)
            style = curve_style(at)
            [line] = panel.plot(
                samples, [100 * each for each in scores], linestyle=style.dash,
                marker=style.marker, markersize=3.5, color=style.colour, linewidth=1.2,
            )  # fmt: skip
            named.append((line, model))
        panel.set_xscale("log")
        panel.set_title(plot_text(stage), fontsize=10)
        panel.set_xlabel("samples")
        panel.set_ylabel("best score, %")
        panel.grid(alpha=0.25, linewidth=0.5)
        add_legend(figure, named)

    return render_svg(draw, PANEL, name)
