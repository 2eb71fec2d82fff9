"""Parsing of Python source, of controllers and of kernels."""

import ast

_MOST_ATTEMPTS = 3


def parse_python(text: str, name: str = "<unknown>") -> ast.Module:
    """Parse Python source, again if the interpreter itself fails.

    CPython 3.11 counts the depth of a tree in a way that can go wrong when objects are freed while
    it builds the tree, and then raises SystemError for valid source (python/cpython#106905). The
    next attempt succeeds.

    Args:
        text: The source.
        name: The name of the file, for errors.

    Raises:
        SyntaxError: The source is not valid Python.
        ValueError: The source has a null character.
        RecursionError: The source is nested too deeply.
        MemoryError: The source is nested too deeply for the parser.
    """
    for _ in range(_MOST_ATTEMPTS - 1):
        try:
            return ast.parse(text, name)
        except SystemError:
            continue
    return ast.parse(text, name)
