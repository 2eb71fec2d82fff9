"""The reserved words of Rheo, by the places where they can stand."""

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
