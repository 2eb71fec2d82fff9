"""Programs that a search plays: candidates, baselines, and their settings.

A program with a schedule is played at every β. A program with free knobs is played at as many
settings as there are β, spread over the ranges as a Latin hypercube: each knob takes every level
once, and no two knobs vary together.
"""

from collections.abc import Mapping, Sequence
from math import exp, log
from random import Random

from agents.run.directory import RunDirectory
from agents.run.records import BaselineRef
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


def choose_points(
    program: Playable, betas: Sequence[float], given: Sequence[Knobs] = ()
) -> list[ControllerSetting]:
    """Return the settings of a program, in the order of its points.

    Args:
        program: Program to play.
        betas: Values of β; their number is also the number of settings of a program with free
            knobs.
        given: Settings for free knobs; by default they are spread over their ranges.
    """
    if isinstance(program, ForeignController):
        return [ControllerSetting(beta) for beta in betas]
    checked = program.checked
    free = free_knobs(checked.program)
    if checked.scheduled:
        return [ControllerSetting(beta, dict(knobs)) for knobs in given or [{}] for beta in betas]
    if given:
        return [ControllerSetting(None, dict(knobs)) for knobs in given]
    if not free:
        return [ControllerSetting()]
    levels = {}
    defaults = evaluate(checked, 0.0)  # a range may name knobs above it
    for place, (name, knob) in enumerate(free.items()):
        low = float(evaluate_expression(knob.low, checked.types, defaults))
        high = float(evaluate_expression(knob.high, checked.types, defaults))
        whole = knob_type(knob, checked.types) is Type.INTEGER
        levels[name] = _levels(low, high, len(betas), place, whole=whole)
    return [
        ControllerSetting(None, {name: of[at] for name, of in levels.items()})
        for at in range(len(betas))
    ]


def _levels(low: float, high: float, count: int, place: int, *, whole: bool) -> list[int | float]:
    """Return a knob's value at each setting: every level once, in its own order."""
    order = list(range(count))
    if place:
        Random(place).shuffle(order)
    by_ratio = low > 0 and high / low >= WIDE_RATIO
    found: list[int | float] = []
    for level in order:
        share = level / (count - 1) if count > 1 else 0.5
        if by_ratio:
            at = exp(log(low) + share * (log(high) - log(low)))
        else:
            at = low + share * (high - low)
        at = min(max(at, low), high)
        found.append(round(at) if whole else at)
    return found
