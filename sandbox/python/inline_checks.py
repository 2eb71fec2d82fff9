"""Guards of attributes written into the code, where the type of a value decides them.

``branch.answer`` becomes ``branch.answer if isinstance(branch, Branch) else _getattr_(branch,
'answer')``. It admits exactly what the guard admits, which is asked in all other cases, and saves
its call. The types that are checked for have no subclasses, so the check is exact.

The inlined form reads the value's name twice. So it is used only for names that no other code can
rebind in between. The value of any other expression gets such a name in the test itself, which only
a function can have: a comprehension would share it with all code around it.
"""

import ast
from collections.abc import Collection, Mapping
from typing import Any

from sandbox.python.scopes import find_stable_names


def inline_checks(tree: ast.Module, kinds: Mapping[str, str], own: Collection[str]) -> None:
    """Inline guards of attributes.

    Args:
        tree: The tree of a controller after the policy has transformed it; changed in place.
        kinds: For each attribute that is inlined, the global name of the type that has it. The
            type has no subclasses, and a controller may read the attribute on it.
        own: Those of the attributes that values of no other types have. They are inlined for all
            expressions: a value that is kept in a name lives longer, which could show in others.
    """
    _CheckInliner(kinds, own, find_stable_names(tree)).visit(tree)


class _CheckInliner(ast.NodeTransformer):
    """Replaces calls of guards.

    Args:
        kinds: The global name of a type for each attribute.
        own: The attributes that are inlined for all expressions.
        stable: The names that may be read twice.
    """

    def __init__(self, kinds: Mapping[str, str], own: Collection[str], stable: frozenset[ast.Name]):
        self._kinds = kinds
        self._own = own
        self._stable = stable
        self._is_in_function = False

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Note that the body, and nothing else of it, is that of a function."""
        node.args = self.visit(node.args)
        node.decorator_list = [self.visit(decorator) for decorator in node.decorator_list]
        node.body = [self._visit_within(statement, is_function=True) for statement in node.body]
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        """Visit a function that needs no names of its own."""
        node.args = self.visit(node.args)
        node.body = self._visit_within(node.body, is_function=False)
        return node

    def _visit_comprehension(self, node: ast.AST) -> ast.AST:
        outside, self._is_in_function = self._is_in_function, False
        visited = self.generic_visit(node)
        self._is_in_function = outside
        return visited

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _visit_comprehension  # noqa: N815

    def _visit_within(self, node: Any, *, is_function: bool) -> Any:  # noqa: ANN401
        outside, self._is_in_function = self._is_in_function, is_function
        visited = self.visit(node)
        self._is_in_function = outside
        return visited

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Replace the guard of an attribute."""
        self.generic_visit(node)
        match node:
            case ast.Call(
                func=ast.Name(id="_getattr_"), args=[value, ast.Constant(value=str(attribute))]
            ) if attribute in self._kinds:
                tested = value
                if value not in self._stable:
                    if attribute not in self._own or not self._is_in_function:
                        return node
                    tested = ast.NamedExpr(ast.Name(_TESTED, ast.Store()), value)
                    value = ast.Name(_TESTED, ast.Load())
                kind = ast.Name(self._kinds[attribute], ast.Load())
                test = ast.Call(ast.Name("_isinstance_", ast.Load()), [tested, kind], [])
                direct = ast.Attribute(value, attribute, ast.Load())
                node.args[0] = value
                checked = ast.IfExp(test, direct, node)
                return ast.fix_missing_locations(ast.copy_location(checked, node))
        return node


_TESTED = "_tested_"
"""The name of the value of an expression, from its test to the end of its use."""
