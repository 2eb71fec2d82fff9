"""Walks over syntax trees, and their comparison by structure."""

from collections.abc import Iterator
from inspect import get_annotations
from typing import Any

from dsl.source import Span
from dsl.tree import Direction, Expression, Group, Node

_PLAIN = frozenset({Span, str, bool, int, float, int | float, Direction})
"""The types of fields that hold no node."""


class _NodeFields(dict[type[Node], tuple[str, ...]]):
    """By type of node, the fields that may hold nodes, in source order."""

    def __missing__(self, kind: type[Node]) -> tuple[str, ...]:
        types: dict[str, Any] = {}
        for base in reversed(kind.__mro__):
            types.update(get_annotations(base))
        fields = tuple(name for name in kind.__struct_fields__ if types[name] not in _PLAIN)
        self[kind] = fields
        return fields


node_fields = _NodeFields()
"""By type of node, the fields that may hold nodes. What a tuple holds there are nodes alone."""


def children(node: Node) -> list[Node]:
    """Return the nodes directly below a node, in source order."""
    below: list[Node] = []
    for name in node_fields[type(node)]:
        value = getattr(node, name)
        if type(value) is tuple:
            below += value
        elif value is not None:
            below.append(value)
    return below


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all below it, parents first, in source order."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        if node_fields[type(current)]:
            waiting += reversed(children(current))


def ungroup(expression: Expression) -> Expression:
    """Return an expression without the parentheses around it."""
    while isinstance(expression, Group):
        expression = expression.inner
    return expression


def is_equivalent(left: object, right: object) -> bool:
    """Return whether two trees are equal but for spans, spellings of numbers and parentheses."""
    while isinstance(left, Group):
        left = left.inner
    while isinstance(right, Group):
        right = right.inner
    if type(left) is not type(right):
        return False
    if isinstance(left, Node):
        return all(
            is_equivalent(getattr(left, name), getattr(right, name))
            for name in left.__struct_fields__
            if name not in {"span", "written"}
        )
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(is_equivalent, left, right))
    return left == right
