"""Format the frontier of the best program against the baselines, one small table per recording."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from agents.feedback.measured_programs import MeasuredProgram, score_program
from agents.search.arena import Arena
from agents.search.measurements import SearchSubset
from agents.search.objective import CurvePoints
from dsl.text_width import measure_text
from harness.evaluation.bootstrap import Floats
from harness.evaluation.frontier import accuracy_at, build_curve
from harness.messages import format_tokens
from harness.presentation.table import align

COST_COLUMNS = 5
"""Number of columns: costs between the cheapest and the most expensive baseline, in equal ratios.
"""

MIN_DIFFERENCE = 0.05
"""Points from which the best counts as worse than a baseline; smaller differences are rounding."""


class FrontierRow(NamedTuple):
    """Accuracy of one program at each cost."""

    name: str
    accuracy: tuple[float | None, ...]
    """In percent; ``None`` if the program has no point that cheap."""


class FrontierPanel(NamedTuple):
    """Table rows for one recording."""

    recording: str
    costs: tuple[float, ...]
    """Tokens per question."""
    best: FrontierRow
    others: tuple[FrontierRow, ...]
    """Rows of the last candidates."""
    baseline: FrontierRow
    """Row of the best baseline."""
    hull: FrontierRow
    """Row with the best accuracy of any baseline at each cost."""

    def below(self, column: int) -> bool:
        """Return whether some baseline beats the best at a column."""
        ours, theirs = self.best.accuracy[column], self.hull.accuracy[column]
        return theirs is not None and (ours is None or ours < theirs - MIN_DIFFERENCE)


def build_panels(
    arena: Arena,
    best: MeasuredProgram,
    others: Sequence[MeasuredProgram],
    baseline: MeasuredProgram,
    subset: SearchSubset,
) -> list[FrontierPanel]:
    """Build a panel for each shown recording, over its shown questions.

    Args:
        arena: Search set of the run.
        best: Best candidate, or the best baseline if there is none.
        others: Last candidates that could be played.
        baseline: Best baseline.
        subset: Part of the search set to use.
    """
    baseline_curves = [
        arena.scorer.score_program(
            [measured[position] for position in subset.recordings], subset
        ).curves
        for measured in arena.baselines.values()
    ]
    curves = {
        other.name: score_program(arena, other, subset).curves
        for other in (best, *others, baseline)
    }
    panels = []
    for index, position in enumerate(subset.recordings):
        recording_curves = [curve[index] for curve in baseline_curves]
        costs = _costs(recording_curves)
        accuracies = [_interpolate_accuracy(curve, costs) for curve in recording_curves]
        hull = tuple(_max_accuracy(column) for column in zip(*accuracies, strict=True))
        rows = {
            name: FrontierRow(name, _interpolate_accuracy(curve[index], costs))
            for name, curve in curves.items()
        }
        panels.append(
            FrontierPanel(
                recording=arena.recordings[position].label,
                costs=tuple(costs.tolist()),
                best=rows[best.name],
                others=tuple(rows[other.name] for other in others if other.name != best.name),
                baseline=rows[baseline.name],
                hull=FrontierRow("any baseline", hull),
            )
        )
    return panels


def format_panels(panels: Sequence[FrontierPanel]) -> str:
    """Format panels as aligned text."""
    return "\n\n".join(_format_panel(panel) for panel in panels)


def _costs(curves: Sequence[CurvePoints]) -> Floats:
    costs = np.concatenate([curve.cost for curve in curves])
    return np.geomspace(max(float(costs.min()), 1.0), max(float(costs.max()), 1.0), COST_COLUMNS)


def _interpolate_accuracy(points: CurvePoints, costs: Floats) -> tuple[float | None, ...]:
    curve = build_curve(points.cost, points.accuracy)
    repeated = build_curve(
        *(np.tile(column, (len(costs), 1)) for column in (curve.cost, curve.accuracy))
    )
    heights = accuracy_at(repeated, costs).tolist()
    begins = float(curve.cost[0])
    slack = (
        1 + 1e-9
    )  # the cost was computed from this point, so rounding must not put it to the left
    return tuple(
        None if cost * slack < begins else height
        for cost, height in zip(costs.tolist(), heights, strict=True)
    )


def _max_accuracy(column: Sequence[float | None]) -> float | None:
    return max((accuracy for accuracy in column if accuracy is not None), default=None)


def _format_panel(panel: FrontierPanel) -> str:
    rows = [panel.best, *panel.others]
    if panel.baseline.name != panel.best.name:
        rows.append(panel.baseline)
    rows.append(panel.hull)
    width = max(measure_text(panel.recording), *(measure_text(row.name) for row in rows))
    head = align(panel.recording, width) + "".join(
        f"  {format_tokens(cost):>5} " for cost in panel.costs
    )
    lines = [head.rstrip()]
    for row in rows:
        cells = [
            ("-" if accuracy is None else f"{accuracy:.1f}")
            + ("*" if row is panel.best and panel.below(column) else " ")
            for column, accuracy in enumerate(row.accuracy)
        ]
        lines.append((align(row.name, width) + "".join(f"  {cell:>6}" for cell in cells)).rstrip())
    return "\n".join(lines)
