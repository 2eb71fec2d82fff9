"""Terminal summary of a run: a table, a frontier, the trajectory, and next steps."""

import os
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap

from agents.formatting import format_bounds, format_number, format_signed
from agents.report import tables
from agents.report.body import describe_verdict
from agents.report.computation import compute_report
from agents.report.controllers import PUBLISHED
from agents.report.document import CodeSpan
from agents.report.evaluation import ReportServices, get_overall_label
from agents.report.records import ControllerRole, ReportedController, RunPhase, RunReport, Side
from agents.report.run_history import get_initial_objective
from agents.report.tables import TextTable, format_table
from agents.run.directory import RunDirectory
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
    people = _people(report)
    parts = [_verdict(report, wide)]
    for side, name in ((report.search, "the search set"), (report.unseen, "what was held out")):
        if side is not None:
            parts += _side(report, side, people, name, wide)
    parts.append(_frontier(report, people, wide))
    parts.append(_course(report, wide))
    parts.append(_next(run, report, wide))
    return escape_block("\n".join(parts))


def _people(report: RunReport) -> list[ReportedController]:
    """List the controllers that fit; runners-up appear in the report only."""
    return [each for each in report.controllers if each.role is not ControllerRole.RUNNER_UP]


def _verdict(report: RunReport, width: int) -> str:
    sentences = [
        "".join(each.text if isinstance(each, CodeSpan) else each for each in words)
        for words in describe_verdict(report)
    ]
    return "".join("\n".join(wrap(each, width)) + "\n" for each in sentences)


def _side(
    report: RunReport, side: Side, people: Sequence[ReportedController], name: str, width: int
) -> list[str]:
    present = [each for each in people if each.label not in side.left_out]
    worth = format_table(_overall(report, side, present), width)
    points = tables.build_comparison_table(report, side, present)
    zero = f"{_ZERO}\n" if report.objective == "frontier" else ""
    zero += f"{_BELOW}\n" if tables.zero_heads(report, side) else ""
    return [
        f"{name}, over {format_count(len(side.recordings), 'recording')}\n{worth}{_TOKENS}\n{zero}",
        *(
            f"accuracy, %, at tokens for each question, near the middle cost\n{part}"
            if place == 0
            else part
            for place, part in enumerate(_folded(points, width))
        ),
    ]


def _overall(report: RunReport, side: Side, people: Sequence[ReportedController]) -> TextTable:
    where, best = get_overall_label(side), side.best_baseline
    references = tables.list_references(side, people)[-2:]  # more do not fit a narrow terminal
    rows = []
    for each in people:
        worth = tables.find_worth(side, each.label, where)
        gain = (
            f"{format_signed(worth.gain, 1)}, {format_bounds(worth.gain_low, worth.gain_high, 1)}"
        )
        value = [format_number(worth.value), *tables.zero_cells(report, side, each.label)]
        row = [each.label, *value, "-" if each.label == best else gain]
        rows.append([*row, *(_saved(side, each.label, reference) for reference in references)])
    heads = ["controller", "objective", *tables.zero_heads(report, side), f"vs {best}, 95 %",
             *(f"tokens, {reference}=1" for reference in references)]  # fmt: skip
    return TextTable(heads, rows)


def _saved(side: Side, controller: str, reference: str) -> str:
    found = tables.find_ratio(side, controller, reference, get_overall_label(side))
    if found is None:
        return "-"
    if found.ratio is None:
        return "never"
    reached = f" ({found.points - found.missed}/{found.points})" if found.missed else ""
    return f"{found.ratio:.2f}{reached}"


def _folded(sheet: TextTable, width: int) -> list[str]:
    """Format a table, split into several if its columns need more room."""
    needs = [max(12, tables.measure_column(sheet, at)) + 2 for at in range(1, len(sheet.heads))]
    room = width - max(len(row[0]) for row in [sheet.heads, *sheet.rows])
    parts: list[list[int]] = [[]]
    taken = 0
    for at, need in enumerate(needs, start=1):
        if parts[-1] and taken + need > room:
            parts.append([])
            taken = 0
        parts[-1].append(at)
        taken += need
    return [
        format_table(
            TextTable([sheet.heads[0], *(sheet.heads[at] for at in part)],
                  [[row[0], *(row[at] for at in part)] for row in sheet.rows]),
            width,
        )
        for part in parts
    ]  # fmt: skip


def _frontier(report: RunReport, people: Sequence[ReportedController], width: int) -> str:
    side = report.search
    drawn = {
        each.label for each in people
        if each.role is not ControllerRole.BASELINE or each.label == side.best_baseline
    }  # fmt: skip
    rows = [row for row in side.rows if row.controller in drawn]
    return plot_in_terminal(rows, get_overall_label(side), width=width)


def _course(report: RunReport, width: int) -> str:
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
        values = [first, *(each.objective for each in report.trajectory)]
        # It fits one line: a wrapped name could begin a line that reads like a message.
        baseline, bars = truncate(report.search.best_baseline, 16), _bars(values, width - 64)
        lines.insert(0, f"objective over rounds: {first:.2f} ({baseline}) {bars} {values[-1]:.2f}")
    return "".join("\n".join(wrap(line, width)) + "\n" for line in lines)


def _bars(values: Sequence[float], most: int) -> str:
    """Format values as bars, sampled if there are too many."""
    step = -(-len(values) // max(most, 8))
    shown = [*values[:-1:step], values[-1]]
    low, high = min(shown), max(shown)
    scale = (len(_BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(_BARS[round((each - low) * scale)] for each in shown)


def _next(run: RunDirectory, report: RunReport, width: int) -> str:
    """List commands for the next steps."""
    place = _place(run.path)
    todo: list[tuple[str, str]] = []
    if report.waiting is not None:
        todo += [
            (f"rheostat approve {place} {report.waiting}", "approve; add --note for a comment"),
            (
                f"rheostat reject {place} {report.waiting}",
                "reject; the next brief includes the note",
            ),
        ]
    if report.state is RunPhase.STOPPED:
        todo.append((f"rheostat discover --run {place} --resume", "resume"))
    todo += _looking(run, report)
    ended = report.state is RunPhase.ENDED
    if ended and not todo:
        longer = 2 * max(report.cost.rounds, 1)
        todo.append(
            (
                f"rheostat discover --run {place} --resume --rounds {longer}",
                "search for more rounds",
            )
        )
    if ended and report.unseen is None and report.held_out:
        todo.append((f"rheostat report {place} --open-held-out", "evaluate it on held-out data"))
    return "next\n" + "".join(f"{_command(line, width)}\n      {does}\n" for line, does in todo)


def _looking(run: RunDirectory, report: RunReport) -> list[tuple[str, str]]:
    """List commands to inspect the winner; empty if there is none."""
    winner = next((e.label for e in report.controllers if e.role is ControllerRole.WINNER), None)
    if winner is None:
        return []
    selected = report.state is RunPhase.ENDED and run.selected_path.is_file()
    found = run.selected_path if selected else run.source_path(winner)
    if found is None:
        return []
    program, request = _place(found), run.request
    on = " ".join(_place(each.path) for each in request.search)
    todo = [
        (f"cat {program}", "show the program"),
        (f"rheostat profile {program} --on {on}", "show its token use by line"),
    ]
    if report.unseen is not None:
        on = " ".join(_place(each.path) for each in request.held_out)
        todo.append(
            (
                f"rheostat compare {program} {' '.join(PUBLISHED)} --on {on}",
                "compare question by question",
            )
        )
    return todo


def _command(line: str, width: int) -> str:
    """Format a command on as many lines as needed, ready to paste."""
    words, lines = line.split(" "), [" "]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > width - 2 and lines[-1].strip():
            lines[-1] += " \\"
            lines.append("   ")
        lines[-1] += f" {word}"
    return "\n".join(lines)


def _place(path: Path) -> str:
    """Format a path for the shell."""
    near = os.path.relpath(path)
    return quote_for_shell(str(path) if near.startswith("..") else near)
