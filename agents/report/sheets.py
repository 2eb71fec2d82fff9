"""The tables of a report, as text cells that every face lays out in its own way."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from agents.report.controllers import PUBLISHED
from agents.report.playing import over_all
from agents.report.records import Report, Role, Shown, Side, TokenRatio, Worth
from agents.report.wording import bounds, plain, setting, signed, tokens
from harness.cli.table import cut
from harness.escaping import escape_line
from harness.evaluation.sweep import Row


class Sheet(NamedTuple):
    """A table."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    texts: int = 1
    """The first so many columns hold text, the others figures, which stand to the right."""
    strong: frozenset[int] = frozenset()
    """Rows to be seen first, by their places."""


def overall(report: Report, side: Side) -> Sheet:
    """Everyone over the whole side: the objective, the gain, the tokens for equal accuracy."""
    best, where = side.best_baseline, over_all(side)
    people = present(report, side)
    references = references_of(side, people)
    rows = []
    for each in people:
        worth = worth_of(side, each.label, where)
        gain = f"{signed(worth.gain)} ({bounds(worth.gain_low, worth.gain_high)})"
        value = f"{plain(worth.value)} ({bounds(worth.low, worth.high, 1)})"
        gained = "-" if each.label == best else gain
        row = [each.label, each.role.value, value, *zero_cells(report, side, each.label), gained]
        ratios = [ratio_of(side, each.label, reference, where) for reference in references]
        rows.append([*row, *map(_told, ratios)])
    heads = ["controller", "", "objective", *zero_heads(report, side), f"gain over {best}"]
    heads += [f"tokens, {reference}=1" for reference in references]
    return Sheet(heads, rows, 2, _winners(people))


def zero_heads(report: Report, side: Side) -> list[str]:
    """The heading over `zero_cells`, where some controller has such a cell."""
    late = any(_late(report, side, each.label) for each in present(report, side))
    return ["0 below"] if late else []


def zero_cells(report: Report, side: Side, controller: str) -> list[str]:
    """The tokens below which the objective counts 0 for a controller, as its curve begins there.

    Args:
        report: the report.
        side: its search set, or what was held out.
        controller: the label of the controller.

    Returns:
        One cell, empty of a number where the objective counts nothing as 0; none where that is so
        for every controller.
    """
    if not zero_heads(report, side):
        return []
    begins = min(row.cost for row in _rows(side, controller, over_all(side)))
    return [tokens(begins) if _late(report, side, controller) else "-"]


def _late(report: Report, side: Side, controller: str) -> bool:
    """Whether a curve begins above the range of costs of the objective, on any recording."""
    if report.objective != "frontier":
        return False
    baselines = [each.label for each in present(report, side) if each.role is Role.BASELINE]
    for recording in side.recordings:
        costs = [
            row.cost for each in baselines for row in _rows(side, each, recording.label)
        ]  # fmt: skip
        begins = min(row.cost for row in _rows(side, controller, recording.label))
        if costs and begins > min(costs):
            return True
    return False


def _rows(side: Side, controller: str, recording: str) -> list[Row]:
    return [row for row in side.rows if (row.controller, row.recording) == (controller, recording)]


def references_of(side: Side, people: Sequence[Shown]) -> list[str]:
    """Whose accuracy is to be reached: the best baseline's, and the published controller's."""
    known = {each.label for each in people}
    return [each for each in dict.fromkeys((side.best_baseline, PUBLISHED)) if each in known]


def by_recording(report: Report, side: Side) -> Sheet:
    """Everyone over each recording: the objective with its interval."""
    labels = [each.label for each in side.recordings]
    rows = []
    for each in present(report, side):
        worths = [worth_of(side, each.label, label) for label in labels]
        rows.append(
            [each.label, *(f"{plain(w.value)} ({bounds(w.low, w.high, 1)})" for w in worths)]
        )
    return Sheet(["controller", *labels], rows, 1, _winners(present(report, side)))


def comparable(report: Report, side: Side, people: Sequence[Shown] | None = None) -> Sheet:
    """Everyone over each recording: accuracy and tokens of the point at the middle cost."""
    people = present(report, side) if people is None else people
    labels = [each.label for each in side.recordings]
    middles = {label: middle(report, side, label) for label in labels}
    rows = []
    for each in people:
        points = [nearest(side, each.label, label, middles[label]) for label in labels]
        rows.append([each.label, *(f"{row.accuracy:.1f} at {tokens(row.cost)}" for row in points)])
    return Sheet(["controller", *labels], rows, 1, _winners(people))


def ratios_by_recording(report: Report, side: Side, reference: str) -> Sheet:
    """Everyone over each recording: the tokens for the reference's accuracy, in its own."""
    labels = [each.label for each in side.recordings]
    people = [each for each in present(report, side) if each.label != reference]
    rows = []
    for each in people:
        found = [ratio_of(side, each.label, reference, label) for label in labels]
        rows.append([each.label, *(_told(one) for one in found)])
    return Sheet(["controller", *labels], rows, 1, _winners(people))


def every_point(side: Side, recording: str) -> Sheet:
    """Every controller at every setting over one recording."""
    best = side.best_baseline
    rows = [
        [
            row.controller,
            setting(row.beta, row.settings),
            plain(row.accuracy),
            bounds(row.accuracy_low, row.accuracy_high, 1),
            f"{row.cost:,}",
            f"{row.sequential:,}",
            "-" if row.controller == best else signed(row.difference, 1),
            "-" if row.controller == best else bounds(row.difference_low, row.difference_high, 1),
        ]
        for row in side.rows
        if row.recording == recording
    ]
    heads = ["controller", "at", "accuracy", "95 %", "tokens", "sequential",
             f"vs {best}", "95 %"]  # fmt: skip
    return Sheet(heads, rows, 2)


def present(report: Report, side: Side) -> list[Shown]:
    """Those that could be played over a side, in the order of tables."""
    return [each for each in report.controllers if each.label not in side.left_out]


def worth_of(side: Side, controller: str, recording: str) -> Worth:
    """A controller's objective over a recording, or over all."""
    return next(
        each for each in side.worths if (each.controller, each.recording) == (controller, recording)
    )


def ratio_of(side: Side, controller: str, reference: str, recording: str) -> TokenRatio | None:
    """A controller's tokens for a reference's accuracy; ``None`` for the reference itself."""
    wanted = (controller, reference, recording)
    found = (
        each for each in side.ratios
        if (each.controller, each.reference, each.recording) == wanted
    )  # fmt: skip
    return next(found, None)


def middle(report: Report, side: Side, recording: str) -> float:
    """The middle of the baselines' costs on a recording, by ratio: what costs are compared at."""
    names = {each.label for each in report.controllers if each.role is Role.BASELINE}
    costs = [
        max(row.cost, 1)
        for row in side.rows
        if row.recording == recording and row.controller in names
    ]
    return math.sqrt(min(costs) * max(costs))


def nearest(side: Side, controller: str, recording: str, cost: float) -> Row:
    """A controller's point whose cost is nearest by ratio; of equals, the cheaper."""
    rows = [row for row in side.rows if (row.controller, row.recording) == (controller, recording)]
    return min(rows, key=lambda row: (abs(math.log(max(row.cost, 1) / cost)), row.cost))


def laid_out(sheet: Sheet, width: int | None = None) -> str:
    """A table in characters, its columns two spaces apart, its lines at most so wide."""
    lines = [list(map(escape_line, line)) for line in (sheet.heads, *sheet.rows)]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    if width is not None:
        floors = [8 if at < sheet.texts else len_of(sheet, at) for at in range(len(widths))]
        for _ in range(sum(widths) + 2 * (len(widths) - 1) - width):
            loose = [at for at, floor in enumerate(floors) if widths[at] > floor]
            if not loose:
                break
            widths[max(loose, key=lambda at: widths[at])] -= 1
    shown = []
    for line in lines:
        cells = [
            cut(cell, size).ljust(size) if at < sheet.texts else cut(cell, size).rjust(size)
            for at, (cell, size) in enumerate(zip(line, widths, strict=True))
        ]
        shown.append("  ".join(cells).rstrip())
    return "\n".join(shown) + "\n"


def len_of(sheet: Sheet, column: int) -> int:
    """The width that a column's figures need; its head may be cut."""
    return max((len(row[column]) for row in sheet.rows), default=0)


def knobs(values: Mapping[str, Sequence[float]], betas: Sequence[float]) -> Sheet:
    """How knobs follow β, at a few values of it."""
    places = [round(share * (len(betas) - 1)) for share in (0, 0.25, 0.5, 0.75, 1)]
    rows = [
        [name, *(f"{column[place]:.4g}" for place in places)] for name, column in values.items()
    ]
    return Sheet(["knob", *(f"beta {betas[place]:g}" for place in places)], rows)


def _told(found: TokenRatio | None) -> str:
    if found is None or found.ratio is None:
        return "never" if found is not None else "-"
    missed = f", {found.missed} missed" if found.missed else ""
    return f"{found.ratio:.2f} ({bounds(found.low, found.high)}){missed}"


def _winners(people: Sequence[Shown]) -> frozenset[int]:
    return frozenset(at for at, each in enumerate(people) if each.role is Role.WINNER)
