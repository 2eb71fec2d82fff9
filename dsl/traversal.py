"""Walks over syntax trees, and their comparison by structure."""

from collections.abc import Iterator

from dsl.tree import Expression, Group, Node


def children(node: Node) -> Iterator[Node]:
    """Yield the nodes directly below a node, in source order."""
    for name in node.__struct_fields__:
        value = getattr(node, name)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            yield from (child for child in value if isinstance(child, Node))


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all below it, parents first."""
    yield node
    for child in children(node):
        yield from walk(child)


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
