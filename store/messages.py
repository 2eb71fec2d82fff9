"""Parts that messages share."""

import difflib
from collections.abc import Iterable


def lower_first(sentence: str) -> str:
    """Make the first letter small, so that the sentence can follow a colon."""
    return sentence[:1].lower() + sentence[1:]


def suggest_name(word: str, known: Iterable[str], quote: str = "") -> str:
    """Name the known word that is most like an unknown one, or list all of them.

    Args:
        word: the unknown word.
        known: all words that are allowed.
        quote: what to put around the suggested word.
    """
    known = list(known)
    near = difflib.get_close_matches(word, known, n=1)
    if near:
        return f"did you mean {quote}{near[0]}{quote}?"
    return f"choose from {', '.join(known)}"


def describe_missing(thing: str, where: str = "the path") -> str:
    """Describe a file or a directory that does not exist; the message has its path in front.

    Args:
        thing: What was expected, such as ``recording``.
        where: What to check.
    """
    return f"no such {thing}; check {where}"
