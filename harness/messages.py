"""Parts that messages, help and tables share: suggestions, counts, numbers of tokens."""

from collections.abc import Iterable

from dsl.vocabulary import nearest


def suggest(word: str, known: Iterable[str], otherwise: str) -> str:
    """Name the known word that is most like an unknown one.

    Args:
        word: the unknown word.
        known: all words that are allowed.
        otherwise: what to return where none of them is similar.
    """
    near = nearest(word, known)
    return otherwise if near is None else did_you_mean(near)


def did_you_mean(word: str) -> str:
    """Ask whether a word was meant."""
    return f"did you mean {word}?"


def format_count(count: int, thing: str) -> str:
    """Format a number of things: ``1 file``, ``2 files``, ``1,200 queries``."""
    if count == 1:
        return f"1 {thing}"
    plural = f"{thing[:-1]}ies" if thing.endswith("y") else f"{thing}s"
    return f"{count:,} {plural}"


def format_tokens(count: float) -> str:
    """Format a number of tokens with three significant figures: ``500``, ``20.1k``, ``422T``."""
    for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= size * 0.9995:
            number = count / size
            return f"{number:,.0f}{unit}" if number >= 999.5 else f"{number:.3g}{unit}"
    return f"{count:.0f}"
