"""Making trees out of trees: copies, replacements and single nodes, none of them with a span.

Trees are frozen. What is not touched is shared between the old tree and the new one, so a tree in
which nodes are told apart by identity is copied first.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any, TypeVar, cast

from dsl import tree
from dsl.formatter.expressions import lay_out
from dsl.formatter.layout import flat
from dsl.source import Span

NOWHERE = Span(0, 0)
"""The span of a node that was never text."""

N = TypeVar("N", bound=tree.Node)


_PARTS: dict[type[tree.Node], tuple[str, ...]] = {}


def _parts(kind: type[tree.Node]) -> tuple[str, ...]:
    """Return the names of what a kind of node holds, looked up once a kind."""
    found = _PARTS.get(kind)
    if found is None:
        found = _PARTS[kind] = tuple(item.name for item in fields(kind))
    return found


def copy_tree(node: N) -> N:
    """Return a copy in which every node stands once; parentheses are left to the formatter."""
    return cast("N", _copied(node))


def _copied(value: Any) -> Any:  # noqa: ANN401 - whatever a node holds
    if isinstance(value, tree.Group):
        return _copied(value.inner)
    if isinstance(value, tree.Node):
        kind = type(value)
        return kind(*[_copied(getattr(value, part)) for part in _parts(kind)])
    if type(value) is tuple:
        return tuple([_copied(item) for item in value])
    return value


def walk(node: tree.Node) -> Iterator[tree.Node]:
    """Yield a node and all below it, parents first, in source order."""
    waiting: list[tree.Node] = [node]
    while waiting:
        current = waiting.pop()
        yield current
        below: list[tree.Node] = []
        for part in _parts(type(current)):
            value = getattr(current, part)
            if isinstance(value, tree.Node):
                below.append(value)
            elif type(value) is tuple:
                below.extend(item for item in value if isinstance(item, tree.Node))
        waiting.extend(reversed(below))


def transform_tree(node: N, change: Callable[[Any], Any]) -> N:
    """Return a tree made from the leaves up.

    Args:
        node: the root.
        change: what stands in place of a node, whose parts are changed already. ``None`` takes it
            out of the list that it stands in, a tuple puts several there, or a block behind `else`.
    """
    return cast("N", _transformed(node, change))


def _transformed(node: tree.Node, change: Callable[[Any], Any]) -> Any:  # noqa: ANN401
    kind = type(node)
    values: list[Any] = []
    touched = False
    for part in _parts(kind):
        value = getattr(node, part)
        found: Any = value
        if isinstance(value, tree.Node):
            found = _transformed(value, change)
            if type(found) is tuple:
                found = tree.Block(NOWHERE, found)
        elif type(value) is tuple:
            found = _spliced([_transformed(item, change) for item in value])
            if len(found) == len(value) and all(a is b for a, b in zip(found, value, strict=True)):
                found = value
        touched = touched or found is not value
        values.append(found)
    return change(kind(*values) if touched else node)


def _spliced(items: Iterable[Any]) -> tuple[Any, ...]:
    found: list[Any] = []
    for item in items:
        if type(item) is tuple:
            found.extend(item)
        elif item is not None:
            found.append(item)
    return tuple(found)


def replace_nodes(root: N, changes: Mapping[Any, Any]) -> N:
    """Return a tree with some nodes changed, found by identity; the new ones are not searched."""
    return cast("N", _replaced(root, changes))


def _replaced(node: tree.Node, changes: Mapping[Any, Any]) -> Any:  # noqa: ANN401
    if node in changes:
        return changes[node]
    kind = type(node)
    values: list[Any] = []
    touched = False
    for part in _parts(kind):
        value = getattr(node, part)
        found: Any = value
        if isinstance(value, tree.Node):
            found = _replaced(value, changes)
        elif type(value) is tuple and value:
            items = [_replaced(item, changes) for item in value]
            if any(a is not b for a, b in zip(items, value, strict=True)):
                found = _spliced(items)
        touched = touched or found is not value
        values.append(found)
    return kind(*values) if touched else node


def rename_names(node: N, names: Mapping[str, str]) -> N:
    """Return a copy in which names, and what declares or assigns them, are called otherwise."""

    def change(each: Any) -> Any:  # noqa: ANN401 - whatever a node becomes
        if isinstance(each, tree.Name | tree.Field | tree.Identifier) and each.text in names:
            return type(each)(NOWHERE, names[each.text])
        if isinstance(each, tree.KeywordArgument):
            # The argument's name is the language's, also where a knob is called the same.
            return tree.KeywordArgument(NOWHERE, identifier("weight"), each.value)
        return each

    return transform_tree(copy_tree(node), change)


def has_free_dot(node: tree.Node) -> bool:
    """Whether a dot in it means the branch of a set around it."""
    match node:
        case tree.Field():
            return True
        case (
            tree.FilterSet(branches=outer)
            | tree.SortSet(branches=outer)
            | tree.PerBranch(branches=outer)
        ):
            return has_free_dot(outer)
        case tree.KeywordArgument():
            return False
    return any(map(has_free_dot, tree.children(node)))


# Single nodes


def identifier(text: str) -> tree.Identifier:
    """Return a name where it is declared or assigned."""
    return tree.Identifier(NOWHERE, text)


def name(text: str) -> tree.Name:
    """Return the use of a name."""
    return tree.Name(NOWHERE, text)


def number(value: float) -> tree.Expression:
    """Return a number, with a sign where it has one."""
    if value < 0:
        return tree.Unary(NOWHERE, "-", number(-value))
    return tree.Number(NOWHERE, value, repr(value))


def truth(value: bool) -> tree.BooleanLiteral:
    """``true`` or ``false``."""
    return tree.BooleanLiteral(NOWHERE, value)


def binary(operator: str, left: tree.Expression, right: tree.Expression) -> tree.Binary:
    """Two operands."""
    return tree.Binary(NOWHERE, operator, left, right)


def call(function: str, *arguments: tree.Expression) -> tree.Call:
    """Return a call without weights."""
    return tree.Call(NOWHERE, identifier(function), arguments)


def block(statements: Iterable[tree.Statement]) -> tree.Block:
    """Statements in braces."""
    return tree.Block(NOWHERE, tuple(statements))


def reason(text: str) -> tree.Text:
    """Return what stands behind ``because``."""
    return tree.Text(NOWHERE, text)


def format_expression(expression: tree.Expression) -> str:
    """Return an expression on one line."""
    return flat(lay_out(expression))


# Sections

SECTIONS = (
    tree.Knobs, tree.Schedule, tree.Memory, tree.EachBranch, tree.Start, tree.Step, tree.Finally,
)  # fmt: skip
"""The order in which sections that are added come to stand."""

S = TypeVar("S", bound=tree.Section)


def find_section(program: tree.Program, kind: type[S]) -> S | None:
    """Return the section of a kind, where there is one."""
    return next((each for each in program.sections if isinstance(each, kind)), None)


def with_section(program: tree.Program, new: tree.Section) -> tree.Program:
    """The program with a section in place of the one of its kind, or put where it belongs."""
    kinds = [type(each) for each in program.sections]
    sections = list(program.sections)
    if type(new) in kinds:
        sections[kinds.index(type(new))] = new
    else:
        rank = SECTIONS.index(type(new))
        later = [at for at, kind in enumerate(kinds) if SECTIONS.index(kind) > rank]
        sections.insert(later[0] if later else len(sections), new)
    return tree.Program(
        NOWHERE, program.needs, program.name, program.title, tuple(sections)
    )  # fmt: skip
