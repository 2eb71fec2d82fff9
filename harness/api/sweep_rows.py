"""Rows of a sweep as a table and as a figure."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from harness.api.data_table import DataTable
from harness.evaluation.cost_axis import CostAxis
from harness.evaluation.sweep import SweepRow
from harness.presentation.table import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TYPES = {
    "controller": pa.string(), "recording": pa.string(), "beta": pa.float64(),
    "accuracy": pa.float64(), "cost": pa.int64(), "sequential": pa.int64(),
    "episodes": pa.int64(), "accuracy_low": pa.float64(), "accuracy_high": pa.float64(),
    "difference": pa.float64(), "difference_low": pa.float64(), "difference_high": pa.float64(),
    "width": pa.int64(), "width_requested": pa.int64(),
}  # fmt: skip


def tabulate_rows(rows: Sequence[SweepRow], shown: Table) -> DataTable:
    """Return rows as a table; each knob has a column.

    Args:
        rows: The rows of a sweep.
        shown: How to show the table to people.
    """
    knobs = sorted({knob for row in rows for knob in row.settings})
    columns: dict[str, object] = {}
    for name, kind in _TYPES.items():
        columns[name] = pa.array([getattr(row, name) for row in rows], kind)
        if name == "beta":
            for knob in knobs:
                values = [row.settings.get(knob) for row in rows]
                is_real = any(isinstance(value, float) for value in values)
                kind_of_knob = pa.float64() if is_real else pa.int64()
                columns[f"settings.{knob}"] = pa.array(values, kind_of_knob)
    return DataTable(pa.table(columns), shown)


def draw_rows(rows: Sequence[SweepRow], *, sequential: bool) -> "Figure":
    """Draw accuracy over cost: a panel for each recording.

    Args:
        rows: The rows of a sweep.
        sequential: Whether cost is sequential tokens, in place of tokens.
    """
    from harness.api.inline_figure import InlineFigure
    from harness.pages.sweep_plots import draw_figure

    return draw_figure(InlineFigure(layout="constrained"), rows, select_axis(sequential=sequential))


def select_axis(*, sequential: bool) -> CostAxis:
    """Return the cost that accuracy is drawn over."""
    return CostAxis.SEQUENTIAL if sequential else CostAxis.TOKENS
