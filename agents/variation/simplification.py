"""Simplify expressions and statements without a change of behaviour.

Nothing that uses randomness is removed, since that would change the random numbers after it.
"""

import operator
from collections.abc import Callable
from typing import Any

from agents.variation.tree_transforms import (
    NOWHERE,
    binary,
    block,
    call,
    name,
    truth,
)
from dsl import tree
from dsl.builtins import CHANCE
from dsl.traversal import is_equivalent, node_fields, walk

_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_OF_ITSELF = {"<=": True, ">=": True, "==": True, "<": False, ">": False, "!=": False}


def simplify_node(node: Any) -> Any:  # noqa: ANN401 - any node of the tree
    """Return the replacement of a node whose parts are simplified; see `transform_tree`."""
    if not node_fields[type(node)]:
        return node  # half of a tree are names and numbers
    match node:
        case tree.Unary():
            return _unary(node)
        case tree.Binary(operator="and" | "or"):
            return _logical(node)
        case tree.Binary(operator="<" | "<=" | ">" | ">=" | "==" | "!="):
            return _comparison(node)
        case tree.Conditional():
            return _choice(node)
        case tree.FilterSet():
            return _where(node)
        case tree.SortSet(branches=branches, key=key):
            inner = isinstance(branches, tree.SortSet) and is_equivalent(branches.key, key)
            return branches if inner or not _differs(key) else node
        case tree.TakeFirst(count=count, branches=tree.TakeFirst() as inside):
            return inside if is_equivalent(count, inside.count) else node
        case tree.If():
            return _if(node)
        case tree.Update(body=body):
            return node if body.statements else None
        case tree.Advance() | tree.Probe() | tree.Prune():
            return None if find_base_set(node.branches) in {"finished", "pruned"} else node
        case tree.Answer():
            return _answer(node)
        case tree.Block():
            return _block(node)
    return node


def uses_randomness(node: tree.Node) -> bool:
    """Return whether a node uses random numbers."""
    return any(isinstance(part, tree.Call) and part.function.text in CHANCE for part in walk(node))


def find_base_set(branches: tree.Expression) -> str | None:
    """Return the name of the set below filters and sort orders, where it has one."""
    narrowed = tree.FilterSet | tree.SortSet | tree.ExcludeSet | tree.OnceSet | tree.TakeFirst
    while isinstance(branches, narrowed):
        branches = branches.branches
    return branches.text if isinstance(branches, tree.Name) else None


def always_ends_step(statement: tree.Statement | None) -> bool:
    """Return whether a statement always ends the step, with an answer or with ``stop``."""
    match statement:
        case tree.Answer() | tree.Stop():
            return True
        case tree.If(then=then, otherwise=otherwise):
            if isinstance(otherwise, tree.Block):
                return _ends(then) and _ends(otherwise)
            return _ends(then) and always_ends_step(otherwise)
    return False


def _ends(body: tree.Block) -> bool:
    return any(always_ends_step(statement) for statement in body.statements)


def split_chain(node: tree.Expression, word: str = "and") -> list[tree.Expression]:
    """Return the parts of a chain of ``and``, or of ``or``."""
    if isinstance(node, tree.Binary) and node.operator == word:
        return [*split_chain(node.left, word), *split_chain(node.right, word)]
    return [node]


def join_chain(parts: list[tree.Expression], word: str = "and") -> tree.Expression:
    """Join expressions by ``and`` or ``or``."""
    chain, *others = parts
    for part in others:
        chain = binary(word, chain, part)
    return chain


def negate(node: tree.Expression) -> tree.Expression:
    """Return the opposite, without ``not`` where a comparison has one."""
    match node:
        case tree.Unary(operator="not", operand=operand):
            return operand
        case tree.BooleanLiteral(value=value):
            return truth(not value)
        case tree.Binary(operator=word) if word in _OPPOSITE:
            return binary(_OPPOSITE[word], node.left, node.right)
    return tree.Unary(NOWHERE, "not", node)


def _differs(key: tree.Expression) -> bool:
    """Return whether a sort key can differ between branches."""
    return uses_randomness(key) or any(isinstance(part, tree.Field) for part in walk(key))


def _unary(node: tree.Unary) -> tree.Expression:
    if node.operator == "not":
        return negate(node.operand)
    if isinstance(node.operand, tree.Unary) and node.operand.operator == "-":
        return node.operand.operand
    return node


def _logical(node: tree.Binary) -> tree.Expression:
    word = node.operator
    absorbing = word == "or"
    parts: list[tree.Expression] = []
    for part in split_chain(node, word):
        if isinstance(part, tree.BooleanLiteral):
            if part.value is absorbing and not uses_randomness(node):
                return truth(absorbing)
            if part.value is not absorbing:
                continue
        if any(is_equivalent(part, known) for known in parts) and not uses_randomness(part):
            continue
        parts.append(part)
    if not parts:
        return truth(not absorbing)
    return node if len(parts) == len(split_chain(node, word)) else join_chain(parts, word)


def _comparison(node: tree.Binary) -> tree.Expression:
    left, right = _constant(node.left), _constant(node.right)
    if left is not None and right is not None:
        return truth(_COMPARED[node.operator](left, right))
    if is_equivalent(node.left, node.right) and not uses_randomness(node):
        return truth(_OF_ITSELF[node.operator])
    return node


def _constant(node: tree.Expression) -> float | None:
    match node:
        case tree.Number(value=value):
            return value
        case tree.Unary(operator="-", operand=tree.Number(value=value)):
            return -value
    return None


def _choice(node: tree.Conditional) -> tree.Expression:
    if isinstance(node.condition, tree.BooleanLiteral):
        return node.then if node.condition.value else node.otherwise
    if is_equivalent(node.then, node.otherwise) and not uses_randomness(node.condition):
        return node.then
    return node


_TRIVIAL = {"finished": ".finished", "pruned": ".pruned"}
_NEVER = {"active": {".finished", ".pruned"}, "alive": {".pruned"}, "finished": {".pruned"}}


def _where(node: tree.FilterSet) -> tree.Expression:
    """Return a set without the conditions that all of its branches meet."""
    known: list[tree.Expression] = []
    inner = node.branches
    while isinstance(inner, tree.FilterSet):
        known += split_chain(inner.condition)
        inner = inner.branches
    name = find_base_set(inner)
    parts = [
        part
        for part in split_chain(node.condition)
        if uses_randomness(part)
        or not (
            (isinstance(part, tree.BooleanLiteral) and part.value)
            or any(is_equivalent(part, other) for other in known)
            or _always(part, name)
        )
    ]
    if not parts:
        return node.branches
    if len(parts) == len(split_chain(node.condition)):
        return node
    return tree.FilterSet(NOWHERE, node.branches, join_chain(parts))


def _always(test: tree.Expression, name: str | None) -> bool:
    if name is None:
        return False
    match test:
        case tree.Field(text=text):
            return _TRIVIAL.get(name) == text
        case tree.Unary(operator="not", operand=tree.Field(text=text)):
            return text in _NEVER.get(name, ())
    return False


# Statements


def _if(node: tree.If) -> Any:  # noqa: ANN401
    condition, then, otherwise = node.condition, node.then, node.otherwise
    if isinstance(condition, tree.BooleanLiteral):
        return _inlined(then if condition.value else otherwise)
    if isinstance(otherwise, tree.Block) and not otherwise.statements:
        otherwise = None
    if not then.statements and not uses_randomness(condition):
        if otherwise is None:
            return None
        if isinstance(otherwise, tree.Block):
            return simplify_node(tree.If(NOWHERE, negate(condition), otherwise, None))
    if (
        isinstance(otherwise, tree.Block)
        and is_equivalent(then, otherwise)
        and not uses_randomness(condition)
    ):
        return _inlined(then)
    if otherwise is None and len(then.statements) == 1:
        (only,) = then.statements
        if (
            isinstance(only, tree.If)
            and only.otherwise is None
            and not uses_randomness(only.condition)
        ):
            both = simplify_node(binary("and", condition, only.condition))
            return tree.If(NOWHERE, both, only.then, None)
    if otherwise is node.otherwise:
        return node
    return tree.If(NOWHERE, condition, then, otherwise)


def _inlined(body: tree.Block | tree.If | None) -> Any:  # noqa: ANN401
    """Return the statements of an ``if`` whose condition is constant."""
    if body is None or isinstance(body, tree.If):
        return body
    return body.statements


def _answer(node: tree.Answer) -> tree.Answer:
    """Return an answer without choices that are never used, such as `none` before the last one."""
    choices: list[tree.Expression] = []
    for choice in node.choices:
        if isinstance(choice, tree.NoneLiteral) and choice is not node.choices[-1]:
            continue
        if any(is_equivalent(choice, known) for known in choices):
            continue
        voted = isinstance(choice, tree.Call) and choice.function.text in {"winner", "runner_up"}
        if voted and any(_is_overall_winner(known) for known in choices):
            continue  # if no branch votes at all, none votes in a subset
        choices.append(choice)
    if not choices:
        choices = [node.choices[-1]]
    if len(choices) == len(node.choices):
        return node
    return tree.Answer(NOWHERE, tuple(choices), node.because)


def _is_overall_winner(node: tree.Expression) -> bool:
    """Return whether it is ``winner(opened)``, which is `none` only if no branch has an answer."""
    return is_equivalent(node, call("winner", name("opened")))


def _block(node: tree.Block) -> tree.Block:
    """Return a block without the unreachable statements after one that ends the step."""
    for index, statement in enumerate(node.statements[:-1]):
        if always_ends_step(statement):
            return block(node.statements[: index + 1])
    return node
