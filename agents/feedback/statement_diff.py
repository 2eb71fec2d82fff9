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
    what: ProgramElement
    words: str
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
    found: list[ProgramChange] = []
    for section in (tree.Start, tree.Step, tree.Finally):
        before = _statements(_body(old, section), old_source)
        after = _statements(_body(new, section), new_source)
        found += _block_changes(before, old_source, after, new_source)
    return found


def _block_changes(
    old: Sequence[_Statement], old_source: Source, new: Sequence[_Statement], new_source: Source
) -> Iterator[ProgramChange]:
    matcher = SequenceMatcher(
        a=[each.text for each in old], b=[each.text for each in new], autojunk=False
    )
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            continue
        gone, come = list(old[i:j]), list(new[k:m])
        for before, after in _paired(gone, come):
            gone.remove(before)
            come.remove(after)
            yield from _changed(before, old_source, after, new_source)
        yield from (_whole(ChangeKind.REMOVES, each) for each in gone)
        yield from (_whole(ChangeKind.ADDS, each) for each in come)


def _paired(
    gone: Sequence[_Statement], come: Sequence[_Statement]
) -> list[tuple[_Statement, _Statement]]:
    """Pair each removed statement with the first added one that is the same rule, changed."""
    left = list(come)
    found = []
    for before in gone:
        after = next((each for each in left if _akin(before, each)), None)
        if after is not None:
            left.remove(after)
            found.append((before, after))
    return found


def _akin(before: _Statement, after: _Statement) -> bool:
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


def _changed(
    before: _Statement, old_source: Source, after: _Statement, new_source: Source
) -> Iterator[ProgramChange]:
    if before.head != after.head:
        what = _what(before.node)
        yield ProgramChange(
            ChangeKind.CHANGES,
            what,
            f"`{' '.join(before.head.split())}` → `{' '.join(after.head.split())}`",
        )
    for one, other in zip(_blocks(before.node), _blocks(after.node), strict=True):
        yield from _block_changes(
            _statements(one, old_source), old_source, _statements(other, new_source), new_source
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
            return [_statement(each, source) for each in statements]
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


def _body(
    program: tree.Program, kind: type[tree.Start | tree.Step | tree.Finally]
) -> tree.Node | None:
    return next((each.body for each in program.sections if isinstance(each, kind)), None)


def _whole(kind: ChangeKind, statement: _Statement) -> ProgramChange:
    mark = "+" if kind is ChangeKind.ADDS else "-"
    return ProgramChange(kind, _what(statement.node), f"{mark}`{' '.join(statement.text.split())}`")


def _what(node: tree.Statement) -> ProgramElement:
    return (
        ProgramElement.RULE if isinstance(node, tree.If | tree.Update) else ProgramElement.STATEMENT
    )
