"""Runs screen: all runs of a directory, their states, and pending decisions."""

from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Header
from textual.worker import get_current_worker

from tui.formatting import ago, format_state, format_usd
from tui.messages import RunsLoaded
from tui.model.run_reader import RunReader, RunView, find_run_folders
from tui.screens.base import AppScreen
from tui.screens.help import HELP
from tui.widgets.key_footer import KeyFooter
from tui.widgets.outside_text import OutsideStatic
from tui.widgets.row_table import RowTable

EVERY = 1.0
"""Seconds between two polls."""

COLUMNS = (
    ("run", 18), ("state", 15), ("rounds", 6), ("best", 8), ("objective", 9), ("gain", 7),
    ("tokens", 10), ("dollars", 7), ("minutes", 7), ("last event", 10),
)  # fmt: skip
"""Headings and widths."""


class RunsScreen(AppScreen):
    """Screen that lists runs.

    Args:
        folder: Directory of the runs.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        HELP,
        Binding("enter", "open", "Open"),
        Binding("w", "app.workbench", "Workbench"),
        Binding("q", "app.quit", "Quit"),
    ]

    def __init__(self, folder: Path):
        super().__init__()
        self._folder = folder
        self._readers: dict[Path, RunReader] = {}
        self._views: list[RunView] = []

    def compose(self) -> ComposeResult:
        """Compose a table, and a line for problems."""
        yield Header()
        yield RowTable(COLUMNS, id="runs")
        yield OutsideStatic(id="note")
        yield KeyFooter()

    def on_mount(self) -> None:
        """Start polling."""
        self.sub_title = self._folder.name or str(self._folder)
        self.poll_every(EVERY, self.poll)

    @work(thread=True, exclusive=True, group="poll", exit_on_error=False)
    def poll(self) -> None:
        """Read the changes of every run."""
        for path in find_run_folders(self._folder):
            self._readers.setdefault(path, RunReader(path))
        views = [
            reader.read_view() for reader in self._readers.values() if reader.run.path.exists()
        ]
        if not get_current_worker().is_cancelled:
            self.post_message(RunsLoaded(views))

    @on(RunsLoaded)
    def show(self, message: RunsLoaded) -> None:
        """Show the runs in the table and keep the cursor."""
        self._views = message.views
        self.query_one("#runs", RowTable).show_rows(
            len(self._views), lambda row: format_run_row(self._views[row])
        )
        note = "" if self._views else f"No runs in {self._folder}."
        problem = next((view.problem for view in self._views if view.problem), "")
        problem = problem.replace(f"{self._folder}/", "")
        self.query_one("#note", OutsideStatic).update(problem or note)

    @on(RowTable.RowSelected, "#runs")
    def action_open(self) -> None:
        """Open the run under the cursor."""
        from tui.screens.run import RunScreen

        row = self.query_one("#runs", RowTable).cursor_row
        if 0 <= row < len(self._views):
            self.app.push_screen(RunScreen(self._views[row].path))


def format_run_row(view: RunView) -> list[Text | str]:
    """Format a row of the table."""
    best = view.candidate(view.best) if view.best is not None else None
    gain = best.gain if best is not None else None
    tokens = view.used.tokens_in + view.used.tokens_out
    return [
        view.path.name,
        format_state(view),
        str(view.rounds),
        view.best or "-",
        "-" if view.objective is None else f"{view.objective:.2f}",
        "-" if gain is None else f"{gain.value:+.2f}",
        f"{tokens:,}" if tokens else "-",
        format_usd(view.used.usd),
        f"{view.minutes:.1f}",
        ago(view.age),
    ]
