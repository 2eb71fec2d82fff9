"""Move calls that have the same value for every branch out of a set's condition.

Such a call is computed once, by a `let` before the statement. The program behaves the same, runs
faster and is easier to read.
"""

from collections.abc import Collection, Iterator

from msgspec.structs import replace

from agents.variation.scopes import collect_declared, free_name
from agents.variation.tree_transforms import (
    copy_tree,
    has_free_dot,
    identifier,
    name,
    replace_nodes,
)
from dsl import tree
from dsl.builtins import ATTRIBUTES, CHANCE, COUNTING, FOLDING, VOTING
from dsl.traversal import children, is_equivalent, walk

_OVER_SETS = frozenset({*VOTING, *COUNTING, *FOLDING})
_STEMS = {
    "winner": "leader", "runner_up": "second", "confidence": "sureness", "share": "part",
    "margin": "lead", "votes": "support", "count": "size", "empty": "none_left",
}  # fmt: skip


def hoist_invariants(program: tree.Program) -> tree.Program:
    """Return the program with invariant calls computed by a `let` before their statements."""
    program = copy_tree(program)
    used = set(collect_declared(program))
    sections = tuple(
        replace(section, body=_block(section.body, used))
        if isinstance(section, tree.Start | tree.Step | tree.Finally)
        else section
        for section in program.sections
    )
    return replace(program, sections=sections)


def _block(body: tree.Block, used: set[str]) -> tree.Block:
    statements: list[tree.Statement] = []
    for statement in body.statements:
        lets, changed = _statement(statement, used)
        statements += [*lets, _inside(changed, used)]
    return tree.Block(body.span, tuple(statements))


def _inside(statement: tree.Statement, used: set[str]) -> tree.Statement:
    """Return the statement with its inner blocks hoisted, except those of `update`."""
    if not isinstance(statement, tree.If):
        return statement
    otherwise = statement.otherwise
    if isinstance(otherwise, tree.Block):
        otherwise = _block(otherwise, used)
    elif isinstance(otherwise, tree.If):
        nested = _inside(otherwise, used)
        assert isinstance(nested, tree.If)
        otherwise = nested
    return tree.If(statement.span, statement.condition, _block(statement.then, used), otherwise)


def _statement(statement: tree.Statement, used: set[str]) -> tuple[list[tree.Let], tree.Statement]:
    """Return the `let`s of one statement, and the statement with their names."""
    lets: list[tree.Let] = []
    before: list[tree.Let] = []
    changes: dict[tree.Node, tree.Node] = {}
    for call in _invariant(statement):
        known = next((let for let in lets if is_equivalent(let.value, call)), None)
        if known is None:
            called = free_name(_STEMS.get(call.function.text, "figure"), used)
            used.add(called)
            known = tree.Let(call.span, identifier(called), call)
            lets.append(known)
        changes[call] = name(known.name.text)
    for let in lets:  # a hoisted call may contain invariant calls
        inner, changed = _statement(let, used)
        assert isinstance(changed, tree.Let)
        before += [*inner, changed]
    return before, replace_nodes(statement, changes) if changes else statement


def _invariant(statement: tree.Statement) -> Iterator[tree.Call]:
    """Yield the calls over sets that run once per branch and have the same value each time."""
    # A `let` in the body of `update` has a value of its own for each branch.
    local = frozenset(node.name.text for node in walk(statement) if isinstance(node, tree.Let))
    waiting: list[tuple[tree.Node, bool]] = [(statement, False)]
    while waiting:
        node, dotted = waiting.pop()
        if dotted and isinstance(node, tree.Call) and _is_invariant(node, local):
            yield node
            continue
        waiting.extend(reversed([(c, d or dotted) for c, d in _below(node)]))


def _below(node: tree.Node) -> list[tuple[tree.Node, bool]]:
    """Return the children of a node, and whether a dot means another branch there."""
    match node:
        case tree.If():
            inner = [node.otherwise] if isinstance(node.otherwise, tree.If) else []
            return [(part, False) for part in (node.condition, *inner)]
        case tree.FilterSet():
            return [(node.branches, False), (node.condition, True)]
        case tree.SortSet():
            return [(node.branches, False), (node.key, True)]
        case tree.PerBranch():
            return [(node.value, True), (node.branches, False)]
        case tree.KeywordArgument():
            return [(node.value, True)]
        case tree.Advance(burst=burst):
            return [(node.branches, False), *([(burst, True)] if burst is not None else [])]
        case tree.Update():
            return [(node.branches, False), (node.body, True)]
    return [(child, False) for child in children(node)]


def _is_invariant(call: tree.Call, local: Collection[str]) -> bool:
    """Return whether a call uses no branch, no randomness and no field that `update` can set.

    Args:
        call: The call.
        local: Names that are declared inside of the statement.
    """
    if call.function.text not in _OVER_SETS or has_free_dot(call):
        return False
    for part in walk(call):
        if isinstance(part, tree.Name) and part.text in local:
            return False
        if isinstance(part, tree.Field) and part.text not in ATTRIBUTES:
            return False
        if isinstance(part, tree.Call) and part.function.text in CHANCE:
            return False
    return True
