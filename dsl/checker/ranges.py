"""Find the range that a number of a program can have, whatever the recording and the settings."""

from collections import Counter
from math import inf
from typing import NamedTuple

from dsl import tree
from dsl.checker.scope import Scope
from dsl.checker.symbols import Role, constant_value, free_knobs, schedule_lines
from dsl.traversal import ungroup, walk


class NumberRange(NamedTuple):
    """The smallest and the largest value that a number can have, both ends included."""

    low: float
    high: float


ANY = NumberRange(-inf, inf)
_SHARE = NumberRange(0, 1)
_COUNT = NumberRange(0, inf)

_VALUES = {"beta": _SHARE, "steps": _COUNT, "spent": _COUNT, "available": _COUNT}
_ATTRIBUTES = {
    ".depth": NumberRange(1, inf),
    ".tokens": _COUNT,
    ".streak": _COUNT,
    ".changes": _COUNT,
    ".age": _COUNT,
    ".index": _COUNT,
    ".entropy": _COUNT,
    ".logprob": NumberRange(-inf, 0),
    ".top_logprob": NumberRange(-inf, 0),
}
_CALLS = {
    "count": _COUNT,
    "distinct": _COUNT,
    "confidence": _SHARE,
    "beta_confidence": _SHARE,
    "draw_beta": _SHARE,
    "entropy": _COUNT,
    "variance": _COUNT,
    "sqrt": _COUNT,
    "exp": _COUNT,
    "pow": _COUNT,
    "rank": _COUNT,
}
_VOTES = {"share": _SHARE, "margin": _SHARE, "votes": _COUNT, "total": _COUNT}
"""Ranges that hold only if no weight is below 0."""


class RangeFinder:
    """Finds ranges of numbers, from what the text alone says."""

    def __init__(self, scope: Scope, program: tree.Program):
        self._scope = scope
        self._knobs = free_knobs(program)
        self._lines = schedule_lines(program)
        lets = [node for node in walk(program) if isinstance(node, tree.Let)]
        times = Counter(node.name.text for node in lets)
        self._lets = {
            node.name.text: node.value
            for node in lets
            if times[node.name.text] == 1 and not isinstance(node.value, tree.Open | tree.Sample)
        }

    def find(self, expression: tree.Expression) -> NumberRange:
        """Return the range of an expression; it is unbounded where nothing is known."""
        if not self._scope.types[expression].is_number:
            return ANY
        constant = constant_value(expression)
        if constant is not None:
            return NumberRange(constant, constant)
        match ungroup(expression):
            case tree.Name() as name:
                return self._name(name)
            case tree.Field(text=text):
                return _ATTRIBUTES.get(text, ANY)
            case tree.Fallback(field=field, otherwise=otherwise):
                return _hull(self.find(field), self.find(otherwise))
            case tree.Unary(operator="-", operand=operand):
                low, high = self.find(operand)
                return NumberRange(-high, -low)
            case tree.Binary(operator=operator, left=left, right=right):
                return _combine(operator, self.find(left), self.find(right))
            case tree.Conditional(then=then, otherwise=otherwise):
                return _hull(self.find(then), self.find(otherwise))
            case tree.Call() as call:
                return self._call(call)
        return ANY

    def _name(self, name: tree.Name) -> NumberRange:
        symbol = self._scope.symbols[name]
        match symbol.role:
            case Role.VALUE:
                return _VALUES.get(name.text, ANY)
            case Role.KNOB:
                knob = self._knobs[name.text]
                low, high = constant_value(knob.low), constant_value(knob.high)
                return ANY if low is None or high is None else NumberRange(low, high)
            case Role.SCHEDULED:
                return self.find(self._lines[name.text].value)
            case Role.LET if name.text in self._lets:
                return self.find(self._lets[name.text])
        return ANY

    def _call(self, call: tree.Call) -> NumberRange:
        name = call.function.text
        if name in _CALLS:
            return _CALLS[name]
        if name in _VOTES:
            weights = [a.value for a in call.arguments if isinstance(a, tree.KeywordArgument)]
            is_bounded = all(self.find(weight).low >= 0 for weight in weights)
            return _VOTES[name] if is_bounded else ANY
        if name in {"sum", "mean"} and isinstance(call.arguments[0], tree.PerBranch):
            term = self.find(call.arguments[0].value)
            total = _hull(term, NumberRange(0, 0))
            if name == "mean":
                return total
            return NumberRange(0 if term.low >= 0 else -inf, 0 if term.high <= 0 else inf)
        if name in {"min", "max", "median", "quantile"} and isinstance(
            call.arguments[0], tree.PerBranch
        ):
            return _hull(self.find(call.arguments[0].value), NumberRange(0, 0))
        return self._of_numbers(call)

    def _of_numbers(self, call: tree.Call) -> NumberRange:
        """Return the range of a function of numbers that rises with each of them, or of `abs`."""
        name = call.function.text
        values = [
            argument
            for argument in call.arguments
            if not isinstance(argument, tree.PerBranch | tree.KeywordArgument)
        ]
        parts = [self.find(value) for value in values]
        match name:
            case "min" | "max" if len(parts) > 1:
                choose = min if name == "min" else max
                return NumberRange(
                    choose(part.low for part in parts), choose(part.high for part in parts)
                )
            case "clamp":
                value, low, high = parts
                return NumberRange(
                    min(max(value.low, low.low), high.low),
                    min(max(value.high, low.high), high.high),
                )
            case "round" | "floor" | "ceil":
                return NumberRange(
                    _whole(parts[0].low, down=True), _whole(parts[0].high, down=False)
                )
            case "abs":
                only = parts[0]
                sizes = sorted((abs(only.low), abs(only.high)))
                return NumberRange(0 if only.low <= 0 <= only.high else sizes[0], sizes[1])
        return ANY


def _whole(value: float, *, down: bool) -> float:
    """Return a whole number beside an end of a range, on the outer side."""
    if abs(value) == inf:
        return value
    return value // 1 if down else -(-value // 1)


def _hull(a: NumberRange, b: NumberRange) -> NumberRange:
    return NumberRange(min(a.low, b.low), max(a.high, b.high))


def _combine(operator: str, a: NumberRange, b: NumberRange) -> NumberRange:
    """Return the range of a sum, difference, product or quotient."""
    if operator == "+":
        return NumberRange(a.low + b.low, a.high + b.high)
    if operator == "-":
        return NumberRange(a.low - b.high, a.high - b.low)
    if operator == "*":
        # 0 times an unbounded factor is 0: every number is finite.
        ends = [0.0 if 0 in (x, y) else x * y for x in a for y in b]
        return NumberRange(min(ends), max(ends))
    if operator == "/" and b.low > 0:
        ends = [0.0 if inf == abs(y) else x / y for x in a for y in b]
        return NumberRange(min(ends), max(ends))
    return ANY
