"""The meaning of expressions in `knobs` and `schedule`, which know no branches, as plain functions.

The evaluation of a schedule and the proof of its directions take their arithmetic from here, so
that a proof speaks of the very bits that a run will see.
"""

import operator
from collections.abc import Callable, Mapping
from typing import TypeAlias, assert_never

from dsl import numeric, tree
from dsl.types import Type

Number: TypeAlias = int | float
"""A value of a schedule: an integer, a real, or a boolean, which is 0 or 1 here as in Python."""

Operation: TypeAlias = Callable[..., Number]
NodeTypes: TypeAlias = Mapping[tree.Node, Type]
"""The checker's types, by node."""


def _clamp(value: Number, low: Number, high: Number) -> Number:
    return min(max(value, low), high)


_INTEGERS: dict[str, Operation] = {
    "+": numeric.add_int,
    "-": numeric.sub_int,
    "*": numeric.mul_int,
    "//": numeric.floordiv_int,
    "%": numeric.mod_int,
    "negate": numeric.neg_int,
    "abs": numeric.abs_int,
    "floor": operator.pos,
    "ceil": operator.pos,
    "round": operator.pos,
    "beta_confidence": numeric.beta_confidence_int,
}
_REALS: dict[str, Operation] = {
    "+": numeric.add_real,
    "-": numeric.sub_real,
    "*": numeric.mul_real,
    "negate": numeric.neg_real,
    "abs": numeric.abs_real,
    "floor": numeric.floor_int,
    "ceil": numeric.ceil_int,
    "round": numeric.round_int,
    "/": numeric.div_real,
    "sqrt": numeric.sqrt_real,
    "exp": numeric.exp_real,
    "log": numeric.log_real,
    "pow": numeric.pow_real,
    "beta_confidence": numeric.beta_confidence_real,
}
_EITHER: dict[str, Operation] = {
    "min": min,
    "max": max,
    "clamp": _clamp,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_TRUTHS: dict[str, Operation] = {"and": min, "or": max, "not": operator.not_}

Combination: TypeAlias = tree.Unary | tree.Binary | tree.Call
"""An expression that makes one value of others."""


def operator_name(node: Combination) -> str:
    """Return the operator or function: ``+``, ``negate``, ``not``, ``max``."""
    match node:
        case tree.Call(function=function):
            return function.text
        case tree.Unary(operator="-"):
            return "negate"
    return node.operator


def operands(node: Combination) -> tuple[tree.Expression, ...]:
    """Return the operands in order. A schedule has no sets, so every argument is an expression."""
    match node:
        case tree.Unary(operand=operand):
            return (operand,)
        case tree.Binary(left=left, right=right):
            return (left, right)
    arguments = [
        a for a in node.arguments if not isinstance(a, tree.PerBranch | tree.KeywordArgument)
    ]
    assert len(arguments) == len(node.arguments), "the checker lets no set into a schedule"
    return tuple(arguments)


def find_operation(node: Combination, types: NodeTypes) -> Operation:
    """Return the function of an operator or a call, at the types of its operands.

    It takes the operands' values as they are; where a real is wanted it makes one of an integer.
    """
    name = operator_name(node)
    if name in _TRUTHS:
        return _TRUTHS[name]
    kinds = [types[operand] for operand in operands(node)]
    if name == "round" and len(kinds) == 2:
        return _round_digits
    as_they_are = Type.REAL not in kinds
    if name in _EITHER:
        return _EITHER[name] if as_they_are else _of_reals(_EITHER[name])
    if as_they_are and name in _INTEGERS:
        return _INTEGERS[name]
    return _of_reals(_REALS[name])


def _round_digits(value: Number, digits: Number) -> Number:
    return numeric.round_digits(float(value), int(digits))


def _of_reals(function: Operation) -> Operation:
    return lambda *values: function(*map(float, values))


def answer_number(text: str | None) -> int:
    """Return a number for an answer: two answers have the same one only if they are the same.

    All that a schedule can see of answers is whether two are equal.
    """
    return 0 if text is None else int.from_bytes(f'"{text}'.encode("utf-8", "surrogatepass"))


def answer_text(number: Number) -> str | None:
    """Return the answer of an `answer_number`."""
    if not number:
        return None
    size = (int(number).bit_length() + 7) // 8
    return int(number).to_bytes(size).decode("utf-8", "surrogatepass")[1:]


def evaluate_expression(
    node: tree.Expression, types: NodeTypes, names: Mapping[str, Number]
) -> Number:
    """Evaluate an expression: an ``int`` where its type is integer, a ``float`` where real.

    Args:
        node: the expression; answers come as their `answer_number`.
        types: the checker's types.
        names: the value of every name in it, ``beta`` among them.
    """
    match node:
        case tree.Number(value=number) | tree.BooleanLiteral(value=number):
            return number
        case tree.Text(text=text):
            return answer_number(text)
        case tree.NoneLiteral():
            return answer_number(None)
        case tree.Name(text=name):
            return names[name]
        case tree.Group(inner=inner):
            return evaluate_expression(inner, types, names)
        case tree.Conditional():
            chosen = (
                node.then if evaluate_expression(node.condition, types, names) else node.otherwise
            )
            value = evaluate_expression(chosen, types, names)
            return float(value) if types[node] is Type.REAL else value
        case tree.Unary() | tree.Binary() | tree.Call():
            arguments = [evaluate_expression(operand, types, names) for operand in operands(node)]
            return find_operation(node, types)(*arguments)
        case (
            tree.Field()
            | tree.Fallback()
            | tree.CurrentBranch()
            | tree.FilterSet()
            | tree.SortSet()
            | tree.ExcludeSet()
            | tree.OnceSet()
            | tree.TakeFirst()
        ):
            raise AssertionError("the checker lets no branches into a schedule")
        case _:
            assert_never(node)
