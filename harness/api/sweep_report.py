"""Sweeps: controllers over recordings, across β and settings."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.api.controller import ProgramLike
from harness.api.data_table import DataTable
from harness.api.exceptions import warn_all
from harness.api.frontier_view import Frontier
from harness.api.grid_play import Knobs, PlayOptions, as_programs, play_request
from harness.api.recording import RecordingLike
from harness.api.sweep_rows import draw_rows, tabulate_rows
from harness.evaluation.grid import Grid
from harness.evaluation.point_warnings import describe_single_point
from harness.evaluation.sweep import SweepRow, build_rows, describe_sweep_origin
from harness.pages.sweep_page import chosen_knobs, overview_table
from harness.presentation.json_document import encode_document
from harness.presentation.table import Table
from harness.request.ranges import Betas

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    from matplotlib.figure import Figure


class Sweep:
    """The result of `sweep`: a row for each controller at each setting on each recording.

    With several recordings, rows of the recording ``mean`` are the mean over all.

    Args:
        grid: What was played.
        rows: The rows.
    """

    def __init__(self, grid: Grid, rows: Sequence[SweepRow]):
        self._rows = tuple(rows)
        self._first = grid.programs[0].label
        self._chosen = chosen_knobs(grid)
        self._origin = describe_sweep_origin(grid)

    @property
    def rows(self) -> tuple[SweepRow, ...]:
        """The rows, in the order of the controllers and recordings that were given."""
        return self._rows

    @property
    def controllers(self) -> tuple[str, ...]:
        """The names of the controllers."""
        return tuple(dict.fromkeys(row.controller for row in self._rows))

    @property
    def recordings(self) -> tuple[str, ...]:
        """The names of the recordings, and ``mean`` if there are several."""
        return tuple(dict.fromkeys(row.recording for row in self._rows))

    def table(self) -> DataTable:
        """Return the rows as a table, in full; the knob ``n`` is the column ``settings.n``."""
        return tabulate_rows(self._rows, self._page())

    def to_pandas(self) -> "pd.DataFrame":
        """Return `table` as a pandas data frame."""
        return self.table().to_pandas()

    def to_polars(self) -> "pl.DataFrame":
        """Return `table` as a polars data frame."""
        return self.table().to_polars()

    def frontier(self, recording: str | None = None, *, sequential: bool = False) -> Frontier:
        """Return the points that no cheaper point matches or exceeds in accuracy.

        Args:
            recording: The name of a recording; by default ``mean``, or the only one.
            sequential: Whether cost is sequential tokens, in place of tokens.

        Raises:
            InputError: There is no such recording.
        """
        return Frontier(self._rows, recording, sequential=sequential)

    def plot(self, *, sequential: bool = False) -> "Figure":
        """Draw accuracy over cost, with 95 % intervals: a panel for each recording.

        Args:
            sequential: Whether cost is sequential tokens, in place of tokens.
        """
        return draw_rows(self._rows, sequential=sequential)

    def to_json(self) -> str:
        """Return the document of `rheostat sweep --json`, byte for byte."""
        return encode_document({"what": self._origin, "complete": True, "rows": self._rows})

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return self._page().text().rstrip("\n")

    def _repr_html_(self) -> str:
        return self._page().html()

    def _page(self) -> Table:
        return overview_table(self._rows, self._first, self._chosen)


def sweep(
    controllers: ProgramLike | Sequence[ProgramLike],
    on: RecordingLike | Sequence[RecordingLike],
    *,
    beta: Betas = "0:1:0.1",
    knobs: Knobs | None = None,
    seeds: int = 100,
    budget: int | None = None,
    kappa: int = 0,
    cache: bool = True,
    threads: int | None = None,
    progress: bool | None = None,
) -> Sweep:
    """Replay controllers over recordings at every β, as `rheostat sweep` does.

    Args:
        controllers: One or several; differences are to the first.
        on: One recording or several.
        beta: Values of β, for controllers that follow it.
        knobs: Values of free knobs: ``{"n": [4, 16], "esc.size": 8}``.
        seeds: The number of seeds for each question, from 0.
        budget: Most tokens of an episode; ``None`` for no limit.
        kappa: Cost of a probe in tokens.
        cache: Whether to reuse and store results.
        threads: Most threads; by default, the setting.
        progress: Whether to show a bar; by default, on a terminal and in a notebook.

    Raises:
        InputError: An argument cannot be used, or a recording lacks what a controller needs.
        ExternalError: A process ended before its work was complete.
    """
    options = PlayOptions(seeds, budget, kappa, cache, threads, progress)
    grid, episodes = play_request(as_programs(controllers), on, beta, knobs, options)
    rows = build_rows(grid, episodes)
    warn_all(describe_single_point(grid, rows))
    return Sweep(grid, rows)
