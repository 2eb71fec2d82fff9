"""Allocation screen: one allocation's stages, saturation of samples, and the run's progress."""

from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Header, TabbedContent, TabPane
from textual.worker import get_current_worker

from agents.allocation.results import (
    StageAllocation,
    TrialSummary,
    compute_saturation,
    format_amount,
)
from agents.run.records import ControllerLanguage
from harness.errors import InputError
from tui.formatting import format_verdict
from tui.messages import OperationFailed, TrialsLoaded
from tui.model.run_reader import CandidateView, RunReader, RunView
from tui.model.trials import TrialsView, load_trials
from tui.screens.base import AppScreen
from tui.screens.dialogs import DECISIONS, DecideScreen, make_decision_handler, waiting_text
from tui.screens.help import HELP
from tui.widgets.key_footer import KeyFooter
from tui.widgets.outside_text import OutsideStatic
from tui.widgets.row_table import RowTable
from tui.widgets.source_view import SourceView
from tui.widgets.trial_plots import (
    ProgressPlot,
    SaturationPlot,
    describe_progress,
    describe_saturation,
)

EVERY = 0.5
"""Seconds between two polls."""

COLUMNS = (("stage", 16), ("allocation", 34), ("costs", 10), ("% of cost", 9))
TABS = ("stages-tab", "saturation-tab", "progress-tab", "guidelines-tab", "source-tab")


class AllocationScreen(AppScreen):
    """Screen that shows one allocation, without held-out results, which only a report opens.

    Args:
        reader: Reader of its run.
        name: Name of the candidate.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "Back"),
        HELP,
        *DECISIONS,
        Binding("left_square_bracket,minus", "step(-1)", "Previous trial", key_display="["),
        Binding("right_square_bracket,plus", "step(1)", "Next trial", key_display="]"),
        *(
            Binding(str(number), f"tab('{name}')", name.removesuffix("-tab").title(), show=False)
            for number, name in enumerate(TABS, 1)
        ),
    ]

    def __init__(self, reader: RunReader, name: str) -> None:
        super().__init__()
        self._reader, self._of = reader, name
        self._view: RunView | None = None
        self._trials = TrialsView()
        self._stages = _stages(reader)

    def compose(self) -> ComposeResult:
        """Compose the header and the tabs."""
        yield Header()
        yield OutsideStatic(id="header")
        with TabbedContent(id="tabs"):
            with TabPane("1 Stages", id="stages-tab"):
                yield RowTable(COLUMNS, id="stages")
            with (
                TabPane("2 Saturation", id="saturation-tab"),
                VerticalScroll(id="saturation"),
            ):
                for index, _ in enumerate(self._stages):
                    with Vertical(classes="curve"):
                        yield OutsideStatic(id=f"key-{index}")
                        yield SaturationPlot(id=f"stage-{index}")
            with TabPane("3 Progress", id="progress-tab"), VerticalScroll(id="progress"):
                for by, words in (("trial", "trials"), ("spent", "the cost of all trials")):
                    with Vertical(classes="curve"):
                        yield OutsideStatic(describe_progress(words))
                        yield ProgressPlot(id=f"by-{by}")
            with TabPane("4 Guidelines", id="guidelines-tab"), VerticalScroll():
                yield OutsideStatic(id="guidelines")
            with TabPane("5 Source", id="source-tab"):
                yield SourceView(id="source")
        yield KeyFooter()

    def on_mount(self) -> None:
        """Start polling."""
        self.poll_every(EVERY, self.poll)

    # Polling

    @work(thread=True, exclusive=True, group="poll", exit_on_error=False)
    def poll(self) -> None:
        """Read the changes of the run from its files."""
        view = self._reader.read_view()
        before = self._view
        try:
            fresh = before is None or before.rounds != view.rounds
            trials = load_trials(self._reader.run) if fresh else self._trials
        except (InputError, OSError) as problem:
            self.post_message(OperationFailed(str(problem)))
            return
        if not get_current_worker().is_cancelled:
            self.post_message(TrialsLoaded(view, trials))

    @on(TrialsLoaded)
    def take(self, message: TrialsLoaded) -> None:
        """Show the present state of the run."""
        before = self._view
        self._view, old = message.view, self._trials
        self._trials = message.trials
        changed = before is None or _visible_state(before) != _visible_state(message.view)
        if changed or old != message.trials:
            self._show()
            self.refresh_bindings()

    @on(OperationFailed)
    def _notify_failure(self, message: OperationFailed) -> None:
        self.notify(message.problem, severity="warning", timeout=10)

    # Display

    def _show(self) -> None:
        assert self._view is not None
        candidate, chosen = self._view.candidate(self._of), self._trials.of(self._of)
        self.sub_title = f"{self._view.path.name} · {self._of}"
        head = _head(candidate, self._of, chosen, self._trials, waits=self._waits)
        self.query_one("#header", OutsideStatic).update(head)
        self._show_stages(chosen)
        self._show_plots(chosen)
        guidelines = "\n".join(self._view.guidelines) or "No guidelines yet."
        self.query_one("#guidelines", OutsideStatic).update(guidelines)
        try:
            source = self._reader.run.source(self._of)
        except (InputError, OSError) as problem:
            self.notify(str(problem), severity="error", timeout=10)
        else:
            self.query_one("#source", SourceView).show(source, language=ControllerLanguage.RHEO)

    def _show_stages(self, chosen: TrialSummary | None) -> None:
        rows = [] if chosen is None else [_cells(stage, chosen.cost) for stage in chosen.stages]
        self.query_one("#stages", RowTable).show_rows(len(rows), rows.__getitem__)

    def _show_plots(self, chosen: TrialSummary | None) -> None:
        trials = self._trials.trials
        for index, stage in enumerate(self._stages):
            points = compute_saturation(trials, index)
            self.query_one(f"#stage-{index}", SaturationPlot).show(points, _sampled(chosen, index))
            self.query_one(f"#key-{index}", OutsideStatic).update(
                describe_saturation(stage, points)
            )
        for by, key in (("trial", _number), ("spent", _spent)):
            course = [(key(trial), 100 * trial.score) for trial in trials]
            mark = None if chosen is None else (key(chosen), 100 * chosen.score)
            self.query_one(f"#by-{by}", ProgressPlot).show(course, mark)

    # Actions

    def action_tab(self, name: str) -> None:
        """Open a tab."""
        self.query_one("#tabs", TabbedContent).active = name

    def action_step(self, by: int) -> None:
        """Go to the previous or the next trial."""
        names = [trial.candidate for trial in self._trials.trials]
        if self._of not in names:
            return
        index = names.index(self._of) + by
        if 0 <= index < len(names):
            self._of = names[index]
            self._show()
            self.refresh_bindings()

    @property
    def _waits(self) -> bool:
        return self._view is not None and self._view.waiting == self._of

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Return whether a key applies now: decisions need a waiting candidate."""
        return self._waits if action == "decide" else True

    def action_explain_decision(self) -> None:
        """Explain why no decision is needed."""
        waits = None if self._view is None else self._view.waiting
        self.notify(waiting_text(self._of, waits), severity="warning")

    def action_decide(self, approved: bool) -> None:
        """Ask for a decision about this candidate."""
        self.app.push_screen(
            DecideScreen(self._of, approved=approved),
            make_decision_handler(self, self._reader.run.path),
        )


def _stages(reader: RunReader) -> list[str]:
    """Return the names of the stages; empty if the request cannot be read."""
    try:
        request = reader.run.request.allocation
    except (InputError, OSError):
        return []
    return [] if request is None else [stage.name for stage in request.pipeline.stages]


def _visible_state(view: RunView) -> tuple[object, ...]:
    """Return the part of a run that this screen shows."""
    return view.candidates, view.waiting


def _head(
    candidate: CandidateView | None,
    name: str,
    chosen: TrialSummary | None,
    trials: TrialsView,
    *,
    waits: bool,
) -> Text:
    if candidate is None:
        return Text(f"{name} cannot be read", "red")
    text = Text(f"{name}  ", "bold").append_text(format_verdict(candidate, waits=waits))
    if candidate.trial is not None:
        cost, score = candidate.trial
        text.append(f"  {score:.2f} % for {cost:.4g}")
    if chosen is not None:
        text.append(f"  trial {chosen.trial} of {len(trials.trials)}")
    text.append(f"  by {candidate.proposer}\n", "dim")
    text.append(candidate.words or "No rationale.")
    if candidate.diagnostics:
        text.append(f"\n{candidate.diagnostics}", "red")
    elif chosen is None:
        text.append("\nIts figures are available when its round is complete.", "dim")
    return text


def _sampled(chosen: TrialSummary | None, index: int) -> tuple[int, float] | None:
    """Return samples and score of a trial in a stage; ``None`` if a controller governs it."""
    if chosen is None or chosen.stages[index].controller:
        return None
    return chosen.stages[index].samples, chosen.score


def _number(trial: TrialSummary) -> float:
    return float(trial.trial)


def _spent(trial: TrialSummary) -> float:
    return trial.spent


def _cells(allocation: StageAllocation, total: float) -> list[Text | str]:
    known = allocation.cost == allocation.cost  # not a number if several controllers share the rest
    part = f"{100 * allocation.cost / total:.1f}" if known and total > 0 else "-"
    return [
        allocation.stage,
        format_amount(allocation),
        f"{allocation.cost:.4g}" if known else "-",
        part,
    ]
