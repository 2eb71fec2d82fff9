"""Expressions as layouts: the author's parentheses are kept, and those that the tree needs added.

Each kind of expression has a `Binding`; where a place takes only what binds tighter, parentheses
go around it. So a tree that was never text is written right too.
"""

from enum import IntEnum
from typing import assert_never

from dsl import tree
from dsl.formatter.layout import LINE, Group, Join, Layout, Nest, continued, join


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
        case tree.Choice() | tree.First():
            return Binding.ANY
        case tree.Where() | tree.By() | tree.Except():
            return Binding.SET
        case tree.Binary(operator=operator):
            return _BINARY.get(operator, Binding.COMPARISON)
        case tree.Unary(operator=operator):
            return Binding.NOT if operator == "not" else Binding.UNARY
        case _:
            return Binding.ATOM


def lay_out(expression: tree.Expression, least: Binding = Binding.ANY) -> Layout:
    """An expression where only what binds at least so tightly may stand."""
    found = _bare(expression)
    return _parenthesised(found) if binding(expression) < least else found


def _parenthesised(inner: Layout) -> Layout:
    return join("(", Nest(inner), ")")


def _bare(expression: tree.Expression) -> Layout:
    match expression:
        case tree.Number():
            return number(expression)
        case tree.Text(text=text):
            return quoted(text)
        case tree.Truth(value=value):
            return "true" if value else "false"
        case tree.Nothing():
            return "none"
        case tree.Name(text=text) | tree.Field(text=text):
            return text
        case tree.Group():
            return _parenthesised(lay_out(tree.ungroup(expression)))
        case tree.Unary(operator="not", operand=operand):
            return join("not ", lay_out(operand, Binding.NOT))
        case tree.Unary(operand=operand):
            return join("-", lay_out(operand, Binding.UNARY))
        case tree.Binary():
            return _binary(expression)
        case tree.Choice():
            return _choice(expression)
        case tree.Call():
            return _call(expression)
        case tree.Where() | tree.By() | tree.Except():
            return _narrowed(expression)
        case tree.First(count=count, branches=branches):
            return continued(
                join("first ", lay_out(count, Binding.SUM)), LINE, "of ", lay_out(branches)
            )
        case _:
            assert_never(expression)


def number(node: tree.Number) -> str:
    """A number as it was written; where that is not its value, the shortest text that gives it."""
    written = node.written
    try:
        value = int(written) if written.isdigit() else float(written)
    except ValueError:
        return repr(node.value)
    kept = type(value) is type(node.value) and value == node.value
    return written if kept else repr(node.value)


def quoted(text: str) -> str:
    """A text in its quotes."""
    return f'"{text}"'


def _binary(node: tree.Binary) -> Layout:
    """A chain of operators that bind alike is broken as one, behind each operator."""
    own = binding(node)
    if own is Binding.COMPARISON:
        left, right = lay_out(node.left, Binding.SUM), lay_out(node.right, Binding.SUM)
        return continued(join(left, f" {node.operator}"), LINE, right)
    links: list[tuple[str, tree.Expression]] = []
    first: tree.Expression = node
    while isinstance(first, tree.Binary) and binding(first) is own:
        links.append((first.operator, first.right))
        first = first.left
    rest: list[Layout] = []
    for operator, operand in reversed(links):
        rest += [f" {operator}", LINE, lay_out(operand, Binding(own + 1))]
    return continued(lay_out(first, own), *rest)


def _choice(node: tree.Choice, otherwise: Binding = Binding.ANY) -> Layout:
    return continued(
        join("if ", lay_out(node.condition)),
        LINE,
        join("then ", lay_out(node.then)),
        LINE,
        join("else ", lay_out(node.otherwise, otherwise)),
    )


def _narrowed(node: tree.Where | tree.By | tree.Except) -> Layout:
    """A set with all that narrows and sorts it, broken before each word."""
    rest: list[Layout] = []
    branches: tree.Expression = node
    while isinstance(branches, tree.Where | tree.By | tree.Except):
        match branches:
            case tree.Where(condition=condition):
                part = join("where ", lay_out(condition, Binding.OR))
            case tree.By(key=tree.Choice() as key):
                part = join("by ", _choice(key, Binding.SUM))
            case tree.By(key=key):
                part = join("by ", lay_out(key, Binding.SUM))
            case tree.Except(without=without):
                part = join("except ", lay_out(without, Binding.OR))
        rest = [LINE, part, *rest]
        branches = branches.branches
    return continued(lay_out(branches, Binding.OR), *rest)


def _call(node: tree.Call) -> Layout:
    arguments: list[Layout] = []
    for index, argument in enumerate(node.arguments):
        arguments += [_argument(argument)] if index == 0 else [",", LINE, _argument(argument)]
    return Group(join(node.function.text, "(", Nest(Join(tuple(arguments))), ")"))


def _argument(node: tree.Expression | tree.Over | tree.Keyword) -> Layout:
    match node:
        case tree.Over(value=value, branches=branches):
            return continued(lay_out(value), LINE, "of ", lay_out(branches))
        case tree.Keyword(name=name, value=value):
            return join(name.text, " = ", lay_out(value))
        case _:
            return lay_out(node)
