"""The app: which screen comes first, and what holds on all of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType

from tui.screens.run import RunScreen
from tui.screens.runs import RunsScreen
from tui.screens.workbench import WorkbenchScreen


class RheostatApp(App[None]):
    """See the module.

    Args:
        place: a run, a directory of runs, or a program.
        recordings: what the workbench plays on.
    """

    TITLE = "rheostat"
    CSS_PATH = "app.tcss"
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - as Textual declares it
        (0, "-narrow"),
        (120, "-wide"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True)
    ]

    def __init__(self, place: Path, recordings: Sequence[Path] = ()):
        super().__init__()
        self._place, self._recordings = place, list(recordings)

    def on_mount(self) -> None:
        """Opens what was asked for."""
        from agents.run.directory import is_run

        if self._place.is_file():
            self.push_screen(
                WorkbenchScreen(
                    path=self._place,
                    source=self._place.read_text(encoding="utf-8"),
                    recordings=self._recordings,
                )
            )
        elif is_run(self._place):
            self.push_screen(RunScreen(self._place))
        else:
            self.push_screen(RunsScreen(self._place))

    def action_workbench(self) -> None:
        """A new program, on the run that is open or on the recordings of the command line."""
        current = self.screen
        if isinstance(current, RunScreen) and current.is_of_trials:
            self.notify(
                "The workbench writes controllers. `rheostat propose` puts an allocation of your"
                " own into this run.",
                severity="warning",
            )
            return
        run = current.path if isinstance(current, RunScreen) else None
        self.push_screen(WorkbenchScreen(recordings=self._recordings, run=run))
