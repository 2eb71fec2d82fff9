"""Line profiles as text: a program's source with each line's figures as comments.

The annotated source remains a valid program.
"""

from collections.abc import Sequence
from typing import NamedTuple

from agents.feedback.measured_programs import describe_plan
from agents.feedback.point_analysis import PointAnalysis, PointAnalyzer, open_shown_recordings
from agents.run.records import ControllerLanguage
from agents.search.arena import Arena
from agents.search.measurements import SearchSubset
from dsl import tree
from dsl.traversal import children, walk
from harness.engines import ControllerSetting, EpisodeRules
from harness.presentation.table import align
from harness.request.controllers import Playable, parse_playable
from harness.request.foreign import ForeignController
from harness.request.plan import make_plan

WIDTH = 66
"""Column at which figures begin; longer lines push them right."""

MIN_SHARE = 0.05
"""Percentage of tokens below which a line's tokens are not shown."""


class _Figures(NamedTuple):
    """Figures of one line, one for each point."""

    tokens: list[float]
    """Share of all tokens, in percent."""
    ended: list[float]
    """Share of episodes that the line ends, in percent."""
    right: list[float | None]
    """Share of those episodes that are right, in percent."""
    ran: bool


def annotate_source(points: Sequence[PointAnalysis]) -> str:
    """Annotate the source with the figures of one or more points.

    Args:
        points: Points of the same program, in display order.
    """
    program = points[0].plan.program
    source, beginnings = program.source, _list_statement_lines(program)
    lines = []
    for number in range(1, source.lines + 1):
        line = source.line(number).rstrip()
        if not line and number == source.lines:
            continue
        figures = _format_figures(_figures(points, number), statement=number in beginnings)
        lines.append(f"{align(line, WIDTH)}  # {figures}" if figures else line)
    return "\n".join(lines)


def describe_figures(points: Sequence[PointAnalysis]) -> str:
    """Describe what the figures cover."""
    descriptions = [
        f"{describe_plan(point.plan)}: {point.tokens / point.played:,.0f} tokens an episode,"
        f" {100 * int(point.right.sum()) / point.played:.1f} % right"
        for point in points
    ]
    return "; ".join(descriptions)


def _figures(points: Sequence[PointAnalysis], line: int) -> _Figures:
    ended = [int(point.ended[line]) for point in points]
    right = [int(point.right[line]) for point in points]
    return _Figures(
        tokens=[100 * int(point.counts.tokens[line]) / max(point.tokens, 1) for point in points],
        ended=[100 * n / point.played for n, point in zip(ended, points, strict=True)],
        right=[100 * r / n if n else None for r, n in zip(right, ended, strict=True)],
        ran=any(int(point.counts.runs[line]) for point in points),
    )


def _format_figures(figures: _Figures, *, statement: bool) -> str:
    if statement and not figures.ran:
        return "never ran"
    parts = []
    if any(share >= MIN_SHARE for share in figures.tokens):
        parts.append(f"tokens {_columns(figures.tokens)} %")
    if any(figures.ended):
        parts.append(f"ends {_columns(figures.ended)} %, right {_columns(figures.right)} %")
    return "; ".join(parts)


def _columns(values: Sequence[float | None]) -> str:
    return " | ".join("-" if value is None else f"{value:.1f}" for value in values)


def _list_statement_lines(program: Playable) -> set[int]:
    """Return the lines on which a statement begins."""
    if isinstance(program, ForeignController):
        return set(program.beginnings)
    checked = program.checked
    return {
        checked.source.position(child.span.start).line
        for node in walk(checked.program)
        if isinstance(node, tree.Block)
        for child in children(node)
    }


def profile_lines(
    arena: Arena, subset: SearchSubset, source: str, beta: float, language: ControllerLanguage
) -> str:
    """Annotate a program with what each line does.

    Args:
        arena: Search set of the run.
        subset: Part of the search set to use.
        source: Source text of a program that checks.
        beta: β at which it is profiled.
        language: Language of the program.

    Raises:
        InputError: A recording lacks something that the program needs.
    """
    program = parse_playable(source, f"candidate{language.suffix}")
    plan = make_plan(
        program, ControllerSetting(beta), EpisodeRules(arena.request.budget, arena.request.kappa)
    )
    analyses = [PointAnalyzer(open_shown_recordings(arena, subset)).analyze(plan)]
    return f"{describe_figures(analyses)}.\n\n{annotate_source(analyses)}"
