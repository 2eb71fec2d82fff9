"""Fit a program's knob values at β = 0 and β = 1 with CMA-ES.

Tuning plays the questions that the round shows. A fitted program is proposed only if it is also
better on the questions that the round withholds, because constants overfit first.

Method: Hansen, The CMA Evolution Strategy, arXiv 1604.00772, as implemented in the package `cmaes`.
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
"""Initial step size, as a fraction of a knob's range."""

UNSTEADY_PENALTY = 2.0
"""Penalty, in points of the objective, for a program whose token use does not rise with β."""


class TunedProgram(NamedTuple):
    """A program with fitted constants."""

    source: str
    knobs: list[str]
    """Names of the knobs that changed."""
    evaluations: int
    """Number of programs played."""
    gained: float
    """Gain in points of the objective on the shown part of the search set."""


class TuningResult(NamedTuple):
    """Outcome of a fit."""

    tuned: TunedProgram | None
    """``None`` if nothing better was found, on the shown or on the withheld part."""
    evaluations: int
    says: str
    """What happened, for the event log."""


def tune(
    source: str,
    arena: Arena,
    number: int,
    *,
    seed: int,
    evaluations: int,
    is_out_of_time: Callable[[], bool] = lambda: False,
) -> TuningResult:
    """Fit the constants of a sound program.

    Args:
        source: Source text of the program.
        arena: Search set to play on.
        number: Round number.
        seed: Random seed of the strategy.
        evaluations: Maximum number of programs to play.
        is_out_of_time: Return true to stop early.
    """
    program = parse(Source(source)).program
    assert program is not None
    knobs = find_constants(program)
    if not knobs:
        return TuningResult(None, 0, "it has no constants to fit")
    split = arena.split(number)

    def write(values: Sequence[float]) -> str:
        ends = _ends(knobs, values)
        return print_tree(with_constants(program, ends))

    start = _position(knobs)
    from cmaes import CMA  # imported here: it loads much of scipy, and many runs fit nothing

    strategy = CMA(mean=start, sigma=SIGMA, bounds=np.tile([0.0, 1.0], (len(start), 1)), seed=seed)
    played = 0
    while played + strategy.population_size + 2 <= evaluations and not is_out_of_time():
        samples = [strategy.ask() for _ in range(strategy.population_size)]
        scores = _scores(arena, [write(sample) for sample in samples], split.shown)
        played += len(samples)
        strategy.tell([(sample, -score) for sample, score in zip(samples, scores, strict=True)])
        if strategy.should_stop():
            break
    if not played:
        return TuningResult(None, 0, "no evaluations are left")
    # Use the mean of the distribution, not the luckiest sample.
    fitted = write(np.clip(strategy.mean, 0.0, 1.0))
    before, after = _scores(arena, [source, fitted], split.shown, thorough=True)
    played += 2
    if after <= before:
        return TuningResult(None, played, f"{played} settings played, none better")
    gained = after - before
    if split.withheld.recordings:
        before, after = _scores(arena, [source, fitted], split.withheld, thorough=True)
        if after <= before:
            loss = f"{after - before:+.2f} on the withheld part: discarded"
            return TuningResult(None, played, f"gains {gained:+.2f} where it was fitted, {loss}")
    changed = _changed(knobs, fitted)
    return TuningResult(
        TunedProgram(fitted, changed, played, gained), played, f"gains {gained:+.2f}"
    )


def _scores(
    arena: Arena, sources: Sequence[str], subset: SearchSubset, *, thorough: bool = False
) -> list[float]:
    """Return the objective of each program, or a very low value if one cannot be played."""
    return [
        -1e6 if score is None else score.score - (0.0 if score.steady else UNSTEADY_PENALTY)
        for score in arena.screen(sources, subset, thorough=thorough)
    ]


def _position(knobs: Sequence[ScheduleConstant]) -> np.ndarray:
    """Return the current constants, each end of each knob as a fraction of its range."""
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
    """Convert fractions of ranges back to the values at β = 0 and β = 1."""
    return {
        knob.knob: (
            _value(knob, float(parts[2 * index])),
            _value(knob, float(parts[2 * index + 1])),
        )
        for index, knob in enumerate(knobs)
    }


def _value(knob: ScheduleConstant, part: float) -> float:
    low, high = knob.low, knob.high
    if knob.logarithmic:
        return low * exp(part * log(high / low))
    return low + part * (high - low)


def _changed(knobs: Sequence[ScheduleConstant], source: str) -> list[str]:
    program = parse(Source(source)).program
    assert program is not None
    now = {knob.knob: knob for knob in find_constants(program)}
    return [
        knob.knob
        for knob in knobs
        if knob.knob not in now
        or (now[knob.knob].at_zero, now[knob.knob].at_one) != (knob.at_zero, knob.at_one)
    ]
