"""Guards of attributes written into the code, where the type of a value decides them.

``branch.answer`` becomes ``branch.answer if isinstance(branch, Branch) else _getattr_(branch,
'answer')``. It admits exactly what the guard admits, which is asked in all other cases, and saves
its call. The types that are checked for have no subclasses, so the check is exact.

The inlined form reads the value's name twice. So it is used only for names that no other code can
rebind in between.
"""

import ast
from collections.abc import Mapping

from sandbox.python.scopes import find_stable_names


def inline_checks(tree: ast.Module, kinds: Mapping[str, str]) -> None:
    """Inline guards of attributes.

    Args:
        tree: The tree of a controller after the policy has transformed it; changed in place.
        kinds: For each attribute that is inlined, the global name of the type that has it. The
            type has no subclasses, and a controller may read the attribute on it.
    """
    _CheckInliner(kinds, find_stable_names(tree)).visit(tree)


class _CheckInliner(ast.NodeTransformer):
    """Replaces calls of guards.

    Args:
        kinds: The global name of a type for each attribute.
        stable: The names that may be read twice.
    """

    def __init__(self, kinds: Mapping[str, str], stable: frozenset[ast.Name]):
        self._kinds = kinds
        self._stable = stable

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Replace the guard of an attribute of a name."""
        self.generic_visit(node)
        match node:
            case ast.Call(
                func=ast.Name(id="_getattr_"),
                args=[ast.Name() as value, ast.Constant(value=str(attribute))],
            ) if value in self._stable and attribute in self._kinds:
                kind = ast.Name(self._kinds[attribute], ast.Load())
                test = ast.Call(ast.Name("_isinstance_", ast.Load()), [value, kind], [])
                direct = ast.Attribute(value, attribute, ast.Load())
                checked = ast.IfExp(test, direct, node)
                return ast.fix_missing_locations(ast.copy_location(checked, node))
        return node
