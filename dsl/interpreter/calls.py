"""The meaning of the language's functions."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from dsl import aggregates, numeric, tree
from dsl.interpreter.frame import Branches, Frame, Numeric, Real, SlidingWindow, of_each
from dsl.types import Type

if TYPE_CHECKING:
    from dsl.interpreter.expressions import Closure, ExpressionClosures

_VOTES: dict[str, Callable[[aggregates.Tally], Any]] = {
    "winner": aggregates.winner,
    "runner_up": aggregates.runner_up,
    "votes": aggregates.leading_votes,
    "total": aggregates.total_votes,
    "share": aggregates.leading_share,
    "margin": aggregates.margin,
    "distinct": aggregates.distinct,
    "entropy": aggregates.entropy,
    "confidence": aggregates.confidence,
    "dirichlet_confidence": aggregates.dirichlet_confidence,
}
_VOTES_OF: dict[str, Callable[[aggregates.Tally, str | None], Any]] = {
    "votes": aggregates.votes_of,
    "share": aggregates.share_of,
}

_ONE_REAL: dict[str, Callable[[float], float]] = {
    "sqrt": numeric.sqrt_real,
    "exp": numeric.exp_real,
    "log": numeric.log_real,
}
_TO_INTEGER: dict[str, Callable[[float], int]] = {
    "floor": numeric.floor_int,
    "ceil": numeric.ceil_int,
    "round": numeric.round_int,
}
_FOLDS: dict[str, Callable[[Sequence[float]], float]] = {
    "sum": aggregates.sum_reals,
    "mean": aggregates.mean_reals,
    "variance": aggregates.variance_reals,
    "min": aggregates.min_reals,
    "max": aggregates.max_reals,
    "median": aggregates.median_reals,
}
_INTEGER_FOLDS: dict[str, Callable[[Sequence[int]], int]] = {
    "sum": aggregates.sum_ints,
    "min": aggregates.min_ints,
    "max": aggregates.max_ints,
}


def _fold_window(fold: Callable[[Sequence[float]], float]) -> Callable[[SlidingWindow], float]:
    return lambda window: fold(tuple(window.values))


_WINDOWS: dict[str, Callable[[SlidingWindow], Any]] = {
    "count": lambda window: len(window.values),
    "oldest": lambda window: window.values[0] if window.values else 0.0,
    "newest": lambda window: window.values[-1] if window.values else 0.0,
    "rise": lambda window: (
        numeric.sub_real(window.values[-1], window.values[0]) if window.values else 0.0
    ),
    "full": lambda window: len(window.values) == window.size,
    **{name: _fold_window(fold) for name, fold in _FOLDS.items()},
}


class CallClosures:
    """Compiles the calls of one checked program."""

    def __init__(self, expressions: "ExpressionClosures"):
        self._expressions = expressions

    def call(self, node: tree.Call) -> "Closure":
        """Compile a call, by what its first argument is."""
        name = node.function.text
        first = next(a for a in node.arguments if not isinstance(a, tree.KeywordArgument))
        if isinstance(first, tree.PerBranch):
            return self._over(name, first, node)
        match self._expressions.type_of(first):
            case Type.BRANCHES:
                return self._of_set(name, node)
            case Type.WINDOW:
                window, read = self._expressions.value(first), _WINDOWS[name]
                return lambda frame: read(window(frame))
        return self._of_numbers(name, node)

    def _of_set(self, name: str, node: tree.Call) -> "Closure":
        plain = [
            a for a in node.arguments if not isinstance(a, tree.KeywordArgument | tree.PerBranch)
        ]
        branches = self._expressions.branches(plain[0])
        if name == "count":
            return lambda frame: len(branches(frame))
        if name == "empty":
            return lambda frame: len(branches(frame)) == 0
        tally = self._tally(node, branches)
        if len(plain) == 2:
            read_of, answer = _VOTES_OF[name], self._expressions.answer(plain[1])
            return lambda frame: read_of(tally(frame), answer(frame))
        read = _VOTES[name]
        return lambda frame: read(tally(frame))

    def _tally(self, node: tree.Call, branches: Branches) -> Callable[[Frame], aggregates.Tally]:
        weight: Real | None = None
        for argument in node.arguments:
            if isinstance(argument, tree.KeywordArgument):
                weight = self._expressions.real(argument.value)

        def tally(frame: Frame) -> aggregates.Tally:
            members = branches(frame)
            views = frame.episode.branches
            answers = [views[index].answer for index in members]
            weights = None if weight is None else of_each(frame, members, weight)
            return aggregates.tally(answers, weights)

        return tally

    def _over(self, name: str, node: tree.PerBranch, call: tree.Call) -> "Closure":
        expressions = self._expressions
        branches = expressions.branches(node.branches)
        if name == "rank":
            return _rank(branches, expressions.value(node.value))
        if name == "quantile":
            (position,) = (a for a in call.arguments if isinstance(a, tree.Expression))
            part, ranked = expressions.real(position), expressions.real(node.value)
            return lambda frame: aggregates.quantile_reals(
                of_each(frame, branches(frame), ranked), part(frame)
            )
        integers = expressions.type_of(node.value) is Type.INTEGER
        if integers and name in _INTEGER_FOLDS:
            fold: Callable[[Any], Any] = _INTEGER_FOLDS[name]
            value: Numeric = expressions.integer(node.value)
        else:
            fold, value = _FOLDS[name], expressions.real(node.value)
        return lambda frame: fold(of_each(frame, branches(frame), value))

    def _of_numbers(self, name: str, node: tree.Call) -> "Closure":
        expressions = self._expressions
        arguments = [
            a for a in node.arguments if not isinstance(a, tree.KeywordArgument | tree.PerBranch)
        ]
        integers = all(expressions.type_of(a) is Type.INTEGER for a in arguments)
        if name in _TO_INTEGER:
            if integers:
                return expressions.integer(arguments[0])
            convert, real = _TO_INTEGER[name], expressions.real(arguments[0])
            return lambda frame: convert(real(frame))
        if name == "abs" and integers:
            integer = expressions.integer(arguments[0])
            return lambda frame: numeric.abs_int(integer(frame))
        if name in {"min", "max", "clamp"} and integers:
            return _order(name, [expressions.integer(argument) for argument in arguments])
        if name == "beta_confidence" and integers:
            return _both(numeric.beta_confidence_int, *(expressions.integer(a) for a in arguments))
        return self._of_reals(name, [expressions.real(argument) for argument in arguments])

    def _of_reals(self, name: str, reals: list[Real]) -> "Closure":
        match name:
            case "min" | "max" | "clamp":
                return _order(name, reals)
            case "abs":
                return lambda frame: abs(reals[0](frame))
            case "pow":
                return _both(numeric.pow_real, *reals)
            case "beta_confidence":
                return _both(numeric.beta_confidence_real, *reals)
            case "chance":
                return lambda frame: frame.draws.chance(reals[0](frame))
            case "draw_beta":
                return lambda frame: frame.draws.draw_beta(reals[0](frame), reals[1](frame))
        compute, real = _ONE_REAL[name], reals[0]
        return lambda frame: compute(real(frame))


def _rank(branches: Branches, value: Numeric) -> "Closure":
    """Return how many members have a smaller value than the branch that a dot refers to."""

    def rank(frame: Frame) -> int:
        values = of_each(frame, branches(frame), value)
        own = value(frame)
        return sum(value < own for value in values)

    return rank


def _order(name: str, arguments: Sequence[Numeric]) -> "Closure":
    """Smallest, largest and clamp: alike for integers and reals."""
    if name == "min":
        return lambda frame: min([argument(frame) for argument in arguments])
    if name == "max":
        return lambda frame: max([argument(frame) for argument in arguments])
    value, low, high = arguments

    def clamp(frame: Frame) -> int | float:
        return min(max(value(frame), low(frame)), high(frame))

    return clamp


def _both(function: Callable[[Any, Any], Any], *arguments: "Closure") -> "Closure":
    left, right = arguments
    return lambda frame: function(left(frame), right(frame))
