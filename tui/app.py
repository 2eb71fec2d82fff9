"""The app: its first screen, and behaviour that all screens share."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Event, InputEvent
from textual.filter import LineFilter
from textual.notifications import SeverityLevel

from harness.escaping import escape_block, escape_line
from tui.idle_collector import IdleCollector
from tui.screens.help import HelpScreen
from tui.screens.leaving import LeaveScreen
from tui.screens.run import RunScreen
from tui.screens.runs import RunsScreen
from tui.screens.workbench import WorkbenchScreen
from tui.widgets.outside_text import Sanitizer

THREAD_SECONDS = 0.001
"""Time after which a thread that reads or plays lets the screen be drawn; Python has 0.005."""


class RheostatApp(App[None]):
    """The terminal app.

    Args:
        place: A run, a directory of runs, or a program.
        recordings: Recordings that the workbench plays on.
    """

    TITLE = "rheostat"
    CSS_PATH = "app.tcss"
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - as Textual declares it
        (0, "-narrow"),
        (120, "-wide"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True),
    ]

    def __init__(self, path: Path, recordings: Sequence[Path] = ()):
        super().__init__()
        self._opened_path, self._recordings = path, list(recordings)
        self._sanitizer = Sanitizer()
        self._collector = IdleCollector()

    def on_mount(self) -> None:
        """Open the requested run, directory or program."""
        from agents.run.directory import is_run

        self._collector.start()
        self.set_interval(1.0, self._collect_if_idle)
        sys.setswitchinterval(THREAD_SECONDS)
        if self._opened_path.is_file():
            self.push_screen(
                WorkbenchScreen(
                    path=self._opened_path,
                    source=self._opened_path.read_text(encoding="utf-8"),
                    recordings=self._recordings,
                )
            )
        elif is_run(self._opened_path):
            self.push_screen(RunScreen(self._opened_path))
        else:
            self.push_screen(RunsScreen(self._opened_path))

    def _collect_if_idle(self) -> None:
        if not any(worker.is_running for worker in self.workers):
            self._collector.collect_if_idle()

    def on_unmount(self) -> None:
        """Leave the process as it was."""
        self._collector.stop()

    async def on_event(self, event: Event) -> None:
        """See `App`; note when the user does something."""
        if isinstance(event, InputEvent):
            self._collector.note_input()
        await super().on_event(event)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """See `App`; add a filter that removes control characters."""
        return [*super().get_line_filters(), self._sanitizer]

    def format_title(self, title: str, sub_title: str) -> Content:
        """See `App`; escape names of directories and candidates."""
        return super().format_title(escape_line(title), escape_line(sub_title))

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show a notification without markup, since a message may quote a file.

        Args:
            message: Text of any number of lines; control characters are escaped.
            title: Heading; escaped to one line.
            severity: Level, which decides the colour.
            timeout: Seconds until it disappears; ``None`` for the app's default.
            markup: Ignored; `App` has it.
        """
        super().notify(
            escape_block(message), title=escape_line(title), severity=severity, timeout=timeout,
            markup=False,
        )  # fmt: skip

    async def action_quit(self) -> None:
        """Quit; ask first if the workbench has unsaved changes."""
        for screen in self.screen_stack:
            if isinstance(screen, WorkbenchScreen) and screen.has_changes:
                if not isinstance(self.screen, LeaveScreen):
                    screen.leave(self.exit)
                return
        self.exit()

    def action_help(self) -> None:
        """List the keys of the screen."""
        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen))

    def action_workbench(self) -> None:
        """Open a new program, on the open run or on the recordings of the command line."""
        current = self.screen
        if isinstance(current, RunScreen) and current.is_allocation_run:
            self.notify(
                "The workbench edits controllers. Use `rheostat propose` to add an allocation to"
                " this run.",
                severity="warning",
            )
            return
        run = current.path if isinstance(current, RunScreen) else None
        self.push_screen(WorkbenchScreen(recordings=self._recordings, run=run))
