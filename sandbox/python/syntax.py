"""Descriptions of Python's syntax, for what a controller may not contain."""

import ast

_REFUSED = {
    "AsyncFor": ("`async for`", "write `for`"),
    "AsyncFunctionDef": ("`async def`", "write `def`"),
    "AsyncWith": ("`async with`", "there is nothing to open or close"),
    "Await": ("`await`", "verbs are plain calls"),
    "Interpolation": ("a template text", "write an f-string"),
    "MatMult": ("`@` between values", "there are no matrices"),
    "Match": ("`match`", "write `if` and `elif`"),
    "ParamSpec": ("a type parameter", "leave types out"),
    "TemplateStr": ("a template text", "write an f-string"),
    "TryStar": ("`except*`", "write `except`"),
    "TypeAlias": ("`type` as a statement", "leave types out"),
    "TypeVar": ("a type parameter", "leave types out"),
    "TypeVarTuple": ("a type parameter", "leave types out"),
}
"""What is refused and what to write instead, by the names of `ast`."""


def refusal(node: ast.AST) -> str:
    """Why a node is refused, in the terms of the language."""
    words, remedy = _REFUSED.get(type(node).__name__, ("", ""))
    if words:
        return f"{words} is not allowed; {remedy}"
    try:
        line = ast.unparse(node).partition("\n")[0]
    except (ValueError, AttributeError, RecursionError):
        line = ""
    return f"`{line[:40]}` is not allowed" if line else "this is not allowed"
