"""Tables of a report, as text cells that each output format lays out."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from agents.formatting import (
    format_bounds,
    format_estimate,
    format_gain,
    format_number,
    format_setting,
    format_signed,
)
from agents.report.controllers import REFERENCES
from agents.report.evaluation import get_overall_label
from agents.report.records import (
    ControllerRole,
    ObjectiveEstimate,
    ReportedController,
    RunReport,
    Side,
    TokenRatio,
)
from dsl.text_width import measure_text
from harness.escaping import escape_line
from harness.evaluation.sweep import SweepRow
from harness.messages import format_tokens
from harness.presentation.table import align, truncate


class TextTable(NamedTuple):
    """A table of text cells."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    texts: int = 1
    """Number of leading text columns; the other columns hold figures, aligned right."""
    strong: frozenset[int] = frozenset()
    """Indices of highlighted rows."""


def build_overall_table(report: RunReport, side: Side) -> TextTable:
    """Build the table over the whole side: objective, gain, tokens for equal accuracy."""
    best, recording = side.best_baseline, get_overall_label(side)
    controllers = list_playable(report, side)
    references = list_references(side, controllers)
    rows = []
    for controller in controllers:
        worth = find_worth(side, controller.label, recording)
        gain = format_gain(worth.gain, worth.gain_low, worth.gain_high)
        value = format_estimate(worth.value, worth.low, worth.high, bound_decimals=1)
        gain_cell = "-" if controller.label == best else gain
        row = [
            controller.label,
            controller.role.value,
            value,
            *build_start_cells(report, side, controller.label),
            gain_cell,
        ]
        ratios = [
            find_ratio(side, controller.label, reference, recording) for reference in references
        ]
        rows.append([*row, *map(_format_ratio, ratios)])
    heads = ["controller", "", "objective", *build_start_heads(report, side), f"gain over {best}"]
    heads += [f"tokens, {reference}=1" for reference in references]
    return TextTable(heads, rows, 2, _winners(controllers))


def build_start_heads(report: RunReport, side: Side) -> list[str]:
    """Return the heading over `build_start_cells`, if any controller has such a cell."""
    late = any(
        _starts_late(report, side, controller.label) for controller in list_playable(report, side)
    )
    return ["starts at"] if late else []


def build_start_cells(report: RunReport, side: Side, controller: str) -> list[str]:
    """Return the cost at which a controller's curve begins; baselines count below it.

    Args:
        report: Report.
        side: The search set or the held-out recordings.
        controller: Label of the controller.

    Returns:
        One cell, without a number if no part of the range counts as 0; no cell if that holds for
            every controller.
    """
    if not build_start_heads(report, side):
        return []
    begins = min(row.cost for row in _rows(side, controller, get_overall_label(side)))
    return [format_tokens(begins) if _starts_late(report, side, controller) else "-"]


def _starts_late(report: RunReport, side: Side, controller: str) -> bool:
    """Return whether a curve begins inside the range of costs, on any recording."""
    if report.objective != "frontier":
        return False
    baselines = [
        controller.label
        for controller in list_playable(report, side)
        if controller.role is ControllerRole.BASELINE
    ]
    for recording in side.recordings:
        costs = [
            row.cost for baseline in baselines for row in _rows(side, baseline, recording.label)
        ]  # fmt: skip
        begins = min(row.cost for row in _rows(side, controller, recording.label))
        if costs and begins > min(costs):
            return True
    return False


def _rows(side: Side, controller: str, recording: str) -> list[SweepRow]:
    return [row for row in side.rows if (row.controller, row.recording) == (controller, recording)]


def list_references(side: Side, controllers: Sequence[ReportedController]) -> list[str]:
    """List references for token ratios: the best baseline and the controllers of the library."""
    labels = {controller.label for controller in controllers}
    return [label for label in dict.fromkeys((side.best_baseline, *REFERENCES)) if label in labels]


def build_recording_table(report: RunReport, side: Side) -> TextTable:
    """Build the table of objectives with intervals, by recording."""
    labels = [recording.label for recording in side.recordings]
    rows = []
    for controller in list_playable(report, side):
        worths = [find_worth(side, controller.label, label) for label in labels]
        rows.append(
            [
                controller.label,
                *(format_estimate(w.value, w.low, w.high, bound_decimals=1) for w in worths),
            ]
        )
    return TextTable(["controller", *labels], rows, 1, _winners(list_playable(report, side)))


def build_comparison_table(
    report: RunReport, side: Side, controllers: Sequence[ReportedController] | None = None
) -> TextTable:
    """Build the table of accuracy and tokens at the middle cost, by recording.

    Args:
        report: Report of the run.
        side: The search set or the held-out recordings.
        controllers: Controllers to list; by default all that could be played.
    """
    controllers = list_playable(report, side) if controllers is None else controllers
    labels = [recording.label for recording in side.recordings]
    middles = {label: compute_middle_cost(report, side, label) for label in labels}
    rows = []
    for controller in controllers:
        points = [
            find_nearest_point(side, controller.label, label, middles[label]) for label in labels
        ]
        rows.append(
            [
                controller.label,
                *(f"{row.accuracy:.1f} at {format_tokens(row.cost)}" for row in points),
            ]
        )
    return TextTable(["controller", *labels], rows, 1, _winners(controllers))


def build_ratio_table(report: RunReport, side: Side, reference: str) -> TextTable:
    """Build the table of tokens relative to a reference at equal accuracy, by recording.

    Args:
        report: Report of the run.
        side: The search set or the held-out recordings.
        reference: Label of the controller whose accuracy is to be matched; it has no row.
    """
    labels = [recording.label for recording in side.recordings]
    controllers = [
        controller for controller in list_playable(report, side) if controller.label != reference
    ]
    rows = []
    for controller in controllers:
        ratios = [find_ratio(side, controller.label, reference, label) for label in labels]
        rows.append([controller.label, *(_format_ratio(ratio) for ratio in ratios)])
    return TextTable(["controller", *labels], rows, 1, _winners(controllers))


def build_point_table(side: Side, recording: str) -> TextTable:
    """Build the table of every controller and setting over one recording."""
    best = side.best_baseline
    rows = [
        [
            row.controller,
            format_setting(row.beta, row.settings),
            format_number(row.accuracy),
            format_bounds(row.accuracy_low, row.accuracy_high, 1),
            f"{row.cost:,}",
            f"{row.sequential:,}",
            "-" if row.controller == best else format_signed(row.difference, 1),
            "-"
            if row.controller == best
            else format_bounds(row.difference_low, row.difference_high, 1),
        ]
        for row in side.rows
        if row.recording == recording
    ]
    heads = ["controller", "at", "accuracy", "95 %", "tokens", "sequential",
             f"vs {best}", "95 %"]  # fmt: skip
    return TextTable(heads, rows, 2)


def list_playable(report: RunReport, side: Side) -> list[ReportedController]:
    """List the controllers that could be played over a side, in table order."""
    return [
        controller for controller in report.controllers if controller.label not in side.left_out
    ]


def find_worth(side: Side, controller: str, recording: str) -> ObjectiveEstimate:
    """Find a controller's objective over a recording, or over all.

    Args:
        side: The search set or the held-out recordings.
        controller: Label of a controller that could be played.
        recording: Label of a recording, or ``mean`` over all.
    """
    return next(
        worth
        for worth in side.worths
        if (worth.controller, worth.recording) == (controller, recording)
    )


def build_profile_table(report: RunReport, side: Side, controller: str) -> TextTable:
    """Build a table of the user profiles that a controller meets, and at what β.

    Args:
        report: Report of a run with the objective ``meet``.
        side: Figures over some recordings.
        controller: Label of the controller.

    Returns:
        A row for each profile; a cell has the lowest β whose point meets all limits, or ``-``.
    """
    labels = [recording.label for recording in side.recordings]
    rows = []
    for profile in report.profiles:
        cells = []
        for label in labels:
            betas = [
                row.beta
                for row in side.rows
                if row.controller == controller
                and row.recording == label
                and profile.find_met(row.accuracy, row.cost, row.sequential)
            ]
            lowest = min((beta for beta in betas if beta is not None), default=None)
            cells.append("-" if lowest is None else f"{lowest:g}")
        rows.append([profile.name, *cells])
    return TextTable(["profile", *labels], rows, 1)


def find_ratio(side: Side, controller: str, reference: str, recording: str) -> TokenRatio | None:
    """Find a controller's tokens for the accuracy of a reference.

    Args:
        side: The search set or the held-out recordings.
        controller: Label of the controller.
        reference: Label of the reference.
        recording: Label of a recording, or ``mean`` over all.

    Returns:
        The ratio; ``None`` for the reference itself, or if one of them could not be played.
    """
    key = (controller, reference, recording)
    matches = (
        ratio for ratio in side.ratios
        if (ratio.controller, ratio.reference, ratio.recording) == key
    )  # fmt: skip
    return next(matches, None)


def compute_middle_cost(report: RunReport, side: Side, recording: str) -> float:
    """Compute the geometric middle of the baselines' costs on a recording.

    Args:
        report: Report of the run.
        side: The search set or the held-out recordings.
        recording: Label of the recording.

    Returns:
        Tokens per question.
    """
    names = {
        controller.label
        for controller in report.controllers
        if controller.role is ControllerRole.BASELINE
    }
    costs = [
        max(row.cost, 1)
        for row in side.rows
        if row.recording == recording and row.controller in names
    ]
    return math.sqrt(min(costs) * max(costs))


def find_nearest_point(side: Side, controller: str, recording: str, cost: float) -> SweepRow:
    """Find a controller's point nearest in cost by ratio; ties go to the cheaper one.

    Args:
        side: The search set or the held-out recordings.
        controller: Label of the controller.
        recording: Label of the recording.
        cost: Tokens per question.
    """
    rows = [row for row in side.rows if (row.controller, row.recording) == (controller, recording)]
    return min(rows, key=lambda row: (abs(math.log(max(row.cost, 1) / cost)), row.cost))


def format_table(sheet: TextTable, width: int | None = None) -> str:
    """Format a table as text, with columns two spaces apart, within a width."""
    lines = [list(map(escape_line, line)) for line in (sheet.heads, *sheet.rows)]
    widths = [max(map(measure_text, cells)) for cells in zip(*lines, strict=True)]
    if width is not None:
        floors = [
            8 if index < sheet.texts else measure_column(sheet, index)
            for index in range(len(widths))
        ]
        for _ in range(sum(widths) + 2 * (len(widths) - 1) - width):
            shrinkable = [index for index, floor in enumerate(floors) if widths[index] > floor]
            if not shrinkable:
                break
            widths[max(shrinkable, key=lambda index: widths[index])] -= 1
    formatted = []
    for line in lines:
        cells = [
            align(truncate(cell, size), size, right=index >= sheet.texts)
            for index, (cell, size) in enumerate(zip(line, widths, strict=True))
        ]
        formatted.append("  ".join(cells).rstrip())
    return "\n".join(formatted) + "\n"


def measure_column(sheet: TextTable, column: int) -> int:
    """Return the width that a column's figures need; its heading may be cut."""
    return max((measure_text(row[column]) for row in sheet.rows), default=0)


def build_knob_table(values: Mapping[str, Sequence[float]], betas: Sequence[float]) -> TextTable:
    """Build the table of knob values at a few values of β."""
    indices = [round(share * (len(betas) - 1)) for share in (0, 0.25, 0.5, 0.75, 1)]
    rows = [
        [name, *(f"{column[index]:.4g}" for index in indices)] for name, column in values.items()
    ]
    return TextTable(["knob", *(f"beta {betas[index]:g}" for index in indices)], rows)


def _format_ratio(ratio: TokenRatio | None) -> str:
    if ratio is None or ratio.ratio is None:
        return "never" if ratio is not None else "-"
    missed = f", {ratio.missed} missed" if ratio.missed else ""
    latency = "" if ratio.sequential is None else f", latency {ratio.sequential:.2f}"
    return f"{format_estimate(ratio.ratio, ratio.low, ratio.high)}{missed}{latency}"


def _winners(controllers: Sequence[ReportedController]) -> frozenset[int]:
    return frozenset(
        index
        for index, controller in enumerate(controllers)
        if controller.role is ControllerRole.WINNER
    )
