"""The meaning of expressions, as closures over a frame.

Operands are evaluated from left to right, `and`, `or` and `if` no further than needed, members of a
set in its order: the order matters, since random draws are numbered.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar, cast

from dsl import numeric, tree
from dsl.checker import CheckedProgram, Role
from dsl.episode import Episode, Status
from dsl.interpreter.calls import CallClosures
from dsl.interpreter.frame import AnswerOf, Branches, Frame, Integer, Numeric, Real, Truth, of_each
from dsl.types import Type

T = TypeVar("T")
Closure: TypeAlias = Callable[[Frame], Any]
"""The closure of an expression; its result has the checker's type."""

_INTEGERS = {
    "+": numeric.add_int,
    "-": numeric.sub_int,
    "*": numeric.mul_int,
    "//": numeric.floordiv_int,
    "%": numeric.mod_int,
}
_REALS = {
    "+": numeric.add_real,
    "-": numeric.sub_real,
    "*": numeric.mul_real,
    "/": numeric.div_real,
}
_COMPARISONS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

_SETS: dict[str, Branches] = {
    "opened": lambda frame: range(len(frame.episode.branches)),
    "active": lambda frame: tuple(frame.episode.active),
    "alive": lambda frame: [
        view.index for view in frame.episode.branches if view.status is not Status.PRUNED
    ],
    "finished": lambda frame: tuple(frame.episode.finished),
    "pruned": lambda frame: tuple(frame.episode.pruned),
}

_VALUES: dict[str, Closure] = {
    "beta": lambda frame: frame.beta,
    "steps": lambda frame: frame.steps,
    "spent": lambda frame: frame.episode.spent,
    "budget": lambda frame: _budget(frame.episode),
    "interval": lambda frame: frame.episode.interval,
    "available": lambda frame: frame.episode.available,
}

_ATTRIBUTES: dict[str, Closure] = {
    ".answer": lambda frame: frame.current_branch.answer,
    ".depth": lambda frame: frame.current_branch.depth,
    ".tokens": lambda frame: frame.current_branch.tokens,
    ".streak": lambda frame: frame.current_branch.streak,
    ".changes": lambda frame: frame.current_branch.changes,
    ".age": lambda frame: frame.steps - frame.born[frame.current_branch.index],
    ".index": lambda frame: frame.current_branch.index,
    ".seen": lambda frame: frame.current_branch.revealed == frame.current_branch.depth,
    ".finished": lambda frame: frame.current_branch.status is Status.FINISHED,
    ".pruned": lambda frame: frame.current_branch.status is Status.PRUNED,
    ".cut_off": lambda frame: frame.current_branch.cut_off,
    ".entropy": lambda frame: frame.current_branch.entropy or 0.0,
    ".logprob": lambda frame: frame.current_branch.logprob or 0.0,
    ".top_logprob": lambda frame: frame.current_branch.top_logprob or 0.0,
}


_SIGNALS: dict[str, Closure] = {
    ".entropy": lambda frame: frame.current_branch.entropy,
    ".logprob": lambda frame: frame.current_branch.logprob,
    ".top_logprob": lambda frame: frame.current_branch.top_logprob,
}
"""The signals of the format itself; ``None`` before the first value."""


def _signal(name: str) -> Closure:
    """Return what reads a signal, by its name with the dot; ``None`` before the first value."""
    bare = name.removeprefix(".")
    return _SIGNALS.get(name) or (lambda frame: frame.current_branch.signals.get(bare))


def _budget(episode: Episode) -> int:
    return numeric.MAX_INT if episode.budget is None else episode.budget


class ExpressionClosures:
    """Compiles the expressions of one checked program."""

    def __init__(self, checked: CheckedProgram):
        self._types = checked.types
        self._symbols = checked.symbols
        self._calls = CallClosures(self)

    # By the type that a position requires

    def integer(self, node: tree.Expression) -> Integer:
        """Compile an integer expression."""
        return self.value(node)

    def real(self, node: tree.Expression) -> Real:
        """Compile a numeric expression as a real."""
        closure: Numeric = self.value(node)
        if self._types[node] is not Type.INTEGER:
            return closure
        return lambda frame: float(closure(frame))

    def truth(self, node: tree.Expression) -> Truth:
        """Compile a condition."""
        return self.value(node)

    def answer(self, node: tree.Expression) -> AnswerOf:
        """Compile an answer."""
        return self.value(node)

    def branches(self, node: tree.Expression) -> Branches:
        """Return a set of branches."""
        return self.value(node)

    def as_type(self, node: tree.Expression, wanted: Type) -> Closure:
        """Compile an expression to a type: an integer becomes a real where one is wanted."""
        return self.real(node) if wanted is Type.REAL else self.value(node)

    def type_of(self, node: tree.Expression) -> Type:
        """Return the type that the checker found."""
        return self._types[node]

    # By node

    def value(self, node: tree.Expression) -> Closure:
        """Any expression, with the value that its own type has."""
        match node:
            case tree.Number(value=value) | tree.BooleanLiteral(value=value):
                return lambda frame: value
            case tree.Text(text=text):
                return lambda frame: text
            case tree.NoneLiteral():
                return lambda frame: None
            case tree.Name():
                return self._name(node)
            case tree.Field():
                return self._field(node)
            case tree.Fallback():
                return self._fallback(node)
            case tree.Group(inner=inner):
                return self.value(inner)
            case tree.Unary():
                return self._unary(node)
            case tree.Binary():
                return self._binary(node)
            case tree.Conditional():
                return self._choice(node)
            case tree.Call():
                return self._calls.call(node)
            case tree.FilterSet():
                return self._where(node)
            case tree.SortSet():
                return self._by(node)
            case tree.ExcludeSet():
                return self._except(node)
            case tree.OnceSet():
                return self._once(node)
            case tree.TakeFirst():
                return self._first(node)
            case tree.CurrentBranch():
                return lambda frame: (frame.current_branch.index,)

    def _name(self, node: tree.Name) -> Closure:
        name = node.text
        match self._symbols[node].role:
            case Role.SCHEDULED | Role.KNOB:
                return lambda frame: frame.knobs[name]
            case Role.MEMORY if self._types[node] is Type.WINDOW:
                return lambda frame: frame.windows[name]
            case Role.MEMORY:
                return lambda frame: frame.cells[name]
            case Role.LET:
                return lambda frame: frame.lets[name]
            case Role.SET:
                return _SETS[name]
            case _:
                return _VALUES[name]

    def _field(self, node: tree.Field) -> Closure:
        name = node.text
        if self._symbols[node].role is Role.ATTRIBUTE:
            signal = _signal(name)
            return _ATTRIBUTES.get(name) or (lambda frame: signal(frame) or 0.0)
        return lambda frame: frame.fields[name][frame.current_branch.index]

    def _fallback(self, node: tree.Fallback) -> Real:
        signal, otherwise = _signal(node.field.text), self.real(node.otherwise)

        def fallback(frame: Frame) -> float:
            value: float | None = signal(frame)
            return otherwise(frame) if value is None else value

        return fallback

    def _unary(self, node: tree.Unary) -> Closure:
        operand = self.value(node.operand)
        if node.operator == "not":
            return lambda frame: not operand(frame)
        if self._types[node] is Type.INTEGER:
            return lambda frame: numeric.neg_int(operand(frame))
        return lambda frame: -operand(frame)

    def _binary(self, node: tree.Binary) -> Closure:
        sign = node.operator
        if sign == "and":
            first, second = self.truth(node.left), self.truth(node.right)
            return lambda frame: first(frame) and second(frame)
        if sign == "or":
            first, second = self.truth(node.left), self.truth(node.right)
            return lambda frame: first(frame) or second(frame)
        if sign in _COMPARISONS:
            return self._compare(node)
        if self._types[node] is Type.INTEGER:
            return _apply(_INTEGERS[sign], self.integer(node.left), self.integer(node.right))
        return _apply(_REALS[sign], self.real(node.left), self.real(node.right))

    def _compare(self, node: tree.Binary) -> Truth:
        compare = _COMPARISONS[node.operator]
        # An integer meets a real as a real, as on every machine that compares doubles.
        if Type.REAL in (self._types[node.left], self._types[node.right]):
            return _apply(compare, self.real(node.left), self.real(node.right))
        return _apply(compare, self.value(node.left), self.value(node.right))

    def _choice(self, node: tree.Conditional) -> Closure:
        condition = self.truth(node.condition)
        wanted = self._types[node]
        then, otherwise = self.as_type(node.then, wanted), self.as_type(node.otherwise, wanted)
        return lambda frame: then(frame) if condition(frame) else otherwise(frame)

    # Sets

    def _where(self, node: tree.FilterSet) -> Branches:
        branches, condition = self.branches(node.branches), self.truth(node.condition)

        def where(frame: Frame) -> Sequence[int]:
            members = branches(frame)
            flags = of_each(frame, members, condition)
            return [member for member, keep in zip(members, flags, strict=True) if keep]

        return where

    def _by(self, node: tree.SortSet) -> Branches:
        branches, key = self.branches(node.branches), cast("Numeric", self.value(node.key))

        def by(frame: Frame) -> Sequence[int]:
            members = branches(frame)
            keyed = zip(of_each(frame, members, key), members, strict=True)
            return [member for _, member in sorted(keyed, key=lambda pair: pair[0])]

        return by

    def _except(self, node: tree.ExcludeSet) -> Branches:
        branches, without = self.branches(node.branches), self.branches(node.without)

        def minus(frame: Frame) -> Sequence[int]:
            members = branches(frame)
            gone = frozenset(without(frame))
            return [member for member in members if member not in gone]

        return minus

    def _once(self, node: tree.OnceSet) -> Branches:
        branches = self.branches(node.branches)

        def once(frame: Frame) -> Sequence[int]:
            views = frame.episode.branches
            first: dict[str, int] = {}
            for member in branches(frame):
                answer = views[member].answer
                if answer is not None:
                    first.setdefault(answer, member)
            return list(first.values())

        return once

    def _first(self, node: tree.TakeFirst) -> Branches:
        count, branches = self.integer(node.count), self.branches(node.branches)

        def first(frame: Frame) -> Sequence[int]:
            most = max(0, count(frame))
            return branches(frame)[:most]

        return first


def _apply(
    function: Callable[[Any, Any], T], left: Closure, right: Closure
) -> Callable[[Frame], T]:
    return lambda frame: function(left(frame), right(frame))
