"""Values of a row as text: what is text becomes text, and nothing else does.

A list of one is its element. A list of chat messages is the text of its one user message. Lists of
several, objects, booleans, bytes, NaN and infinities are rejected, never written as Python would
write them.
"""

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

_LISTED = re.compile(r"""\[\s*(?:'([^']*)'|"([^"]*)")\s*\]""")
"""A list of one text as pandas writes it into CSV."""

_EXACT = 2**53
"""Whole numbers up to here are exact as floating-point numbers."""


class BadCell(Exception):
    """A row lacks a value, or has one that is no text; the message names it."""


class Message(NamedTuple):
    """A prompt that was given as chat messages."""

    text: str
    """Of its user."""
    system: str | None
    """The system message, which is no part of the question."""


def find(row: Mapping[str, Any], names: Sequence[str]) -> tuple[str, Any] | None:
    """Return the first of these columns that has a value, as the file spells it, and the value.

    Case and surrounding blanks of a column's name do not matter. ``a.b`` is the field ``b`` of the
    object in the column ``a``.
    """
    folded = {str(key).strip().casefold(): (str(key).strip(), value) for key, value in row.items()}
    for name in names:
        column, _, inner = name.partition(".")
        spelled, value = folded.get(name) or folded.get(column) or ("", None)
        if inner and name not in folded:
            value = value.get(inner) if isinstance(value, Mapping) else None
            spelled = f"{spelled}.{inner}"
        if not is_empty(value):
            return spelled, value
    return None


def missing(row: Mapping[str, Any], names: Sequence[str], what: str) -> str:
    """Report that a row has none of some columns, or that one is empty.

    Args:
        row: the row.
        names: the accepted column names.
        what: what the column contains, for the message.
    """
    empty = [
        f"`{key}` is {'NaN' if isinstance(value, float) else 'empty'}"
        for key, value in row.items()
        if str(key).strip().casefold() in names
    ]
    reason = f"column {', '.join(empty)}" if empty else f"none of the columns {', '.join(names)}"
    return f"has no {what}: {reason}"


def is_empty(value: object) -> bool:
    """Whether a cell holds nothing: null, blanks, an empty list, or pandas' NaN for nothing."""
    if isinstance(value, float):
        return math.isnan(value)
    if isinstance(value, str):
        return not value.strip()
    return value is None or value == [] or value == {}


def as_text(value: object, column: str) -> str:
    """Return the text of a cell.

    Args:
        value: the cell.
        column: its column, for errors.

    Raises:
        BadCell: it is no text and no number.
    """
    if isinstance(value, str):
        listed = _LISTED.fullmatch(value.strip())
        text = (listed[1] or listed[2] or "" if listed else value).strip()
        if not text:
            raise BadCell(f"column `{column}` is empty")
        try:
            text.encode()
        except UnicodeEncodeError:
            reason = (
                f"column `{column}` contains half of a surrogate pair, which is not a character"
            )
            raise BadCell(reason) from None
        return text
    if isinstance(value, (list, tuple)) and len(value) == 1:
        return as_text(value[0], column)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, (float, Decimal)) and math.isfinite(value):
        integer = int(value)
        if integer == value and abs(integer) <= _EXACT:
            return str(integer)
        return format(value, "f") if isinstance(value, Decimal) else repr(value)
    raise BadCell(f"column `{column}` contains {_named(value)}, but a text or a number is needed")


def as_prompt(value: object, column: str) -> Message:
    """Return the question in a cell: its text, or the one user message of a chat.

    Args:
        value: the cell.
        column: its column, for errors.

    Raises:
        BadCell: it is no text, or a conversation of several turns.
    """
    if isinstance(value, Mapping) and "role" in value:
        value = [value]
    if not (
        isinstance(value, (list, tuple))
        and value
        and all(isinstance(item, Mapping) and "role" in item for item in value)
    ):
        return Message(as_text(value, column), None)
    by_role: dict[str, list[str]] = {}
    for message in value:
        text = _content(message.get("content"), column)
        by_role.setdefault(str(message["role"]), []).append(text)
    user_messages = by_role.pop("user", [])
    system = [*by_role.pop("system", []), *by_role.pop("developer", [])]
    if len(user_messages) != 1 or by_role:
        reason = f"column `{column}` is a conversation; a question is one message of the user"
        raise BadCell(reason)
    return Message(as_text(user_messages[0], column), "\n\n".join(system) or None)


def _content(content: object, column: str) -> str:
    """Return the text of a message's content, which may be in parts."""
    if isinstance(content, str):
        return content
    if not isinstance(content, (list, tuple)):
        raise BadCell(f"column `{column}` has a message without a text")
    texts = []
    for part in content:
        if not (isinstance(part, Mapping) and isinstance(part.get("text"), str)):
            raise BadCell(f"column `{column}` has a message with more than text in it")
        texts.append(part["text"])
    return "".join(texts)


def _named(value: object) -> str:
    if isinstance(value, bool):
        return f"the truth value {str(value).lower()}"
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, (bytes, bytearray)):
        return "bytes"
    if isinstance(value, (float, Decimal)):
        return f"the number {value}"
    return f"a {type(value).__name__}"
