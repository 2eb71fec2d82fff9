"""Run screen: the candidates of one run as they arrive, their curves, the proposer's rationale."""

from pathlib import Path
from typing import ClassVar

import numpy as np
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Header
from textual.worker import get_current_worker

from dsl.diagnostics import DslError
from harness.errors import RheostatError
from harness.evaluation.cost_axis import CostAxis
from harness.request.controllers import load_program
from store.errors import StoreError
from tui.messages import CurvesReady, OperationFailed, RunsLoaded
from tui.model.replay import ProgramOutcomes, open_run_player
from tui.model.run_reader import CandidateView, RunReader, RunView
from tui.screens.allocation import AllocationScreen
from tui.screens.base import AppScreen
from tui.screens.candidate import CandidateScreen
from tui.screens.dialogs import DECISIONS, DecideScreen, make_decision_handler, waiting_text
from tui.screens.help import HELP
from tui.screens.run_text import (
    format_cells,
    format_rationale,
    format_standing,
    format_trial_cells,
)
from tui.widgets.frontier_plot import CHOSEN, PALETTE, FrontierPlot, PlotCurve, format_legend
from tui.widgets.key_footer import KeyFooter
from tui.widgets.outside_text import OutsideStatic
from tui.widgets.row_table import RowTable
from tui.widgets.trial_plots import ProgressPlot, describe_progress

EVERY = 0.5
"""Seconds between two polls."""

COLUMNS = (
    ("candidate", 9), ("verdict", 8), ("acc. %", 6), ("tokens", 6), ("seq.", 6),
    ("objective", 9), ("gain (95 %)", 20), ("parent", 14), ("by", 9),
)  # fmt: skip
"""Headings and widths."""

TRIAL_COLUMNS = (
    ("candidate", 9), ("verdict", 8), ("score %", 7), ("cost", 8), ("gain (95 %)", 21), ("by", 8),
)  # fmt: skip
"""Columns for a run of trials, whose objective is the score."""

SORTS = ("arrival", "objective", "accuracy", "tokens", "sequential tokens")


class RunScreen(AppScreen):
    """Screen that shows one run.

    Args:
        path: Run directory.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back"),
        HELP,
        Binding("enter", "open", "Open", priority=False),
        *DECISIONS,
        Binding("s", "sort", "Sort"),
        Binding("left_square_bracket,minus", "beta(-1)", "β -", key_display="["),
        Binding("right_square_bracket,plus", "beta(1)", "β +", key_display="]"),
        Binding("c", "cost", "Cost"),
        Binding("f", "follow", "Follow"),
        Binding("w", "app.workbench", "Workbench"),
        Binding("q", "app.quit", "Quit", show=False),
    ]

    def __init__(self, path: Path):
        super().__init__()
        self._reader = RunReader(path)
        self._view: RunView | None = None
        self._order: list[int] = []
        """Positions of the candidates in the view, in the order of the table."""
        self._is_decidable = False
        """Whether the keys of a decision are shown."""
        self._beta = 0.5
        self.is_allocation_run = self._reader.is_allocation_run
        """Whether the run searches for allocations."""
        self._columns = TRIAL_COLUMNS if self.is_allocation_run else COLUMNS
        self._sort = 0
        self._follow = True
        self._axis = CostAxis.TOKENS
        self._baselines: dict[str, ProgramOutcomes] = {}

    @property
    def path(self) -> Path:
        """The run directory."""
        return self._reader.run.path

    def compose(self) -> ComposeResult:
        """Compose the header, the candidates, the plot and the rationale."""
        yield Header()
        yield OutsideStatic(id="status")
        with Horizontal(id="rounds"):
            yield RowTable(self._columns, id="candidates")
            with Vertical(id="side"):
                yield FrontierPlot(id="frontier")
                yield ProgressPlot(id="progress-plot")
                with VerticalScroll(id="details-pane"):
                    yield OutsideStatic(id="details")
        yield KeyFooter()

    def on_mount(self) -> None:
        """Start polling, and play the baselines."""
        self.sub_title = self._reader.run.path.name
        self.query_one("#side").set_class(self.is_allocation_run, "-trials")
        self.query_one("#candidates").focus()
        self.poll_every(EVERY, self.poll)
        self.play_baselines()

    # Polling

    @work(thread=True, exclusive=True, group="poll", exit_on_error=False)
    def poll(self) -> None:
        """Read the changes of the run from its files."""
        view = self._reader.read_view()
        if not get_current_worker().is_cancelled:
            self.post_message(RunsLoaded([view]))

    @on(RunsLoaded)
    def take(self, message: RunsLoaded) -> None:
        """Show the present state of the run."""
        [view] = message.views
        before, self._view = self._view, view
        self.query_one("#status", OutsideStatic).update(format_standing(view))
        if before is None or _listed(before) != _listed(view):
            self._list(grown=before is not None, before=before)

    # The table

    def _list(self, *, grown: bool, before: RunView | None = None) -> None:
        """Show the candidates.

        Args:
            grown: Whether the candidates shown before are still a prefix.
            before: State of the run at the last poll.
        """
        assert self._view is not None
        table = self.query_one("#candidates", RowTable)
        selected = self.selected
        self._order = self._sorted(self._view)
        table.show_rows(len(self._order), self._format_row)
        names = [self._view.candidates[position].name for position in self._order]
        if not names:
            return
        last = grown and self._follow and self._sort == 0
        waits = self._view.waiting
        began = waits in names and (before is None or before.waiting != waits)
        if began and waits is not None and (self._follow or selected is None):
            row = names.index(waits)  # move the cursor to the candidate that waits for a decision
        elif last or selected is None or selected.name not in names:
            best = self._view.best
            row = len(names) - 1 if last or best not in names else names.index(best)
        else:
            row = names.index(selected.name)
        table.move_cursor(row)

    def _format_row(self, row: int) -> list[Text | str]:
        """Format the row of a candidate, at the present β."""
        assert self._view is not None
        position = self._order[row]
        candidate = self._view.candidates[position]
        waits = self._view.waiting == candidate.name
        if self.is_allocation_run:
            return format_trial_cells(candidate, waits=waits)
        means = self._view.figures.find_means(position, self._beta)
        return format_cells(candidate, means, waits=waits)

    def _sorted(self, view: RunView) -> list[int]:
        """Return the positions of the candidates in the order of the table."""
        means = view.figures.compute_means(self._beta)
        match SORTS[self._sort]:
            case "objective":
                known = (candidate.objective for candidate in view.candidates)
                key = -np.array([np.nan if value is None else value for value in known])
            case "accuracy":
                key = -means[:, 0]
            case "tokens":
                key = means[:, 1]
            case "sequential tokens":
                key = means[:, 2]
            case _:
                return list(range(len(view.candidates)))
        # Not a number is sorted to the end.
        order: list[int] = np.argsort(key, kind="stable").tolist()
        return order

    @property
    def selected(self) -> CandidateView | None:
        """The candidate under the cursor."""
        row = self.query_one("#candidates", RowTable).cursor_row
        if self._view is None or not 0 <= row < len(self._order):
            return None
        return self._view.candidates[self._order[row]]

    @on(RowTable.RowHighlighted, "#candidates")
    @on(RowTable.RowsDrawn, "#candidates")
    def _detail(self) -> None:
        """Show the plot and the rationale of the candidate under the cursor."""
        chosen = self.selected
        rationale = format_rationale(
            chosen, None if self.is_allocation_run else self._beta, SORTS[self._sort]
        )
        if self._view is not None and self._view.guidelines:
            rationale.append("\nGuidelines\n", "bold")
            rationale.append("\n".join(self._view.guidelines) + "\n")
        legend = self._draw_trials(chosen) if self.is_allocation_run else self._draw_curves(chosen)
        if self._is_decidable != (decidable := self.check_action("decide", ()) is True):
            self._is_decidable = decidable
            self.refresh_bindings()  # which mounts the whole footer again
        self.query_one("#details", OutsideStatic).update(legend.append("\n").append_text(rationale))

    def _draw_trials(self, chosen: CandidateView | None) -> Text:
        """Draw the progress of a run of trials; return the legend."""
        played = (
            [candidate for candidate in self._view.candidates if candidate.trial]
            if self._view
            else []
        )
        positions = {
            candidate.name: float(position) for position, candidate in enumerate(played, start=1)
        }
        points = [
            (positions[candidate.name], candidate.trial[1])
            for candidate in played
            if candidate.trial
        ]
        mark = None
        if chosen is not None and chosen.trial is not None:
            mark = (positions[chosen.name], chosen.trial[1])
        self.query_one("#progress-plot", ProgressPlot).show(points, mark)
        return describe_progress("trials")

    def _draw_curves(self, chosen: CandidateView | None) -> Text:
        """Draw the curves of a run of controllers; return the legend."""
        curves = [
            PlotCurve(label, played.curve(self._axis), PALETTE[index % len(PALETTE)])
            for index, (label, played) in enumerate(self._baselines.items())
        ]
        if chosen is not None and (points := chosen.curve(self._axis)):
            curves.append(PlotCurve(chosen.name, points, CHOSEN))
        self.query_one("#frontier", FrontierPlot).show(curves)
        return format_legend(curves, self._axis)

    # The baselines

    @work(thread=True, exclusive=True, group="baselines", exit_on_error=False)
    def play_baselines(self) -> None:
        """Play the baselines of the run for the plot."""
        try:
            if (
                self.is_allocation_run
            ):  # a run of trials is compared with its own best, not with baselines
                return
            request = self._reader.run.request
            players = open_run_player(request)
            outcomes: dict[str, ProgramOutcomes] = {}
            for baseline in request.baselines:
                program = load_program(baseline.controller)
                outcomes[baseline.label] = players.play(program, baseline.settings)
                if get_current_worker().is_cancelled:
                    return
                self.post_message(CurvesReady(dict(outcomes)))
        except (RheostatError, StoreError, DslError, OSError) as problem:
            self.post_message(OperationFailed(f"the baselines cannot be drawn: {problem}"))

    @on(CurvesReady)
    def _show_curves(self, message: CurvesReady) -> None:
        self._baselines = message.played
        self._detail()

    @on(OperationFailed)
    def _notify_failure(self, message: OperationFailed) -> None:
        self.notify(message.problem, severity="warning", timeout=10)

    # Actions

    @on(RowTable.RowSelected, "#candidates")
    def action_open(self) -> None:
        """Open the candidate under the cursor."""
        if self._view is None or (chosen := self.selected) is None:
            return
        if self.is_allocation_run:
            self.app.push_screen(AllocationScreen(self._reader, chosen.name))
        else:
            self.app.push_screen(CandidateScreen(self._reader, chosen.name, self._view))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Return whether a key applies now: decisions need a waiting candidate."""
        if action == "cost":  # a trial has one cost
            return not self.is_allocation_run
        if action != "decide":
            return True
        chosen = self.selected
        return chosen is not None and self._view is not None and chosen.name == self._view.waiting

    def action_explain_decision(self) -> None:
        """Explain why the candidate under the cursor needs no decision."""
        waits = None if self._view is None else self._view.waiting
        name = "This" if self.selected is None else self.selected.name
        self.notify(waiting_text(name, waits), severity="warning")

    def action_decide(self, approved: bool) -> None:
        """Ask for a decision about the candidate under the cursor."""
        if (chosen := self.selected) is not None:
            self.app.push_screen(
                DecideScreen(chosen.name, approved=approved),
                make_decision_handler(self, self._reader.run.path),
            )

    def action_sort(self) -> None:
        """Sort by the next column."""
        self._sort = (self._sort + 1) % len(SORTS)
        self.notify(f"Sorted by {SORTS[self._sort]}", timeout=2)
        if self._view is not None:
            self._list(grown=False)

    def action_beta(self, by: int) -> None:
        """Change the β at which accuracy and tokens are shown."""
        self._beta = round(min(1.0, max(0.0, self._beta + by / 10)), 1)
        if self._view is not None:
            self._list(grown=False)

    def action_cost(self) -> None:
        """Draw accuracy over the other cost: tokens, or sequential tokens."""
        self._axis = self._axis.other
        self._detail()

    def action_follow(self) -> None:
        """Toggle whether the cursor follows new candidates."""
        self._follow = not self._follow
        self.notify(
            "Following new candidates" if self._follow else "Not following new candidates",
            timeout=2,
        )

    def action_back(self) -> None:
        """Go back to the runs, or quit."""
        if len(self.app.screen_stack) > 2:
            self.app.pop_screen()
        else:
            self.app.exit()


def _listed(view: RunView) -> tuple[object, ...]:
    """Return the table rows of a run."""
    return view.candidates, view.waiting
