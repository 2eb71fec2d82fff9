"""Run-time guards: what a controller's code can access while it runs.

This is the second half of the first barrier; `sandbox.python.policy` is the first. A controller
defines no types, so each type that it can meet is listed here with its readable attributes.
Everything else is refused by name. Modules are never passed to controllers, since `statistics`
holds `sys` and so everything: a controller imports facades with some of their names.
"""

import collections
import math
import operator
import statistics
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from itertools import chain, compress, repeat
from typing import Any

from RestrictedPython.Guards import guarded_iter_unpack_sequence, guarded_unpack_sequence

from sandbox.faults import Exhausted, TurnLimitExceeded
from sandbox.python.arguments import checked_answer
from sandbox.python.branches import Branch, Branches
from sandbox.python.controller_episode import ShownEpisode
from sandbox.python.expressions import BranchExpression
from sandbox.python.functions import FUNCTIONS
from sandbox.python.texts import (
    guarded_remainder,
    guarded_repr,
    guarded_str,
    guarded_value,
    without_addresses,
)
from sandbox.python.windows import Window

LAST = 0
"""Placeholder for the line that ran last, so that a ``return`` has a location."""


class Facade:
    """Selected names of a module."""

    __slots__ = ("_names", "_title")

    def __init__(self, title: str, names: Mapping[str, object]):
        self._title = title
        self._names = dict(names)

    def __repr__(self) -> str:
        return f"<module {self._title}>"

    def __dir__(self) -> list[str]:
        return list(self._names)

    def __getattr__(self, name: str) -> object:
        # `from math import sqrt` reads attributes without the guard; the names are public ones.
        try:
            return self._names[name]
        except KeyError:
            raise AttributeError(f"{self._title} has no {name!r} here") from None


_MATH = tuple(name for name in dir(math) if not name.startswith("_"))
# Functions that use unbounded memory or time in one call are excluded.
_MATH_OUT = {"comb", "factorial", "perm"}
_STATISTICS = (
    "fmean", "geometric_mean", "harmonic_mean", "mean", "median", "median_grouped", "median_high",
    "median_low", "mode", "multimode", "pstdev", "pvariance", "quantiles", "stdev", "variance",
)  # fmt: skip
_COLLECTIONS = ("Counter", "OrderedDict", "defaultdict", "deque")

MODULE_FACADES = {
    "math": Facade("math", {n: getattr(math, n) for n in _MATH if n not in _MATH_OUT}),
    "statistics": Facade("statistics", {n: getattr(statistics, n) for n in _STATISTICS}),
    "collections": Facade("collections", {n: getattr(collections, n) for n in _COLLECTIONS}),
}


def guarded_import(
    name: str,
    _globals: object = None,
    _locals: object = None,
    fromlist: tuple[str, ...] | None = (),
    level: int = 0,
) -> Facade:
    """Implement import statements.

    Args:
        name: Name of the module.
        _globals: Ignored; a parameter of `__import__`.
        _locals: Ignored; a parameter of `__import__`.
        fromlist: Ignored; the facade has all names that may be imported.
        level: Depth of a relative import, which must be 0.

    Raises:
        ImportError: The module is not one that a controller may import.
    """
    if level != 0 or name not in MODULE_FACADES:
        raise ImportError(f"import of {name!r} is not allowed")
    return MODULE_FACADES[name]


MOST_RANGE = 1_000_000
"""Maximum length of a range: iteration in C counts no turns."""

MOST_BITS = 4096
"""Maximum bits of a power or a shift."""


def _public(kind: type, *but: str) -> frozenset[str]:
    return frozenset(name for name in dir(kind) if not name.startswith("_")) - {*but}


_DICT = _public(dict)
ATTRIBUTES: Mapping[type, frozenset[str]] = {
    # `format` walks attributes that its text names; the others make texts of any length.
    str: _public(str, "format", "format_map", "center", "ljust", "rjust", "zfill", "expandtabs"),
    int: frozenset({"bit_length", "numerator", "denominator", "real"}),
    float: frozenset({"is_integer"}),
    list: _public(list),
    tuple: _public(tuple),
    set: _public(set),
    frozenset: _public(frozenset),
    range: _public(range),
    dict: _DICT,
    OrderedDict: _DICT | {"move_to_end"},
    defaultdict: _DICT,
    Counter: _DICT | {"most_common", "total", "subtract", "elements"},
    deque: _public(deque),
    Branch: _public(Branch),
    Branches: _public(Branches),
    Window: _public(Window),
    ShownEpisode: _public(ShownEpisode),
}
"""Readable attributes, by exact type."""

_ADMITTED = ATTRIBUTES.get

_FINAL: Mapping[str, tuple[type, ...]] = {
    "_Window_": (Window,),
    "_Branches_": (Branches,),
    "_ShownEpisode_": (ShownEpisode,),
    "_Branch_": (Branch,),
    "_ShownEpisode_Branch_": (ShownEpisode, Branch),
}
"""Types without subclasses, by their names in the globals: those whose attributes are read most."""

INLINED: Mapping[str, str] = {
    attribute: name
    for name, kinds in _FINAL.items()
    for attribute in frozenset.intersection(*(ATTRIBUTES[kind] for kind in kinds))
}
"""The attributes whose guard is inlined, and the types that are checked for first."""

OWN: frozenset[str] = frozenset(
    attribute
    for attribute in INLINED
    if {kind for kind, names in ATTRIBUTES.items() if attribute in names}
    <= {kind for kinds in _FINAL.values() for kind in kinds}
)
"""Those of them that values of no other types have."""

_DICTS = frozenset({dict, OrderedDict, defaultdict, Counter})
_ITEMS = (str, list, tuple, range, dict, OrderedDict, defaultdict, Counter, deque, Branches)
_CHANGEABLE = (list, dict, OrderedDict, defaultdict, Counter, deque)

_SAMPLES: tuple[object, ...] = (
    iter([]), iter(()), iter({}), iter({}.keys()), iter({}.values()), iter({}.items()),
    iter(set()), iter(range(0)), iter(range(1 << 70)), iter(""), iter("é"), iter(deque()),
    reversed([]), reversed(()), reversed({}), reversed(deque()), enumerate(()), zip(),
    map(int, ()), filter(None, ()), (i for i in [0]), {}.keys(), {}.values(), {}.items(),
    OrderedDict().keys(), OrderedDict().values(), OrderedDict().items(), iter(OrderedDict()),
    Counter().elements(),
)  # fmt: skip
_ITERABLE = frozenset({*map(type, _SAMPLES), *_ITEMS, set, frozenset, Window})


def guarded_getattr(thing: object, name: str) -> Any:  # noqa: ANN401
    """``thing.name``."""
    kind = type(thing)
    if name in _ADMITTED(kind, ()) and type(name) is str:
        return getattr(thing, name)
    if kind is Facade:
        return getattr(thing, name)
    if thing is dict and name == "fromkeys":
        return dict.fromkeys
    if isinstance(thing, Exception) and name == "args":
        arguments = (arg if type(arg) in (str, int, float) else "" for arg in thing.args)
        return tuple(
            without_addresses(argument) if type(argument) is str else argument
            for argument in arguments
        )
    raise AttributeError(
        f"{_format_value(thing)} has no attribute {name!r} that a controller may read"
    )


def guarded_getitem(thing: Any, index: object) -> Any:  # noqa: ANN401
    """``thing[index]``."""
    if type(thing) not in _ITEMS:
        raise TypeError(f"{_format_value(thing)} has no items")
    return thing[index]


def is_dict(thing: object) -> bool:
    """Whether all guards admit items, writes, and the public attributes of `dict`."""
    return type(thing) in _DICTS


def guarded_iter(thing: Any) -> Any:  # noqa: ANN401
    """Return an iterator for a loop."""
    if type(thing) not in _ITERABLE:
        raise TypeError(f"{_format_value(thing)} is not iterable")
    return thing


def guarded_write(thing: object) -> object:
    """Check the target of an item assignment or deletion."""
    if type(thing) not in _CHANGEABLE:
        raise TypeError(f"{_format_value(thing)} cannot be changed")
    return thing


def guarded_power(base: Any, exponent: Any) -> Any:  # noqa: ANN401
    """Implement ``base ** exponent``."""
    if type(base) is int and type(exponent) is int and base.bit_length() * exponent > MOST_BITS:
        raise OverflowError(f"a power has at most {MOST_BITS} bits")
    return base**exponent


def guarded_shift(value: Any, by: Any) -> Any:  # noqa: ANN401
    """``value << by``."""
    if type(value) is int and type(by) is int and value.bit_length() + by > MOST_BITS:
        raise OverflowError(f"a shifted integer has at most {MOST_BITS} bits")
    return value << by


_INPLACE: Mapping[str, Callable[[Any, Any], Any]] = {
    "+=": operator.iadd, "-=": operator.isub, "*=": operator.imul, "/=": operator.itruediv,
    "//=": operator.ifloordiv, "%=": guarded_remainder, "**=": guarded_power, "<<=": guarded_shift,
    ">>=": operator.irshift, "|=": operator.ior, "^=": operator.ixor, "&=": operator.iand,
}  # fmt: skip


def guarded_inplace(sign: str, left: object, right: object) -> object:
    """Compute an in-place operation on a name, such as ``left += right``.

    Args:
        sign: The operator, such as ``+=``.
        left: The value of the name.
        right: The operand.
    """
    return _INPLACE[sign](left, right)


def guarded_augment(thing: Any, index: object, sign: str, value: object) -> None:  # noqa: ANN401
    """Apply an in-place operation to an item, such as ``thing[index] += value``.

    Args:
        thing: The container, which must be one that a controller may write to.
        index: The index or key of the item.
        sign: The operator, such as ``+=``.
        value: The operand.
    """
    guarded_write(thing)[index] = guarded_inplace(sign, thing[index], value)  # type: ignore[index]


def guarded_apply(function: Callable[..., Any], *args: object, **kwargs: object) -> Any:  # noqa: ANN401
    """Return a call with ``*`` or ``**``."""
    return function(*args, **kwargs)


def guarded_range(*bounds: int) -> range:
    """Create a range of bounded length."""
    result = range(*bounds)
    if result[MOST_RANGE:]:
        raise ValueError(f"a range has at most {MOST_RANGE} members")
    return result


def guarded_isinstance(thing: object, kinds: Any) -> bool:  # noqa: ANN401
    """Return whether a value is of a type, or of one of several."""
    named = kinds if type(kinds) is tuple else (kinds,)
    return isinstance(thing, tuple(str if kind is guarded_str else kind for kind in named))


def guarded_next(iterator: Iterator[Any], *default: object) -> Any:  # noqa: ANN401
    """Return the next item of an iterator."""
    return next(guarded_iter(iterator), *default)


def guarded_iterator(thing: object) -> Iterator[Any]:
    """``iter(thing)``."""
    return iter(guarded_iter(thing))


_EXCEPTIONS = (
    ArithmeticError, AssertionError, AttributeError, Exception, ImportError, IndexError, KeyError,
    LookupError, NameError, NotImplementedError, OverflowError, RuntimeError, StopIteration,
    TypeError, ValueError, ZeroDivisionError,
)  # fmt: skip
_PYTHON = (
    all, any, bool, callable, chr, dict, divmod, enumerate, filter, float, frozenset, int, len,
    list, map, ord, reversed, set, slice, sorted, tuple, zip,
)  # fmt: skip

BUILTINS: Mapping[str, object] = {
    **{exception.__name__: exception for exception in (*_PYTHON, *_EXCEPTIONS)},
    **FUNCTIONS,
    "range": guarded_range,
    "repr": guarded_repr,
    "str": guarded_str,
    "isinstance": guarded_isinstance,
    "iter": guarded_iterator,
    "next": guarded_next,
    "Exhausted": Exhausted,
    "__import__": guarded_import,
}
"""Every predefined name of a controller, but for the two that draw random numbers."""


def make_turns(most: int) -> Iterator[bool]:
    """Return an iterator of turns that ends the controller when it has taken too many."""
    return chain(repeat(True, most), map(_end_turns, repeat(None)))


def _end_turns(_: None) -> bool:
    raise TurnLimitExceeded


def make_line_counter(lines: dict[int, int]) -> Callable[[int], None]:
    """Count, by line, how often a controller comes there."""

    def ran(line: int) -> None:
        lines[line] = lines.get(line, 0) + 1
        lines[LAST] = line

    return ran


def guarded_globals(
    extra: Mapping[str, object], most_turns: int, lines: dict[int, int]
) -> dict[str, Any]:
    """Return the globals that one episode of a controller runs in, shared with no other.

    Args:
        extra: names of its own.
        most_turns: turns that it may take.
        lines: how often each line ran, where its code counts that.
    """
    turns = make_turns(most_turns)
    return {
        "__builtins__": {**BUILTINS, **extra},
        "__name__": "controller",
        **{name: kinds if kinds[1:] else kinds[0] for name, kinds in _FINAL.items()},
        "_answer_": checked_answer,
        "_apply_": guarded_apply,
        "_augment_": guarded_augment,
        "_compress_": compress,
        "_expression_": BranchExpression,
        "_getattr_": guarded_getattr,
        "_getitem_": guarded_getitem,
        "_getiter_": guarded_iter,
        "_inplacevar_": guarded_inplace,
        "_is_dict_": is_dict,
        "_isinstance_": isinstance,
        "_iter_unpack_sequence_": guarded_iter_unpack_sequence,
        "_power_": guarded_power,
        "_ran_": make_line_counter(lines),
        "_remainder_": guarded_remainder,
        "_repr_": guarded_repr,
        "_shift_": guarded_shift,
        "_str_": guarded_str,
        "_value_": guarded_value,
        "_turn_": turns.__next__,
        "_turns_": turns,
        "_unpack_sequence_": guarded_unpack_sequence,
        "_write_": guarded_write,
    }


def _format_value(thing: object) -> str:
    return f"a value of type {type(thing).__name__}"
