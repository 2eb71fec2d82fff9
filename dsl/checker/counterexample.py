"""Two values of β between which a knob goes the wrong way, found by trying many."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, pairwise
from typing import NamedTuple

from dsl import tree
from dsl.checker.symbols import free_knobs, schedule_lines
from dsl.operations import NodeTypes, Number, evaluate_expression

_TENTHS = tuple(step / 10 for step in range(11))
_FINE = tuple(step / 1024 for step in range(1025))


class Counterexample(NamedTuple):
    """A knob at two values of β, ``beta`` the smaller one."""

    beta: float
    before: Number
    then: float
    after: Number
    settings: Mapping[str, Number]
    """The free knobs that do not have their defaults."""


class _ScheduleNames(dict[str, Number]):
    """The names of a schedule at one β; a line is evaluated when it is first requested."""

    def __init__(self, lines: Mapping[str, tree.Scheduled], types: NodeTypes):
        self._lines = lines
        self._types = types

    def __missing__(self, name: str) -> Number:
        self[name] = value = evaluate_expression(self._lines[name].value, self._types, self)
        return value


def find_counterexample(
    program: tree.Program, types: NodeTypes, line: tree.Scheduled, turns: Iterable[float]
) -> Counterexample | None:
    """Search for a pair that refutes a line's direction, on round values of β first.

    Args:
        program: a program without errors in its names and types.
        types: the checker's types.
        line: the line of its schedule.
        turns: values of β worth trying, beside a grid of 1/10 and one of 1/1024.
    """
    lines = schedule_lines(program)
    everywhere = sorted({*_TENTHS, *_FINE, *turns})
    for betas in (_TENTHS, everywhere):
        for settings in _settings(program, types):
            values = []
            for beta in betas:
                names = _ScheduleNames(lines, types)
                names.update(settings.all, beta=beta)
                values.append((beta, names[line.name.text]))
            for (beta, before), (then, after) in pairwise(values):
                if _refutes(line.direction, before, after):
                    return Counterexample(beta, before, then, after, settings.unusual)
    return None


def _refutes(direction: tree.Direction, before: Number, after: Number) -> bool:
    if direction is tree.Direction.RISING:
        return before > after
    if direction is tree.Direction.FALLING:
        return before < after
    return before != after


class _Settings(NamedTuple):
    all: dict[str, Number]
    unusual: dict[str, Number]


def _settings(program: tree.Program, types: NodeTypes) -> Iterator[_Settings]:
    """Free knobs at their defaults, all at one end of their ranges, each alone at either end."""
    defaults: dict[str, Number] = {}
    lows: dict[str, Number] = {}
    highs: dict[str, Number] = {}
    for name, knob in free_knobs(program).items():
        defaults[name] = evaluate_expression(knob.default, types, defaults)
        lows[name] = evaluate_expression(knob.low, types, defaults)
        highs[name] = evaluate_expression(knob.high, types, defaults)
    alone = ({name: ends[name]} for name in defaults for ends in (lows, highs))
    for changed in chain(({}, lows, highs), alone):
        unusual = {name: end for name, end in changed.items() if end != defaults[name]}
        yield _Settings({**defaults, **unusual}, unusual)
