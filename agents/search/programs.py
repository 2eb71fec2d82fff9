"""Programs that a search plays: candidates, baselines, and their settings.

A program with a schedule is played at every β. A program with free knobs is played at as many
settings as there are β, spread over the ranges as a Latin hypercube: each knob takes every level
once, and no two knobs vary together.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from math import exp, log
from random import Random
from typing import NamedTuple

from agents.run.directory import RunDirectory
from agents.run.records import BaselineRef
from dsl.checker import CheckedProgram
from dsl.checker.symbols import free_knobs, knob_type
from dsl.operations import evaluate_expression
from dsl.schedule import evaluate
from dsl.types import Type
from harness.engines import ControllerSetting
from harness.request.controllers import Playable, parse_playable
from harness.request.foreign import ForeignController


def load_candidate(run: RunDirectory, candidate: str) -> Playable:
    """Load a candidate's program, labelled by the candidate.

    Raises:
        InputError: there is no such candidate, or it cannot be used.
        DslError: it is a program of Rheo, and does not check.
    """
    name = f"{candidate}{run.language(candidate).suffix}"
    return parse_playable(run.source(candidate), name)._replace(label=candidate, origin=candidate)


_WIDTHS = (1, 2, 4, 8, 16, 32, 64)

DEFAULT_BASELINES = [
    BaselineRef(controller="sc", settings=[{"n": n} for n in _WIDTHS]),
    BaselineRef(controller="asc", settings=[{"n": n} for n in _WIDTHS]),
    BaselineRef(controller="esc", settings=[
        {"n": n, "size": size}
        for n, size in ((1, 1), (2, 2), (4, 2), (8, 4), (16, 8), (32, 8), (64, 8))
    ]),
    BaselineRef(controller="parallel_probe", settings=[{"n": n} for n in _WIDTHS]),
]  # fmt: skip
"""Default baselines. The published discovered controller is not among them; reports show it
separately."""


Knobs = Mapping[str, int | float]

WIDE_RATIO = 8
"""Ranges with a ratio of ends above this are spread geometrically."""


class KnobRange(NamedTuple):
    """The range of a free knob."""

    name: str
    low: float
    high: float
    integer: bool

    @property
    def geometric(self) -> bool:
        """Whether equal steps are equal ratios."""
        return self.low > 0 and self.high / self.low >= WIDE_RATIO

    def value(self, coordinate: float) -> float:
        """Return the value at a coordinate in [0, 1]; integers are not rounded."""
        coordinate = min(max(coordinate, 0.0), 1.0)
        if self.geometric:
            value = exp(log(self.low) + coordinate * (log(self.high) - log(self.low)))
        else:
            value = self.low + coordinate * (self.high - self.low)
        return min(max(value, self.low), self.high)

    def coordinate(self, value: float) -> float:
        """Return the coordinate of a value; values outside of the range move to its ends."""
        value = min(max(value, self.low), self.high)
        if self.geometric:
            return log(value / self.low) / log(self.high / self.low)
        width = self.high - self.low
        return (value - self.low) / width if width else 0.0


def list_knob_ranges(checked: CheckedProgram) -> list[KnobRange]:
    """List the ranges of a program's free knobs, in its order."""
    defaults = evaluate(checked, 0.0)  # a range may name knobs above it
    return [
        KnobRange(
            name,
            float(evaluate_expression(knob.low, checked.types, defaults)),
            float(evaluate_expression(knob.high, checked.types, defaults)),
            knob_type(knob, checked.types) is Type.INTEGER,
        )
        for name, knob in free_knobs(checked.program).items()
    ]


def choose_points(
    program: Playable, betas: Sequence[float], settings: Sequence[Knobs] = ()
) -> list[ControllerSetting]:
    """Return the settings of a program, in the order of its points.

    Args:
        program: Program to play.
        betas: Values of β; their number is also the number of settings of a program with free
            knobs.
        settings: Settings for free knobs; by default they are spread over their ranges.
    """
    if isinstance(program, ForeignController):
        return [ControllerSetting(beta) for beta in betas]
    checked = program.checked
    if checked.scheduled:
        return [
            ControllerSetting(beta, dict(knobs)) for knobs in settings or [{}] for beta in betas
        ]
    if settings:
        return [ControllerSetting(None, dict(knobs)) for knobs in settings]
    ranges = list_knob_ranges(checked)
    if not ranges:
        return [ControllerSetting()]
    levels = {knob.name: _list_levels(knob, len(betas), index) for index, knob in enumerate(ranges)}
    return [
        ControllerSetting(None, {name: values[index] for name, values in levels.items()})
        for index in range(len(betas))
    ]


def _list_levels(knob: KnobRange, count: int, seed: int) -> list[int | float]:
    """List a knob's value at each setting: every level once, in an order of its own."""
    order = list(range(count))
    if seed:
        Random(seed).shuffle(order)
    values = [knob.value(level / (count - 1) if count > 1 else 0.5) for level in order]
    return [round(value) if knob.integer else value for value in values]


def compute_source_digest(source: str) -> str:
    """Return the digest of a program's source."""
    return sha256(source.encode()).hexdigest()
