"""The nearest spelling of a word, where one was likely meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The likeliest of ``words``, or ``None`` where nothing is near."""
    candidates = sorted(set(words))
    folded = {candidate.lower(): candidate for candidate in candidates}
    close = get_close_matches(word.lower(), list(folded), n=1, cutoff=0.65)
    return folded[close[0]] if close else None


def did_you_mean(word: str, words: Iterable[str]) -> str | None:
    """A help line that names the nearest word, or ``None``."""
    near = nearest(word, words)
    return f"did you mean `{near}`?" if near else None
