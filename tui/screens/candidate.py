"""Candidate screen: its source and line profile, its diff, its schedule, its questions."""

import difflib
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Header, TabbedContent, TabPane
from textual.worker import get_current_worker

from agents.run.records import ControllerLanguage, Review
from agents.search.programs import load_candidate
from dsl.diagnostics import DslError
from harness.engines import ControllerSetting
from harness.errors import InputError, RheostatError
from harness.request.controllers import Playable
from store.errors import StoreError
from tui.formatting import format_interval, format_verdict
from tui.messages import LinesReady, OperationFailed, QuestionsReady, RunsLoaded, TextsReady
from tui.model.other_programs import list_other_programs, load_other_program
from tui.model.replay import RecordingPlayer, open_run_player
from tui.model.run_reader import RunReader, RunView
from tui.screens.base import AppScreen
from tui.screens.candidate_questions import (
    COLUMNS,
    SORTS,
    QuestionRow,
    format_question,
    list_questions,
    sort_questions,
)
from tui.screens.candidate_text import margin, results_text, schedule_text
from tui.screens.dialogs import DECISIONS, DecideScreen, make_decision_handler, waiting_text
from tui.screens.help import HELP
from tui.screens.trace import TraceScreen
from tui.widgets.key_footer import KeyFooter
from tui.widgets.outside_text import OutsideStatic
from tui.widgets.row_table import RowTable
from tui.widgets.source_view import SourceView

EVERY = 1.0
"""Seconds between two polls."""

TABS = ("source-tab", "difference-tab", "schedule-tab", "questions-tab", "results-tab")


class CandidateScreen(AppScreen):
    """Screen that shows one candidate.

    Args:
        reader: Reader of its run.
        name: Name of the candidate.
        view: Present state of the run.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "Back"),
        HELP,
        *DECISIONS,
        Binding("t,enter", "trace", "Trace", key_display="t"),
        Binding("d", "against", "Against"),
        Binding("s", "sort", "Sort"),
        Binding("left_square_bracket,minus", "beta(-1)", "β -", key_display="["),
        Binding("right_square_bracket,plus", "beta(1)", "β +", key_display="]"),
        Binding("e", "edit", "Edit"),
        *(
            Binding(str(number), f"tab('{name}')", name.removesuffix("-tab").title(), show=False)
            for number, name in enumerate(TABS, 1)
        ),
    ]

    def __init__(self, reader: RunReader, name: str, view: RunView) -> None:
        super().__init__()
        self._reader, self._of = reader, name
        self._candidate = view.candidate(name)
        self._waits = view.waiting == name
        self._names = [candidate.name for candidate in view.candidates]
        self._source = ""
        self._others: list[str] = []
        self._other = 0
        self._beta = 0.5
        self._sort = 0
        self._players: RecordingPlayer | None = None
        self._rows: list[QuestionRow] = []
        self._ready: QuestionsReady | None = None

    def compose(self) -> ComposeResult:
        """Compose the header and the tabs."""
        yield Header()
        yield OutsideStatic(id="header")
        with TabbedContent(id="tabs"):
            with TabPane("1 Source", id="source-tab"):
                yield SourceView(id="source")
            with TabPane("2 Difference", id="difference-tab"), VerticalScroll():
                yield OutsideStatic(id="difference")
            with TabPane("3 Schedule", id="schedule-tab"), VerticalScroll():
                yield OutsideStatic(id="schedule")
            with TabPane("4 Questions", id="questions-tab"):
                yield OutsideStatic(id="comparison")
                yield RowTable(COLUMNS, id="questions")
            with TabPane("5 Results", id="results-tab"), VerticalScroll():
                yield OutsideStatic(id="results")
        yield KeyFooter()

    def on_mount(self) -> None:
        """Show the source, then what is read and played in threads."""
        self.sub_title = f"{self._reader.run.path.name} · {self._of}"
        try:
            self._source = self._reader.run.source(self._of)
        except (InputError, OSError) as problem:
            self.notify(str(problem), severity="error", timeout=10)
        self._others = self._comparable()
        self.query_one("#header", OutsideStatic).update(self._head())
        self.call_after_refresh(self._show_source)  # the frame of the screen is drawn first

    def _show_source(self) -> None:
        language = self._reader.run.language(self._of)
        self.query_one("#source", SourceView).show(self._source, language=language)
        self.call_after_refresh(self._start)  # threads would take time from drawing the source

    def _start(self) -> None:
        self.describe()
        self.play()
        self.poll_every(EVERY, self.poll)

    @work(thread=True, exclusive=True, group="poll", exit_on_error=False)
    def poll(self) -> None:
        """Read the changes of the run."""
        view = self._reader.read_view()
        if not get_current_worker().is_cancelled:
            self.post_message(RunsLoaded([view]))

    @on(RunsLoaded)
    def take(self, message: RunsLoaded) -> None:
        """Show the present state of the candidate."""
        [view] = message.views
        candidate, waits = view.candidate(self._of), view.waiting == self._of
        if (candidate, waits) != (self._candidate, self._waits):
            self._candidate, self._waits = candidate, waits
            self.query_one("#header", OutsideStatic).update(self._head())
            self.describe()
            self.refresh_bindings()

    def _comparable(self) -> list[str]:
        parent = self._candidate.parent if self._candidate is not None else ""
        names = [name for name in self._names if name != self._of]
        return list_other_programs(self._reader.run, parent, names)

    # Read

    @work(thread=True, exclusive=True, group="describe", exit_on_error=False)
    def describe(self) -> None:
        """Make the texts of the tabs: programs are checked and compared for them."""
        texts = TextsReady(
            self._difference(), schedule_text(self._program()), results_text(self._review())
        )
        if not get_current_worker().is_cancelled:
            self.post_message(texts)

    @on(TextsReady)
    def _show_texts(self, message: TextsReady) -> None:
        self.query_one("#difference", OutsideStatic).update(message.difference)
        self.query_one("#schedule", OutsideStatic).update(message.schedule)
        self.query_one("#results", OutsideStatic).update(message.results)

    def _review(self) -> Review | None:
        try:
            return self._reader.run.review(self._of)
        except (InputError, OSError):  # missing, or damaged, which the screen of the run reports
            return None

    def _head(self) -> Text:
        candidate = self._candidate
        if candidate is None:
            return Text(f"{self._of} cannot be read", "red")
        text = Text(f"{candidate.name}  ", "bold").append_text(
            format_verdict(candidate, waits=self._waits)
        )
        if candidate.objective is not None:
            text.append(f"  objective {candidate.objective:.2f}, {format_interval(candidate.gain)}")
        text.append(f"  by {candidate.proposer}\n", "dim")
        return text.append(candidate.words or "No rationale.")

    def _program(self) -> Playable | None:
        return self._loaded(self._of)

    def _difference(self) -> Text:
        if not self._others:
            return Text("There is no program to compare with.")
        other = self._others[self._other]
        text = Text(f"from {other} to {self._of}\n\n", "dim")
        before = self._other_source(other).splitlines()
        for line in difflib.unified_diff(before, self._source.splitlines(), lineterm="", n=50):
            if line.startswith(("---", "+++", "@@")):
                continue
            style = {"+": "green", "-": "red"}.get(line[:1], "")
            text.append(f"{line}\n", style)
        return text

    def _other_source(self, name: str) -> str:
        try:
            if self._reader.run.source_path(name) is not None:
                return self._reader.run.source(name)
            return load_other_program(self._reader.run, name).source.text
        except (RheostatError, DslError, OSError):
            return ""

    def _loaded(self, name: str) -> Playable | None:
        try:
            return load_other_program(self._reader.run, name)
        except (RheostatError, DslError, OSError):
            return None

    # Played

    @work(thread=True, exclusive=True, group="play", exit_on_error=False)
    def play(self) -> None:
        """Play the candidate, and the program that it is compared with."""
        try:
            if self._players is None:
                self._players = open_run_player(self._reader.run.request)
            program = load_candidate(self._reader.run, self._of)
            setting = ControllerSetting(self._beta) if program.scheduled else ControllerSetting()
            self.post_message(LinesReady(self._of, self._players.lines(program, setting)))
            other = self._others[self._other] if self._others else self._of
            played = self._players.play(program)
            against = (
                self._players.play(load_other_program(self._reader.run, other))
                if self._others
                else played
            )
            if not get_current_worker().is_cancelled:
                self.post_message(QuestionsReady(self._of, played, other, against))
        except (RheostatError, StoreError, DslError, OSError) as problem:
            self.post_message(OperationFailed(f"{self._of} cannot be played: {problem}"))

    @on(LinesReady)
    def _counted(self, message: LinesReady) -> None:
        title = f"at β {self._beta:g}: tokens, episodes ended → right"
        self.query_one("#source", SourceView).show(
            self._source,
            margin(message.lines),
            title,
            language=self._reader.run.language(self._of),
        )

    @on(QuestionsReady)
    def _take_questions(self, message: QuestionsReady) -> None:
        self._ready = message
        self._ask_list()

    @on(OperationFailed)
    def _notify_failure(self, message: OperationFailed) -> None:
        self.notify(message.problem, severity="warning", timeout=10)

    def _ask_list(self) -> None:
        ready, players = self._ready, self._players
        if ready is None or players is None:
            return
        self._rows = sort_questions(list_questions(ready, players, self._beta), SORTS[self._sort])
        won = sum(row.difference > 0 for row in self._rows)
        lost = sum(row.difference < 0 for row in self._rows)
        self.query_one("#comparison", OutsideStatic).update(
            f"β {self._beta:g}, compared with {ready.other}: {won} won, {lost} lost;"
            f" sorted by {SORTS[self._sort]}"
        )
        table = self.query_one("#questions", RowTable)
        table.show_rows(len(self._rows), lambda row: format_question(self._rows[row]))
        table.move_cursor(0)

    # Actions

    def action_trace(self) -> None:
        """Open an episode of the question under the cursor."""
        if self._players is None or self._program() is None:
            self.notify("This candidate cannot be played.", severity="warning")
            return
        row = self.query_one("#questions", RowTable).cursor_row
        chosen = self._rows[row] if 0 <= row < len(self._rows) else None
        self.app.push_screen(
            TraceScreen(
                self._players,
                [self._of, *self._others],
                self._loaded,
                recording=chosen.recording if chosen else 0,
                question=chosen.question if chosen else 0,
                beta=self._beta,
            )
        )

    def action_tab(self, name: str) -> None:
        """Open a tab."""
        self.query_one("#tabs", TabbedContent).active = name
        if name == "questions-tab":
            self.query_one("#questions", RowTable).focus()

    def action_against(self) -> None:
        """Compare with the next program."""
        if self._others:
            self._other = (self._other + 1) % len(self._others)
            self.describe()
            self.play()

    def action_sort(self) -> None:
        """Sort the questions by the next column."""
        self._sort = (self._sort + 1) % len(SORTS)
        self._ask_list()

    def action_beta(self, by: int) -> None:
        """Change β for the lines and the questions."""
        self._beta = round(min(1.0, max(0.0, self._beta + by / 10)), 1)
        self._ask_list()
        self.play()

    def action_edit(self) -> None:
        """Open a copy in the workbench."""
        from tui.screens.workbench import WorkbenchScreen

        if self._reader.run.language(self._of) is not ControllerLanguage.RHEO:
            self.notify("The workbench edits Rheo programs only.", severity="warning")
            return
        self.app.push_screen(
            WorkbenchScreen(source=self._source, run=self._reader.run.path, players=self._players)
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Return whether a key applies now: decisions need a waiting candidate."""
        return self._waits if action == "decide" else True

    def action_explain_decision(self) -> None:
        """Explain why no decision is needed."""
        self.notify(waiting_text(self._of, self._reader.read_view().waiting), severity="warning")

    def action_decide(self, approved: bool) -> None:
        """Ask for a decision about this candidate."""
        self.app.push_screen(
            DecideScreen(self._of, approved=approved),
            make_decision_handler(self, self._reader.run.path),
        )
