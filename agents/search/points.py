"""At which settings a program is played: the points that its curve goes through.

A program with a schedule is played at every β. One with free knobs is played at settings spread
over their ranges, as many as there are β: a Latin hypercube, so that each knob takes every level
once and no two go together.
"""

from collections.abc import Mapping, Sequence
from math import exp, log
from random import Random

from dsl.checker.knobs import free_knobs, knob_type
from dsl.operations import value
from dsl.schedule import evaluate
from dsl.types import Type
from harness.engines import Setting
from harness.request.controllers import Playable
from harness.request.foreign import Foreign

Knobs = Mapping[str, int | float]

_WIDE = 8
"""From this ratio of its ends on, a range is spread by ratio and not by difference."""


def points(program: Playable, betas: Sequence[float], given: Sequence[Knobs] = ()) -> list[Setting]:
    """The settings of a program, in the order of its points.

    Args:
        program: the program.
        betas: the values of β, and how many settings a program with free knobs has.
        given: settings for its free knobs, in place of spread ones.
    """
    if isinstance(program, Foreign):
        return [Setting(beta) for beta in betas]
    checked = program.checked
    free = free_knobs(checked.program)
    if checked.scheduled:
        return [Setting(beta, dict(knobs)) for knobs in given or [{}] for beta in betas]
    if given:
        return [Setting(None, dict(knobs)) for knobs in given]
    if not free:
        return [Setting()]
    levels = {}
    defaults = evaluate(checked, 0.0)  # a range may name knobs above it
    for place, (name, knob) in enumerate(free.items()):
        low = float(value(knob.low, checked.types, defaults))
        high = float(value(knob.high, checked.types, defaults))
        whole = knob_type(knob, checked.types) is Type.INTEGER
        levels[name] = _levels(low, high, len(betas), place, whole=whole)
    return [
        Setting(None, {name: of[at] for name, of in levels.items()}) for at in range(len(betas))
    ]


def _levels(low: float, high: float, count: int, place: int, *, whole: bool) -> list[int | float]:
    """A knob's value at each setting: every level once, in an order of its own."""
    order = list(range(count))
    if place:
        Random(place).shuffle(order)
    by_ratio = low > 0 and high / low >= _WIDE
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
