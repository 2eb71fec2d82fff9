"""Expressions as layouts: the author's parentheses are kept, and those that the tree needs added.

Each kind of expression has a `Binding`; where a position takes only what binds tighter, parentheses
go around it. So a tree that was never text is written right too.
"""

from enum import IntEnum
from typing import assert_never

from dsl import tree
from dsl.formatter.layout import LINE, Concat, Layout, LayoutGroup, Nest, concat, continued
from dsl.traversal import ungroup


class Binding(IntEnum):
    """How tightly an expression holds together, loosest first; the grammar's own order."""

    ANY = 0
    SET = 1
    OR = 2
    AND = 3
    NOT = 4
    COMPARISON = 5
    SUM = 6
    PRODUCT = 7
    UNARY = 8
    ATOM = 9


_BINARY = {
    "or": Binding.OR,
    "and": Binding.AND,
    "+": Binding.SUM,
    "-": Binding.SUM,
    "*": Binding.PRODUCT,
    "/": Binding.PRODUCT,
    "//": Binding.PRODUCT,
    "%": Binding.PRODUCT,
}


def binding(expression: tree.Expression) -> Binding:
    """How tightly an expression binds as it is written."""
    match expression:
        case tree.Conditional() | tree.TakeFirst():
            return Binding.ANY
        case tree.FilterSet() | tree.SortSet() | tree.ExcludeSet() | tree.OnceSet():
            return Binding.SET
        case tree.Binary(operator=operator):
            return _BINARY.get(operator, Binding.COMPARISON)
        case tree.Unary(operator=operator):
            return Binding.NOT if operator == "not" else Binding.UNARY
        case _:
            return Binding.ATOM


def lay_out(expression: tree.Expression, least: Binding = Binding.ANY) -> Layout:
    """Format an expression for a position that takes only what binds at least so tightly."""
    layout = _bare(expression)
    return _parenthesised(layout) if binding(expression) < least else layout


def _parenthesised(inner: Layout) -> Layout:
    return concat("(", Nest(inner), ")")


def _bare(expression: tree.Expression) -> Layout:
    match expression:
        case tree.Number():
            return number(expression)
        case tree.Text(text=text):
            return quoted(text)
        case tree.BooleanLiteral(value=value):
            return "true" if value else "false"
        case tree.NoneLiteral():
            return "none"
        case tree.Name(text=text) | tree.Field(text=text):
            return text
        case tree.Fallback(field=field, otherwise=otherwise):
            return _parenthesised(continued(field.text, LINE, concat("else ", lay_out(otherwise))))
        case tree.Group():
            return _parenthesised(lay_out(ungroup(expression)))
        case tree.Unary(operator="not", operand=operand):
            return concat("not ", lay_out(operand, Binding.NOT))
        case tree.Unary(operand=operand):
            return concat("-", lay_out(operand, Binding.UNARY))
        case tree.Binary():
            return _binary(expression)
        case tree.Conditional():
            return _choice(expression)
        case tree.Call():
            return _call(expression)
        case tree.CurrentBranch():
            return "branch"
        case tree.FilterSet() | tree.SortSet() | tree.ExcludeSet() | tree.OnceSet():
            return _narrowed(expression)
        case tree.TakeFirst(count=count, branches=branches):
            return continued(
                concat("first ", lay_out(count, Binding.SUM)), LINE, "of ", lay_out(branches)
            )
        case _:
            assert_never(expression)


def number(node: tree.Number) -> str:
    """Format a number as it was written, or as the shortest text of its value where they differ."""
    written = node.written
    try:
        value = int(written) if written.isdigit() else float(written)
    except ValueError:
        return repr(node.value)
    is_exact = type(value) is type(node.value) and value == node.value
    return written if is_exact else repr(node.value)


def quoted(text: str) -> str:
    """Return a text in its quotes."""
    return f'"{text}"'


def _binary(node: tree.Binary) -> Layout:
    """Return a chain of equal operators, broken after each operator."""
    own = binding(node)
    if own is Binding.COMPARISON:
        left, right = lay_out(node.left, Binding.SUM), lay_out(node.right, Binding.SUM)
        return continued(concat(left, f" {node.operator}"), LINE, right)
    links: list[tuple[str, tree.Expression]] = []
    first: tree.Expression = node
    while isinstance(first, tree.Binary) and binding(first) is own:
        links.append((first.operator, first.right))
        first = first.left
    rest: list[Layout] = []
    for operator, operand in reversed(links):
        rest += [f" {operator}", LINE, lay_out(operand, Binding(own + 1))]
    return continued(lay_out(first, own), *rest)


def _choice(node: tree.Conditional, otherwise: Binding = Binding.ANY) -> Layout:
    return continued(
        concat("if ", lay_out(node.condition)),
        LINE,
        concat("then ", lay_out(node.then)),
        LINE,
        concat("else ", lay_out(node.otherwise, otherwise)),
    )


def _narrowed(node: tree.FilterSet | tree.SortSet | tree.ExcludeSet | tree.OnceSet) -> Layout:
    """Return a set with all that narrows and sorts it, broken before each word."""
    rest: list[Layout] = []
    branches: tree.Expression = node
    while isinstance(branches, tree.FilterSet | tree.SortSet | tree.ExcludeSet | tree.OnceSet):
        match branches:
            case tree.FilterSet(condition=condition):
                part = concat("where ", lay_out(condition, Binding.OR))
            case tree.SortSet(key=tree.Conditional() as key):
                part = concat("by ", _choice(key, Binding.SUM))
            case tree.SortSet(key=key):
                part = concat("by ", lay_out(key, Binding.SUM))
            case tree.ExcludeSet(without=without):
                part = concat("except ", lay_out(without, Binding.OR))
            case tree.OnceSet():
                part = concat("once .answer")
        rest = [LINE, part, *rest]
        branches = branches.branches
    return continued(lay_out(branches, Binding.OR), *rest)


def _call(node: tree.Call) -> Layout:
    arguments: list[Layout] = []
    for index, argument in enumerate(node.arguments):
        arguments += [_argument(argument)] if index == 0 else [",", LINE, _argument(argument)]
    return LayoutGroup(concat(node.function.text, "(", Nest(Concat(tuple(arguments))), ")"))


def _argument(node: tree.Expression | tree.PerBranch | tree.KeywordArgument) -> Layout:
    match node:
        case tree.PerBranch(value=value, branches=branches):
            return continued(lay_out(value), LINE, "of ", lay_out(branches))
        case tree.KeywordArgument(name=name, value=value):
            return concat(name.text, " = ", lay_out(value))
        case _:
            return lay_out(node)
