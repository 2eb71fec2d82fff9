"""The reserved words of Rheo, and the nearest spelling of a word."""

from collections.abc import Iterable
from difflib import get_close_matches

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


def nearest(word: str, words: Iterable[str]) -> str | None:
    """Return the likeliest of ``words``, or ``None`` where nothing is near."""
    candidates = sorted(set(words))
    folded = {candidate.lower(): candidate for candidate in candidates}
    close = get_close_matches(word.lower(), list(folded), n=1, cutoff=0.65)
    return folded[close[0]] if close else None


def did_you_mean(word: str, words: Iterable[str]) -> str | None:
    """Return a help line that names the nearest word, or ``None``."""
    near = nearest(word, words)
    return f"did you mean `{near}`?" if near else None
