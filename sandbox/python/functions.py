"""Functions of Rheo under the same names, for Python controllers.

They share the interpreter's building blocks, so results are equal to the last bit. That is why
`sum` differs from Python's own, which adds floats differently since 3.12.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from dsl import aggregates, numeric
from dsl.random_draws import EpisodeRandom
from sandbox.python.arguments import check_integer, check_real
from sandbox.python.branches import (
    Branch,
    list_members,
    read_votes,
    tally_answers,
)
from sandbox.python.windows import Window

Number: TypeAlias = int | float
Weight: TypeAlias = Callable[[Branch], Number] | None
Many: TypeAlias = Iterable[Any]


def make_random_functions(draws: EpisodeRandom) -> Mapping[str, object]:
    """Create the two random functions of an episode."""

    def chance(p: Number) -> bool:
        return draws.chance(check_real(p, "chance"))

    def draw_beta(a: Number, b: Number) -> float:
        return draws.draw_beta(check_real(a, "draw_beta"), check_real(b, "draw_beta"))

    return {"chance": chance, "draw_beta": draw_beta}


# Sets


def _count(of: Many) -> int:
    return len(list_members(of)) if type(of) is not Window else len(of)


def _empty(of: Many) -> bool:
    return not list_members(of)


def _tally(of: Many, weight: Weight) -> aggregates.Tally:
    if weight is None:
        return tally_answers(of)
    members = list_members(of)
    weights = [check_real(weight(member), "weight") for member in members]
    return aggregates.tally([member.answer for member in members], weights)


def _vote(read: Callable[[aggregates.Tally], Any]) -> Callable[..., Any]:
    def function(of: Many, *, weight: Weight = None) -> Any:  # noqa: ANN401
        return read_votes(of, read) if weight is None else read(_tally(of, weight))

    return function


_WINNER = object()
"""Default for the leading answer; ``None`` would have no votes."""


def _vote_of(
    read: Callable[[aggregates.Tally], Any], read_of: Callable[[aggregates.Tally, str | None], Any]
) -> Callable[..., Any]:
    def function(of: Many, answer: Any = _WINNER, *, weight: Weight = None) -> Any:  # noqa: ANN401
        if weight is None and answer is _WINNER:
            return read_votes(of, read)
        counted = _tally(of, weight)
        return read(counted) if answer is _WINNER else read_of(counted, answer)

    return function


# Sums and what is like them


def _fold(
    name: str, fold: Callable[[Any], float], integers: Callable[[Any], int] | None = None
) -> Callable[[Many], Number]:
    def function(values: Many) -> Number:
        items = list(_many(values, name))
        if integers is not None and all(type(item) is int for item in items):
            return integers([numeric.saturate(item) for item in items])
        return fold([check_real(item, name) for item in items])

    return function


def _order(
    name: str, fold: Callable[[Any], float], integers: Callable[[Any], int]
) -> Callable[..., Number]:
    of_many = _fold(name, fold, integers)
    by_key: Any = {"min": min, "max": max}[name]

    def function(*values: Any, key: Any = None, default: Any = None) -> Any:  # noqa: ANN401
        if key is None and len(values) == 2 and type(values[0]) is int is type(values[1]):
            return numeric.saturate(by_key(values))  # the most frequent use
        many = list(_many(values[0], name)) if len(values) == 1 else values
        if not many and default is not None:
            return default
        if key is not None:
            return by_key(many, key=key, default=None)
        return of_many(many)

    return function


def _sum(values: Many, start: Number = 0) -> Number:
    items = list(_many(values, "sum"))
    return _SUM(items if start == 0 else [start, *items])


def _many(values: Any, of: str) -> Many:  # noqa: ANN401
    """Return an iterable.

    Raises:
        TypeError: The value is not iterable.
    """
    try:
        iterator: Many = iter(values)
    except TypeError:
        raise TypeError(f"`{of}` needs an iterable, not a value of type {_kind(values)}") from None
    return iterator


def _kind(value: object) -> str:
    return type(value).__name__


def _quantile(values: Many, q: Number) -> float:
    items = [check_real(item, "quantile") for item in _many(values, "quantile")]
    return aggregates.quantile_reals(items, check_real(q, "quantile"))


def _rank(values: Many, own: Number) -> int:
    limit = check_real(own, "rank")
    return sum(check_real(value, "rank") < limit for value in _many(values, "rank"))


# Numbers


def _abs(x: Number) -> Number:
    return numeric.abs_int(x) if type(x) is int else abs(check_real(x, "abs"))


def _to_integer(name: str, convert: Callable[[float], int]) -> Callable[[Number], int]:
    def function(x: Number) -> int:
        return numeric.saturate(x) if type(x) is int else convert(check_real(x, name))

    return function


def _round(x: Number, digits: int | None = None) -> Number:
    if digits is not None:
        return numeric.round_digits(check_real(x, "round"), check_integer(digits, "round"))
    return numeric.saturate(x) if type(x) is int else numeric.round_int(check_real(x, "round"))


def _one(name: str, function: Callable[[float], float]) -> Callable[[Number], float]:
    return lambda x: function(check_real(x, name))


def _pow(x: Number, y: Number) -> float:
    return numeric.pow_real(check_real(x, "pow"), check_real(y, "pow"))


def _clamp(x: Number, low: Number, high: Number) -> Number:
    if all(type(number) is int for number in (x, low, high)):
        return min(max(x, low), high)
    return min(max(check_real(x, "clamp"), check_real(low, "clamp")), check_real(high, "clamp"))


def _beta_confidence(v1: Number, v2: Number) -> float:
    if type(v1) is int and type(v2) is int:
        return numeric.beta_confidence_int(v1, v2)
    of = "beta_confidence"
    return numeric.beta_confidence_real(check_real(v1, of), check_real(v2, of))


def _of_window(name: str, read: Callable[[Window], Any]) -> Callable[[Window], Any]:
    def function(window: Window) -> Any:  # noqa: ANN401
        if type(window) is not Window:
            raise TypeError(f"`{name}` needs a window")
        return read(window)

    return function


_SUM = _fold("sum", aggregates.sum_reals, aggregates.sum_ints)

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "count": _count,
    "empty": _empty,
    "winner": _vote(aggregates.winner),
    "runner_up": _vote(aggregates.runner_up),
    "votes": _vote_of(aggregates.leading_votes, aggregates.votes_of),
    "total": _vote(aggregates.total_votes),
    "share": _vote_of(aggregates.leading_share, aggregates.share_of),
    "margin": _vote(aggregates.margin),
    "distinct": _vote(aggregates.distinct),
    "entropy": _vote(aggregates.entropy),
    "confidence": _vote(aggregates.confidence),
    "dirichlet_confidence": _vote(aggregates.dirichlet_confidence),
    "sum": _sum,
    "mean": _fold("mean", aggregates.mean_reals),
    "variance": _fold("variance", aggregates.variance_reals),
    "median": _fold("median", aggregates.median_reals),
    "quantile": _quantile,
    "rank": _rank,
    "min": _order("min", aggregates.min_reals, aggregates.min_ints),
    "max": _order("max", aggregates.max_reals, aggregates.max_ints),
    "window": Window,
    "oldest": _of_window("oldest", Window.oldest),
    "newest": _of_window("newest", Window.newest),
    "rise": _of_window("rise", Window.rise),
    "full": _of_window("full", Window.full),
    "abs": _abs,
    "floor": _to_integer("floor", numeric.floor_int),
    "ceil": _to_integer("ceil", numeric.ceil_int),
    "round": _round,
    "sqrt": _one("sqrt", numeric.sqrt_real),
    "exp": _one("exp", numeric.exp_real),
    "log": _one("log", numeric.log_real),
    "pow": _pow,
    "clamp": _clamp,
    "beta_confidence": _beta_confidence,
}
"""All functions except the two random ones."""

for _name, _function in FUNCTIONS.items():
    if not isinstance(_function, type):  # messages about arguments name a function by these
        _function.__name__ = _function.__qualname__ = _name
