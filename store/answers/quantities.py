"""Read a single value with its unit, its base, or the two signs that it may have."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from store.answers.expressions import parse_expression
from store.answers.lexer import UNIT_LETTERS, Token
from store.answers.units import is_unit, normalize_unit

_CURRENCIES = frozenset(["$", "€", "£", "¥"])


class Structure(NamedTuple):
    """What an answer says."""

    kind: str
    """``value``, ``list``, ``sequence``, ``tuple``, ``interval``, ``union``, ``matrix``,
    ``equation``, ``inequality``, ``nonzero``, ``based``, ``ratio``, ``words``, ``text``, ``latex``
    or ``none``."""
    parts: tuple[Any, ...] = ()
    label: str = ""
    """What the value is said to be the value of, such as ``f(x)``."""
    variable: str = ""
    """The single letter that the value is said to be of; ``x = 5`` is the value 5."""
    unit: str = ""


def read_signs(tokens: Sequence[Token]) -> Structure | None:
    r"""Read ``a \pm b`` as the two values that it stands for."""
    if not any(token.text in ("pm", "mp") for token in tokens):
        return None
    items = []
    for upper in ("+", "-"):
        lower = "-" if upper == "+" else "+"
        chosen = {"pm": upper, "mp": lower}
        varied = [
            Token("sign", chosen[token.text]) if token.text in chosen else token for token in tokens
        ]
        items.append(read_quantity(varied))
    return Structure("list", tuple(items))


def read_based(tokens: Sequence[Token]) -> Structure | None:
    """Read a numeral with its base as a subscript; the digits may go up to F."""
    at = next((at for at, token in enumerate(tokens) if token.text == "_"), 0)
    digits = "".join(token.text for token in tokens[:at])
    base = "".join(token.text for token in tokens[at + 1 :]).strip("{}")
    spelled = {"two": "2", "eight": "8", "ten": "10", "sixteen": "16"}.get(base, base)
    if not at or not re.fullmatch(r"[0-9A-F]*[0-9][0-9A-F]*", digits):
        return None
    if not re.fullmatch(r"\d{1,2}", spelled):
        return None
    return Structure("based", (digits.lstrip("0") or "0", spelled))


def read_quantity(tokens: Sequence[Token]) -> Structure:
    """Read a value with the unit before or after it.

    Raises:
        UnreadableAnswer: it is no value; words among others.
    """
    if len(tokens) > 1 and tokens[0].text in _CURRENCIES:
        found = read_quantity(tokens[1:])
        return found if found.unit else found._replace(unit=tokens[0].text)
    if len(tokens) > 2 and tokens[0].text == "-" and tokens[1].text in _CURRENCIES:
        return read_quantity([tokens[0], *tokens[2:]])._replace(unit=tokens[1].text)
    at = _unit_begin(tokens)
    if at is None:
        return Structure("value", (parse_expression(tokens),))
    value = parse_expression(tokens[:at])
    unit = normalize_unit([token.text for token in tokens[at:]])
    return Structure("value", (value,), unit=unit)


def _unit_begin(tokens: Sequence[Token]) -> int | None:
    """Where the unit after a value begins: all that follows are words and their powers."""
    for at in range(1, len(tokens)):
        if _begins_unit(tokens, at):
            rest = tokens[at + 1 :]
            allowed = all(
                token.kind in ("text", "word", "name", "number") or token.text in "^{}/.-()"
                or token.text in ("min", "cdot", "degree")
                for token in rest
            )  # fmt: skip
            return at if allowed else None
    return None


def _begins_unit(tokens: Sequence[Token], at: int) -> bool:
    token, before = tokens[at], tokens[at - 1]
    if token.kind == "text" or token.text == "%" or token.text in _CURRENCIES:
        return True
    if token.kind == "word":
        return is_unit(token.text) or not (token.text.islower() and len(token.text) <= 3) or (
            token.spaced and before.kind == "number" and _has_vowel(token.text)
        )  # fmt: skip
    if token.kind == "command" and token.text == "min":
        return before.kind == "number"
    ends = before.kind == "number" or before.text in ("}", ")")
    return token.kind == "name" and token.text in UNIT_LETTERS and token.spaced and ends


def _has_vowel(text: str) -> bool:
    return any(letter in "aeiou" for letter in text)
