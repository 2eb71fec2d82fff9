"""How many tokens a text takes up in a prompt, told without any model's vocabulary at hand.

The text is cut as byte-pair encoders cut it before they merge: words with the space before them,
digits, punctuation, white space. Each piece then counts by its length.
"""

import re

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

_DIGITS = 2
"""Some encoders take three digits at a time, others one."""

_SIGNS = 2


def count(text: str) -> int:
    """About how many tokens a text has."""
    return sum(_tokens(str(found.lastgroup), found.group()) for found in _PIECES.finditer(text))


def _tokens(kind: str, piece: str) -> int:
    size = len(piece.removeprefix(" "))
    match kind:
        case "word":
            return -(-size // _LETTERS)
        case "digits":
            return -(-len(piece) // _DIGITS)
        case "signs":
            return -(-size // _SIGNS)
        case "other":
            return len(piece.encode())
        case _:
            return 1
