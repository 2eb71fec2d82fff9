"""The brief of a round: its record, its templates, and how its text fits a token limit.

People and language models get the same text. Token counts are estimates that need no model's
vocabulary: the text is cut as byte-pair encoders cut it before they merge, and each piece counts by
its length. Where a text is too long, its sections are replaced by shorter forms in a given order.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from agents.prompt_templates import TemplateFolder
from agents.run.records import ControllerLanguage

render_template = TemplateFolder("agents.feedback")
"""Fills in one of them."""


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
"""A word of so many letters is still one token more often than not."""

_SIGNS = 2
"""Of signs in a row, so many go together."""


def count_tokens(text: str) -> int:
    """About how many tokens a text has."""
    return sum(_tokens(str(found.lastgroup), found.group()) for found in _PIECES.finditer(text))


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
    """Empty where the section is left out."""
    left_out: str = ""
    """What this form leaves out, in words."""


class FittedText(NamedTuple):
    """A text that fits."""

    text: str
    tokens: int
    """At most as many as were asked for."""


def fit_sections(
    sections: Mapping[str, Sequence[SectionForm]], give_way: Sequence[str], most: int
) -> FittedText:
    """The fullest text that fits.

    What was left out is said at the end. Where even the shortest forms are too long, lines are cut
    from the end.

    Args:
        sections: by name, in the order of the text; each with its forms, the fullest first.
        give_way: names of sections; each time that one is named, it takes its next form, if it has
            one.
        most: the tokens.
    """
    at = dict.fromkeys(sections, 0)
    text = _text(sections, at, most)
    for name in give_way:
        if count_tokens(text) <= most:
            break
        if at[name] + 1 < len(sections[name]):
            at[name] += 1
            text = _text(sections, at, most)
    lines = text.splitlines(keepends=True)
    while lines and (count_tokens("".join(lines)) > most or _dangles(lines[-1])):
        lines.pop()
    whole = "".join(lines)
    return FittedText(whole, count_tokens(whole))


def _dangles(line: str) -> bool:
    """Whether nothing ends with such a line."""
    return not line.strip() or line.startswith("#")


def _text(sections: Mapping[str, Sequence[SectionForm]], at: Mapping[str, int], most: int) -> str:
    chosen = [forms[at[name]] for name, forms in sections.items()]
    parts = [each.text.strip("\n") for each in chosen if each.text]
    left_out = [each.left_out for each in chosen if each.left_out]
    if left_out:
        parts.append(f"Left out to stay within {most:,} tokens: {'; '.join(left_out)}.")
    return "\n\n".join(parts) + "\n"


class KnownProgram(msgspec.Struct, frozen=True, kw_only=True):
    """A program that a proposer may build on."""

    name: str
    """A candidate, or a name of the library."""
    source: str
    language: ControllerLanguage = ControllerLanguage.RHEO
    objective: float | None
    """Over the whole search set; ``None`` where it was not reviewed."""


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """What a round is told. It is made from the search set alone."""

    round: int
    text: str
    """Markdown."""
    tokens: int
    """Of the text, by `agents.feedback.brief`."""
    known: list[KnownProgram] = []
    """The archive, the best first: what people rejected is not in it."""
    notes: list[str] = []
    """What people said of candidates, the latest first."""
