"""The TextMate grammar of Rheo, which colours programs in most editors; made of the word lists.

Every pattern matches within a line, and the first that matches counts.
"""

import re
from collections.abc import Iterable

from dsl.builtins import ATTRIBUTES, FUNCTIONS, SETS, VALUES
from dsl.vocabulary import DIRECTIONS, KEYWORDS, SECTIONS

SCOPE = "source.rheo"

_STRUCTURE = frozenset({*SECTIONS, "needs", "controller", "branch", "at", "most"})
_CONSTANTS = frozenset({"true", "false", "none"})
_OPERATORS = frozenset({"and", "or", "not"})

WORDS = {
    "storage.type": _STRUCTURE,
    "storage.modifier": frozenset(DIRECTIONS),
    "constant.language": _CONSTANTS,
    "keyword.operator.word": _OPERATORS,
    "keyword.control": KEYWORDS - _STRUCTURE - _CONSTANTS - _OPERATORS - {*DIRECTIONS},
}
"""The reserved words by how they are coloured."""

_NAME = "[A-Za-z_][A-Za-z0-9_]*"


def build_grammar() -> dict[str, object]:
    """Return the grammar as a TextMate grammar file has it."""
    return {
        "name": "Rheo",
        "scopeName": SCOPE,
        "fileTypes": ["rheo"],
        "patterns": [{"name": f"{name}.rheo", "match": match} for name, match in _patterns()],
    }


def _patterns() -> Iterable[tuple[str, str]]:
    yield "comment.line.number-sign", "#.*$"
    yield "string.quoted.double", '"[^"]*"'
    yield "invalid.illegal.unclosed", '"[^"]*$'
    yield "keyword.operator.range", r"\.\."
    yield "support.variable.property", rf"\.(?:{_any(n[1:] for n in ATTRIBUTES)})\b"
    yield "variable.other.property", rf"\.{_NAME}"
    yield "constant.numeric", r"\b[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
    yield "entity.name.class", rf"(?<=\bcontroller\s){_NAME}"
    yield "keyword.control", r"\bonce(?=\s*\.answer\b)"
    for scope, words in WORDS.items():
        yield scope, rf"\b(?:{_any(words)})\b"
    yield "support.function", rf"\b(?:{_any(FUNCTIONS)})\b(?=\s*\()"
    yield "support.variable", rf"\b(?:{_any([*SETS, *VALUES])})\b"
    yield "variable.other", rf"\b{_NAME}\b"
    yield "keyword.operator.comparison", "==|!=|<=|>=|<|>"
    yield "keyword.operator.assignment", "="
    yield "keyword.operator.arithmetic", r"//|[+\-*/%]"
    yield "punctuation.section", r"[{}()]"
    yield "punctuation.separator", ","


def _any(words: Iterable[str]) -> str:
    """Return a pattern for any of some words, the longest first."""
    return "|".join(map(re.escape, sorted(words, key=lambda word: (-len(word), word))))
