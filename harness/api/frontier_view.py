"""The frontier of a sweep: the points that no cheaper point matches or exceeds in accuracy."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.api.data_table import DataTable
from harness.api.sweep_rows import draw_rows, select_axis, tabulate_rows
from harness.errors import InputError
from harness.evaluation.cost_axis import get_cost
from harness.evaluation.grid import format_knobs
from harness.evaluation.scores import MEAN
from harness.evaluation.sweep import SweepRow
from harness.messages import suggest
from harness.presentation.table import Column, Table

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    from matplotlib.figure import Figure


class Frontier:
    """The points of all controllers that no cheaper point matches or exceeds in accuracy.

    Args:
        rows: The rows of a sweep.
        recording: The name of a recording; ``None`` for ``mean``, or the only one.
        sequential: Whether cost is sequential tokens, in place of tokens.

    Raises:
        InputError: There is no such recording.
    """

    def __init__(self, rows: Sequence[SweepRow], recording: str | None, *, sequential: bool):
        names = list(dict.fromkeys(row.recording for row in rows))
        if recording is not None and recording not in names:
            meant = suggest(recording, names, f"choose from {', '.join(names)}")
            raise InputError(f"recording: there is no {recording!r} in the sweep; {meant}")
        self._recording = recording or (MEAN if MEAN in names else names[0])
        self._rows = tuple(row for row in rows if row.recording == self._recording)
        self._sequential = sequential
        axis = select_axis(sequential=sequential)
        points: list[SweepRow] = []
        for row in sorted(self._rows, key=lambda row: (get_cost(row, axis), -row.accuracy)):
            if not points or row.accuracy > points[-1].accuracy:
                points.append(row)
        self._points = tuple(points)

    @property
    def recording(self) -> str:
        """The name of the recording, or ``mean``."""
        return self._recording

    @property
    def points(self) -> tuple[SweepRow, ...]:
        """The points, the cheapest first."""
        return self._points

    def table(self) -> DataTable:
        """Return the points as a table, with the columns of a sweep."""
        return tabulate_rows(self._points, self._page())

    def to_pandas(self) -> "pd.DataFrame":
        """Return `table` as a pandas data frame."""
        return self.table().to_pandas()

    def to_polars(self) -> "pl.DataFrame":
        """Return `table` as a polars data frame."""
        return self.table().to_polars()

    def plot(self) -> "Figure":
        """Draw the curves of all controllers on the recording, with 95 % intervals."""
        return draw_rows(self._rows, sequential=self._sequential)

    def __len__(self) -> int:
        return len(self._points)

    def __repr__(self) -> str:
        return self._page().text().rstrip("\n")

    def _repr_html_(self) -> str:
        from harness.pages.sweep_plots import render_svg

        svg = render_svg(self._rows, select_axis(sequential=self._sequential)).decode()
        return svg[svg.index("<svg") :] + self._page().html()

    def _page(self) -> Table:
        columns = [
            Column("controller", name=True), Column("beta"), Column("settings"),
            Column("accuracy", decimals=2), Column("cost", "tokens"), Column("sequential"),
        ]  # fmt: skip
        rows = [
            (
                row.controller, row.beta, format_knobs(row.settings), row.accuracy, row.cost,
                row.sequential,
            )
            for row in self._points
        ]  # fmt: skip
        return Table(columns, rows)
