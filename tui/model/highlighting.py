"""Colours for Rheo: which words of a line are what, by the same patterns as editors use."""

import re
from functools import cache
from typing import NamedTuple

from dsl.textmate import grammar


class Coloured(NamedTuple):
    """A part of a line, and what it is."""

    start: int
    end: int
    style: str
    """A style of Rich's."""


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
"""By the beginning of a scope; what is not here is left as it is."""


def coloured(line: str) -> list[Coloured]:
    """The parts of one line that are coloured, from left to right."""
    return [
        Coloured(found.start(), found.end(), style)
        for found in _pattern().finditer(line)
        if (style := _styles()[str(found.lastgroup)])
    ]


@cache
def _scopes() -> list[tuple[str, str]]:
    patterns = grammar()["patterns"]
    assert isinstance(patterns, list)
    return [(each["name"], each["match"]) for each in patterns]


@cache
def _pattern() -> re.Pattern[str]:
    """All patterns in one; the first that matches counts, as in editors."""
    return re.compile("|".join(f"(?P<p{at}>{match})" for at, (_, match) in enumerate(_scopes())))


@cache
def _styles() -> dict[str, str]:
    return {
        f"p{at}": next((style for begin, style in STYLES.items() if scope.startswith(begin)), "")
        for at, (scope, _) in enumerate(_scopes())
    }
