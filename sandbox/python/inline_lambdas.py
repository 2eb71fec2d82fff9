"""Lambdas over branches turned into expressions that one call evaluates for many branches.

``branches.by(lambda branch: -branch.depth)`` becomes ``branches.by(_expression_(lambda _members_:
[-branch.depth for branch in _members_]))``. Its method evaluates it for branches and nothing else,
so an attribute that every branch has is read without a guard. A condition of ``where`` becomes the
``if`` of the comprehension.

Nothing can tell the difference: the lambda has one parameter, its body has no inner function or
comprehension that could hold on to the parameter or rebind it, and the values are computed in the
same order.
"""

import ast
import copy
from collections.abc import Collection
from typing import get_args

from sandbox.python.expressions import METHODS, Form, MethodArgument
from sandbox.python.scopes import ScopeNode


def inline_lambdas(tree: ast.Module, attributes: Collection[str]) -> None:
    """Turn lambdas that are arguments of `METHODS` into expressions.

    Args:
        tree: The tree of a controller after the policy has transformed it; changed in place.
        attributes: The attributes of a branch that a controller may read.
    """
    _LambdaInliner(attributes).visit(tree)


class _LambdaInliner(ast.NodeTransformer):
    """Replaces arguments of calls of methods.

    Args:
        attributes: The attributes of a branch that a controller may read.
    """

    def __init__(self, attributes: Collection[str]):
        self._attributes = attributes

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Replace the argument of a call of one of `METHODS`."""
        self.generic_visit(node)
        match node.func:
            case ast.Call(func=ast.Name(id="_getattr_"), args=[_, ast.Constant(value=str(name))]):
                if name in METHODS:
                    self._inline_argument(node, METHODS[name])
        return node

    def _inline_argument(self, node: ast.Call, argument: MethodArgument) -> None:
        if len(node.args) > argument.position:
            node.args[argument.position] = self._inline(node.args[argument.position], argument)
        for keyword in node.keywords:
            if keyword.arg == argument.keyword:
                keyword.value = self._inline(keyword.value, argument)

    def _inline(self, value: ast.expr, argument: MethodArgument) -> ast.expr:
        """Return an expression for a lambda if possible, and any other value as it is."""
        if not isinstance(value, ast.Lambda) or not _is_plain(value):
            return value
        (parameter,) = value.args.posonlyargs + value.args.args
        reader = _AttributeReader(parameter.arg, self._attributes)
        body = reader.visit(copy.deepcopy(value.body))
        nodes = list(ast.walk(body))
        # A generator would change the meaning of a `StopIteration` of the code that is called.
        form = argument.form
        if form is Form.LAZY_VALUES:
            if any(isinstance(node, ast.Call) for node in nodes):
                return value
            if all(isinstance(node, _TOTAL) for node in nodes):
                form = Form.VALUES
        call = _build_expression(parameter.arg, body, form)
        return ast.fix_missing_locations(ast.copy_location(call, value))


class _AttributeReader(ast.NodeTransformer):
    """Replaces guards of attributes of a parameter that is a branch.

    Args:
        parameter: The name of the parameter, which nothing in the code rebinds.
        attributes: The attributes of a branch that a controller may read.
    """

    def __init__(self, parameter: str, attributes: Collection[str]):
        self._parameter = parameter
        self._attributes = attributes

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Replace the guard of an attribute of the parameter."""
        match node:
            case ast.Call(
                func=ast.Name(id="_getattr_"),
                args=[ast.Name(id=name) as value, ast.Constant(value=str(attribute))],
            ) if name == self._parameter and attribute in self._attributes:
                return ast.copy_location(ast.Attribute(value, attribute, ast.Load()), node)
        return self.generic_visit(node)


def _is_plain(function: ast.Lambda) -> bool:
    """Whether a lambda has one parameter, which nothing in its body can hold on to or rebind."""
    arguments = function.args
    others = [arguments.vararg, arguments.kwarg, *arguments.kwonlyargs, *arguments.defaults]
    if any(others) or len(arguments.posonlyargs) + len(arguments.args) != 1:
        return False
    return not any(isinstance(node, _NOT_PLAIN) for node in ast.walk(function.body))


_NOT_PLAIN = (*get_args(ScopeNode), ast.NamedExpr, ast.Yield, ast.YieldFrom)


_TOTAL = (
    ast.Attribute, ast.BoolOp, ast.Compare, ast.Constant, ast.IfExp, ast.Name, ast.boolop,
    ast.expr_context, ast.Eq, ast.NotEq, ast.Is, ast.IsNot,
)  # fmt: skip
"""Code that neither fails nor changes anything, so that no one can tell when it runs. Only a name
that is not bound yet fails, in the same call and with no other effect."""


def _build_expression(parameter: str, body: ast.expr, form: Form) -> ast.Call:
    """Return the code that creates a `BranchExpression`.

    Args:
        parameter: The name of a branch in the body.
        body: The value for one branch.
        form: What the expression returns.
    """
    members = ast.arguments([], [ast.arg("_members_")], None, [], [], None, [])
    target, source = ast.Name(parameter, ast.Store()), ast.Name("_members_", ast.Load())
    result: ast.expr
    match form:
        case Form.VALUES:
            result = ast.ListComp(body, [ast.comprehension(target, source, [], 0)])
        case Form.LAZY_VALUES:
            result = ast.GeneratorExp(body, [ast.comprehension(target, source, [], 0)])
        case Form.SELECTED:
            branch = ast.Name(parameter, ast.Load())
            result = ast.ListComp(branch, [ast.comprehension(target, source, [body], 0)])
    return ast.Call(ast.Name("_expression_", ast.Load()), [ast.Lambda(members, result)], [])
