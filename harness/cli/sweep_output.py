"""The output of a sweep: its table and frontier, its document, its plot."""

import sys
from collections.abc import Sequence
from pathlib import Path

from harness.cli import output
from harness.cli.output import Output, OutputFormat, atomic_file, emit_text
from harness.errors import InputError
from harness.evaluation.grid import Grid
from harness.evaluation.sweep import SweepResult, SweepRow, describe_sweep_origin
from harness.pages import sweep_page
from harness.presentation import terminal

_OFF_TERMINAL, _WIDEST = 80, 100
"""Columns of a plot: fixed without a terminal, so that equal rows give equal bytes, and the maximum
on one.
"""


def write_sweep(
    out: Output, grid: Grid, rows: Sequence[SweepRow], *, complete: bool, frontier: bool | None
) -> None:
    """Write the rows in the requested format.

    Args:
        out: Destination and format.
        grid: The grid that was played.
        rows: The rows.
        complete: Whether all cells were played; an incomplete result does not replace a file.
        frontier: Whether to draw the frontier below the table; ``None`` draws it on a terminal.
    """
    if not complete and (out.path is not None or not rows):
        return
    if out.form is OutputFormat.JSON:
        out.document({"what": describe_sweep_origin(grid), "complete": complete, "rows": rows}, "")
    elif out.form is OutputFormat.CSV:
        out.table(sweep_page.full_table(rows))
    else:
        _write_page(out, grid, rows, with_plot=complete and _wants_frontier(out, frontier))


def refuse_unwritable(out: Output, plot: Path | None = None) -> None:
    """Raise, before anything is played, if a result or a plot could not be written.

    Raises:
        InputError: A path cannot be a file, or the plot's is not an SVG.
        OSError: A path cannot be written.
    """
    if plot is not None and plot.suffix.lower() != ".svg":
        raise InputError(f"--plot {plot}: plots are SVG; use a file name that ends in .svg")
    for path in (out.path, plot):
        if path is not None:
            output.refuse_unwritable(path)


def write_plot(rows: Sequence[SweepRow], plot: Path) -> None:
    """Write the plot, atomically."""
    from harness.pages.sweep_plots import render_svg

    plot_text = render_svg(rows)
    with atomic_file(plot) as file:
        file.write(plot_text)


def describe_interruption(grid: Grid, swept: SweepResult, *, cached: bool) -> KeyboardInterrupt:
    """Return the message of an interrupted sweep: how far it came, and how to resume.

    Args:
        grid: The grid.
        swept: The result so far.
        cached: Whether results are cached.
    """
    stopped = KeyboardInterrupt()
    stopped.add_note(f"{len(swept.played)} of {len(grid.cells)} were done")
    if cached and swept.cache_error is None:
        stopped.add_note("they are cached; run the same command again to resume")
    return stopped


def _wants_frontier(out: Output, frontier: bool | None) -> bool:
    if frontier is None:
        return out.path is None and terminal.is_terminal(sys.stdout)
    return frontier


def _write_page(out: Output, grid: Grid, rows: Sequence[SweepRow], *, with_plot: bool) -> None:
    table = sweep_page.overview_table(rows, grid.programs[0].label, sweep_page.chosen_knobs(grid))
    if not with_plot:
        out.table(table)
        return
    from harness.pages.sweep_plots import plot_in_terminal

    available = output.output_width(out)
    width = _OFF_TERMINAL if available is None else min(available, _WIDEST)
    plot_text = plot_in_terminal(rows, sweep_page.plotted_recording(grid), width=width)
    if out.path is None:
        out.table(table)
        emit_text("\n" + plot_text)
    else:
        out.text(table.text() + "\n" + plot_text)
