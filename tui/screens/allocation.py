"""One allocation of a run of trials: its stages, what samples bring them, the run's course."""

from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Header, TabbedContent, TabPane
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
from tui.screens.dialogs import DECISIONS, DecideScreen, make_decision_handler, waiting_text
from tui.screens.help import HELP
from tui.widgets.outside_text import OutsideStatic, OutsideTable
from tui.widgets.source_view import SourceView
from tui.widgets.trial_plots import (
    ProgressPlot,
    SaturationPlot,
    describe_progress,
    describe_saturation,
)

EVERY = 0.5
"""Seconds between two looks."""

COLUMNS = (("stage", 16), ("is given", 34), ("costs", 10), ("% of cost", 9))
TABS = ("stages-tab", "saturation-tab", "progress-tab", "guidelines-tab", "source-tab")


class AllocationScreen(Screen[None]):
    """See the module. What was held out is not shown: a report opens it.

    Args:
        reader: of its run.
        name: the candidate.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "Back"),
        HELP,
        *DECISIONS,
        Binding("left_square_bracket,minus", "step(-1)", "Trial before", key_display="["),
        Binding("right_square_bracket,plus", "step(1)", "Trial after", key_display="]"),
        *(
            Binding(str(at), f"tab('{name}')", name.removesuffix("-tab").title(), show=False)
            for at, name in enumerate(TABS, 1)
        ),
    ]

    def __init__(self, reader: RunReader, name: str) -> None:
        super().__init__()
        self._reader, self._of = reader, name
        self._view: RunView | None = None
        self._trials = TrialsView()
        self._stages = _stages(reader)

    def compose(self) -> ComposeResult:
        """A line on the allocation, and its tabs."""
        yield Header()
        yield OutsideStatic(id="head")
        with TabbedContent(id="tabs"):
            with TabPane("1 Stages", id="stages-tab"):
                yield OutsideTable(id="stages", cursor_type="row", zebra_stripes=True)
            with (
                TabPane("2 Saturation", id="saturation-tab"),
                VerticalScroll(id="saturation"),
            ):
                for at, _ in enumerate(self._stages):
                    with Vertical(classes="curve"):
                        yield OutsideStatic(id=f"key-{at}")
                        yield SaturationPlot(id=f"stage-{at}")
            with TabPane("3 Progress", id="progress-tab"), VerticalScroll(id="progress"):
                for by, words in (("trial", "trials"), ("spent", "the cost of all trials")):
                    with Vertical(classes="curve"):
                        yield OutsideStatic(describe_progress(words))
                        yield ProgressPlot(id=f"by-{by}")
            with TabPane("4 Guidelines", id="guidelines-tab"), VerticalScroll():
                yield OutsideStatic(id="guidelines")
            with TabPane("5 Source", id="source-tab"):
                yield SourceView(id="source")
        yield Footer()

    def on_mount(self) -> None:
        """Begins to look."""
        table = self.query_one("#stages", OutsideTable)
        for label, width in COLUMNS:
            table.add_column(label, width=width)
        self.look()
        self.set_interval(EVERY, self.look)

    # Looking

    @work(thread=True, exclusive=True, group="look", exit_on_error=False)
    def look(self) -> None:
        """Reads what is new."""
        view = self._reader.look()
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
        """Shows the run as it stands."""
        before = self._view
        self._view, old = message.view, self._trials
        self._trials = message.trials
        changed = before is None or _seen(before) != _seen(message.view)
        if changed or old != message.trials:
            self._show()
            self.refresh_bindings()

    @on(OperationFailed)
    def _told(self, message: OperationFailed) -> None:
        self.notify(message.problem, severity="warning", timeout=10)

    # What is shown

    def _show(self) -> None:
        assert self._view is not None
        candidate, chosen = self._view.candidate(self._of), self._trials.of(self._of)
        self.sub_title = f"{self._view.path.name} · {self._of}"
        head = _head(candidate, self._of, chosen, self._trials, waits=self._waits)
        self.query_one("#head", OutsideStatic).update(head)
        self._show_stages(chosen)
        self._show_plots(chosen)
        told = "\n".join(self._view.guidelines) or "No guidelines were written yet."
        self.query_one("#guidelines", OutsideStatic).update(told)
        try:
            source = self._reader.run.source(self._of)
        except (InputError, OSError) as problem:
            self.notify(str(problem), severity="error", timeout=10)
        else:
            self.query_one("#source", SourceView).show(source, language=ControllerLanguage.RHEO)

    def _show_stages(self, chosen: TrialSummary | None) -> None:
        table = self.query_one("#stages", OutsideTable)
        table.clear()
        for each in chosen.stages if chosen is not None else ():
            table.add_row(*_cells(each, chosen.cost if chosen is not None else 0.0))

    def _show_plots(self, chosen: TrialSummary | None) -> None:
        trials = self._trials.trials
        for at, stage in enumerate(self._stages):
            points = compute_saturation(trials, at)
            self.query_one(f"#stage-{at}", SaturationPlot).show(points, _sampled(chosen, at))
            self.query_one(f"#key-{at}", OutsideStatic).update(describe_saturation(stage, points))
        for by, place in (("trial", _number), ("spent", _spent)):
            course = [(place(each), 100 * each.score) for each in trials]
            mark = None if chosen is None else (place(chosen), 100 * chosen.score)
            self.query_one(f"#by-{by}", ProgressPlot).show(course, mark)

    # What a person does

    def action_tab(self, name: str) -> None:
        """Opens a tab."""
        self.query_one("#tabs", TabbedContent).active = name

    def action_step(self, by: int) -> None:
        """Goes to the trial before, or to the one after."""
        names = [each.candidate for each in self._trials.trials]
        if self._of not in names:
            return
        at = names.index(self._of) + by
        if 0 <= at < len(names):
            self._of = names[at]
            self._show()
            self.refresh_bindings()

    @property
    def _waits(self) -> bool:
        return self._view is not None and self._view.waiting == self._of

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a key has a meaning now: a decision is made where one is waited for."""
        return self._waits if action == "decide" else True

    def action_explain_decision(self) -> None:
        """Says why there is nothing to decide."""
        waits = None if self._view is None else self._view.waiting
        self.notify(waiting_text(self._of, waits), severity="warning")

    def action_decide(self, approved: bool) -> None:
        """Asks, and decides about this candidate."""
        self.app.push_screen(
            DecideScreen(self._of, approved=approved),
            make_decision_handler(self, self._reader.run.path),
        )


def _stages(reader: RunReader) -> list[str]:
    """The names of the stages; none where the request cannot be read any more."""
    try:
        asked = reader.run.request.allocation
    except (InputError, OSError):
        return []
    return [] if asked is None else [each.name for each in asked.pipeline.stages]


def _seen(view: RunView) -> tuple[object, ...]:
    """What of a run is shown here."""
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
    text.append(candidate.words or "No words.")
    if candidate.diagnostics:
        text.append(f"\n{candidate.diagnostics}", "red")
    elif chosen is None:
        text.append("\nIts figures come when its round is over.", "dim")
    return text


def _sampled(chosen: TrialSummary | None, at: int) -> tuple[int, float] | None:
    """Samples and score of a trial in a stage; ``None`` where a controller governs it."""
    if chosen is None or chosen.stages[at].controller:
        return None
    return chosen.stages[at].samples, chosen.score


def _number(each: TrialSummary) -> float:
    return float(each.trial)


def _spent(each: TrialSummary) -> float:
    return each.spent


def _cells(each: StageAllocation, whole: float) -> list[Text | str]:
    known = each.cost == each.cost  # it is no number where several controllers share the rest
    part = f"{100 * each.cost / whole:.1f}" if known and whole > 0 else "-"
    return [each.stage, format_amount(each), f"{each.cost:.4g}" if known else "-", part]
