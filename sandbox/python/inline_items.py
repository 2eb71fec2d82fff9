"""Guards of dicts decided once for each call of a function, where a parameter is the dict.

A function that uses its parameter ``d`` as a dict begins with ``_is_dict_d = _is_dict_(d)``.
``d[k]`` then becomes ``d[k] if _is_dict_d else _getitem_(d, k)``. The guards of writes and of
methods change in the same way. Each guard admits all that is read without it, and is called in all
other cases.

The parameter must be one that no code assigns, so that it is the same value at every use.
"""

import ast
import copy
from collections import defaultdict
from collections.abc import Collection, Iterator

from sandbox.python.scopes import find_constant_parameters

_FLAG = "_is_dict_"
"""The guard that decides, and the prefix of the variables that hold its decisions."""

_LEAST_USES = 2
"""Uses of a parameter that repay a decision."""


def inline_items(tree: ast.Module, attributes: Collection[str]) -> None:
    """Inline guards of parameters that are used as dicts.

    Args:
        tree: The tree of a controller after the policy has transformed it; changed in place.
        attributes: The attributes of every dict that a controller may read.
    """
    owners = find_constant_parameters(tree)
    uses: dict[tuple[ast.FunctionDef, str], list[ast.Name]] = defaultdict(list)
    for use in _find_uses(tree, attributes):
        if use in owners:
            uses[owners[use], use.id].append(use)
    frequent = {key: names for key, names in uses.items() if len(names) >= _LEAST_USES}
    names = frozenset(name for names in frequent.values() for name in names)
    _ItemInliner(names).visit(tree)
    for function, parameter in frequent:
        decision = ast.Call(ast.Name(_FLAG, ast.Load()), [ast.Name(parameter, ast.Load())], [])
        statement = ast.Assign([ast.Name(_FLAG + parameter, ast.Store())], decision)
        function.body.insert(0, ast.fix_missing_locations(ast.copy_location(statement, function)))


_MOST_NODES = 16
"""Nodes of a key that is written twice."""


def _find_uses(tree: ast.Module, attributes: Collection[str]) -> Iterator[ast.Name]:
    """Yield the names that are used as dicts, by guards that can be inlined."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="_write_"), args=[ast.Name() as value]):
                yield value
            case ast.Call(func=ast.Name(id="_getitem_"), args=[ast.Name() as value, key]):
                if sum(1 for _ in ast.walk(key)) <= _MOST_NODES:
                    yield value
            case ast.Call(
                func=ast.Name(id="_getattr_"),
                args=[ast.Name() as value, ast.Constant(value=str(name))],
            ) if name in attributes:
                yield value


class _ItemInliner(ast.NodeTransformer):
    """Replaces calls of guards.

    Args:
        names: The uses of parameters whose guards are inlined.
    """

    def __init__(self, names: Collection[ast.Name]):
        self._names = names

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Replace a guard of a parameter."""
        self.generic_visit(node)
        if not node.args or node.args[0] not in self._names:
            return node
        direct: ast.expr
        match node:
            case ast.Call(func=ast.Name(id="_write_"), args=[ast.Name() as value]):
                direct = value
            case ast.Call(func=ast.Name(id="_getitem_"), args=[ast.Name() as value, key]):
                direct = ast.Subscript(value, copy.deepcopy(key), ast.Load())
            case ast.Call(
                func=ast.Name(id="_getattr_"),
                args=[ast.Name() as value, ast.Constant(value=str(name))],
            ):
                direct = ast.Attribute(value, name, ast.Load())
            case _:
                return node
        flag = ast.Name(_FLAG + value.id, ast.Load())
        checked = ast.IfExp(flag, ast.copy_location(direct, node), node)
        return ast.fix_missing_locations(ast.copy_location(checked, node))
