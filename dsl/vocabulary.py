"""The reserved words of Rheo, and the nearest spelling of a word."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple

STATEMENTS = (
    "let", "push", "if", "update", "open", "sample", "advance", "extend", "probe", "prune",
    "answer", "stop",
)  # fmt: skip
"""Words that begin a statement."""

SECTIONS = ("schedule", "knobs", "memory", "each", "start", "step", "finally")
"""Words that begin a section of a controller."""

DIRECTIONS = ("rising", "falling", "fixed")
"""Words that begin a line of a schedule."""

KEYWORDS = frozenset(
    {
        *STATEMENTS,
        *SECTIONS,
        *DIRECTIONS,
        "needs",
        "controller",
        "in",
        "branch",
        "at",
        "most",
        "onto",
        "then",
        "else",
        "unseen",
        "for",
        "because",
        "first",
        "of",
        "where",
        "by",
        "except",
        "and",
        "or",
        "not",
        "true",
        "false",
        "none",
    }
)
"""Every reserved word."""


class Suggestion(NamedTuple):
    """Advice on what to write instead of a word."""

    help: str
    replacement: str | None = None
    """The replacement, if it fits in the same position."""


def nearest(word: str, words: Iterable[str]) -> str | None:
    """Return the likeliest of ``words``, or ``None`` where nothing is near."""
    candidates = sorted(set(words))
    folded = {candidate.lower(): candidate for candidate in candidates}
    close = get_close_matches(word.lower(), list(folded), n=1, cutoff=0.65)
    return folded[close[0]] if close else None


def did_you_mean(word: str, words: Iterable[str], quote: str = "`") -> str | None:
    """Return a help line that names the nearest of the known words.

    Args:
        word: the unknown word.
        words: the words that may have been meant.
        quote: the sign before and after the suggested word.

    Returns:
        ``None`` if no word is near.
    """
    near = nearest(word, words)
    return None if near is None else f"did you mean {quote}{near}{quote}?"


def suggest_spelling(word: str, words: Iterable[str]) -> Suggestion | None:
    """Suggest the nearest of the known words as a replacement, or return ``None``."""
    help_line = did_you_mean(word, words)
    return None if help_line is None else Suggestion(help_line, nearest(word, words))
