"""Format the frontier of the best program against the baselines, one small table per recording."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from agents.feedback.measured_programs import MeasuredProgram, score_program
from agents.search.arena import Arena
from agents.search.measurements import SearchSubset
from agents.search.objective import CurvePoints
from harness.evaluation.bootstrap import Floats
from harness.evaluation.frontier import accuracy_at, build_curve
from harness.messages import format_tokens

COSTS = 5
"""Number of columns: costs between the cheapest and the most expensive baseline, in equal ratios.
"""

BELOW = 0.05
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
        return theirs is not None and (ours is None or ours < theirs - BELOW)


def build_panels(
    arena: Arena,
    best: MeasuredProgram,
    others: Sequence[MeasuredProgram],
    baseline: MeasuredProgram,
    shown: SearchSubset,
) -> list[FrontierPanel]:
    """Build a panel for each shown recording, over its shown questions.

    Args:
        arena: Search set of the run.
        best: Best candidate, or the best baseline if there is none.
        others: Last candidates that could be played.
        baseline: Best baseline.
        shown: Part of the search set to use.
    """
    rivals = [
        arena.scorer.worth([measured[place] for place in shown.recordings], shown).curves
        for measured in arena.baselines.values()
    ]
    curves = {
        each.name: score_program(arena, each, shown).curves for each in (best, *others, baseline)
    }
    found = []
    for at, place in enumerate(shown.recordings):
        against = [each[at] for each in rivals]
        costs = _costs(against)
        every = [_along(each, costs) for each in against]
        hull = tuple(_most(column) for column in zip(*every, strict=True))
        rows = {name: FrontierRow(name, _along(each[at], costs)) for name, each in curves.items()}
        found.append(
            FrontierPanel(
                recording=arena.recordings[place].label,
                costs=tuple(costs.tolist()),
                best=rows[best.name],
                others=tuple(rows[each.name] for each in others if each.name != best.name),
                baseline=rows[baseline.name],
                hull=FrontierRow("any baseline", hull),
            )
        )
    return found


def format_panels(found: Sequence[FrontierPanel]) -> str:
    """Format panels as aligned text."""
    return "\n\n".join(_drawn(panel) for panel in found)


def _costs(rivals: Sequence[CurvePoints]) -> Floats:
    costs = np.concatenate([each.cost for each in rivals])
    return np.geomspace(max(float(costs.min()), 1.0), max(float(costs.max()), 1.0), COSTS)


def _along(found: CurvePoints, costs: Floats) -> tuple[float | None, ...]:
    drawn = build_curve(found.cost, found.accuracy)
    many = build_curve(
        *(np.tile(column, (len(costs), 1)) for column in (drawn.cost, drawn.accuracy))
    )
    heights = accuracy_at(many, costs).tolist()
    begins = float(drawn.cost[0])
    slack = (
        1 + 1e-9
    )  # the cost was computed from this point, so rounding must not put it to the left
    return tuple(
        None if cost * slack < begins else height
        for cost, height in zip(costs.tolist(), heights, strict=True)
    )


def _most(column: Sequence[float | None]) -> float | None:
    return max((each for each in column if each is not None), default=None)


def _drawn(panel: FrontierPanel) -> str:
    rows = [panel.best, *panel.others]
    if panel.baseline.name != panel.best.name:
        rows.append(panel.baseline)
    rows.append(panel.hull)
    width = max(len(panel.recording), *(len(row.name) for row in rows))
    head = f"{panel.recording:<{width}}" + "".join(f"  {format_tokens(c):>5} " for c in panel.costs)
    lines = [head.rstrip()]
    for row in rows:
        cells = [
            ("-" if each is None else f"{each:.1f}")
            + ("*" if row is panel.best and panel.below(column) else " ")
            for column, each in enumerate(row.accuracy)
        ]
        lines.append((f"{row.name:<{width}}" + "".join(f"  {cell:>6}" for cell in cells)).rstrip())
    return "\n".join(lines)
