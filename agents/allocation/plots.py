"""The pictures of a run of trials, as SVG that takes its ink from the page it stands in."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agents.allocation.saturation import Points
from agents.allocation.told import TrialTold
from agents.report.plots import COLOURS, PANEL, WINNER_COLOUR, drawn, legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def progress(
    trials: Sequence[TrialTold],
    optimum: float | None,
    *,
    by: str,
    name: str,
) -> str:
    """The best so far against trials, or against what was spent by then.

    Args:
        trials: at least one.
        optimum: the best there is, where it is known.
        by: ``trial`` or ``spent``.
        name: of the picture, which no other on the page has.
    """

    def draw(figure: "Figure") -> None:
        panel = figure.subplots()
        at = [float(each.trial if by == "trial" else each.spent) for each in trials]
        panel.plot(
            at, [100 * each.score for each in trials], ".", color=COLOURS[3], label="a trial"
        )
        panel.step(
            at, [100 * each.best for each in trials], where="post", color=WINNER_COLOUR,
            linewidth=1.8, label="the best so far",
        )  # fmt: skip
        if optimum is not None:
            panel.axhline(100 * optimum, color=COLOURS[0], linestyle=":", label="the best there is")
        panel.set_xlabel("trial" if by == "trial" else "cost of all trials so far")
        panel.set_ylabel("score, %")
        panel.grid(alpha=0.25, linewidth=0.5)
        legend(figure, panel)

    return drawn(draw, PANEL, name)


def saturation(points: Points, stage: str, name: str) -> str:
    """The best score of a stage by its samples, a curve for each model."""

    def draw(figure: "Figure") -> None:
        panel = figure.subplots()
        for at, (model, some) in enumerate(points.items()):
            samples, scores = zip(*some, strict=True)
            panel.plot(
                samples, [100 * each for each in scores], "-", marker="o", markersize=3,
                color=COLOURS[at % len(COLOURS)], linewidth=1.2, label=model,
            )  # fmt: skip
        panel.set_xscale("log")
        panel.set_title(stage, fontsize=10)
        panel.set_xlabel("samples")
        panel.set_ylabel("best score, %")
        panel.grid(alpha=0.25, linewidth=0.5)
        legend(figure, panel)

    return drawn(draw, PANEL, name)
