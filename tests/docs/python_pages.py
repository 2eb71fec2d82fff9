"""Executes the Python of a page: its fences ``python``, in order, in one namespace.

What a block prints is compared with a fence ``output`` right after it, if there is one. ``...``
matches anything within a line, and alone on a line any number of lines.
"""

import io
from collections.abc import Mapping
from contextlib import redirect_stdout
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.docs.test_examples import fences, matches


class Block(NamedTuple):
    """A block of code, and the output that the page shows for it."""

    line: int
    code: str
    output: str | None


def python_blocks(page: Path) -> list[Block]:
    """The blocks of a page, in order."""
    found = list(fences(page.read_text(encoding="utf-8")))
    return [
        Block(
            block.line,
            "\n".join(block.content),
            "".join(f"{line}\n" for line in following.content)
            if following is not None and following.language == "output"
            else None,
        )
        for block, following in zip_longest(found, found[1:])
        if block.language == "python"
    ]


def execute_page(page: Path, replacements: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Execute the blocks of a page; give what they define, and what they print as ``printed``.

    Args:
        page: The page.
        replacements: Texts to replace, such as addresses.
    """
    namespace: dict[str, Any] = {"__name__": "__main__"}
    printed = ""
    for line, code, output in python_blocks(page):
        for text, other in (replacements or {}).items():
            code = code.replace(text, other)
        written = io.StringIO()
        # Padded, so that a traceback has the line of the page.
        compiled = compile("\n" * (line - 1) + code, str(page), "exec")
        with redirect_stdout(written):
            exec(compiled, namespace)
        if output is not None and not matches(output, written.getvalue()):
            pytest.fail(
                f"line {line}:\n--- the page shows\n{output}--- it prints\n{written.getvalue()}",
                pytrace=False,
            )
        printed += written.getvalue()
    return namespace | {"printed": printed}
