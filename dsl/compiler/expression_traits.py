"""What an expression depends on, and what it costs."""

from typing import TypeGuard

from dsl import tree
from dsl.builtins import CHANCE
from dsl.traversal import children, walk

_STEADY = (
    tree.Number,
    tree.BooleanLiteral,
    tree.NoneLiteral,
    tree.Text,
    tree.Fallback,
    tree.Group,
    tree.Unary,
    tree.Binary,
    tree.Conditional,
    tree.Identifier,
)
_MOVING = {"spent", "available", "opened", "active", "alive", "finished", "pruned"}
_NUMERIC = {"min", "max", "clamp", "abs", "floor", "ceil", "round"}


def is_steady(node: tree.Expression) -> bool:
    """Return whether an expression depends only on its own branch and on what no verb changes.

    Its value is the same before the verb begins and when the verb reaches the branch.
    """
    for part in walk(node):
        match part:
            case tree.Name(text=name):
                if name in _MOVING:
                    return False
            case tree.Call(function=function):
                if function.text not in _NUMERIC:
                    return False
            case tree.Field():
                pass
            case _ if not isinstance(part, _STEADY):
                return False
    return True


CHEAP_NODES = 5
"""An expression of more parts than this is not evaluated where it can be skipped."""

_CHEAP = (
    tree.Number, tree.BooleanLiteral, tree.NoneLiteral, tree.Text, tree.Name, tree.Field,
    tree.Group, tree.Unary, tree.Binary, tree.Identifier,
)  # fmt: skip


def is_cheap(node: tree.Expression) -> bool:
    """Return whether it costs no more to evaluate an expression than to jump around it.

    Processors often mispredict a jump that depends on the answer of a branch.
    """
    parts = list(walk(node))
    return len(parts) <= CHEAP_NODES and all(
        isinstance(part, _CHEAP)
        and not (isinstance(part, tree.Binary) and part.operator in {"/", "//", "%"})
        for part in parts
    )


def is_random(node: tree.Node) -> bool:
    """Return whether an expression draws random numbers."""
    return any(isinstance(part, tree.Call) and part.function.text in CHANCE for part in walk(node))


def is_weighted_confidence(node: tree.Expression) -> TypeGuard[tree.Call]:
    """Return whether an expression is a confidence in weighted votes, which is costly."""
    return (
        isinstance(node, tree.Call)
        and node.function.text == "confidence"
        and any(isinstance(argument, tree.KeywordArgument) for argument in node.arguments)
    )


def has_free_dot(node: tree.Node) -> bool:
    """Return whether a dot refers to a branch from outside of an expression."""
    match node:
        case tree.Field() | tree.CurrentBranch():
            return True
        case tree.Call(function=function) if function.text == "rank":
            return True  # of the branch that a dot refers to
        case tree.FilterSet() | tree.SortSet() | tree.PerBranch() | tree.OnceSet():
            return has_free_dot(node.branches)
    inner = (child for child in children(node) if not isinstance(child, tree.KeywordArgument))
    return any(map(has_free_dot, inner))
