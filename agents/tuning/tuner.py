"""Fits the values that a program's knobs have at β = 0 and at β = 1, by CMA-ES.

It sees what the round shows of the search set. What it finds is put forward only if it is better
on what the round withholds, too: constants are what a search learns by heart first.

Source of the method: Hansen, The CMA Evolution Strategy, arXiv 1604.00772, in the package `cmaes`.
"""

from collections.abc import Callable, Mapping, Sequence
from math import exp, log
from typing import NamedTuple

import numpy as np

from agents.search.arena import Arena
from agents.search.measurements import SearchSubset
from agents.variation import ScheduleConstant, find_constants, with_constants
from dsl.formatter import print_tree
from dsl.parser import parse
from dsl.source import Source

SIGMA = 0.12
"""The first step, as a part of a knob's range."""

UNSTEADY_PENALTY = 2.0
"""Points of the objective that it costs when β does not raise the tokens."""


class TunedProgram(NamedTuple):
    """A program with fitted constants."""

    source: str
    knobs: list[str]
    """The knobs that changed."""
    evaluations: int
    """Programs that were played."""
    gained: float
    """Points of the objective on what the round shows."""


class TuningResult(NamedTuple):
    """What a fit came to."""

    tuned: TunedProgram | None
    """``None`` where nothing better was found, here or on what is withheld."""
    evaluations: int
    says: str
    """What happened, for the log."""


def tune(
    source: str,
    arena: Arena,
    number: int,
    *,
    seed: int,
    evaluations: int,
    is_out_of_time: Callable[[], bool] = lambda: False,
) -> TuningResult:
    """Fits the constants of a sound program.

    Args:
        source: the program.
        arena: where it is played.
        number: the round.
        seed: of the strategy.
        evaluations: programs to play.
        is_out_of_time: whether to come to an end early.
    """
    program = parse(Source(source)).program
    assert program is not None
    knobs = find_constants(program)
    if not knobs:
        return TuningResult(None, 0, "it has no constants to fit")
    split = arena.split(number)

    def written(values: Sequence[float]) -> str:
        ends = _ends(knobs, values)
        return print_tree(with_constants(program, ends))

    start = _position(knobs)
    from cmaes import CMA  # it loads much of scipy, and many runs fit nothing

    strategy = CMA(mean=start, sigma=SIGMA, bounds=np.tile([0.0, 1.0], (len(start), 1)), seed=seed)
    played = 0
    while played + strategy.population_size + 2 <= evaluations and not is_out_of_time():
        asked = [strategy.ask() for _ in range(strategy.population_size)]
        scores = _scores(arena, [written(each) for each in asked], split.shown)
        played += len(asked)
        strategy.tell([(at, -score) for at, score in zip(asked, scores, strict=True)])
        if strategy.should_stop():
            break
    if not played:
        return TuningResult(None, 0, "nothing more may be played")
    # Where the strategy has come to, and not the luckiest of what it tried.
    found = written(np.clip(strategy.mean, 0.0, 1.0))
    before, after = _scores(arena, [source, found], split.shown, closely=True)
    played += 2
    if after <= before:
        return TuningResult(None, played, f"{played} settings, none better")
    gained = after - before
    if split.withheld.recordings:
        before, after = _scores(arena, [source, found], split.withheld, closely=True)
        if after <= before:
            lost = f"{after - before:+.2f} elsewhere: given up"
            return TuningResult(None, played, f"gains {gained:+.2f} where it was fitted, {lost}")
    changed = _changed(knobs, found)
    return TuningResult(
        TunedProgram(found, changed, played, gained), played, f"gains {gained:+.2f}"
    )


def _scores(
    arena: Arena, sources: Sequence[str], shown: SearchSubset, *, closely: bool = False
) -> list[float]:
    """The objective of each; far below all others where one cannot be played."""
    return [
        -1e6 if worth is None else worth.score - (0.0 if worth.steady else UNSTEADY_PENALTY)
        for worth in arena.screen(sources, shown, closely=closely)
    ]


def _position(knobs: Sequence[ScheduleConstant]) -> np.ndarray:
    """The constants as they are, each end of each knob as a part of its range."""
    return np.array([_part(knob, end) for knob in knobs for end in (knob.at_zero, knob.at_one)])


def _part(knob: ScheduleConstant, value: float) -> float:
    low, high = knob.low, knob.high
    value = min(max(value, low), high)
    if knob.logarithmic:
        return log(value / low) / log(high / low)
    return (value - low) / (high - low)


def _ends(
    knobs: Sequence[ScheduleConstant], parts: Sequence[float]
) -> Mapping[str, tuple[float, float]]:
    """Back from parts of ranges to the values at β = 0 and at β = 1."""
    return {
        knob.knob: (_value(knob, float(parts[2 * at])), _value(knob, float(parts[2 * at + 1])))
        for at, knob in enumerate(knobs)
    }


def _value(knob: ScheduleConstant, part: float) -> float:
    low, high = knob.low, knob.high
    if knob.logarithmic:
        return low * exp(part * log(high / low))
    return low + part * (high - low)


def _changed(knobs: Sequence[ScheduleConstant], source: str) -> list[str]:
    program = parse(Source(source)).program
    assert program is not None
    now = {each.knob: each for each in find_constants(program)}
    return [
        each.knob
        for each in knobs
        if each.knob not in now
        or (now[each.knob].at_zero, now[each.knob].at_one) != (each.at_zero, each.at_one)
    ]
