"""How many columns of a terminal a text takes.

The text is one that a terminal shows as it is: without control characters and line breaks.
"""

import unicodedata
from collections.abc import Iterator

_EMOJI_PRESENTATION = "\ufe0f"
"""The variation selector after which a character is drawn as an emoji, in two columns."""


def measure_text(text: str) -> int:
    """Return the columns of a text."""
    return len(text) if text.isascii() else sum(_added_columns(text))


def cut_text(text: str, width: int) -> str:
    """Return the longest start of a text that takes at most ``width`` columns."""
    if text.isascii():
        return text[: max(width, 0)]
    used = 0
    for index, added in enumerate(_added_columns(text)):
        used += added
        if used > width:
            return text[:index]
    return text


def _added_columns(text: str) -> Iterator[int]:
    """Yield how many columns each character adds to those before it."""
    before = 0
    for char in text:
        is_widened = char == _EMOJI_PRESENTATION and before == 1
        before = 1 if is_widened else _character_columns(char)
        yield before


def _character_columns(char: str) -> int:
    """Return the columns of one character: 0 if it is drawn over the one before it, 1 or 2."""
    if unicodedata.category(char) in {"Mn", "Me", "Cf"} or _is_joined_jamo(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def _is_joined_jamo(char: str) -> bool:
    """Return whether this is a vowel or final of Hangul, which is drawn inside its syllable."""
    return "\u1160" <= char <= "\u11ff" or "\ud7b0" <= char <= "\ud7fb"
