"""The output of `rheostat sweep` and `rheostat compare`: pages for people, and tables."""

from collections.abc import Collection, Sequence
from textwrap import fill

from harness.escaping import escape_line
from harness.evaluation.comparison import Comparison, PointMatch
from harness.evaluation.grid import Grid, format_knobs
from harness.evaluation.scores import MEAN
from harness.evaluation.sweep import SweepRow
from harness.presentation.table import Cell, Column, Table, truncate
from harness.request.option_names import name_option

_DIFFERENCES = 10
"""The most questions on a page."""
_LABEL = 11
_HEADING = 12
"""The most characters of a label in a heading, on a terminal."""


def full_table(rows: Sequence[SweepRow]) -> Table:
    """Return every field of every row, for CSV; knobs are formatted as on a command line."""
    names = SweepRow.__struct_fields__
    return Table(
        [Column(name) for name in names],
        [[_cell(getattr(row, name)) for name in names] for row in rows],
    )


def chosen_knobs(grid: Grid) -> frozenset[tuple[str, str]]:
    """Return the knobs that were set: each the label of a controller and the name of the knob."""
    return frozenset((point.program.label, name) for point in grid.points for name in point.chosen)


def overview_table(
    rows: Sequence[SweepRow], first: str, chosen: Collection[tuple[str, str]]
) -> Table:
    """Return the rows with the columns that matter for a comparison, for a terminal.

    Columns without information are left out, and intervals are rounded to one decimal.

    Args:
        rows: The rows.
        first: The label of the controller that others are compared with.
        chosen: The knobs to show, from `chosen_knobs`.
    """
    against = f"vs {first}"
    columns = {
        "controller": [row.controller for row in rows],
        "recording": [row.recording for row in rows],
        "beta": [row.beta for row in rows],
        "set": [
            format_knobs({n: v for n, v in row.settings.items() if (row.controller, n) in chosen})
            for row in rows
        ],
        "width": [_width_text(row) for row in rows],
        "accuracy": [row.accuracy for row in rows],
        "95 %": [_bounds(row.accuracy_low, row.accuracy_high, 1) for row in rows],
        "tokens": [row.cost for row in rows],
        "sequential": [row.sequential for row in rows],
        against: [None if row.controller == first else _difference(row) for row in rows],
    }
    informative = {
        "recording": len({row.recording for row in rows}) > 1,
        "beta": any(row.beta is not None for row in rows),
        "set": bool(chosen),
        "width": any(row.width != row.width_requested for row in rows),
        against: any(row.controller != first for row in rows),
    }
    visible = {title: cells for title, cells in columns.items() if informative.get(title, True)}
    decimals = {"beta": None, "accuracy": 2}
    return Table(
        [
            Column(title, decimals=decimals.get(title), name=title in ("controller", "recording"))
            for title in visible
        ],
        list(zip(*visible.values(), strict=True)),
    )


def _width_text(row: SweepRow) -> str | None:
    """Return how many branches were opened, and how many were requested if that is more."""
    if row.width == row.width_requested:
        return None if row.width is None else f"{row.width}"
    return f"{row.width or 'fewer'} of {row.width_requested}"


def plotted_recording(grid: Grid) -> str:
    """Return the recording whose frontier a terminal shows: the only one, or all together."""
    return MEAN if len(grid.recordings) > 1 else grid.recordings[0].label


def format_comparison(comparison: Comparison, width: int | None = None) -> str:
    """Return the page of one comparison: verdict, points, most different questions.

    Args:
        comparison: The comparison.
        width: The column at which lines wrap; ``None`` does not wrap.
    """
    verdict = describe_verdict(comparison)
    if width is not None:
        verdict = [_wrapped(line, width) for line in verdict]
    parts = ["\n".join(verdict) + "\n", matches_page(comparison, width).text(width)]
    if comparison.differences:
        more = len(comparison.differences) - _DIFFERENCES
        parts.append(
            questions_page(comparison, width).text(width)
            + (f"and {more} more; --json has all\n" if more > 0 else "")
        )
    return "\n".join(parts)


def describe_verdict(comparison: Comparison) -> list[str]:
    """Return the lines above the tables of a comparison; the first is its heading."""
    a, b = escape_line(comparison.controller), escape_line(comparison.baseline)
    points = _baseline_text(comparison)
    return [
        f"{a} against {b} on {escape_line(comparison.recording)}\n",
        f"tokens     {escape_line(_ratio_text(comparison))}",
        *_sequential_lines(comparison),
        f"area       {escape_line(_area_text(comparison))}",
        f"questions  {len(comparison.differences)} differ",
        *([] if points is None else [f"baseline   {escape_line(points)}"]),
    ]


def matches_table(comparisons: Sequence[Comparison]) -> Table:
    """Return every point of every comparison, for CSV."""
    names = PointMatch.__struct_fields__
    rows: list[list[Cell]] = [
        [
            *(comparison.controller, comparison.baseline, comparison.recording),
            *(_cell(getattr(match, name)) for name in names),
        ]
        for comparison in comparisons
        for match in comparison.matches
    ]
    return Table([Column(name) for name in ("controller", "baseline", "recording", *names)], rows)


def _wrapped(line: str, width: int) -> str:
    """Wrap a line of the verdict between words; an empty line after it stays."""
    text = line.rstrip("\n")
    return fill(
        text, width, subsequent_indent=" " * _LABEL, break_long_words=False, break_on_hyphens=False,
        drop_whitespace=True,
    ) + line[len(text) :]  # fmt: skip


def _heading(label: str, width: int | None) -> str:
    """Return a controller's label, shortened if it would widen a column of numbers."""
    name = escape_line(label)
    return name if width is None else truncate(name, _HEADING)


def matches_page(comparison: Comparison, width: int | None) -> Table:
    """Return A's points with what B needs, for people; ``width`` shortens headings."""
    b = _heading(comparison.baseline, width)
    columns = [
        Column("beta"), Column("settings"), Column("accuracy", decimals=2), Column("tokens"),
        Column(f"{b} needs"), Column("ratio", decimals=2), Column("95 %"),
        Column(f"{b} there", decimals=2), Column("difference"),
    ]  # fmt: skip
    rows = [
        (
            match.beta, format_knobs(match.settings), match.accuracy, match.cost,
            match.baseline_cost, match.ratio, _ratio_bounds(match), match.baseline_accuracy,
            _difference(match),
        )
        for match in comparison.matches
    ]  # fmt: skip
    visible = [
        index
        for index in range(len(columns))
        if index > 1 or any(row[index] not in (None, "") for row in rows)
    ]
    return Table(
        [columns[index] for index in visible], [[row[index] for index in visible] for row in rows]
    )


def questions_page(comparison: Comparison, width: int | None) -> Table:
    """Return the most different questions, for people; ``width`` shortens headings."""
    differences = comparison.differences[:_DIFFERENCES]
    a, b = _heading(comparison.controller, width), _heading(comparison.baseline, width)
    columns = [
        Column("recording", name=True), Column("question", name=True), Column("accuracy", a, 2),
        Column("baseline_accuracy", b, 2), Column("difference", decimals=2),
        Column("cost", "tokens"), Column("baseline_cost", f"{b} tokens"),
    ]  # fmt: skip
    visible = columns if comparison.recording == MEAN else columns[1:]
    rows = [[getattr(difference, column.key) for column in visible] for difference in differences]
    return Table(visible, rows)


def _baseline_text(comparison: Comparison) -> str | None:
    """Return the settings of B's points; ``None`` if they differ in beta only."""
    points = comparison.baseline_points
    varied = [
        name for name in points[0].settings
        if len({point.settings[name] for point in points}) > 1
    ]  # fmt: skip
    if not varied:
        return None
    axes = (
        f"{name} = {', '.join(map(repr, dict.fromkeys(point.settings[name] for point in points)))}"
        for name in varied
    )
    return f"{comparison.baseline} at {' and '.join(axes)}"


def _ratio_text(comparison: Comparison) -> str:
    if comparison.lowest_cost == comparison.highest_cost:
        return f"no ratio: {_single_point(comparison)}"
    outside = [
        f"{count} of {comparison.points} points are {where}"
        for count, where in (
            (comparison.beyond, "above its highest accuracy"),
            (comparison.below, "less accurate than its lowest-cost point"),
        )
        if count
    ]
    if comparison.ratio is None and comparison.beyond == comparison.points:
        return f"{comparison.baseline} never reaches the accuracy of {comparison.controller}"
    if comparison.ratio is None:
        return f"no accuracy is reached by both: {'; '.join(outside)}"
    around = _bounds(comparison.ratio_low, comparison.ratio_high)
    ratio = f"{comparison.ratio:.2f} times as many for equal accuracy"
    needs = f"{comparison.baseline} needs {ratio} ({around})"
    return "; ".join([needs, *outside])


def _sequential_lines(comparison: Comparison) -> list[str]:
    """Report how long B takes at equal accuracy, if there is a ratio of tokens."""
    if comparison.ratio is None or comparison.sequential_ratio is None:
        return []
    b = escape_line(comparison.baseline)
    times = f"{b} needs {comparison.sequential_ratio:.2f} times as many sequential tokens there"
    return [f"latency    {times}"]


def _single_point(comparison: Comparison) -> str:
    """Report that B has a single point, and how to get more."""
    point = comparison.baseline_points[0]
    single = f"{comparison.baseline} has a single point, at {comparison.lowest_cost:,} tokens"
    if point.beta is not None:
        return f"{single}; give several values to {name_option('beta')}"
    if point.settings:
        knob = next(iter(point.settings))
        setting = name_option("knobs", f"{comparison.baseline}.{knob}=…")
        return f"{single}; give several values to {setting}"
    return single


def _area_text(comparison: Comparison) -> str:
    if comparison.lowest_cost == comparison.highest_cost:
        return f"none: {comparison.baseline} has a single point"
    if (
        comparison.area is None
        or comparison.baseline_area is None
        or comparison.area_difference is None
    ):
        return (
            f"none: {comparison.controller} starts at {comparison.area_from:,} tokens, above the"
            f" highest-cost point of {comparison.baseline}, {comparison.area_to:,}"
        )
    return (
        f"{comparison.area:.2f} against {comparison.baseline_area:.2f}"
        f" between {comparison.area_from:,} and {comparison.area_to:,} tokens:"
        f" {comparison.area_difference:+.2f}"
        f" ({_bounds(comparison.area_low, comparison.area_high)})"
    )


def _ratio_bounds(match: PointMatch) -> str:
    """Return the interval around a ratio; empty without the ratio."""
    return "" if match.ratio is None else _bounds(match.ratio_low, match.ratio_high)


def _difference(row: SweepRow | PointMatch) -> str | None:
    if row.difference is None:
        return None
    return f"{row.difference:+.1f}, {_bounds(row.difference_low, row.difference_high, 1)}"


def _bounds(low: float | None, high: float | None, decimals: int = 2) -> str:
    """Format an interval; an end that is not bounded is left out."""
    if low is None and high is None:
        return ""
    return "..".join("" if end is None else f"{end:.{decimals}f}" for end in (low, high))


def _cell(value: object) -> Cell:
    """Return a field of a record as a table cell."""
    if isinstance(value, dict):
        return format_knobs(value)
    assert value is None or isinstance(value, str | int | float | bool)
    return value
