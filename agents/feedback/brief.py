"""The brief of a round: its record, its templates, and fitting its text to a token limit.

Reviewers and language models get the same text. Token counts are estimates without a model's
vocabulary: the text is split as byte-pair encoders pre-tokenize it, and each piece counts by its
length. If a text is too long, its sections are replaced by shorter forms in a given order.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from agents.prompt_templates import TemplateFolder
from agents.run.records import ControllerLanguage

render_template = TemplateFolder("agents.feedback")
"""Render a brief template."""


_PIECES = re.compile(
    r"""
      (?P<word>   [ ]?[A-Za-z]+ )
    | (?P<digits> [ ]?[0-9]+ )
    | (?P<signs>  [ ]?[!-/:-@\[-`{-~]+ )
    | (?P<lines>  [ \t]*[\r\n]\s* )
    | (?P<space>  \s+ )
    | (?P<other>  . )
    """,
    re.VERBOSE | re.DOTALL,
)

_LETTERS = 8
"""A word of up to this many letters is usually one token."""

_SIGNS = 2
"""This many punctuation characters in a row usually form one token."""


def count_tokens(text: str) -> int:
    """Estimate the number of tokens of a text."""
    return sum(_tokens(str(match.lastgroup), match.group()) for match in _PIECES.finditer(text))


def _tokens(kind: str, piece: str) -> int:
    size = len(piece.removeprefix(" "))
    match kind:
        case "word":
            return -(-size // _LETTERS)
        case "digits":
            return size
        case "signs":
            return -(-size // _SIGNS)
        case "other":
            return len(piece.encode())
        case _:
            return 1


class SectionForm(NamedTuple):
    """One form of a section."""

    text: str
    """Empty if the section is left out."""
    left_out: str = ""
    """Description of what this form leaves out."""


class FittedText(NamedTuple):
    """A text within the token limit."""

    text: str
    tokens: int
    """At most the requested number of tokens."""


def fit_sections(
    sections: Mapping[str, Sequence[SectionForm]], shortening_order: Sequence[str], most: int
) -> FittedText:
    """Return the fullest text that fits.

    The text ends with a note of what was left out. If even the shortest forms are too long, lines
    are cut from the end.

    Args:
        sections: By name, in text order; each with its forms, the fullest first.
        shortening_order: Names of sections; each mention moves that section to its next form, if
            it has one.
        most: Maximum number of tokens.
    """
    levels = dict.fromkeys(sections, 0)
    text = _text(sections, levels, most)
    for name in shortening_order:
        if count_tokens(text) <= most:
            break
        if levels[name] + 1 < len(sections[name]):
            levels[name] += 1
            text = _text(sections, levels, most)
    lines = text.splitlines(keepends=True)
    while lines and (count_tokens("".join(lines)) > most or _dangles(lines[-1])):
        lines.pop()
    fitted = "".join(lines)
    return FittedText(fitted, count_tokens(fitted))


def _dangles(line: str) -> bool:
    """Return whether a text must not end with this line."""
    return not line.strip() or line.startswith("#")


def _text(
    sections: Mapping[str, Sequence[SectionForm]], levels: Mapping[str, int], most: int
) -> str:
    chosen = [forms[levels[name]] for name, forms in sections.items()]
    parts = [form.text.strip("\n") for form in chosen if form.text]
    left_out = [form.left_out for form in chosen if form.left_out]
    if left_out:
        parts.append(f"Left out to stay within {most:,} tokens: {'; '.join(left_out)}.")
    return "\n\n".join(parts) + "\n"


class KnownProgram(msgspec.Struct, frozen=True, kw_only=True):
    """A program that a proposer may build on."""

    name: str
    """Name of a candidate or of a library controller."""
    source: str
    language: ControllerLanguage = ControllerLanguage.RHEO
    objective: float | None
    """Objective over the whole search set; ``None`` if it was not reviewed."""


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """Input of a proposer for a round, made from the search set only."""

    round: int
    text: str
    """The brief as Markdown."""
    tokens: int
    """Estimated tokens of the text, by `count_tokens`."""
    known: list[KnownProgram] = []
    """The archive, best first, without rejected candidates."""
    notes: list[str] = []
    """Reviewers' decisions, latest candidate first."""
