"""Syntax highlighting for programs; Rheo uses the grammar of the editor extensions."""

import re
from functools import cache
from typing import NamedTuple

from rich.syntax import Syntax

from agents.run.records import ControllerLanguage
from dsl.textmate import build_grammar
from harness.request.controllers import Playable
from harness.request.foreign import ForeignController


class StyledSpan(NamedTuple):
    """A styled part of a line."""

    start: int
    end: int
    style: str
    """Rich style."""


STYLES = {
    "comment": "italic dim",
    "string": "green",
    "invalid": "red underline",
    "keyword.control": "bold magenta",
    "keyword.operator.word": "magenta",
    "storage": "bold blue",
    "constant": "cyan",
    "entity.name": "bold yellow",
    "support.function": "yellow",
    "support.variable.property": "blue",
    "support.variable": "cyan",
    "variable.other.property": "blue",
}
"""By scope prefix; other scopes are not styled."""


def detect_language(program: Playable) -> ControllerLanguage:
    """Detect the language of a program."""
    return (
        ControllerLanguage.PYTHON
        if isinstance(program, ForeignController)
        else ControllerLanguage.RHEO
    )


def highlight_line(
    line: str, language: ControllerLanguage = ControllerLanguage.RHEO
) -> list[StyledSpan]:
    """Return the styled parts of one line, left to right."""
    if language is ControllerLanguage.PYTHON:
        highlighted = Syntax("", "python", theme="ansi_dark", background_color="default").highlight(
            line
        )
        return [StyledSpan(span.start, span.end, str(span.style)) for span in highlighted.spans]
    return [
        StyledSpan(match.start(), match.end(), style)
        for match in _pattern().finditer(line)
        if (style := _styles()[str(match.lastgroup)])
    ]


@cache
def _scopes() -> list[tuple[str, str]]:
    patterns = build_grammar()["patterns"]
    assert isinstance(patterns, list)
    return [(pattern["name"], pattern["match"]) for pattern in patterns]


@cache
def _pattern() -> re.Pattern[str]:
    """Combine all patterns into one; the first match wins, as in editors."""
    return re.compile(
        "|".join(f"(?P<p{index}>{match})" for index, (_, match) in enumerate(_scopes()))
    )


@cache
def _styles() -> dict[str, str]:
    return {
        f"p{index}": next((style for begin, style in STYLES.items() if scope.startswith(begin)), "")
        for index, (scope, _) in enumerate(_scopes())
    }
