"""Warnings about points of a sweep that look like results but mislead."""

from collections.abc import Sequence

from harness.evaluation.grid import Grid, Shortage, format_knobs
from harness.evaluation.scores import CellEpisodes
from harness.evaluation.sweep import SweepRow
from harness.request.plan import Plan, RheoPlan
from harness.request.recordings import NamedRecording, branch_counts
from harness.request.widths import requested_width

_IDLE = 5
"""The most idle points that are listed."""

_SHORT = 5
"""The most controllers with too few branches that are listed."""

_FAR = 2
"""Points whose costs differ by more than this factor are not comparable."""


def describe_shortages(grid: Grid) -> list[str]:
    """Describe controllers that request more branches than were recorded."""
    texts = []
    shortages = grid.shortages()
    together: dict[tuple[str, str], list[Shortage]] = {}
    for shortage in shortages:
        together.setdefault((shortage.point.program.label, shortage.recording), []).append(shortage)
    for (label, recording), several in list(together.items())[:_SHORT]:
        first = several[0]
        if len(several) == 1:
            names = first.requested.knobs
            knobs = {name: value for name, value in first.point.knobs.items() if name in names}
            beta = "" if first.point.beta is None else f" beta={first.point.beta!r}"
            who = f"{label} {format_knobs(knobs)}".rstrip() + beta
            asks = f"requests {first.requested.branches:,} branches"
        else:
            points = sum(point.program.label == label for point in grid.points)
            widths = [shortage.requested.branches for shortage in several]
            who = label
            numbers = _range(min(widths), max(widths))
            asks = f"{len(several)} of {points} points request {numbers} branches"
        texts.append(
            f"{who} on {recording}: {asks}, but a question has"
            f" {_range(first.fewest, first.most)}; no more are opened"
        )
    if len(together) > _SHORT:
        texts.append(f"{len(together) - _SHORT} more request more branches than were recorded")
    return texts


def describe_shortage(plan: Plan, recordings: Sequence[NamedRecording]) -> list[str]:
    """Describe recordings that have fewer branches than a knob that was set requests.

    Args:
        plan: The controller and its setting.
        recordings: The recordings.
    """
    if not isinstance(plan, RheoPlan):
        return []
    width = requested_width(plan.program.checked, plan.knobs)
    if width is None or width.knobs.isdisjoint(plan.chosen):
        return []
    counts = [(label, *branch_counts(recording)) for label, recording in recordings]
    return [
        f"{plan.program.label} on {label}: requests {width.branches:,} branches, but a question"
        f" has {_range(fewest, most)}; no more are opened"
        for label, fewest, most in counts
        if width.branches > fewest
    ]


def describe_single_point(grid: Grid, rows: Sequence[SweepRow]) -> list[str]:
    """Describe rows whose differences are to a single point with a very different cost."""
    first = grid.programs[0].label
    costs = {row.cost for row in rows if row.controller == first}
    others = [row.cost for row in rows if row.controller != first]
    points = sum(point.program is grid.programs[0] for point in grid.points)
    if points != 1 or not others or not any(costs):
        return []
    low, high = min(costs) / _FAR, max(costs) * _FAR
    far = sum(not low <= cost <= high for cost in others)
    if not far:
        return []
    text = (
        f"{first} has a single point: {far} of {len(others)} rows cost less than half or more"
        f" than twice as much, so their differences are not at equal cost; give {first}"
        " several settings"
    )
    return [text]


def _range(low: int, high: int) -> str:
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def describe_idle(grid: Grid, played: CellEpisodes) -> list[str]:
    """Describe points that did nothing on a recording: their rows only look like results."""
    texts = []
    idle: dict[int, list[str]] = {}
    for cell, episodes in played.items():
        if not episodes.tokens.any():
            idle.setdefault(cell.point, []).append(grid.recordings[cell.recording].label)
    for number in sorted(idle)[:_IDLE]:
        point, labels = grid.points[number], idle[number]
        beta = "" if point.beta is None else f" beta={point.beta!r}"
        where = "" if len(labels) == len(grid.recordings) else f" on {', '.join(labels)}"
        name = f"{point.program.label} {format_knobs(point.knobs)}".rstrip()
        texts.append(f"{name}{beta}{where}: no episode took any action; all ended at 0 tokens")
    if len(idle) > _IDLE:
        texts.append(f"{len(idle) - _IDLE} more took no action")
    return texts
