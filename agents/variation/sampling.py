"""Random values: numbers on the scale of their quantity, and weighted choices.

The random generator that is passed in is the only source of randomness: no result depends on the
order of a set.
"""

from collections.abc import Sequence
from math import exp, log
from random import Random
from typing import TypeVar

from agents.variation.curves import KnobCurve, round_significant
from agents.variation.quantities import Quantity, Range, Scale

T = TypeVar("T")

NEAREST = 1e-4
"""The smallest distance of a fraction from 0 and from 1."""


def choose_weighted(random: Random, items: Sequence[tuple[float, T]]) -> T:
    """Return a random item by weight."""
    remaining = random.random() * sum(weight for weight, _ in items)
    for weight, item in items:
        remaining -= weight
        if remaining < 0:
            return item
    return items[-1][1]


def step_value(value: float, bounds: Range, size: float, random: Random) -> float:
    """Move a value by one random step within its range; an integer moves by at least 1.

    Args:
        value: The current value.
        bounds: The range of its quantity, with the scale of the step.
        size: The standard deviation of the step: of the logarithm of a factor, or three times that
            of a fraction of the range.
        random: The random generator.
    """
    step = random.gauss(0.0, size)
    if bounds.scale is Scale.ODDS:
        part = min(max(value, NEAREST), 1 - NEAREST)
        odds = exp(log(part / (1 - part)) + 1.5 * step)
        moved = _rounded_part(odds / (1 + odds))
    elif bounds.scale is Scale.RATIO:
        moved = max(value, bounds.low) * exp(step)
    else:
        moved = value + step / 3 * (bounds.high - bounds.low)
    if bounds.integer:
        moved = round(moved)
        if moved == value:
            moved += 1 if step > 0 else -1
    if not bounds.low <= moved <= bounds.high:
        moved = 2 * value - moved  # reflect a step that would leave the range
    moved = min(max(moved, bounds.low), bounds.high)
    return moved if bounds.integer or bounds.scale is Scale.ODDS else round_significant(moved, 3)


def _rounded_part(value: float) -> float:
    """Round a fraction to two significant digits of its distance from the nearer end."""
    if value > 0.5:
        return round(1 - round_significant(1 - value, 2), 6)
    return round_significant(value, 2)


def sample_curve(quantity: Quantity, random: Random, rises: float = 0.65) -> KnobCurve:
    """Return a random curve within the common values of a quantity.

    Args:
        quantity: What the curve is a number of.
        random: The random generator.
        rises: The probability that it rises; otherwise it is fixed or falls, equally likely.
    """
    bounds = quantity.range
    low, high = sorted(_sample_common(bounds, random) for _ in range(2))
    which = random.random()
    if which >= rises:
        low, high = (low, low) if which < (1 + rises) / 2 else (high, low)
    geometric = bounds.scale is Scale.RATIO and random.random() < 0.3
    return KnobCurve(bounds.integer, geometric, low, high).short()


def _sample_common(bounds: Range, random: Random) -> float:
    low, high = bounds.common
    if bounds.scale is Scale.EVEN:
        return round_significant(random.uniform(low, high), 2)
    if bounds.scale is Scale.RATIO:
        return round_significant(low * exp(random.random() * log(high / low)), 2)
    ends = [log(part / (1 - part)) for part in (low, high)]
    odds = exp(random.uniform(*ends))
    return _rounded_part(odds / (1 + odds))
