"""Paths through the knobs of a template: from the setting at β = 0 to that at β = 1.

A path has two or three control points, evenly spaced over β, and is linear between them in the
coordinates of the knobs: linear in the value of an evenly spread knob, exponential in that of a
geometric one. Every knob moves in one direction, so the direction of its line can be proved.
"""

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from agents.search.programs import KnobRange
from agents.template_search.program_templates import Floats, ProgramTemplate, Setting
from agents.variation.curves import KnobCurve, round_significant, write_line
from dsl import tree
from dsl.formatter import print_tree
from dsl.parser import parse
from dsl.source import Source

STILL = 0.1
"""Knobs that move by less than this part of their range are fixed."""


def make_monotone(path: Floats, low_at_one: NDArray[np.bool_] | None = None) -> Floats:
    """Clip a path to [0, 1], fix knobs that hardly move, and clip the middle between the ends.

    Args:
        path: Array (C, K): control points, each with one coordinate for each knob.
        low_at_one: Mask (K,) of knobs that end at 0; none by default.
    """
    path = np.clip(path, 0.0, 1.0)
    fixed = (path[0] + path[-1]) / 2
    if low_at_one is not None:
        path[-1, low_at_one] = fixed[low_at_one] = 0.0
    path = np.where(np.abs(path[-1] - path[0]) < STILL, fixed, path)
    if len(path) == 3:
        low, high = np.minimum(path[0], path[2]), np.maximum(path[0], path[2])
        path[1] = np.clip(path[1], low, high)
    return path


def locate(path: Floats, betas: Sequence[float]) -> Floats:
    """Return the points of a path, an array (B, K), at values of β.

    Args:
        path: Array (C, K): control points.
        betas: B values in [0, 1].
    """
    positions = np.linspace(0.0, 1.0, len(path))
    return np.stack([np.interp(betas, positions, coordinates) for coordinates in path.T], axis=1)


def list_settings(template: ProgramTemplate, path: Floats, betas: Sequence[float]) -> list[Setting]:
    """List the settings of a path at values of β.

    Args:
        template: Template that the path belongs to.
        path: Array (C, K): control points.
        betas: Values of β.
    """
    return [template.setting(point) for point in locate(path, betas)]


def write_program(template: ProgramTemplate, path: Floats) -> str:
    """Write the template with a schedule in place of its free knobs.

    Args:
        template: Template that the path belongs to.
        path: Array (C, K): control points of a monotone path.

    Returns:
        Source text of a program that follows β.
    """
    program = parse(Source(template.source)).program
    assert program is not None
    lines = tuple(
        _write_line(knob, coordinates)
        for knob, coordinates in zip(template.knobs, path.T, strict=True)
    )
    sections = tuple(
        tree.Schedule(section.span, lines) if isinstance(section, tree.Knobs) else section
        for section in program.sections
    )
    return print_tree(replace(program, sections=sections))


def _write_line(knob: KnobRange, coordinates: Floats) -> tree.Scheduled:
    values = [knob.value(float(coordinate)) for coordinate in coordinates]
    rounded = [float(round(v)) if knob.integer else round_significant(v, 3) for v in values]
    first, last = rounded[0], rounded[-1]
    curve = KnobCurve(knob.integer, knob.geometric, first, last)
    if len(values) == 2 or first == last:
        return write_line(knob.name, curve)
    line = write_line(knob.name, curve)
    return replace(line, value=_parse(_format_bent_line(knob, values)))


def _format_bent_line(knob: KnobRange, values: Sequence[float]) -> str:
    """Format two segments: the lower envelope of two lines if they bend down, else the upper."""
    first, middle, last = [np.log(v) if knob.geometric else v for v in values]
    lines = [
        (first, 2 * (middle - first)),
        (2 * middle - last, 2 * (last - middle)),
    ]
    envelope = "min" if lines[0][1] >= lines[1][1] else "max"
    parts = [
        f"{_number(start)} {'-' if slope < 0 else '+'} {_number(abs(slope))} * beta"
        for start, slope in lines
    ]
    text = f"{envelope}({parts[0]}, {parts[1]})"
    text = f"exp({text})" if knob.geometric else text
    return f"round({text})" if knob.integer else text


def _number(value: float) -> str:
    written = round_significant(float(value), 4)
    text = repr(written) if abs(written) >= 1e-4 or written == 0 else f"{written:.8f}"
    return f"({text})" if written < 0 else text


def _parse(text: str) -> tree.Expression:
    program = parse(Source(f"controller c {{ schedule {{ fixed k = {text} }} }}")).program
    assert program is not None
    schedule = next(section for section in program.sections if isinstance(section, tree.Schedule))
    return schedule.items[0].value
