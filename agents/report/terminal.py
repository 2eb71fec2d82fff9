"""The end of a run in a terminal: a table, a frontier, the trajectory, and what to do next."""

import os
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap

from agents.report import sheets
from agents.report.controllers import PUBLISHED
from agents.report.course import beginning
from agents.report.document import Code
from agents.report.figures import figures
from agents.report.pages import verdict
from agents.report.playing import Hands, over_all
from agents.report.records import Report, Role, Shown, Side, State
from agents.report.sheets import Sheet, laid_out
from agents.report.wording import bounds, plain, signed
from agents.run.directory import RunDirectory
from agents.run.wording import several
from harness.escaping import escape_block, quote_for_shell
from harness.evaluation.plots import in_terminal

WIDTH, WIDEST = 80, 100

_TOKENS = "tokens: for equal accuracy, the other's being 1; (n/m): reached at n of m points"

_ZERO = "objective: accuracy over the whole range of costs; left of its cheapest point, 0"

_BELOW = "0 below: the tokens of its cheapest point, where that is inside of the range"

_BARS = "▁▂▃▄▅▆▇█"


def terminal_summary(
    run: RunDirectory,
    width: int | None,
    *,
    report: Report | None = None,
    hands: Hands = Hands(),  # noqa: B008 - it is immutable
) -> str:
    """What a terminal shows of a run.

    Args:
        run: the run.
        width: where lines end, in columns; ``None`` where nobody sees an edge.
        report: its figures, where they are at hand; else they are computed, without opening what
            was held out.
        hands: with what to play then.

    Raises:
        InputError: see `agents.report.figures.figures`.
    """
    if report is None:
        report = figures(run, held_out=False, closely=False, hands=hands)
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


def _people(report: Report) -> list[Shown]:
    """Those who fit: the runners-up stand in the report."""
    return [each for each in report.controllers if each.role is not Role.RUNNER_UP]


def _verdict(report: Report, width: int) -> str:
    sentences = [
        "".join(each.text if isinstance(each, Code) else each for each in words)
        for words in verdict(report)
    ]
    return "".join("\n".join(wrap(each, width)) + "\n" for each in sentences)


def _side(report: Report, side: Side, people: Sequence[Shown], name: str, width: int) -> list[str]:
    present = [each for each in people if each.label not in side.left_out]
    worth = laid_out(_overall(report, side, present), width)
    points = sheets.comparable(report, side, present)
    zero = f"{_ZERO}\n" if report.objective == "frontier" else ""
    zero += f"{_BELOW}\n" if sheets.zero_heads(report, side) else ""
    return [
        f"{name}, over {several(len(side.recordings), 'recording')}\n{worth}{_TOKENS}\n{zero}",
        *(
            f"accuracy, %, at tokens for each question, near the middle cost\n{part}"
            if place == 0
            else part
            for place, part in enumerate(_folded(points, width))
        ),
    ]


def _overall(report: Report, side: Side, people: Sequence[Shown]) -> Sheet:
    where, best = over_all(side), side.best_baseline
    rows = []
    for each in people:
        worth = sheets.worth_of(side, each.label, where)
        gain = f"{signed(worth.gain, 1)}, {bounds(worth.gain_low, worth.gain_high, 1)}"
        value = [plain(worth.value), *sheets.zero_cells(report, side, each.label)]
        row = [each.label, *value, "-" if each.label == best else gain]
        rows.append(
            [*row, *(_saved(side, each.label, ref) for ref in sheets.references_of(side, people))]
        )
    heads = ["controller", "objective", *sheets.zero_heads(report, side), f"vs {best}, 95 %",
             *(f"tokens, {ref}=1" for ref in sheets.references_of(side, people))]  # fmt: skip
    return Sheet(heads, rows)


def _saved(side: Side, controller: str, reference: str) -> str:
    found = sheets.ratio_of(side, controller, reference, over_all(side))
    if found is None:
        return "-"
    if found.ratio is None:
        return "never"
    reached = f" ({found.points - found.missed}/{found.points})" if found.missed else ""
    return f"{found.ratio:.2f}{reached}"


def _folded(sheet: Sheet, width: int) -> list[str]:
    """A table, in several where its columns need more room than there is."""
    needs = [max(12, sheets.len_of(sheet, at)) + 2 for at in range(1, len(sheet.heads))]
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
        laid_out(
            Sheet([sheet.heads[0], *(sheet.heads[at] for at in part)],
                  [[row[0], *(row[at] for at in part)] for row in sheet.rows]),
            width,
        )
        for part in parts
    ]  # fmt: skip


def _frontier(report: Report, people: Sequence[Shown], width: int) -> str:
    side = report.search
    drawn = {
        each.label for each in people
        if each.role is not Role.BASELINE or each.label == side.best_baseline
    }  # fmt: skip
    rows = [row for row in side.rows if row.controller in drawn]
    return in_terminal(rows, over_all(side), width=width)


def _course(report: Report, width: int) -> str:
    cost = report.cost
    spent = cost.usage.tokens_in + cost.usage.tokens_out
    money = f"; {spent:,} tokens of language models, {cost.usage.usd:.2f} dollars" if spent else ""
    lines = [
        (
            f"cost: {several(cost.rounds, 'round')}, {several(cost.candidates, 'candidate')},"
            f" {several(cost.usage.evaluations, 'program')} played, {cost.minutes:.1f} minutes of"
            f" work{money}"
        )
    ]
    if report.trajectory:
        first = beginning(report.trajectory)
        values = [first, *(each.objective for each in report.trajectory)]
        rival, bars = report.search.best_baseline, _bars(values, width - 60)
        lines.insert(0, f"objective over rounds: {first:.2f} ({rival}) {bars} {values[-1]:.2f}")
    return "".join("\n".join(wrap(line, width)) + "\n" for line in lines)


def _bars(values: Sequence[float], most: int) -> str:
    """Values as bars, every so many-th where there are too many."""
    step = -(-len(values) // max(most, 8))
    shown = [*values[:-1:step], values[-1]]
    low, high = min(shown), max(shown)
    scale = (len(_BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(_BARS[round((each - low) * scale)] for each in shown)


def _next(run: RunDirectory, report: Report, width: int) -> str:
    """What to do next, as commands."""
    place = _place(run.path)
    todo: list[tuple[str, str]] = []
    if report.waiting is not None:
        todo += [
            (f"rheostat approve {place} {report.waiting}", "agree, with --note if you like"),
            (f"rheostat reject {place} {report.waiting}", "say no; the next brief has the note"),
        ]
    if report.state is State.STOPPED:
        todo.append((f"rheostat discover --run {place} --resume", "go on"))
    todo += _looking(run, report)
    ended = report.state is State.ENDED
    if ended and not todo:
        longer = 2 * max(report.cost.rounds, 1)
        todo.append((f"rheostat discover --run {place} --resume --rounds {longer}", "look longer"))
    if ended and report.unseen is None and report.held_out:
        todo.append((f"rheostat report {place} --open-held-out", "judge it by what is held out"))
    return "next\n" + "".join(f"{_command(line, width)}\n      {does}\n" for line, does in todo)


def _looking(run: RunDirectory, report: Report) -> list[tuple[str, str]]:
    """How to look at the winner; nothing where there is none."""
    winner = next((e.label for e in report.controllers if e.role is Role.WINNER), None)
    if winner is None:
        return []
    selected = report.state is State.ENDED and run.selected_path.is_file()
    found = run.selected_path if selected else run.source_path(winner)
    if found is None:
        return []
    program, request = _place(found), run.request
    on = " ".join(_place(each.path) for each in request.search)
    todo = [
        (f"cat {program}", "look at it"),
        (f"rheostat profile {program} --on {on}", "see where its tokens go"),
    ]
    if report.unseen is not None:
        on = " ".join(_place(each.path) for each in request.held_out)
        todo.append((f"rheostat compare {program} {PUBLISHED} --on {on}", "question by question"))
    return todo


def _command(line: str, width: int) -> str:
    """A command on as many lines as it needs, so that it can be typed as it stands."""
    words, lines = line.split(" "), [" "]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > width - 2 and lines[-1].strip():
            lines[-1] += " \\"
            lines.append("   ")
        lines[-1] += f" {word}"
    return "\n".join(lines)


def _place(path: Path) -> str:
    """A path as it is typed here."""
    near = os.path.relpath(path)
    return quote_for_shell(str(path) if near.startswith("..") else near)
