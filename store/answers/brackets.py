"""Split tokens outside brackets, and find the bracket that closes another."""

from collections.abc import Callable, Sequence

from store.answers.lexer import Token

OPENING = {"(": ")", "[": "]", r"\{": r"\}", "{": "}"}
CLOSING = frozenset(OPENING.values())


def split(tokens: Sequence[Token], is_separator: Callable[[int], bool]) -> list[list[Token]]:
    """Split tokens at separators outside all brackets; empty parts are dropped.

    Args:
        tokens: what is split.
        is_separator: whether the token at a position separates.
    """
    parts: list[list[Token]] = [[]]
    depth = 0
    for index, token in enumerate(tokens):
        depth += depth_change(token)
        if depth <= 0 and is_separator(index):
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]


def split_at(tokens: Sequence[Token], *texts: str) -> list[list[Token]]:
    """Split tokens at signs or commands of these texts, outside all brackets."""
    return split(
        tokens,
        lambda index: tokens[index].text in texts and tokens[index].kind in ("sign", "command"),
    )


def depth_change(token: Token) -> int:
    """Return how many brackets a token opens, less those that it closes."""
    if token.kind == "sign":
        return (token.text in OPENING) - (token.text in CLOSING)
    if token.kind == "command":
        opens = token.text in ("langle", "lfloor", "lceil") or token.text.startswith("begin:")
        closes = token.text in ("rangle", "rfloor", "rceil") or token.text.startswith("end:")
        return opens - closes
    return 0


def strip_brackets(tokens: Sequence[Token]) -> Sequence[Token]:
    """Drop brackets around everything."""
    while len(tokens) > 2 and tokens[0].kind == "sign" and closes(tokens):
        tokens = tokens[1:-1]
    return tokens


def closes(tokens: Sequence[Token]) -> bool:
    """Return whether the first token opens a bracket that the last one closes."""
    if depth_change(tokens[0]) != 1 or tokens[0].text in ("lfloor", "lceil"):
        return False
    depth = 0
    for index, token in enumerate(tokens):
        depth += depth_change(token)
        if depth == 0:
            return index == len(tokens) - 1
    return False


def source(tokens: Sequence[Token]) -> str:
    """Write tokens as text."""
    out = []
    for token in tokens:
        text = f"\\{token.text}" if token.kind == "command" else token.text
        if ":" in text and token.kind == "command":
            text = text.replace(":", "{") + "}"
        out.append((" " if token.spaced or token.kind == "text" else "") + text)
    return "".join(out).strip()
