"""Candidate screen: its source and line profile, its diff, its schedule, its questions."""

import difflib
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Header, TabbedContent, TabPane
from textual.worker import get_current_worker

from agents.evolution.starting_programs import load_seeds
from agents.run.records import ControllerLanguage
from agents.search.programs import load_candidate
from dsl.diagnostics import DslError
from harness.engines import ControllerSetting
from harness.errors import InputError, RheostatError
from harness.request.controllers import Playable, load_program, parse_playable
from store.errors import StoreError
from tui.formatting import format_interval, format_verdict
from tui.messages import LinesReady, OperationFailed, QuestionsReady, RunsLoaded
from tui.model.replay import RecordingPlayer, open_run_player
from tui.model.run_reader import CandidateView, RunReader
from tui.screens.candidate_text import margin, results_text, schedule_text
from tui.screens.dialogs import DECISIONS, DecideScreen, make_decision_handler, waiting_text
from tui.screens.help import HELP
from tui.widgets.outside_text import OutsideStatic
from tui.widgets.row_table import RowTable
from tui.widgets.source_view import SourceView

EVERY = 1.0
"""Seconds between two polls."""

COLUMNS = (
    ("recording", 20), ("question", 14), ("right %", 7), ("the other's %", 13),
    ("difference", 10), ("tokens", 11), ("sequential", 10),
)  # fmt: skip
TABS = ("source-tab", "difference-tab", "schedule-tab", "questions-tab", "results-tab")
SORTS = ("question", "difference", "accuracy", "tokens", "sequential tokens")


class QuestionRow(NamedTuple):
    """One question of one recording, at a β."""

    recording: int
    label: str
    question: int
    name: str
    accuracy: float
    """Percent of the seeds under which it is right."""
    tokens: float
    sequential: float
    other: float
    """Accuracy of the other program, in percent."""

    @property
    def difference(self) -> float:
        """Difference in points of percent."""
        return self.accuracy - self.other


class CandidateScreen(Screen[None]):
    """Screen that shows one candidate.

    Args:
        reader: Reader of its run.
        name: Name of the candidate.
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

    def __init__(self, reader: RunReader, name: str) -> None:
        super().__init__()
        self._reader, self._of = reader, name
        self._candidate: CandidateView | None = None
        self._source = ""
        self._others: list[str] = []
        self._other = 0
        self._beta = 0.5
        self._waits = False
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
        yield Footer()

    def on_mount(self) -> None:
        """Show what is on disk, and play the rest."""
        view = self._reader.read_view()
        self._candidate = view.candidate(self._of)
        self._waits = view.waiting == self._of
        self.sub_title = f"{view.path.name} · {self._of}"
        try:
            self._source = self._reader.run.source(self._of)
        except (InputError, OSError) as problem:
            self.notify(str(problem), severity="error", timeout=10)
        self._others = self._comparable(view.candidates)
        self._show()
        self.play()
        self.set_interval(EVERY, self.poll)

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
            self.query_one("#results", OutsideStatic).update(results_text(candidate))
            self.refresh_bindings()

    def _comparable(self, candidates: tuple[CandidateView, ...]) -> list[str]:
        """List programs to compare with: its parent first, then baselines, then the others."""
        parent = self._candidate.parent if self._candidate is not None else ""
        try:
            baselines = [baseline.label for baseline in self._reader.run.request.baselines]
        except (InputError, OSError):  # a damaged run is shown as far as it can be read
            baselines = []
        names = [candidate.name for candidate in candidates if candidate.name != self._of]
        controllers = [parent, *baselines, *names]
        return list(dict.fromkeys(controller for controller in controllers if controller))

    # Shown at once

    def _show(self) -> None:
        self.query_one("#header", OutsideStatic).update(self._head())
        language = self._reader.run.language(self._of)
        self.query_one("#source", SourceView).show(self._source, language=language)
        self.query_one("#difference", OutsideStatic).update(self._difference())
        self.query_one("#schedule", OutsideStatic).update(schedule_text(self._program()))
        self.query_one("#results", OutsideStatic).update(results_text(self._candidate))

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
            return self._other_program(name).source.text
        except (RheostatError, DslError, OSError):
            return ""

    def _other_program(self, name: str) -> Playable:
        if self._reader.run.source_path(name) is not None:
            return load_candidate(self._reader.run, name)
        refs = {
            baseline.label: baseline.controller for baseline in self._reader.run.request.baselines
        }
        for seed in load_seeds():  # evolution begins with some that are in no library
            if seed.name == name and name not in refs:
                return parse_playable(seed.source, f"{name}.rheo")
        return load_program(refs.get(name, name))

    def _loaded(self, name: str) -> Playable | None:
        try:
            return self._other_program(name)
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
            against = self._players.play(self._other_program(other)) if self._others else played
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
        self._rows = sorted(_question_rows(ready, players, self._beta), key=self._key)
        won = sum(row.difference > 0 for row in self._rows)
        lost = sum(row.difference < 0 for row in self._rows)
        self.query_one("#comparison", OutsideStatic).update(
            f"β {self._beta:g}, compared with {ready.other}: {won} won, {lost} lost;"
            f" sorted by {SORTS[self._sort]}"
        )
        table = self.query_one("#questions", RowTable)
        table.show_rows(len(self._rows), lambda row: _format_question(self._rows[row]))
        table.move_cursor(0)

    def _key(self, row: QuestionRow) -> tuple[float, int, int]:
        first = {
            "difference": row.difference, "accuracy": row.accuracy, "tokens": -row.tokens,
            "sequential tokens": -row.sequential,
        }.get(SORTS[self._sort], 0.0)  # fmt: skip
        return (first, row.recording, row.question)

    # Actions

    def action_trace(self) -> None:
        """Open an episode of the question under the cursor."""
        from tui.screens.trace import TraceScreen

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
            self.query_one("#difference", OutsideStatic).update(self._difference())
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


def _question_rows(
    ready: QuestionsReady, players: RecordingPlayer, beta: float
) -> list[QuestionRow]:
    index = _index_of_beta(ready.played.settings, beta)
    other = _index_of_beta(ready.against.settings, beta)
    return [
        QuestionRow(
            recording, named.label, number, question.id,
            100 * float(ready.played.right[recording][index, number]),
            float(ready.played.tokens[recording][index, number]),
            float(ready.played.sequential[recording][index, number]),
            100 * float(ready.against.right[recording][other, number]),
        )
        for recording, named in enumerate(players.recordings)
        for number, question in enumerate(named.recording.questions)
    ]  # fmt: skip


def _format_question(row: QuestionRow) -> list[Text | str]:
    style = "green" if row.difference > 0 else "red" if row.difference < 0 else "dim"
    return [
        row.label, row.name, f"{row.accuracy:.0f}", f"{row.other:.0f}",
        Text(f"{row.difference:+.0f}", style), f"{row.tokens:,.0f}", f"{row.sequential:,.0f}",
    ]  # fmt: skip


def _index_of_beta(settings: Sequence[ControllerSetting], beta: float) -> int:
    """Return the point nearest to a β, or the one at the same position if it does not follow β."""
    if settings[0].beta is None:
        return round(beta * (len(settings) - 1))
    return min(range(len(settings)), key=lambda index: abs((settings[index].beta or 0.0) - beta))
