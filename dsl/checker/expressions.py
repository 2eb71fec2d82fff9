"""The types of expressions."""

from typing import assert_never

from dsl import tree
from dsl.builtins import CHANCE
from dsl.checker.calls import check_call
from dsl.checker.names import (
    check_current_branch,
    check_field,
    check_name,
    report_comment,
    report_missing_dot,
)
from dsl.checker.scope import ExpressionPosition, Scope
from dsl.checker.set_operands import repeated_comparison, report_filter, report_set_operator
from dsl.diagnostics import Mark
from dsl.traversal import walk
from dsl.types import Type, fits, joined


def check(scope: Scope, expression: tree.Expression) -> Type:
    """Find the type of an expression and of everything in it, and report errors."""
    match expression:
        case tree.Number(value=value):
            result = Type.INTEGER if isinstance(value, int) else Type.REAL
        case tree.BooleanLiteral():
            result = Type.TRUTH
        case tree.Text() | tree.NoneLiteral():
            result = Type.ANSWER
        case tree.Name():
            result = check_name(scope, expression)
        case tree.Field():
            result = check_field(scope, expression)
        case tree.Fallback():
            result = _fallback(scope, expression)
        case tree.Group(inner=inner):
            result = check(scope, inner)
        case tree.Unary():
            result = _unary(scope, expression)
        case tree.Binary():
            result = _binary(scope, expression)
        case tree.Conditional():
            result = _choice(scope, expression)
        case tree.Call():
            result = check_call(scope, expression)
        case tree.CurrentBranch():
            result = check_current_branch(scope, expression)
        case (
            tree.FilterSet()
            | tree.SortSet()
            | tree.ExcludeSet()
            | tree.OnceSet()
            | tree.TakeFirst()
        ):
            result = _set(scope, expression)
        case _:
            assert_never(expression)
    return scope.learn(expression, result)


def expect(scope: Scope, expression: tree.Expression, wanted: Type, where: str) -> Type:
    """Check an expression that must have a given type.

    Args:
        scope: the state of the check.
        expression: the expression.
        wanted: the required type.
        where: start of the message, such as "`open` takes".
    """
    actual = check(scope, expression)
    if not fits(actual, wanted):
        if wanted is Type.TRUTH and report_missing_dot(scope, expression):
            return actual
        scope.error(
            "RH301",
            f"{where} {wanted.value}, and this is {actual.value}",
            expression.span,
            actual.value,
            help=_conversion(actual, wanted),
        )
    return actual


def _conversion(actual: Type, wanted: Type) -> str | None:
    if wanted is Type.TRUTH and actual.is_number:
        return "compare it: `… > 0`"
    if wanted is Type.TRUTH and actual is Type.ANSWER:
        return "compare it: `… != none`"
    if wanted is Type.TRUTH and actual is Type.BRANCHES:
        return "ask `not empty(…)`"
    if wanted is Type.INTEGER and actual is Type.REAL:
        return "make it an integer with `round(…)`, `floor(…)` or `ceil(…)`"
    if actual is Type.BRANCHES and wanted.is_number:
        return "count it: `count(…)`"
    if actual is Type.BRANCHES and wanted is Type.ANSWER:
        return "take its vote: `winner(…)`"
    if wanted is Type.ANSWER and actual.is_number:
        return 'an answer is a text: write it in quotes, `"42"`'
    if wanted is Type.ANSWER and actual is Type.TRUTH:
        return "use an answer, such as `winner(alive)`"
    if wanted is Type.REAL and actual is Type.ANSWER:
        return "answers are texts, even if they look like numbers; to count votes, write `votes(…)`"
    if wanted is Type.REAL and actual is Type.TRUTH:
        return "make it a number: `if … then 1 else 0`"
    if wanted is Type.BRANCHES and actual is Type.INTEGER:
        return "name the set: `first 3 of active`"
    if wanted is Type.BRANCHES:
        return (
            "the sets are `opened`, `active`, `alive`, `finished` and `pruned`; filter them "
            "with `where`"
        )
    if actual is Type.WINDOW and wanted.is_number:
        return "read it with `newest(…)`, `mean(…)` or `rise(…)`"
    return None


def _unary(scope: Scope, node: tree.Unary) -> Type:
    if node.operator == "not":
        actual = check(scope, node.operand)
        if not fits(actual, Type.TRUTH):
            scope.error(
                "RH301",
                f"`not` takes true or false, and this is {actual.value}",
                node.operand.span,
                actual.value,
                help=_negated(actual),
            )
        return Type.TRUTH
    actual = check(scope, node.operand)
    if not actual.is_number:
        _not_a_number(scope, node.operand, actual, "-")
        return Type.WRONG
    return actual


def _negated(actual: Type) -> str | None:
    """Return how to say that there is nothing of a type."""
    if actual is Type.BRANCHES:
        return "ask `empty(…)`"
    if actual is Type.ANSWER:
        return "compare it: `… == none`"
    return "compare it: `… == 0`" if actual.is_number else None


def _not_a_number(scope: Scope, node: tree.Expression, actual: Type, operator: str) -> None:
    scope.error(
        "RH301",
        f"`{operator}` takes numbers, and this is {actual.value}",
        node.span,
        actual.value,
        help=_conversion(actual, Type.REAL),
    )


def _binary(scope: Scope, node: tree.Binary) -> Type:
    operator = node.operator
    if operator in {"and", "or"}:
        return _logical(scope, node)
    if operator == "//" and report_comment(scope, node.right):
        return check(scope, node.left)
    left, right = check(scope, node.left), check(scope, node.right)
    if operator in {"+", "-"} and left is right is Type.BRANCHES:
        return report_set_operator(scope, node)
    if operator in {"==", "!="}:
        _comparable(scope, node, left, right)
        return Type.TRUTH
    return _arithmetic(scope, node, left, right)


def _logical(scope: Scope, node: tree.Binary) -> Type:
    left = check(scope, node.left)
    if left is Type.BRANCHES and node.operator == "and":
        with scope.with_branch():
            right = check(scope, node.right)
        if right is not Type.BRANCHES:
            return report_filter(scope, node)
    else:
        right = check(scope, node.right)
    if left is right is Type.BRANCHES:
        return report_set_operator(scope, node)
    if left is right is Type.ANSWER:
        scope.error(
            "RH301",
            f"`{node.operator}` takes true or false, and these are answers",
            node.span,
            help=(
                "for a fallback answer, write `answer … else …`; to check that there is an "
                "answer, write `… != none`"
            ),
        )
        return Type.WRONG
    for operand, actual in ((node.left, left), (node.right, right)):
        if not fits(actual, Type.TRUTH):
            scope.error(
                "RH301",
                f"`{node.operator}` takes true or false, and this is {actual.value}",
                operand.span,
                actual.value,
                help=repeated_comparison(scope, node, operand, actual)
                or _conversion(actual, Type.TRUTH),
            )
    return Type.TRUTH


def _arithmetic(scope: Scope, node: tree.Binary, left: Type, right: Type) -> Type:
    operator = node.operator
    numbers = True
    if left is right is Type.ANSWER:
        scope.error(
            "RH301",
            f"`{operator}` takes numbers, and these are answers",
            node.span,
            help=_conversion(Type.ANSWER, Type.REAL)
            if operator != "+"
            else "answers cannot be joined; give one of them",
        )
        return Type.TRUTH if operator in {"<", "<=", ">", ">="} else Type.WRONG
    for operand, actual in ((node.left, left), (node.right, right)):
        if not actual.is_number:
            _not_a_number(scope, operand, actual, operator)
            numbers = False
    if operator in {"<", "<=", ">", ">="}:
        return Type.TRUTH
    if not numbers:
        return Type.WRONG
    if operator in {"//", "%"}:
        return _integer_operation(scope, node, left, right)
    return Type.REAL if operator == "/" else joined(left, right) or Type.WRONG


def _integer_operation(scope: Scope, node: tree.Binary, left: Type, right: Type) -> Type:
    for operand, actual in ((node.left, left), (node.right, right)):
        if actual is Type.REAL:
            scope.error(
                "RH301",
                f"`{node.operator}` takes integers, and this is {actual.value}",
                operand.span,
                actual.value,
                help="write `floor(x / y)` for real numbers",
            )
            return Type.WRONG
    return Type.INTEGER


def _comparable(scope: Scope, node: tree.Binary, left: Type, right: Type) -> None:
    if joined(left, right) is None:
        scope.error(
            "RH304",
            f"`{node.operator}` compares {left.value} with {right.value}, which are never equal",
            node.span,
            also=(Mark(node.left.span, left.value), Mark(node.right.span, right.value)),
            help="an answer is a text: write it in quotes"
            if Type.ANSWER in (left, right) and (left.is_number or right.is_number)
            else _nothing_in(node, left, right)
            or _conversion(left, right)
            or _conversion(right, left),
        )
    elif left in {Type.BRANCHES, Type.WINDOW}:
        scope.error(
            "RH304",
            f"`{node.operator}` does not compare {'sets' if left is Type.BRANCHES else 'windows'}",
            node.span,
            help="compare a value of each: `count(…)`, `winner(…)`",
        )


def _nothing_in(node: tree.Binary, left: Type, right: Type) -> str | None:
    """Return what to write instead of ``finished == none``."""
    is_none = isinstance(node.left, tree.NoneLiteral) or isinstance(node.right, tree.NoneLiteral)
    if Type.BRANCHES in (left, right) and is_none:
        return "ask `empty(…)`" if node.operator == "==" else "ask `not empty(…)`"
    return None


def _fallback(scope: Scope, node: tree.Fallback) -> Type:
    before = scope.count_errors()
    check(scope, node.field)
    is_signal = node.field.text.removeprefix(".") in scope.needs
    if (
        is_signal
        and scope.position is ExpressionPosition.RUNNING
        and scope.count_errors() == before
    ):
        scope.error(
            "RH409",
            f"a running value skips an interval without `{node.field.text}`, so `else` has no use",
            node.span,
            help=f"write `{node.field.text}` alone",
        )
    expect(scope, node.otherwise, Type.REAL, "`else` of a signal takes")
    if not is_signal and scope.count_errors() == before:
        scope.error(
            "RH213",
            f"`{node.field.text}` always has a value, so nothing can follow `else`",
            node.field.span,
            "no signal",
            help=f"write `{node.field.text}` alone; `else` is for signals that a program `needs`",
        )
    return Type.REAL


def _choice(scope: Scope, node: tree.Conditional) -> Type:
    expect(scope, node.condition, Type.TRUTH, "`if` takes")
    then, otherwise = check(scope, node.then), check(scope, node.otherwise)
    both = joined(then, otherwise)
    if both is None:
        scope.error(
            "RH306",
            f"`then` gives {then.value} and `else` gives {otherwise.value}",
            node.span,
            also=(Mark(node.then.span, then.value), Mark(node.otherwise.span, otherwise.value)),
            help="both must have the same type",
        )
        return Type.WRONG
    if both is Type.WINDOW:
        scope.error("RH306", "`if` cannot choose a window", node.span)
        return Type.WRONG
    return both


def _warn_of_constant_key(scope: Scope, node: tree.SortSet) -> None:
    """Warn of a sort key that is the same for every branch; `for` was likely meant."""
    for part in walk(node.key):
        if isinstance(part, tree.Field):
            return
        if isinstance(part, tree.Call) and part.function.text in CHANCE:
            return
    scope.warning(
        "RH707",
        "this key is the same for every branch, so sorting has no effect",
        node.key.span,
        help=(
            "sort by an attribute of a branch, such as `.depth`; to give a number of "
            "intervals, write `for`"
        ),
    )


def _set(
    scope: Scope,
    node: tree.FilterSet | tree.SortSet | tree.ExcludeSet | tree.OnceSet | tree.TakeFirst,
) -> Type:
    match node:
        case tree.FilterSet():
            expect(scope, node.branches, Type.BRANCHES, "`where` narrows")
            with scope.with_branch():
                expect(scope, node.condition, Type.TRUTH, "`where` takes")
        case tree.SortSet():
            expect(scope, node.branches, Type.BRANCHES, "`by` sorts")
            with scope.with_branch():
                expect(scope, node.key, Type.REAL, "`by` takes")
            _warn_of_constant_key(scope, node)
        case tree.ExcludeSet():
            expect(scope, node.branches, Type.BRANCHES, "`except` narrows")
            expect(scope, node.without, Type.BRANCHES, "`except` takes")
        case tree.OnceSet():
            expect(scope, node.branches, Type.BRANCHES, "`once` narrows")
        case tree.TakeFirst():
            expect(scope, node.count, Type.INTEGER, "`first` takes")
            expect(scope, node.branches, Type.BRANCHES, "`first … of` takes from")
        case _:
            assert_never(node)
    return Type.BRANCHES
