"""The report of a search: the winner beside baselines and the library."""

from pathlib import Path
from typing import TYPE_CHECKING

from agents.report.records import ControllerRole, RunReport, Side
from agents.report.writer import HTML, MARKDOWN
from agents.run.texts import read_run_text
from harness.api import DataTable, InputError
from harness.api.notebook_html import render_frame
from harness.api.sweep_rows import draw_rows, tabulate_rows
from harness.escaping import escape_line
from harness.pages.sweep_page import overview_table
from harness.presentation.json_document import encode_document

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DRAWN = (ControllerRole.WINNER, ControllerRole.BASELINE, ControllerRole.REFERENCE)


class DiscoveryReport:
    """A report that was written into the directory of its run.

    Args:
        directory: The directory.
        report: The figures.
    """

    def __init__(self, directory: Path, report: RunReport):
        self._directory = directory
        self._report = report

    @property
    def html_path(self) -> Path:
        """The page for a browser."""
        return self._directory / HTML

    @property
    def markdown(self) -> str:
        """The report as Markdown."""
        return read_run_text(self._directory / MARKDOWN)

    @property
    def winner(self) -> str | None:
        """The name of the winner; ``None`` if there is none."""
        controllers = self._report.controllers
        winners = (one.label for one in controllers if one.role is ControllerRole.WINNER)
        return next(winners, None)

    @property
    def has_held_out(self) -> bool:
        """Whether the held-out recordings were opened."""
        return self._report.unseen is not None

    def table(self, *, held_out: bool = False) -> DataTable:
        """Return every controller at every setting, with differences from the best baseline.

        Args:
            held_out: Whether on the held-out recordings, in place of the search set.

        Raises:
            InputError: The held-out recordings were not opened.
        """
        side = self._side(held_out=held_out)
        return tabulate_rows(side.rows, overview_table(side.rows, side.best_baseline, ()))

    def plot(self, *, held_out: bool = False, sequential: bool = False) -> "Figure":
        """Draw accuracy over cost: a panel for each recording, as the report has it.

        The winner, baselines and references are drawn; runners-up are in `table`.

        Args:
            held_out: Whether on the held-out recordings, in place of the search set.
            sequential: Whether cost is sequential tokens, in place of tokens.

        Raises:
            InputError: The held-out recordings were not opened.
        """
        drawn = {one.label for one in self._report.controllers if one.role in _DRAWN}
        rows = [row for row in self._side(held_out=held_out).rows if row.controller in drawn]
        return draw_rows(rows, sequential=sequential)

    def to_json(self) -> str:
        """Return the document of `rheostat report --json`."""
        return encode_document(self._report)

    def __repr__(self) -> str:
        return escape_line(f"<DiscoveryReport {self.html_path}: winner {self.winner}>")

    def _repr_markdown_(self) -> str:
        return self.markdown

    def _repr_html_(self) -> str:
        # Frontends prefer it to Markdown, whose charts are drawn with characters.
        return render_frame(read_run_text(self.html_path))

    def _side(self, *, held_out: bool) -> Side:
        if not held_out:
            return self._report.search
        if self._report.unseen is None:
            raise InputError("the held-out recordings were not opened; use open_held_out=True")
        return self._report.unseen
