"""Terminal summary of a run: a table, a frontier, the trajectory, and next steps."""

import os
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap

from agents.formatting import format_bounds, format_number, format_signed
from agents.report import tables
from agents.report.body import describe_verdict
from agents.report.computation import compute_report
from agents.report.controllers import REFERENCES
from agents.report.document import CodeSpan
from agents.report.evaluation import ReportServices, get_overall_label
from agents.report.records import ControllerRole, ReportedController, RunPhase, RunReport, Side
from agents.report.run_history import get_initial_objective
from agents.report.tables import TextTable, format_table
from agents.run.directory import RunDirectory
from dsl.text_width import measure_text
from harness.escaping import escape_block, quote_for_shell
from harness.messages import format_count
from harness.pages.sweep_plots import plot_in_terminal
from harness.presentation.table import truncate

WIDTH, WIDEST = 80, 100

_TOKENS = "tokens: for equal accuracy, relative to the reference; (n/m): reached at n of m points"

_ZERO = "objective: accuracy over the range of costs; below its start, baselines count"

_BELOW = "starts at: tokens of its cheapest point, if that is inside the range"

_BARS = "▁▂▃▄▅▆▇█"


def format_terminal_summary(
    run: RunDirectory,
    width: int | None,
    *,
    report: RunReport | None = None,
    services: ReportServices = ReportServices(),  # noqa: B008 - it is immutable
) -> str:
    """Format the terminal summary of a run.

    Args:
        run: Run directory.
        width: Terminal width in columns; ``None`` if the output is not a terminal.
        report: Figures of the run if they are at hand; else they are computed without opening
            held-out recordings.
        services: Services for playing programs.

    Raises:
        InputError: The report cannot be computed; see `agents.report.computation.compute_report`.
    """
    if report is None:
        report = compute_report(run, held_out=False, thorough=False, services=services)
    wide = min(width or WIDTH, WIDEST)
    controllers = _list_controllers(report)
    parts = [_format_verdict(report, wide)]
    for side, name in ((report.search, "the search set"), (report.unseen, "what was held out")):
        if side is not None:
            parts += _format_side(report, side, controllers, name, wide)
    parts.append(_plot_frontier(report, controllers, wide))
    parts.append(_format_course(report, wide))
    parts.append(_format_next_steps(run, report, wide))
    return escape_block("\n".join(parts))


def _list_controllers(report: RunReport) -> list[ReportedController]:
    """List the controllers that fit; runners-up appear in the report only."""
    return [
        controller
        for controller in report.controllers
        if controller.role is not ControllerRole.RUNNER_UP
    ]


def _format_verdict(report: RunReport, width: int) -> str:
    sentences = [
        "".join(part.text if isinstance(part, CodeSpan) else part for part in sentence)
        for sentence in describe_verdict(report)
    ]
    return "".join("\n".join(wrap(sentence, width)) + "\n" for sentence in sentences)


def _format_side(
    report: RunReport, side: Side, controllers: Sequence[ReportedController], name: str, width: int
) -> list[str]:
    playable = [controller for controller in controllers if controller.label not in side.left_out]
    worth = format_table(_build_overall_table(report, side, playable), width)
    points = tables.build_comparison_table(report, side, playable)
    zero = f"{_ZERO}\n" if report.objective == "frontier" else ""
    zero += f"{_BELOW}\n" if tables.build_start_heads(report, side) else ""
    return [
        f"{name}, over {format_count(len(side.recordings), 'recording')}\n{worth}{_TOKENS}\n{zero}",
        *(
            f"accuracy, %, at tokens for each question, near the middle cost\n{part}"
            if index == 0
            else part
            for index, part in enumerate(_format_folded(points, width))
        ),
    ]


def _build_overall_table(
    report: RunReport, side: Side, controllers: Sequence[ReportedController]
) -> TextTable:
    recording, best = get_overall_label(side), side.best_baseline
    references = tables.list_references(side, controllers)[-2:]  # more do not fit a narrow terminal
    rows = []
    for controller in controllers:
        worth = tables.find_worth(side, controller.label, recording)
        gain = (
            f"{format_signed(worth.gain, 1)}, {format_bounds(worth.gain_low, worth.gain_high, 1)}"
        )
        value = [
            format_number(worth.value),
            *tables.build_start_cells(report, side, controller.label),
        ]
        row = [controller.label, *value, "-" if controller.label == best else gain]
        rows.append(
            [*row, *(_format_ratio(side, controller.label, reference) for reference in references)]
        )
    heads = ["controller", "objective", *tables.build_start_heads(report, side), f"vs {best}, 95 %",
             *(f"tokens, {reference}=1" for reference in references)]  # fmt: skip
    return TextTable(heads, rows)


def _format_ratio(side: Side, controller: str, reference: str) -> str:
    ratio = tables.find_ratio(side, controller, reference, get_overall_label(side))
    if ratio is None:
        return "-"
    if ratio.ratio is None:
        return "never"
    reached = f" ({ratio.points - ratio.missed}/{ratio.points})" if ratio.missed else ""
    return f"{ratio.ratio:.2f}{reached}"


def _format_folded(sheet: TextTable, width: int) -> list[str]:
    """Format a table, split into several if its columns need more room."""
    needs = [
        max(12, tables.measure_column(sheet, index)) + 2 for index in range(1, len(sheet.heads))
    ]
    room = width - max(measure_text(row[0]) for row in [sheet.heads, *sheet.rows])
    parts: list[list[int]] = [[]]
    used = 0
    for number, need in enumerate(needs, start=1):
        if parts[-1] and used + need > room:
            parts.append([])
            used = 0
        parts[-1].append(number)
        used += need
    return [
        format_table(
            TextTable([sheet.heads[0], *(sheet.heads[index] for index in part)],
                  [[row[0], *(row[index] for index in part)] for row in sheet.rows]),
            width,
        )
        for part in parts
    ]  # fmt: skip


def _plot_frontier(report: RunReport, controllers: Sequence[ReportedController], width: int) -> str:
    side = report.search
    plotted = {
        controller.label for controller in controllers
        if controller.role is not ControllerRole.BASELINE or controller.label == side.best_baseline
    }  # fmt: skip
    rows = [row for row in side.rows if row.controller in plotted]
    return plot_in_terminal(rows, get_overall_label(side), width=width)


def _format_course(report: RunReport, width: int) -> str:
    cost = report.cost
    spent = cost.usage.tokens_in + cost.usage.tokens_out
    money = f"; {spent:,} tokens of language models, {cost.usage.usd:.2f} dollars" if spent else ""
    lines = [
        (
            f"cost: {format_count(cost.rounds, 'round')},"
            f" {format_count(cost.candidates, 'candidate')},"
            f" {format_count(cost.usage.evaluations, 'program')} played,"
            f" {cost.minutes:.1f} minutes of"
            f" work{money}"
        )
    ]
    if report.trajectory:
        first = get_initial_objective(report.trajectory)
        values = [first, *(step.objective for step in report.trajectory)]
        # It fits one line: a wrapped name could begin a line that reads like a message.
        baseline, bars = truncate(report.search.best_baseline, 16), _format_bars(values, width - 64)
        lines.insert(0, f"objective over rounds: {first:.2f} ({baseline}) {bars} {values[-1]:.2f}")
    return "".join("\n".join(wrap(line, width)) + "\n" for line in lines)


def _format_bars(values: Sequence[float], most: int) -> str:
    """Format values as bars, sampled if there are too many."""
    step = -(-len(values) // max(most, 8))
    sampled = [*values[:-1:step], values[-1]]
    low, high = min(sampled), max(sampled)
    scale = (len(_BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(_BARS[round((value - low) * scale)] for value in sampled)


def _format_next_steps(run: RunDirectory, report: RunReport, width: int) -> str:
    """List commands for the next steps."""
    directory = _format_path(run.path)
    steps: list[tuple[str, str]] = []
    if report.waiting is not None:
        steps += [
            (f"rheostat approve {directory} {report.waiting}", "approve; add --note for a comment"),
            (
                f"rheostat reject {directory} {report.waiting}",
                "reject; the next brief includes the note",
            ),
        ]
    if report.state is RunPhase.STOPPED:
        steps.append((f"rheostat discover --run {directory} --resume", "resume"))
    steps += _list_inspections(run, report)
    ended = report.state is RunPhase.ENDED
    if ended and not steps:
        longer = 2 * max(report.cost.rounds, 1)
        steps.append(
            (
                f"rheostat discover --run {directory} --resume --rounds {longer}",
                "search for more rounds",
            )
        )
    if ended and report.unseen is None and report.held_out:
        steps.append(
            (f"rheostat report {directory} --open-held-out", "evaluate it on held-out data")
        )
    return "next\n" + "".join(
        f"{_format_command(line, width)}\n      {purpose}\n" for line, purpose in steps
    )


def _list_inspections(run: RunDirectory, report: RunReport) -> list[tuple[str, str]]:
    """List commands to inspect the winner; empty if there is none."""
    winner = next((e.label for e in report.controllers if e.role is ControllerRole.WINNER), None)
    if winner is None:
        return []
    selected = report.state is RunPhase.ENDED and run.selected_path.is_file()
    path = run.selected_path if selected else run.source_path(winner)
    if path is None:
        return []
    program, request = _format_path(path), run.request
    on = " ".join(_format_path(recording.path) for recording in request.search)
    steps = [
        (f"cat {program}", "show the program"),
        (f"rheostat profile {program} --on {on}", "show its token use by line"),
    ]
    if report.unseen is not None:
        on = " ".join(_format_path(recording.path) for recording in request.held_out)
        steps.append(
            (
                f"rheostat compare {program} {' '.join(REFERENCES)} --on {on}",
                "compare question by question",
            )
        )
    return steps


def _format_command(line: str, width: int) -> str:
    """Format a command on as many lines as needed, ready to paste."""
    parts, lines = line.split(" "), [" "]
    for part in parts:
        if len(lines[-1]) + 1 + len(part) > width - 2 and lines[-1].strip():
            lines[-1] += " \\"
            lines.append("   ")
        lines[-1] += f" {part}"
    return "\n".join(lines)


def _format_path(path: Path) -> str:
    """Format a path for the shell."""
    near = os.path.relpath(path)
    return quote_for_shell(str(path) if near.startswith("..") else near)
