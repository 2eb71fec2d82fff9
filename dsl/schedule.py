"""The knobs of a controller for one β: its free knobs as set, its schedule as it follows.

Schedules are evaluated here, on the host, once for each β; both engines take the values from here.
Integers saturate at 64 bits and reals never become infinite, as everywhere in the language; the
two-argument ``round`` is Python's.
"""

import math
from collections.abc import Mapping
from functools import lru_cache

from dsl import tree
from dsl.checker.symbols import CheckedProgram, free_knobs, knob_type, schedule_lines
from dsl.operations import NodeTypes, Number, evaluate_expression
from dsl.types import Type
from dsl.vocabulary import did_you_mean


class SettingsError(Exception):
    """β or a knob has a value that the controller does not take; the message names those allowed.

    Args:
        problem: the sentence, without a full stop.
        knob: the name that was set, ``beta`` for β itself.
    """

    exit_code = 2
    """The exit status of a command that meets it: bad input."""

    def __init__(self, problem: str, knob: str):
        self.knob = knob
        super().__init__(problem)


def evaluate(
    checked: CheckedProgram, beta: float, settings: Mapping[str, Number] | None = None
) -> dict[str, Number]:
    """Evaluate every knob, by name: free knobs first, then the schedule, in source order.

    Args:
        checked: the program.
        beta: the one knob, clipped to [0, 1].
        settings: values for free knobs; the others have their defaults.

    Returns:
        Integer knobs as ``int`` and real knobs as ``float``.

    Raises:
        SettingsError: β is not a number; or a knob is unknown, of the wrong type or outside of its
            range.
    """
    if not settings:
        return dict(_evaluate_defaults(_SameProgram(checked), clip_beta(beta)))
    return _evaluate(checked, beta, settings)


class _SameProgram:
    """A checked program as a key: equal to those of the same tree.

    Args:
        checked: the program.
    """

    def __init__(self, checked: CheckedProgram):
        self.checked = checked

    def __hash__(self) -> int:
        return hash(self.checked.program)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _SameProgram) and self.checked.program is other.checked.program


@lru_cache(maxsize=128)
def _evaluate_defaults(key: _SameProgram, beta: float) -> dict[str, Number]:
    """Evaluate a program without settings, which searches play over one recording after another."""
    return _evaluate(key.checked, beta, {})


def _evaluate(
    checked: CheckedProgram, beta: float, settings: Mapping[str, Number]
) -> dict[str, Number]:
    free = free_knobs(checked.program)
    lines = schedule_lines(checked.program)
    for name in settings:
        if name not in free:
            raise SettingsError(_unknown(checked.name, name, list(free), list(lines)), name)
    names: dict[str, Number] = {"beta": clip_beta(beta)}
    for name, knob in free.items():
        names[name] = _free_value(knob, settings.get(name), checked.types, names)
    for name, line in lines.items():
        names[name] = evaluate_expression(line.value, checked.types, names)
    del names["beta"]
    return names


def clip_beta(beta: float) -> float:
    """β inside of [0, 1].

    Raises:
        SettingsError: it is not a number.
    """
    if math.isnan(beta):
        raise SettingsError("beta is not a number; expected a number from 0 to 1", "beta")
    # Written so that -0.0 becomes 0.0.
    return min(float(beta), 1.0) if beta > 0 else 0.0


def _unknown(controller: str, name: str, free: list[str], scheduled: list[str]) -> str:
    if name in scheduled:
        return (
            f"`{name}` of `{controller}` is computed from beta and cannot be set; set beta instead"
        )
    if not free:
        return f"`{controller}` has no free knobs, so `{name}` cannot be set"
    which = did_you_mean(name, free) or f"it has {', '.join(f'`{one}`' for one in free)}"
    return f"`{controller}` has no free knob `{name}`; {which}"


def _free_value(
    knob: tree.Knob, setting: Number | None, types: NodeTypes, names: Mapping[str, Number]
) -> Number:
    """Return the value of a free knob; ``names`` are those declared above it."""
    name, kind = knob.name.text, knob_type(knob, types)
    low, high = (
        evaluate_expression(knob.low, types, names),
        evaluate_expression(knob.high, types, names),
    )
    value = evaluate_expression(knob.default, types, names) if setting is None else setting
    fits = isinstance(value, int) or (kind is Type.REAL and isinstance(value, float))
    if not fits or isinstance(value, bool) or not low <= value <= high:
        raise SettingsError(
            f"`{name}` takes {kind.value} from {low} to {high}, and {value!r} is not one", name
        )
    return value if kind is Type.INTEGER else float(value)
