"""Read a single value with its unit, its base, or the two signs that it may have."""

import itertools
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from store.answers.brackets import depth_change, strip_brackets
from store.answers.exact import number, rational
from store.answers.expressions import parse_expression
from store.answers.lexer import UNIT_LETTERS, Token, UnreadableAnswer
from store.answers.units import is_unit, normalize_unit, subunits

_CURRENCIES = frozenset(["$", "€", "£", "¥", "₹", "¢"])
_MOST_SIGNS = 3
_NUMBERS = frozenset(["pi", "e", "i", "oo"])
_COMPARING = frozenset(
    ["or", "and", "more", "less", "fewer", "least", "most", "than", "not", "if", "when", "except",
     "greater", "above", "below", "over", "under"]
)  # fmt: skip


class Structure(NamedTuple):
    """The parsed content of an answer."""

    kind: str
    """``value``, ``list``, ``sequence``, ``tuple``, ``interval``, ``union``, ``matrix``,
    ``equation``, ``inequality``, ``nonzero``, ``based``, ``ratio``, ``time``, ``formula``,
    ``words``, ``text``, ``latex`` or ``none``."""
    parts: tuple[Any, ...] = ()
    label: str = ""
    """The label of the value, such as ``f(x)``."""
    variable: str = ""
    """The single letter that the value is assigned to; ``x = 5`` is the value 5."""
    unit: str = ""


def read_signs(tokens: Sequence[Token]) -> Structure | None:
    r"""Read ``a \pm b`` as the values that it denotes; several signs vary independently.

    With ``\mp`` among them, all upper signs go together, and all lower ones.
    """
    if not any(token.text in ("pm", "mp") for token in tokens):
        return None
    signs = [index for index, token in enumerate(tokens) if token.text in ("pm", "mp")]
    is_joint = any(tokens[index].text == "mp" for index in signs) or len(signs) > _MOST_SIGNS
    choices = [("+",) * len(signs), ("-",) * len(signs)]
    if not is_joint:
        choices = list(itertools.product("+-", repeat=len(signs)))
    items = []
    for choice in choices:
        varied = list(tokens)
        for index, sign in zip(signs, choice, strict=True):
            opposite = "-" if sign == "+" else "+"
            varied[index] = Token("sign", sign if tokens[index].text == "pm" else opposite)
        items.append(read_quantity(varied))
    return Structure("list", tuple(items))


def read_based(tokens: Sequence[Token]) -> Structure | None:
    """Read a numeral with its base as a subscript; the digits may go up to F."""
    index = next((position for position, token in enumerate(tokens) if token.text == "_"), 0)
    digits = "".join(token.text for token in strip_brackets(tokens[:index])) if index else ""
    base = "".join(token.text for token in tokens[index + 1 :]).strip("{}")
    spelled = {"two": "2", "eight": "8", "ten": "10", "sixteen": "16"}.get(base, base)
    if not index or not re.fullmatch(r"[0-9A-F]*[0-9][0-9A-F]*", digits):
        return None
    if not re.fullmatch(r"\d{1,2}", spelled):
        return None
    if spelled == "10" and digits.isdigit():
        return Structure("value", (number(int(digits)),))
    return Structure("based", (digits.lstrip("0") or "0", spelled))


def read_quantity(tokens: Sequence[Token]) -> Structure:
    """Read a value with the unit before or after it.

    Raises:
        UnreadableAnswer: it is no value; words among others.
    """
    if len(tokens) > 1 and tokens[0].text in _CURRENCIES:
        quantity = read_quantity(tokens[1:])
        return quantity if quantity.unit else quantity._replace(unit=tokens[0].text)
    if len(tokens) > 2 and tokens[0].text == "-" and tokens[1].text in _CURRENCIES:
        return read_quantity([tokens[0], *tokens[2:]])._replace(unit=tokens[1].text)
    begin = _unit_begin(tokens)
    if begin is None:
        return Structure("value", (parse_expression(tokens),))
    if (compound := _compound(tokens)) is not None:
        return compound
    texts = [token.text for token in tokens[begin:]]
    if _COMPARING & {word for text in texts for word in text.casefold().split()}:
        raise UnreadableAnswer("words that change the value follow it")
    return Structure("value", (parse_expression(tokens[:begin]),), unit=normalize_unit(texts))


def _unit_begin(tokens: Sequence[Token]) -> int | None:
    """Find where the unit after a value begins: only words, powers and signs follow.

    Raises:
        UnreadableAnswer: words follow what is no number.
    """
    depth = 0
    for index in range(1, len(tokens)):
        depth += depth_change(tokens[index - 1])
        if depth or not _begins_unit(tokens, index):
            continue
        if not _is_unit_text(tokens[index:]) and _pairs(tokens) is None:
            return None
        is_number = any(
            token.kind == "number" or token.text in _NUMBERS for token in tokens[:index]
        )
        is_short = tokens[index].kind == "word" and len(tokens[index].text) <= 3
        if not is_number and is_short and tokens[index].text.islower():
            continue
        if not is_number and not (tokens[index].kind == "text" and is_unit(tokens[index].text)):
            raise UnreadableAnswer("words follow a name")
        return index
    return None


def _begins_unit(tokens: Sequence[Token], index: int) -> bool:
    token, before = tokens[index], tokens[index - 1]
    if token.kind == "text" or token.text == "%" or token.text in _CURRENCIES:
        return True
    if token.kind == "word":
        return (
            is_unit(token.text)
            or not (token.text.islower() and len(token.text) <= 3)
            or (token.spaced and before.kind == "number" and _has_vowel(token.text))
        )
    if token.kind == "command" and token.text == "min":
        return before.kind == "number"
    if token.kind != "name":
        return False
    if not token.text.isascii() or token.text == "Omega":
        return before.kind == "number"
    ends = before.kind == "number" or before.text in ("}", ")")
    is_bare = all(token.kind != "name" or token.text in _NUMBERS for token in tokens[:index])
    return token.text in UNIT_LETTERS and token.spaced and ends and is_bare


def _is_unit_text(tokens: Sequence[Token]) -> bool:
    """Whether tokens can be a unit: numbers are powers alone, and single letters are known."""
    before: Token | None = None
    power = False
    for token in tokens:
        if token.text in ("^", "{", "}", "-") or (token.kind == "number" and power):
            power = token.text in ("^", "{", "-")
        elif token.kind == "number":
            return False
        elif token.kind == "name" and token.text in UNIT_LETTERS | {"Omega"}:
            if before is not None and before.kind == "name" and before.text not in "NJWVAK":
                return False
        elif not (
            token.kind in ("text", "word")
            or token.text in ("/", ".", "-", "(", ")", "cdot", "degree", "min", "%", "\u00b0")
            or token.text in _CURRENCIES
            or not token.text.isascii()
        ):
            return False
        before = token
    return True


def _pairs(tokens: Sequence[Token]) -> list[tuple[Token, str]] | None:
    """Return the numbers and units of ``3 hours 20 minutes``; ``None`` for any other form."""
    if len(tokens) < 4 or len(tokens) % 2:
        return None
    if not all(
        token.kind in ("text", "word", "name") or token.text == "min" for token in tokens[1::2]
    ):
        return None
    pairs = [
        (tokens[index], normalize_unit([tokens[index + 1].text]))
        for index in range(0, len(tokens), 2)
    ]
    return pairs if all(amount.kind == "number" and amount.value for amount, _ in pairs) else None


def _compound(tokens: Sequence[Token]) -> Structure | None:
    """Add up a quantity in several units, in the smallest of them."""
    pairs = _pairs(tokens)
    if pairs is None:
        return None
    amounts = [number(amount.value or 0) for amount, _ in pairs]
    items = zip(amounts, (unit for _, unit in pairs), strict=True)
    total = add_up([Structure("value", (amount,), unit=unit) for amount, unit in items])
    if total is None:
        raise UnreadableAnswer("two units are unrelated")
    return total


def add_up(items: Sequence[Structure]) -> Structure | None:
    """Add quantities in units of which each is a part of the one before; ``None`` for others."""
    if not all(item.kind == "value" and item.unit and item.parts[0][0] == "num" for item in items):
        return None
    total, unit = rational(items[0].parts[0]), items[0].unit
    for item in items[1:]:
        factor = subunits(unit, item.unit)
        if factor is None or unit == item.unit:
            return None
        total, unit = total * factor + rational(item.parts[0]), item.unit
    return Structure("value", (number(total),), unit=unit)


def _has_vowel(text: str) -> bool:
    return any(letter in "aeiou" for letter in text)
