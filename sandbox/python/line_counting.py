"""Counts of executed lines, for profiles: calls that are added to the code of a controller."""

import ast

_BLOCKS = ("body", "orelse", "handlers")


def count_lines(tree: ast.Module) -> None:
    """Put a call of ``_ran_`` with the line's number before the first statement of each line.

    Args:
        tree: the tree of a controller after the policy has transformed it; changed in place.
    """
    _count(tree, set())


def find_statement_lines(tree: ast.Module) -> set[int]:
    """Return the lines that are counted: those on which a statement with an effect begins.

    Args:
        tree: the tree of a controller.
    """
    return {
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and not _has_no_effect(node)
    }


def _count(node: ast.AST, counted: set[int]) -> None:
    for name in _BLOCKS:
        block = getattr(node, name, None)
        if isinstance(block, list):  # the body of a lambda is an expression
            setattr(
                node,
                name,
                [
                    counted_statement
                    for statement in block
                    for counted_statement in _prepend_count(statement, counted)
                ],
            )


def _prepend_count(statement: ast.AST, counted: set[int]) -> list[ast.AST]:
    """Return a statement, after the call if it is the first on its line."""
    line = getattr(statement, "lineno", 0)
    first = (
        line not in counted and isinstance(statement, ast.stmt) and not _has_no_effect(statement)
    )
    if first:
        counted.add(line)
    _count(statement, counted)
    if not first:
        return [statement]
    call = ast.Expr(ast.Call(ast.Name("_ran_", ast.Load()), [ast.Constant(line)], []))
    return [ast.fix_missing_locations(ast.copy_location(call, statement)), statement]


def _has_no_effect(statement: ast.stmt) -> bool:
    """Whether a statement is a constant, such as a docstring."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
