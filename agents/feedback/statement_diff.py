"""Compare the statements of two programs: new, removed or changed.

Statements are matched in order, block by block. An ``if`` or ``update`` that keeps its head or its
body is the same rule, changed; its block is then compared in turn.
"""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from enum import Enum
from typing import NamedTuple

from dsl import tree
from dsl.source import Source
from dsl.traversal import is_equivalent


class ChangeKind(Enum):
    """Kind of a change."""

    ADDS = "adds"
    REMOVES = "removes"
    CHANGES = "changes"


class ProgramElement(Enum):
    """Program elements that are distinguished."""

    RULE = "rule"
    """An ``if`` or ``update`` with its whole block."""
    STATEMENT = "statement"
    """Any other statement."""
    CAP = "cap"
    KNOB = "knob"
    CELL = "cell"
    NEED = "need"


class ProgramChange(NamedTuple):
    """One difference."""

    kind: ChangeKind
    element: ProgramElement
    text: str
    """Description on one line."""


class _Statement(NamedTuple):
    node: tree.Statement
    text: str
    """Whole statement on one line."""
    head: str
    """Statement without its blocks."""


def diff_statements(
    old: tree.Program, old_source: Source, new: tree.Program, new_source: Source
) -> list[ProgramChange]:
    """Compare ``start``, ``step`` and ``finally`` of two programs, in that order.

    Args:
        old: Parent program.
        old_source: Canonical source text of the parent.
        new: Child program.
        new_source: Canonical source text of the child.
    """
    changes: list[ProgramChange] = []
    for section in (tree.Start, tree.Step, tree.Finally):
        before = _statements(_find_body(old, section), old_source)
        after = _statements(_find_body(new, section), new_source)
        changes += _diff_blocks(before, old_source, after, new_source)
    return changes


def _diff_blocks(
    old: Sequence[_Statement], old_source: Source, new: Sequence[_Statement], new_source: Source
) -> Iterator[ProgramChange]:
    matcher = SequenceMatcher(
        a=[statement.text for statement in old],
        b=[statement.text for statement in new],
        autojunk=False,
    )
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            continue
        removed, added = list(old[i:j]), list(new[k:m])
        for before, after in _pair_statements(removed, added):
            removed.remove(before)
            added.remove(after)
            yield from _diff_rule(before, old_source, after, new_source)
        yield from (_describe_whole(ChangeKind.REMOVES, statement) for statement in removed)
        yield from (_describe_whole(ChangeKind.ADDS, statement) for statement in added)


def _pair_statements(
    removed: Sequence[_Statement], added: Sequence[_Statement]
) -> list[tuple[_Statement, _Statement]]:
    """Pair each removed statement with the first added one that is the same rule, changed."""
    candidates = list(added)
    pairs = []
    for before in removed:
        after = next(
            (candidate for candidate in candidates if _is_same_rule(before, candidate)), None
        )
        if after is not None:
            candidates.remove(after)
            pairs.append((before, after))
    return pairs


def _is_same_rule(before: _Statement, after: _Statement) -> bool:
    match before.node, after.node:
        case tree.If(then=one, otherwise=rest), tree.If(then=other, otherwise=last):
            return before.head == after.head or (
                is_equivalent(one, other) and is_equivalent(rest, last)
            )
        case tree.Update(body=one), tree.Update(body=other):
            return before.head == after.head or is_equivalent(one, other)
        case tree.Let(name=one), tree.Let(name=other):
            return one.text == other.text
        case tree.Assign(name=one), tree.Assign(name=other):
            return one.text == other.text
        case tree.SetField(field=one), tree.SetField(field=other):
            return one.text == other.text
        case one, other:
            return type(one) is type(other)


def _diff_rule(
    before: _Statement, old_source: Source, after: _Statement, new_source: Source
) -> Iterator[ProgramChange]:
    if before.head != after.head:
        element = _get_element(before.node)
        yield ProgramChange(
            ChangeKind.CHANGES,
            element,
            f"`{' '.join(before.head.split())}` → `{' '.join(after.head.split())}`",
        )
    for old_block, new_block in zip(_blocks(before.node), _blocks(after.node), strict=True):
        yield from _diff_blocks(
            _statements(old_block, old_source),
            old_source,
            _statements(new_block, new_source),
            new_source,
        )


def _blocks(node: tree.Statement) -> tuple[tree.Node | None, ...]:
    match node:
        case tree.If(then=then, otherwise=otherwise):
            return (then, otherwise)
        case tree.Update(body=body):
            return (body,)
        case _:
            return ()


def _statements(block: tree.Node | None, source: Source) -> list[_Statement]:
    match block:
        case tree.Block(statements=statements):
            return [_statement(statement, source) for statement in statements]
        case tree.If():
            return [_statement(block, source)]
        case _:
            return []


def _statement(node: tree.Statement, source: Source) -> _Statement:
    text = " ".join(source.excerpt(node.span).split())
    match node:
        case tree.If(condition=condition):
            return _Statement(node, text, f"if {_inline(condition, source)}")
        case tree.Update(branches=branches):
            return _Statement(node, text, f"update {_inline(branches, source)}")
        case _:
            return _Statement(node, text, text)


def _inline(node: tree.Node, source: Source) -> str:
    return " ".join(source.excerpt(node.span).split())


def _find_body(
    program: tree.Program, kind: type[tree.Start | tree.Step | tree.Finally]
) -> tree.Node | None:
    return next((section.body for section in program.sections if isinstance(section, kind)), None)


def _describe_whole(kind: ChangeKind, statement: _Statement) -> ProgramChange:
    mark = "+" if kind is ChangeKind.ADDS else "-"
    return ProgramChange(
        kind, _get_element(statement.node), f"{mark}`{' '.join(statement.text.split())}`"
    )


def _get_element(node: tree.Statement) -> ProgramElement:
    return (
        ProgramElement.RULE if isinstance(node, tree.If | tree.Update) else ProgramElement.STATEMENT
    )
