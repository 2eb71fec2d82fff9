"""Name with signs that no name has: ``My-Controller``, ``done?``, ``2fast``."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from lark import Token

from dsl.diagnostics import Diagnostic, Edit, Mark
from dsl.source import Span
from dsl.vocabulary import KEYWORDS

DECLARES = frozenset({"CONTROLLER", "LET", "RISING", "FALLING", "FIXED", "ONTO"})
"""What the name of something is right after."""


def name_with_sign(
    text: str, start: int, tokens: Sequence[Token], quotes: Mapping[str, str]
) -> Span | None:
    """Return the span of a declared name that has a sign in it, or at one of its ends.

    Args:
        text: the program.
        start: the position of the sign, which begins no token.
        tokens: those before it.
        quotes: signs that quote, and what closes each.

    Returns:
        ``None`` where no name is declared.
    """
    last = tokens[-1] if tokens else None
    after_keyword = last is not None and last.type in DECLARES
    closing = quotes.get(text[start]) if after_keyword else None
    glued = last is not None and last.type == "NAME" and last.end_pos == start
    if not glued and closing is None and not (text[start] == "$" and after_keyword):
        return None
    begin = (last.start_pos or 0) if glued and last is not None else start
    run = re.compile(r"[^\s={}()\",;:]+").match(text, begin)
    end = begin if run is None else run.end()
    if closing is not None:
        closing_index = text.find(closing, start + 1)
        end = (
            start + 1
            if closing_index < 0 or "\n" in text[start:closing_index]
            else closing_index + 1
        )
    if end <= start:
        return None
    declares = after_keyword or (len(tokens) > 1 and tokens[-2].type in DECLARES)
    if not declares and re.match(r"[ \t]*=(?![=>])", text[end:]) is None:
        return None
    return Span(begin, end)


def fit_name(written: str) -> str:
    """Return the nearest name that Rheo takes: other signs become ``_``."""
    dot = "." if written.startswith(".") else ""
    name = re.sub(r"[^A-Za-z0-9]+", "_", written).strip("_") or "mine"
    if name[0].isdigit():
        name = f"_{name}"
    if name in KEYWORDS:
        name = f"my_{name}"
    return dot + name


def unfit_name(written: str, name: str, span: Span) -> Diagnostic:
    """Report a name that is none.

    Args:
        written: as it is in the program.
        name: what to write instead.
        span: where it is.
    """
    return Diagnostic(
        "RH104",
        f"`{written}` is not a name: names consist of letters, digits and `_`, and do "
        "not start with a digit",
        Mark(span),
        help=f"write `{name}`",
        edit=Edit(span, name),
    )


def in_latin(char: str) -> str:
    """Return a letter in plain Latin, where there is an ordinary way of writing it."""
    name = unicodedata.name(char, "")
    if name.startswith("GREEK SMALL LETTER ") and name.count(" ") == 3:
        return name.rpartition(" ")[2].lower().replace("lamda", "lambda_")
    if name == "LATIN SMALL LETTER SHARP S":
        return "ss"
    folded = unicodedata.normalize("NFKD", char)
    return "".join(one for one in folded if one.isascii())
