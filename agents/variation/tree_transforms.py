"""Copy and transform trees, and build single nodes; new nodes have no span.

Trees are frozen, and the old and the new tree share unchanged nodes. Copy a tree first where nodes
are distinguished by identity.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import is_
from typing import Any, TypeVar, cast

from msgspec.structs import replace

from dsl import tree
from dsl.formatter.expressions import lay_out
from dsl.formatter.layout import flat
from dsl.source import Span
from dsl.traversal import children, node_fields

NOWHERE = Span(0, 0)
"""The span of a node that was never text."""

N = TypeVar("N", bound=tree.Node)


def copy_tree(node: N) -> N:
    """Return a copy in which no two positions share a node, without parentheses."""
    return cast("N", _copy(node))


def _copy(node: Any) -> Any:  # noqa: ANN401 - any node
    while isinstance(node, tree.Group):
        node = node.inner
    kind = type(node)
    if not node_fields[kind]:
        return node.__copy__()
    values: list[Any] = []
    for part in kind.__struct_fields__:
        value = getattr(node, part)
        if type(value) is tuple:
            value = tuple(map(_copy, value))
        elif isinstance(value, tree.Node):
            value = _copy(value)
        values.append(value)
    return kind(*values)


def transform_tree(node: N, change: Callable[[Any], Any]) -> N:
    """Transform a tree from the leaves up.

    Args:
        node: The root.
        change: Returns the replacement of a node whose children are transformed already. ``None``
            removes it from the list that contains it; a tuple inserts several nodes there, or a
            block after `else`.
    """
    return cast("N", _transform(node, change))


def _transform(node: tree.Node, change: Callable[[Any], Any]) -> Any:  # noqa: ANN401
    changed: dict[str, Any] = {}
    for part in node_fields[type(node)]:
        value = getattr(node, part)
        if type(value) is tuple:
            items = [_transform(item, change) for item in value]
            if not _is_same(items, value):
                result = _splice(items)
                if not _is_same(result, value):
                    changed[part] = result
        elif value is not None:
            result = _transform(value, change)
            if result is not value:
                changed[part] = tree.Block(NOWHERE, result) if type(result) is tuple else result
    return change(replace(node, **changed) if changed else node)


def _is_same(left: Sequence[Any], right: Sequence[Any]) -> bool:
    """Return whether two sequences have the same nodes."""
    return len(left) == len(right) and all(map(is_, left, right))


def _splice(items: Iterable[Any]) -> tuple[Any, ...]:
    result: list[Any] = []
    for item in items:
        if type(item) is tuple:
            result.extend(item)
        elif item is not None:
            result.append(item)
    return tuple(result)


def replace_nodes(root: N, changes: Mapping[Any, Any]) -> N:
    """Return a tree with some nodes replaced, by identity; replacements are not searched."""
    return cast("N", _replace(root, changes))


def _replace(node: tree.Node, changes: Mapping[Any, Any]) -> Any:  # noqa: ANN401
    if node in changes:
        return changes[node]
    changed: dict[str, Any] = {}
    for part in node_fields[type(node)]:
        value = getattr(node, part)
        if type(value) is tuple:
            items = [_replace(item, changes) for item in value]
            if not _is_same(items, value):
                changed[part] = _splice(items)
        elif value is not None:
            result = _replace(value, changes)
            if result is not value:
                changed[part] = result
    return replace(node, **changed) if changed else node


def rename_names(node: N, names: Mapping[str, str]) -> N:
    """Return a copy with other names, in their declarations and assignments, too."""

    def change(part: Any) -> Any:  # noqa: ANN401 - any node
        if isinstance(part, tree.Name | tree.Field | tree.Identifier) and part.text in names:
            return type(part)(NOWHERE, names[part.text])
        if isinstance(part, tree.KeywordArgument):
            # The name of the argument belongs to the language, even if a knob has the same name.
            return tree.KeywordArgument(NOWHERE, identifier("weight"), part.value)
        return part

    return transform_tree(copy_tree(node), change)


def has_free_dot(node: tree.Node) -> bool:
    """Return whether a dot in it means the branch of an enclosing set."""
    match node:
        case tree.Field() | tree.CurrentBranch():
            return True
        case tree.Call(function=function) if function.text == "rank":
            return True  # the rank of the branch of an enclosing set
        case (
            tree.FilterSet(branches=outer)
            | tree.SortSet(branches=outer)
            | tree.PerBranch(branches=outer)
        ):
            return has_free_dot(outer)
        case tree.KeywordArgument():
            return False
    return any(map(has_free_dot, children(node)))


# Single nodes


def identifier(text: str) -> tree.Identifier:
    """Return the node of a name that is declared or assigned."""
    return tree.Identifier(NOWHERE, text)


def name(text: str) -> tree.Name:
    """Return the node of a name that is read."""
    return tree.Name(NOWHERE, text)


def number(value: float) -> tree.Expression:
    """Return the node of a number; a negative one is the negation of a literal."""
    if value < 0:
        return tree.Unary(NOWHERE, "-", number(-value))
    return tree.Number(NOWHERE, value, repr(value))


def truth(value: bool) -> tree.BooleanLiteral:
    """Return the node of ``true`` or ``false``."""
    return tree.BooleanLiteral(NOWHERE, value)


def binary(operator: str, left: tree.Expression, right: tree.Expression) -> tree.Binary:
    """Return the node of a binary operation.

    Args:
        operator: The operator as Rheo writes it, such as ``>=``.
        left: The left operand.
        right: The right operand.
    """
    return tree.Binary(NOWHERE, operator, left, right)


def call(function: str, *arguments: tree.Expression) -> tree.Call:
    """Return the node of a call without weights."""
    return tree.Call(NOWHERE, identifier(function), arguments)


def block(statements: Iterable[tree.Statement]) -> tree.Block:
    """Return a block of statements."""
    return tree.Block(NOWHERE, tuple(statements))


def reason(text: str) -> tree.Text:
    """Return the node of the text after ``because``."""
    return tree.Text(NOWHERE, text)


def format_expression(expression: tree.Expression) -> str:
    """Return an expression on one line."""
    return flat(lay_out(expression))


# Sections

SECTIONS = (
    tree.Knobs, tree.Schedule, tree.Memory, tree.EachBranch, tree.Start, tree.Step, tree.Finally,
)  # fmt: skip
"""The order of the sections of a program, for sections that are added."""

S = TypeVar("S", bound=tree.Section)


def find_section(program: tree.Program, kind: type[S]) -> S | None:
    """Return the section of a kind; ``None`` where the program has none."""
    return next((section for section in program.sections if isinstance(section, kind)), None)


def with_section(program: tree.Program, new: tree.Section) -> tree.Program:
    """Return the program with a section replaced, or added in the usual order."""
    kinds = [type(section) for section in program.sections]
    sections = list(program.sections)
    if type(new) in kinds:
        sections[kinds.index(type(new))] = new
    else:
        rank = SECTIONS.index(type(new))
        later = [index for index, kind in enumerate(kinds) if SECTIONS.index(kind) > rank]
        sections.insert(later[0] if later else len(sections), new)
    return tree.Program(
        NOWHERE, program.needs, program.name, program.title, tuple(sections)
    )  # fmt: skip
