"""Program templates: Rheo programs with free knobs, and the space of their settings.

A point of the space has one coordinate in [0, 1] for each knob. Knobs whose range spans a large
ratio are spread geometrically, the others evenly.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from agents.search.programs import KnobRange, list_knob_ranges
from agents.variation import ScheduleConstant, find_constants
from agents.variation.curves import round_significant
from agents.variation.tree_transforms import find_section
from dsl import tree
from dsl.formatter import print_tree
from dsl.parser import parse
from dsl.program import load_checked_program
from dsl.source import Source

Floats = NDArray[np.float64]

SPREAD = 4
"""Factor around the values of a program's knobs within which a conversion looks for better ones."""

LOW_AT_ONE = ("scatter",)
"""Knobs of the package's templates that are at their lowest value at β = 1.

Giving up where answers scatter saves tokens on questions that no controller answers. A search set
has few that more votes do answer, so a fit keeps giving up at any price; with the rule off at β = 1
it loses nothing there, and reaches higher accuracies on other questions."""

Setting = Mapping[str, int | float]
"""The value of every knob, by name."""


class ProgramTemplate(NamedTuple):
    """A family of controllers."""

    name: str
    source: str
    knobs: tuple[KnobRange, ...]

    def setting(self, point: Floats) -> Setting:
        """Return the setting at a point.

        Args:
            point: Array (K,), one coordinate in [0, 1] for each knob.
        """
        setting: dict[str, int | float] = {}
        for knob, coordinate in zip(self.knobs, point, strict=True):
            value = knob.value(float(coordinate))
            setting[knob.name] = round(value) if knob.integer else float(f"{value:.4g}")
        return setting

    @property
    def low_at_one(self) -> NDArray[np.bool_]:
        """Return which knobs are at their lowest value at β = 1, a mask (K,)."""
        in_package = any(template.source == self.source for template in load_program_templates())
        return np.array([in_package and knob.name in LOW_AT_ONE for knob in self.knobs])

    def point(self, setting: Setting) -> Floats:
        """Return the point of a setting, an array (K,)."""
        return np.array([knob.coordinate(float(setting[knob.name])) for knob in self.knobs])


@cache
def load_program_templates() -> tuple[ProgramTemplate, ...]:
    """Load the templates of the folder ``programs``, those with the most knobs first."""
    folder = files(__package__) / "programs"
    texts = {
        path.name.removesuffix(".rheo"): path.read_text(encoding="utf-8")
        for path in folder.iterdir()
        if path.name.endswith(".rheo")
    }
    templates = [parse_program_template(name, texts[name]) for name in sorted(texts)]
    return tuple(sorted(templates, key=lambda template: -len(template.knobs)))


@cache
def parse_program_template(name: str, source: str) -> ProgramTemplate:
    """Read a template: a program with free knobs and no schedule.

    Raises:
        DslError: The program does not check.
        ValueError: It has no free knob.
    """
    checked = load_checked_program(Source(source, f"{name}.rheo"))
    knobs = tuple(list_knob_ranges(checked))
    if not knobs:
        raise ValueError(f"{name}.rheo: a template needs free knobs; it has none")
    return ProgramTemplate(name, source, knobs)


def convert_program(name: str, source: str) -> tuple[ProgramTemplate, Floats] | None:
    """Convert a program that follows β to a template and the path of its schedule.

    Each knob of the schedule becomes a free knob. Its range is that of the quantity which the
    program uses it for, within `SPREAD` times its values.

    Args:
        name: Name of the template.
        source: Source text of a program that checks.

    Returns:
        The template and an array (2, K): the points at β = 0 and β = 1. ``None`` if some line of
        the schedule is no curve between two values, or if the program has free knobs too.
    """
    program = parse(Source(source)).program
    assert program is not None
    schedule = find_section(program, tree.Schedule)
    constants = find_constants(program)
    if schedule is None or len(constants) < len(schedule.items):
        return None
    if find_section(program, tree.Knobs) is not None:  # its knobs would not be on the path
        return None
    knobs = tuple(_widen(constant) for constant in constants)
    ends = np.array(
        [
            [
                knob.coordinate(constant.at_zero)
                for knob, constant in zip(knobs, constants, strict=True)
            ],
            [
                knob.coordinate(constant.at_one)
                for knob, constant in zip(knobs, constants, strict=True)
            ],
        ]
    )
    lines = "\n".join(
        f"{knob.name} = {_literal(knob, constant.at_zero)} in"
        f" {_literal(knob, knob.low)}..{_literal(knob, knob.high)}"
        for knob, constant in zip(knobs, constants, strict=True)
    )
    free = parse(Source(f"controller c {{ knobs {{\n{lines}\n}} }}")).program
    assert free is not None
    sections = tuple(
        free.sections[0] if isinstance(section, tree.Schedule) else section
        for section in program.sections
    )
    return parse_program_template(name, print_tree(replace(program, sections=sections))), ends


def _widen(constant: ScheduleConstant) -> KnobRange:
    """Return the range of a knob around its present values."""
    low, high = sorted((constant.at_zero, constant.at_one))
    if constant.logarithmic:
        low, high = low / SPREAD, high * SPREAD
    else:
        margin = max(high - low, abs(high) / SPREAD, 0.05)
        low, high = low - margin, high + margin
    low, high = max(low, constant.low), min(high, constant.high)
    if constant.integer:
        low, high = round(low), max(round(high), round(low) + 1)
    return KnobRange(constant.knob, float(f"{low:.3g}"), float(f"{high:.3g}"), constant.integer)


def _literal(knob: KnobRange, value: float) -> str:
    if knob.integer:
        return str(round(value))
    return repr(round_significant(min(max(value, knob.low), knob.high)))


def draw_points(count: int, knobs: Sequence[KnobRange], random: np.random.Generator) -> Floats:
    """Draw points as a Latin hypercube: each coordinate takes every level once.

    Args:
        count: Number of points.
        knobs: Knobs of the template.
        random: Random source.

    Returns:
        Array (count, K) in [0, 1].
    """
    levels = np.stack([random.permutation(count) for _ in knobs], axis=1)
    return (levels + random.random(levels.shape)) / count
