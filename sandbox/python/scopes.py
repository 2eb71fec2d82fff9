"""The names in a controller's code that no other code can rebind between two reads.

The policy keeps code of a controller from running just anywhere, as at garbage collection. The
names do not rely on that: a local variable of a function stays what it is while other code runs, as
long as no inner function assigns it.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

Function: TypeAlias = ast.FunctionDef | ast.Lambda
Comprehension: TypeAlias = ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp
ScopeNode: TypeAlias = Function | Comprehension


class _Scope(NamedTuple):
    """The names that a function, a lambda or a comprehension binds."""

    node: ScopeNode
    parameters: frozenset[str]
    assigned: frozenset[str]


class _Parts(NamedTuple):
    """The parts of a node that opens a scope, by the scope that evaluates them."""

    outside: Sequence[ast.AST]
    inside: Sequence[ast.AST]


def find_stable_names(tree: ast.Module) -> frozenset[ast.Name]:
    """Return the uses of names that no other code can rebind, as nodes of the tree.

    These are local variables where their own function reads them, and parameters that are never
    assigned where an inner function reads them. Names that any code declares ``global`` or
    ``nonlocal``, or assigns inside of a comprehension, are not among them.

    Args:
        tree: The tree of a controller. It defines no classes and has no type parameters.
    """
    shared = frozenset(_find_shared(tree))
    return frozenset(
        name for name, scopes in _walk(tree, ()) if _is_stable(name.id, scopes, shared)
    )


def find_constant_parameters(tree: ast.Module) -> dict[ast.Name, ast.FunctionDef]:
    """Return the uses of parameters that no code assigns, each with its function.

    A use can be in an inner function, a lambda or a comprehension.

    Args:
        tree: The tree of a controller. It defines no classes and has no type parameters.
    """
    shared = frozenset(_find_shared(tree))
    owners = {}
    for name, scopes in _walk(tree, ()):
        binding = (s for s in reversed(scopes) if name.id in s.parameters or name.id in s.assigned)
        scope = next(binding, None)
        if scope is None or name.id in shared or name.id in scope.assigned:
            continue
        if isinstance(scope.node, ast.FunctionDef):
            owners[name] = scope.node
    return owners


def _is_stable(name: str, scopes: Sequence[_Scope], shared: frozenset[str]) -> bool:
    """Whether a name is stable inside of the last of some nested scopes."""
    if name in shared:
        return False
    for scope in reversed(scopes):
        if name in scope.parameters or name in scope.assigned:
            # The scope's own code may assign it while an inner function reads it: it may be a
            # suspended generator.
            return scope is scopes[-1] or name not in scope.assigned
    return False


def _walk(node: ast.AST, scopes: tuple[_Scope, ...]) -> Iterator[tuple[ast.Name, Sequence[_Scope]]]:
    """Yield every name that is read, with the scopes around it, the innermost last."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield node, scopes
    if isinstance(node, ScopeNode):
        parts = _split(node)
        for part in parts.outside:
            yield from _walk(part, scopes)
        parameters = _list_parameters(node) if isinstance(node, Function) else ()
        own = _Scope(node, frozenset(parameters), frozenset(_find_assigned(parts.inside)))
        for part in parts.inside:
            yield from _walk(part, (*scopes, own))
    else:
        for child in ast.iter_child_nodes(node):
            yield from _walk(child, scopes)


def _split(node: ScopeNode) -> _Parts:
    if isinstance(node, ast.FunctionDef):
        return _Parts([*node.decorator_list, node.args], node.body)
    if isinstance(node, ast.Lambda):
        return _Parts([node.args], [node.body])
    first, *others = node.generators
    values = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    return _Parts([first.iter], [*values, first.target, *first.ifs, *others])


def _list_parameters(node: Function) -> list[str]:
    arguments = node.args
    plain = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [argument.arg for argument in (*plain, arguments.vararg, arguments.kwarg) if argument]


def _find_assigned(parts: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the names that code assigns, without the functions and comprehensions in it."""
    for node in parts:
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name
            case ast.FunctionDef(name=name) | ast.ExceptHandler(name=str(name)):
                yield name
            case ast.alias(name=name, asname=asname):
                yield asname or name
        inner = _split(node).outside if isinstance(node, ScopeNode) else ast.iter_child_nodes(node)
        yield from _find_assigned(inner)


def _find_shared(tree: ast.Module) -> Iterator[str]:
    """Yield the names that any scope may assign in another one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Global | ast.Nonlocal):
            yield from node.names
        elif isinstance(node, ast.NamedExpr) and isinstance(node.target, ast.Name):
            yield node.target.id
