"""Counts how often each line of a controller runs, by a call before the first statement on it."""

import ast

LAST = 0
"""In place of a line: the one that ran last, so that a ``return`` has a place."""

_BLOCKS = ("body", "orelse", "handlers")


def count_lines(tree: ast.Module) -> None:
    """Puts a call of ``_ran_`` with the line's number before the first statement of each line.

    Args:
        tree: of the whole text, as the policy left it; it is changed in place.
    """
    _count(tree, set())


def beginnings(tree: ast.Module) -> set[int]:
    """The lines that are counted: those on which a statement begins that does something.

    Args:
        tree: of the whole text.
    """
    return {
        node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt) and not _silent(node)
    }


def _count(node: ast.AST, met: set[int]) -> None:
    for name in _BLOCKS:
        block = getattr(node, name, None)
        if isinstance(block, list):  # a lambda has a body that is none
            setattr(node, name, [each for old in block for each in _counted(old, met)])


def _counted(statement: ast.AST, met: set[int]) -> list[ast.AST]:
    """A statement with the call before it, where it is the first on its line."""
    line = getattr(statement, "lineno", 0)
    first = line not in met and isinstance(statement, ast.stmt) and not _silent(statement)
    if first:
        met.add(line)
    _count(statement, met)
    if not first:
        return [statement]
    call = ast.Expr(ast.Call(ast.Name("_ran_", ast.Load()), [ast.Constant(line)], []))
    return [ast.fix_missing_locations(ast.copy_location(call, statement)), statement]


def _silent(statement: ast.stmt) -> bool:
    """Whether it does nothing: a text that stands alone."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
