"""Workbench screen: edit a program, checked as you type, with its curve redrawn when you pause."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.timer import Timer
from textual.widgets import Header, TextArea
from textual.worker import get_current_worker

from agents.loop.round_files import submit_proposal
from agents.run.directory import open_run
from agents.run.records import BaselineRef
from agents.search.programs import DEFAULT_BASELINES
from dsl.diagnostics import Diagnostic, DslError, sort_diagnostics
from dsl.formatter import format_source
from dsl.program import analyse_program
from dsl.source import Source
from dsl.template import new_program
from harness.errors import InputError, RheostatError
from harness.evaluation.cost_axis import CostAxis
from harness.request.controllers import load_program, parse_controller
from store.errors import StoreError
from tui.messages import CurvesReady, OperationFailed
from tui.model.replay import ProgramOutcomes, RecordingPlayer, open_file_player, open_run_player
from tui.screens.base import AppScreen
from tui.screens.dialogs import NameScreen
from tui.screens.leaving import Changes, LeaveScreen
from tui.widgets.editor import Editor
from tui.widgets.frontier_plot import CHOSEN, PALETTE, FrontierPlot, PlotCurve, format_legend
from tui.widgets.key_footer import KeyFooter
from tui.widgets.outside_text import OutsideStatic

PAUSE = 0.6
"""Seconds without a key after which the curve is played."""

CHECK = 0.15
"""Seconds without a key after which the text is checked."""

BESIDE = (
    BaselineRef(controller="cmc"),
    next(baseline for baseline in DEFAULT_BASELINES if baseline.controller == "esc"),
)
"""Library controllers that are drawn for comparison."""


class WorkbenchScreen(AppScreen):
    """Screen that edits a program.

    Args:
        path: File to edit; ``None`` for a new text.
        source: Initial text, if there is no file.
        recordings: Files to play on.
        run: Run directory to propose to, whose search set is played.
        players: Players of that run, if they are open.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", priority=True),
        Binding("ctrl+s", "save", "Save"),
        Binding("f5", "fmt", "Format"),
        Binding("f8", "propose", "Propose"),
        Binding("f1", "app.help", "Help"),
        Binding("f9", "cost", "Cost"),
    ]

    def __init__(
        self,
        *,
        path: Path | None = None,
        source: str | None = None,
        recordings: Sequence[Path] = (),
        run: Path | None = None,
        players: RecordingPlayer | None = None,
    ):
        super().__init__()
        self._path, self._run = path, run
        self._recordings = list(recordings)
        self._players = players
        self._begun = source if source is not None else new_program("mine")
        self._saved = self._begun
        self._axis = CostAxis.TOKENS
        self._played: dict[str, ProgramOutcomes] = {}
        self._last_saved: ProgramOutcomes | None = None
        self._pending: list[Timer] = []
        self._sound = False
        self._key, self._diagnostics_text = Text(), Text()

    def compose(self) -> ComposeResult:
        """Compose the editor, the plot and the messages."""
        yield Header()
        yield OutsideStatic(id="file")
        with Horizontal(id="workbench"):
            yield Editor(self._begun, id="editor")
            with Vertical(id="side"):
                yield FrontierPlot(id="frontier")
                with VerticalScroll(id="diagnostics-pane"):
                    yield OutsideStatic(id="diagnostics")
        yield KeyFooter()

    def on_mount(self) -> None:
        """Check and play the initial text."""
        self.sub_title = "Workbench"
        self.query_one("#frontier", FrontierPlot).show(())
        self.query_one(Editor).area.focus()
        self.check()
        self.play()

    # As you type

    @on(TextArea.Changed)
    def _typed(self) -> None:
        for timer in self._pending:
            timer.stop()
        self._pending = [self.set_timer(CHECK, self.check), self.set_timer(PAUSE, self.play)]
        self._title()

    def check(self) -> None:
        """Show what is wrong with the text."""
        analysis = analyse_program(Source(self.query_one(Editor).text, self._file_name()))
        diagnostics = sort_diagnostics(analysis.diagnostics)
        self._sound = analysis.checked is not None
        self._diagnostics_text = _wrong(analysis.source, diagnostics)
        self._tell()
        self._title()

    def _title(self) -> None:
        changed = "" if self.query_one(Editor).text == self._saved else " · not saved"
        state = "sound" if self._sound else "has errors"
        text = Text(f"{self._path or 'a new program'}{changed} · ")
        text.append(state, "green" if self._sound else "red")
        self.query_one("#file", OutsideStatic).update(text)

    @work(thread=True, exclusive=True, group="play", exit_on_error=False)
    def play(self) -> None:
        """Play the text if it checks."""
        try:
            program = parse_controller(self.query_one(Editor).text, self._file_name())
        except DslError:
            return
        try:
            players = self._ready()
            if players is None:
                return
            played = {}
            for baseline in BESIDE:
                program_beside = load_program(baseline.controller)
                played[baseline.label] = players.play(program_beside, baseline.settings)
            played["this"] = players.play(program)
        except (RheostatError, StoreError, OSError) as problem:
            self.post_message(OperationFailed(str(problem)))
            return
        if not get_current_worker().is_cancelled:
            self.post_message(CurvesReady(played))

    def _ready(self) -> RecordingPlayer | None:
        if self._players is None and self._run is not None:
            self._players = open_run_player(open_run(self._run).request)
        elif self._players is None and self._recordings:
            self._players = open_file_player(self._recordings)
        return self._players

    @on(CurvesReady)
    def _show_curves(self, message: CurvesReady) -> None:
        self._played = message.played
        if self._last_saved is None:
            self._last_saved = message.played["this"]
        self._draw()

    def _draw(self) -> None:
        """Draw the curves of what was played."""
        curves = [
            PlotCurve(name, played.curve(self._axis), PALETTE[index % len(PALETTE)])
            for index, (name, played) in enumerate(self._played.items())
            if name != "this"
        ]
        if self._last_saved is not None:
            curves.append(PlotCurve("last saved", self._last_saved.curve(self._axis), "white"))
        if "this" in self._played:
            curves.append(PlotCurve("this", self._played["this"].curve(self._axis), CHOSEN))
        self._key = format_legend(curves, self._axis) if curves else Text()
        self.query_one("#frontier", FrontierPlot).show(curves)
        self._tell()

    def _tell(self) -> None:
        """Show the legend and the messages."""
        text = self._key.copy()
        if not text and self._players is None and not self._recordings and self._run is None:
            text.append("To draw a curve, give recordings: rheostat tui FILE --on …", "dim")
        if text:
            text.append("\n\n")
        self.query_one("#diagnostics", OutsideStatic).update(
            text.append_text(self._diagnostics_text)
        )

    @on(OperationFailed)
    def _notify_failure(self, message: OperationFailed) -> None:
        self.notify(message.problem, severity="warning", timeout=10)

    # Actions

    @property
    def has_changes(self) -> bool:
        """Return whether the text differs from the saved one."""
        return self.query_one(Editor).text != self._saved

    def action_save(self) -> None:
        """Save the text; ask for a name if it has none."""
        self._save()

    def _save(self, after: Callable[[], object] | None = None) -> None:
        """Save the text, then call a function; do nothing if saving fails."""
        if self._path is None:
            self.app.push_screen(NameScreen("mine.rheo"), partial(self._named, after))
            return
        text = self.query_one(Editor).text
        try:
            self._path.write_text(text, encoding="utf-8")
        except OSError as problem:
            self.notify(f"{self._path}: {problem.strerror or problem}", severity="error")
            return
        self._saved = text
        self._last_saved = self._played.get("this")
        self._title()
        self.notify(f"{self._path} saved", timeout=3)
        if after is not None:
            after()

    def _named(self, after: Callable[[], object] | None, name: str | None) -> None:
        if not name:
            return
        path = Path(name if name.endswith(".rheo") else f"{name}.rheo")
        if path.exists():
            self.notify(f"{path}: file exists; choose another name", severity="error")
            return
        self._path = path
        self._save(after)

    def action_cost(self) -> None:
        """Draw accuracy over the other cost: tokens, or sequential tokens."""
        self._axis = self._axis.other
        self._draw()

    def action_fmt(self) -> None:
        """Format the text like `rheostat fmt`."""
        area = self.query_one(Editor).area
        try:
            formatted = format_source(Source(area.text, self._file_name()))
        except DslError:
            self.notify("The program has errors, so it was not formatted.", severity="warning")
            return
        if formatted != area.text:
            cursor = area.cursor_location
            area.replace(formatted, (0, 0), area.document.end)
            area.cursor_location = cursor

    def action_propose(self) -> None:
        """Propose the program to the run."""
        if self._run is None:
            self.notify("No run is open to propose to.", severity="warning")
            return
        if not self._sound:
            self.notify("The program has errors, so it cannot be proposed.", severity="error")
            return
        try:
            run = open_run(self._run)
            if run.ending is not None and not run.is_held:
                raise InputError(f"{run.path.name} has ended; continue it with --resume")
            new = submit_proposal(run, self.query_one(Editor).text, "written in the workbench")
        except (RheostatError, OSError) as problem:
            self.notify(str(problem), severity="error", timeout=10)
            return
        message = (
            "Proposed; the next round will review it."
            if new
            else "The run already has this program."
        )
        self.notify(message, timeout=5)

    def action_leave(self) -> None:
        """Leave the screen; ask first if there are changes."""
        if not self.query_one(Editor).close():
            self.leave(self._go_back)

    def leave(self, after: Callable[[], object]) -> None:
        """Run an action that ends the editing; ask first if there are changes.

        Args:
            after: Action to run.
        """
        if not self.has_changes:
            after()
            return

        def decided(choice: Changes | None) -> None:
            if choice is Changes.SAVE:
                self._save(after)
            elif choice is Changes.DISCARD:
                after()

        self.app.push_screen(LeaveScreen(self._file_name()), decided)

    def _go_back(self) -> None:
        if len(self.app.screen_stack) > 2:
            self.app.pop_screen()
        else:
            self.app.exit()

    def _file_name(self) -> str:
        return self._path.name if self._path is not None else "mine.rheo"


def _wrong(source: Source, diagnostics: Sequence[Diagnostic]) -> Text:
    if not diagnostics:
        return Text("No problems.", "green")
    text = Text()
    for diagnostic in diagnostics:
        position = source.position(diagnostic.mark.span.start)
        style = "bold red" if diagnostic.is_error else "yellow"
        text.append(f"{position.line}:{position.column} ", "dim")
        text.append(f"{diagnostic.message}\n", style)
        if diagnostic.help:
            text.append(f"   {diagnostic.help}\n", "dim")
    return text
