"""List, sets and dictionaries of other languages, which Rheo has no values for.

The lexer finds them, so a whole bracket is reported once and read as
one value; its contents are not examined.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from lark import Token

from dsl.builtins import SETS
from dsl.diagnostics import Diagnostic, Mark
from dsl.source import Span

_CLOSERS = {"[": "]", "{": "}", "(": ")"}
_ENDS_OPERAND = frozenset({"NAME", "FIELD", "RPAR", "STRING"})
_BEFORE_VALUE = frozenset({"EQUAL", "COMMA", "LPAR", "IN", "PUSH"})
"""What a brace after it can only be a value of another language."""


class BracketedValue(NamedTuple):
    """A list, a set or a dictionary in the text."""

    diagnostic: Diagnostic
    end: int
    """Where it ends in the text."""
    meant: tuple[tuple[str, str], ...]
    """The tokens to read instead, as types and texts."""
    clear: bool
    """Whether what follows on the line can be understood without it."""
    names: tuple[str, ...] = ()
    """The name that it is the value of, if there is one."""


def bracketed_value(text: str, start: int, tokens: Sequence[Token]) -> BracketedValue | None:
    """Read a list, a set or a dictionary.

    Args:
        text: the program.
        start: the position of a `[` or of a `{`.
        tokens: those before it.

    Returns:
        ``None`` where the sign is something else, or is never closed.
    """
    before = tokens[-1].type if tokens else ""
    if text[start] == "{" and before not in _BEFORE_VALUE:
        return None
    end = _closing(text, start)
    if end is None:
        return None
    is_index = text[start] == "[" and before in _ENDS_OPERAND
    kind = "list" if text[start] == "[" else "dictionary" if ":" in text[start:end] else "set"
    if kind == "set" and not text[start + 1 : end - 1].strip():
        kind = "dictionary"
    if is_index:
        message = "Rheo has no indexing with `[`"
        advice = _index_advice(str(tokens[-1]), text[start + 1 : end - 1])
    else:
        message = f"Rheo has no {kind} of values"
        advice = _advice(kind, tokens, text[start:end])
    # The sign alone is marked where the rest is on other lines.
    marked = Span(start, end if "\n" not in text[start:end] else start + 1)
    meant: tuple[tuple[str, str], ...] = (("NUMBER", "0"),)
    if is_index:
        meant = ()
    elif before == "IN" and _section(tokens) == "knobs":
        meant = (("NUMBER", "0"), ("__ANON_0", ".."), ("NUMBER", "0"))
    # A knob has a range after its default, and `in` joins nothing outside of `knobs`.
    clear = len(meant) != 1 or (before != "IN" and _section(tokens) != "knobs")
    diagnostic = Diagnostic("RH116", message, Mark(marked), help=advice)
    declared = None if is_index else _declared(tokens)
    return BracketedValue(diagnostic, end, meant, clear, (declared,) if declared else ())


def _closing(text: str, start: int) -> int | None:
    """Return the position after the bracket that closes the one at ``start``."""
    waiting: list[str] = []
    for match in re.compile(r'"[^"\n]*"|#[^\n]*|[\[\](){}]').finditer(text, start):
        sign = match.group()
        if sign in _CLOSERS:
            waiting.append(_CLOSERS[sign])
        elif sign in _CLOSERS.values():
            if not waiting or waiting.pop() != sign:
                return None
            if not waiting:
                return match.end()
    return None


def _index_advice(holder: str, inside: str) -> str:
    if holder in SETS and re.search(r"\.[A-Za-z_]", inside):
        return f"write `{holder} where …`"
    if holder in SETS:
        return f"write `first n of {holder}`, and sort it first with `by` where the order matters"
    return (
        "the last value of a window is `newest(w)`; select branches of a set with `where`, "
        "`by` and `first n of`"
    )


_COMPREHENSION = re.compile(
    r"[\[{]\s*(?P<value>.+?)\s+for\s+(?P<name>\w+)\s+in\s+(?P<set>\w+)"
    r"(?:\s+if\s+(?P<condition>.+?))?\s*[\]}]"
)


def _comprehension_advice(text: str) -> str | None:
    """Return what ``[b for b in active if c]`` is in Rheo."""
    found = _COMPREHENSION.fullmatch(text)
    if found is None:
        return None
    name = found["name"]
    value, condition = (
        re.sub(rf"\b{name}\.", ".", found[part] or "") for part in ("value", "condition")
    )
    branches = f"{found['set']} where {condition}" if condition else found["set"]
    if value == name:
        return f"write `{branches}`"
    return f"read a value of each branch in a function, such as `mean({value} of {branches})`"


def _advice(kind: str, tokens: Sequence[Token], text: str) -> str:
    comprehension = _comprehension_advice(text)
    if comprehension is not None:
        return comprehension
    section = _section(tokens)
    name = _declared(tokens)
    before = tokens[-1].type if tokens else ""
    if section == "knobs":
        if before == "IN":
            return "write a range with two dots: `1..64`"
        return (
            f"a knob has one default and a range: `{name or 'n'} = 64 in 1..128`;"
            " `rheostat sweep --set` plays several values"
        )
    if section == "schedule":
        return "a schedule line has one value, computed from `beta`"
    if before == "IN":
        return "compare with each value: `x == a or x == b`"
    if kind == "dictionary":
        return (
            "store values of a branch in a field of `each branch`; count votes with "
            "`winner`, `share` and `confidence`"
        )
    if section == "memory" and name is not None:
        return (
            f"to keep the last values of a number, write `{name} = window(5)`, and"
            f" `push x onto {name}` in a step"
        )
    if section == "each":
        return "a field contains a number, true or false, or an answer for each branch"
    return (
        "select branches with `where`, `by` and `first n of`; keep numbers over time in a "
        "window: `w = window(5)` in `memory`"
    )


def _section(tokens: Sequence[Token]) -> str | None:
    """Return the section of declarations that the text is in."""
    for index in range(len(tokens) - 1, 0, -1):
        if tokens[index].type == "RBRACE":
            return None
        if tokens[index].type == "LBRACE":
            head = str(tokens[index - 1])
            return "each" if head == "branch" else head if head in _SECTIONS else None
    return None


_SECTIONS = {"schedule", "knobs", "memory"}


def _declared(tokens: Sequence[Token]) -> str | None:
    """Return the name whose value the text is."""
    if len(tokens) > 1 and tokens[-1].type == "EQUAL" and tokens[-2].type in {"NAME", "FIELD"}:
        return str(tokens[-2])
    return None
