"""Chance: numbers by the scale of their quantity, and choices by weight.

All of it comes from the source that is passed in, and none from an order that depends on hashes.
"""

from collections.abc import Sequence
from math import exp, log
from random import Random
from typing import TypeVar

from agents.variation.curves import KnobCurve, round_significant
from agents.variation.quantities import Quantity, Range, Scale

T = TypeVar("T")

NEAREST = 1e-4
"""How near to 0 and 1 a part comes."""


def choose_weighted(random: Random, items: Sequence[tuple[float, T]]) -> T:
    """One of some items, each with its weight."""
    at = random.random() * sum(weight for weight, _ in items)
    for weight, item in items:
        at -= weight
        if at < 0:
            return item
    return items[-1][1]


def step_value(value: float, found: Range, size: float, random: Random) -> float:
    """A value moved by one random step within its range; an integer always moves by 1 at least.

    Args:
        value: where it is.
        found: the range of its quantity, which says by what steps it goes.
        size: the deviation of the logarithm of a factor, or a third of that of a part of the range.
        random: the source of chance.
    """
    step = random.gauss(0.0, size)
    if found.scale is Scale.ODDS:
        part = min(max(value, NEAREST), 1 - NEAREST)
        odds = exp(log(part / (1 - part)) + 1.5 * step)
        moved = _rounded_part(odds / (1 + odds))
    elif found.scale is Scale.RATIO:
        moved = max(value, found.low) * exp(step)
    else:
        moved = value + step / 3 * (found.high - found.low)
    if found.integer:
        moved = round(moved)
        if moved == value:
            moved += 1 if step > 0 else -1
    if not found.low <= moved <= found.high:
        moved = 2 * value - moved  # a step against the end of the range goes the other way
    moved = min(max(moved, found.low), found.high)
    return moved if found.integer or found.scale is Scale.ODDS else round_significant(moved, 3)


def _rounded_part(value: float) -> float:
    """Two digits of what is left to the nearer end."""
    if value > 0.5:
        return round(1 - round_significant(1 - value, 2), 6)
    return round_significant(value, 2)


def sample_curve(quantity: Quantity, random: Random, rises: float = 0.65) -> KnobCurve:
    """Return a new curve where those of its quantity mostly lie.

    Args:
        quantity: what it is a number of.
        random: the source of chance.
        rises: how likely it is to rise; half of the rest are fixed and half fall.
    """
    found = quantity.range
    low, high = sorted(_between(found, random) for _ in range(2))
    which = random.random()
    if which >= rises:
        low, high = (low, low) if which < (1 + rises) / 2 else (high, low)
    geometric = found.scale is Scale.RATIO and random.random() < 0.3
    return KnobCurve(found.integer, geometric, low, high).short()


def _between(found: Range, random: Random) -> float:
    low, high = found.common
    if found.scale is Scale.EVEN:
        return round_significant(random.uniform(low, high), 2)
    if found.scale is Scale.RATIO:
        return round_significant(low * exp(random.random() * log(high / low)), 2)
    ends = [log(part / (1 - part)) for part in (low, high)]
    odds = exp(random.uniform(*ends))
    return _rounded_part(odds / (1 + odds))
