r"""Read an answer as a structure: a value with its label and unit, a list, an interval, and so on.

A structure is plain data. Its leaves are expressions that `store.answers.expressions` parses,
words, or text that is no mathematics; `store.answers.forms` writes it in its one form and compares
two.
"""

import re
from collections.abc import Sequence
from fractions import Fraction
from math import gcd, lcm

from store.answers.brackets import CLOSING, OPENING, closes, source, split, split_at, strip_brackets
from store.answers.exact import number, rational
from store.answers.expressions import parse_expression
from store.answers.intervals import REALS, intersect, interval, is_set, reals_without, unite
from store.answers.lexer import Token, UnreadableAnswer, tokenize
from store.answers.phrases import read_phrase, read_words
from store.answers.quantities import Structure, add_up, read_based, read_quantity, read_signs
from store.answers.relations import (
    read_approximation,
    read_congruence,
    read_relation,
    read_variable,
)
from store.answers.typography import normalize

_MATRICES = frozenset(["matrix", "pmatrix", "bmatrix", "Bmatrix", "smallmatrix", "array"])
_SIDE_BY_SIDE = re.compile(r"(?<![\w^_{])\d+(?:\s|\\[,;:! ])+\d")
_LEADING_ZEROS = re.compile(r"^([+-]?)0*(\d+)(?:\.0*)?$")
_PLAIN = re.compile(
    r"(?P<sign>[-+]?)(?:(?P<decimal>[0-9]{1,300}(?:\.[0-9]{1,300})?)"
    r"|(?P<fraction>\\[dt]?frac\{)?(?P<top>[0-9]{1,300})(?(fraction)\}\{|/)(?P<bottom>[1-9][0-9]{0,299})(?(fraction)\}))"
)
_CALCULUS = re.compile(r"\\(?:sum|prod|i*int|oint|lim)(?![A-Za-z])")
_KNOWN_COMMANDS = re.compile(
    r"\\(?:sum|prod|i*int|lim|frac|sqrt|cdot|times|pi|infty|to|rightarrow|sin|cos|tan|cot|sec|csc"
    r"|arcsin|arccos|arctan|log|ln|exp|,|;|!|\s)(?![A-Za-z])"
)
_COMPARATIVES = frozenset(["more", "less", "fewer", "greater", "larger", "smaller", "higher"])
_ROOT_NAMES = re.compile(r"(?:[xzrts]|lambda|alpha|theta)_\w+")
_PARAMETER = re.compile(
    r"\s*(?:,|;|\\text\{\s*,?\s*(?:for|where|with)(?: any| all| some)?\s*\}|(?P<open>\())"
    r"\s*[a-z]\s*(?:\\in\s*\\mathbb\{Z\}|\\text\{\s*is an integer\s*\})\s*(?(open)\))$"
)


def read_structure(answer: str) -> Structure:
    """Read an answer as it was extracted; whatever it holds, this returns."""
    if plain := _PLAIN.fullmatch(answer):
        top, bottom = plain["top"], plain["bottom"]
        value = Fraction(f"{top}/{bottom}") if bottom else Fraction(plain["decimal"])
        return Structure("value", (number(-value if plain["sign"] == "-" else value),))
    text = normalize(answer)
    phrase = read_phrase(text, _read_text)
    return _read_text(text) if phrase is None else phrase


def _read_text(text: str) -> Structure:
    if "mathbb{Z}" in text or "integer" in text:
        text = _PARAMETER.sub("", text)
    try:
        return _read(tokenize(text))
    except (UnreadableAnswer, RecursionError):
        return _unread(text)


def _unread(text: str) -> Structure:
    """Keep a text that is no mathematics: as words, as LaTeX that others may read, or as it is."""
    if digits := _LEADING_ZEROS.match(text):
        return Structure("text", (digits[1].replace("+", "") + digits[2],))
    plain = re.sub(r"\\text\{([^{}]*)\}", r" \1 ", text)
    words = re.sub(r"\\[A-Za-z]+", " ", plain)
    if "\\" not in plain.replace("\\{", "").replace("\\}", "") and re.search(
        r"[^\W\d_]{2,}", words
    ):
        return read_words(plain)
    if _CALCULUS.search(text) and "\\" not in _KNOWN_COMMANDS.sub("", text):
        return Structure("latex", (text,))
    if _SIDE_BY_SIDE.search(text):
        return Structure("text", (" ".join(text.split()),))
    return Structure("text", (re.sub(r"\s+(?![A-Za-z0-9])|(?<![A-Za-z0-9])\s+", "", text),))


def _read(tokens: Sequence[Token]) -> Structure:
    """Read tokens, the outermost construct first.

    Raises:
        UnreadableAnswer: they are no mathematics that is known here.
    """
    if not tokens:
        raise UnreadableAnswer("it is empty")
    if len(tokens) == 1 and tokens[0].text == "emptyset" and tokens[0].kind == "command":
        return Structure("none")
    if len(tokens) == 1 and tokens[0].text == "mathbb_R":
        return REALS
    if len(tokens) == 1 and tokens[0].kind == "number":
        return read_quantity(tokens)
    for reader in (_matrix, _list, _membership, _union, _difference):
        if (structure := reader(tokens)) is not None:
            return structure
    for recursive in (read_congruence, read_approximation, read_relation):
        if (structure := recursive(tokens, _read)) is not None:
            return structure
    for reader in (_ratio, _bracketed, read_signs, read_based):
        if (structure := reader(tokens)) is not None:
            return structure
    return read_quantity(tokens)


def _matrix(tokens: Sequence[Token]) -> Structure | None:
    inner = strip_brackets(tokens)
    first, last = inner[0], inner[-1]
    if first.kind != "command" or first.text.removeprefix("begin:") not in _MATRICES:
        return None
    if last.text != first.text.replace("begin", "end"):
        return None
    rows = split(inner[1:-1], lambda index: inner[1 + index].text == "\\")
    cells = [split_at(row, "&") for row in rows]
    return Structure("matrix", tuple(tuple(_read(cell) for cell in row) for row in cells))


def _is_word(token: Token, *words: str) -> bool:
    return token.kind in ("word", "text") and token.text.casefold().strip(", ") in words


def _is_alternative(tokens: Sequence[Token], index: int) -> bool:
    """Return whether a token is the *or* between two items, and not that of *8 or more*."""
    following = tokens[index + 1].text if index + 1 < len(tokens) else ""
    return _is_word(tokens[index], "or") and following not in _COMPARATIVES


def _without_commas(tokens: list[Token]) -> list[Token]:
    while tokens and tokens[0].text == ",":
        tokens = tokens[1:]
    while tokens and tokens[-1].text == ",":
        tokens = tokens[:-1]
    return tokens


def _list(tokens: Sequence[Token]) -> Structure | None:
    """Read items joined by commas, semicolons, *and* and *or*, in any order."""
    alternatives = split(
        tokens, lambda index: _is_alternative(tokens, index) or tokens[index].text in (";", "lor")
    )
    alternatives = [part for part in map(_without_commas, alternatives) if part]
    if len(alternatives) > 1:
        items = [_item(part) for part in alternatives]
        # Two spellings of one value are one: *3/2 or 1.5*.
        return _joined(items, is_union=True) if len(set(items)) > 1 else items[0]
    parts = split(
        tokens, lambda index: _is_word(tokens[index], "and") or tokens[index].text in (",", "&")
    )
    if len(parts) < 2:
        return None
    items = [_item(part) for part in parts]
    if any(token.text == "ldots" for token in tokens):
        return Structure("sequence", tuple(items))
    if (total := add_up(items)) is not None:
        return total
    return _joined(items, is_union=False)


def _joined(items: list[Structure], *, is_union: bool) -> Structure:
    """Join items to a set of numbers, a tuple of named values, or a list."""
    variables = {item.variable for item in items}
    if len(variables) == 1 and "" not in variables and all(is_set(item) for item in items):
        joined = unite(items) if is_union else _all_of(items)
        return joined._replace(variable=variables.pop())
    flat: list[Structure] = []
    for item in items:
        is_list = item.kind == "list" and not item.label and not item.unit
        flat += item.parts if is_list else [item]
    names = [item.variable for item in flat]
    if len(set(names) - {""}) < 2:
        name = next((name for name in names if name), "")
        return Structure("list", tuple(item._replace(variable="") for item in flat), variable=name)
    if all(_ROOT_NAMES.fullmatch(name) and name[0] == names[0][0] for name in names):
        return Structure("list", tuple(item._replace(variable="") for item in flat))
    if all(names) and len(set(names)) == len(names):
        ordered = sorted(flat, key=lambda item: item.variable)
        parts = tuple(item._replace(variable="") for item in ordered)
        return Structure("tuple", parts, variable=",".join(sorted(names)))
    return Structure("list", tuple(_labelled(item) for item in flat))


def _labelled(item: Structure) -> Structure:
    return item._replace(label=item.label or item.variable, variable="")


def _all_of(items: Sequence[Structure]) -> Structure:
    """Intersect sets, or unite them where they share nothing: *x < 1 and x > 2* lists two."""
    result = items[0]
    for item in items[1:]:
        shared = intersect(result, item)
        if shared is None or shared.kind == "none":
            return unite(items)
        result = shared
    return result


def _item(tokens: Sequence[Token]) -> Structure:
    try:
        return _read(tokens)
    except UnreadableAnswer:
        return _unread(source(tokens))


def _union(tokens: Sequence[Token]) -> Structure | None:
    def separates(index: int) -> bool:
        token = tokens[index]
        if token.kind == "command":
            return token.text == "cup"
        between = 0 < index < len(tokens) - 1 and tokens[index - 1].text in CLOSING
        return token.text == "U" and between and tokens[index + 1].text in OPENING

    parts = split(tokens, separates)
    if len(parts) < 2:
        return None
    return unite([_read(part) for part in parts])


def _membership(tokens: Sequence[Token]) -> Structure | None:
    r"""Read ``x \in S`` as the set that it names."""
    sides = split(
        tokens,
        lambda index: (
            tokens[index].text == "in"
            and (tokens[index].kind == "command" or (index == 1 and tokens[-1].text in CLOSING))
        ),
    )
    if len(sides) != 2 or len(sides[0]) > 4:
        return None
    return _read(sides[1])._replace(variable=read_variable(sides[0]) or "")


def _difference(tokens: Sequence[Token]) -> Structure | None:
    r"""Read ``S \setminus \{a, b\}`` as what is left."""
    sides = split_at(tokens, "setminus", "backslash")
    if len(sides) != 2:
        return None
    minuend, removed = (_read(side) for side in sides)
    points = removed.parts if removed.kind == "list" else [removed]
    if not all(point.kind == "value" for point in points):
        raise UnreadableAnswer("a difference of sets")
    others = reals_without(point.parts[0] for point in points)
    shared = intersect(minuend, others) if others is not None else None
    if shared is None:
        raise UnreadableAnswer("the ends of a set have no order")
    return shared


def _ratio(tokens: Sequence[Token]) -> Structure | None:
    parts = split(tokens, lambda index: tokens[index].text == ":" or _is_word(tokens[index], "to"))
    if len(parts) < 2:
        return None
    quantities = [read_quantity(part) for part in parts]
    values = [rational(part.parts[0]) for part in quantities if part.parts[0][0] == "num"]
    if len(values) < len(quantities) or not all(values):
        return Structure("ratio", tuple(quantities))
    factor = Fraction(lcm(*(value.denominator for value in values)))
    factor /= gcd(*(int(value * factor) for value in values))
    parts_in_lowest_terms = (
        part._replace(parts=(number(value * factor),))
        for part, value in zip(quantities, values, strict=True)
    )
    return Structure("ratio", tuple(parts_in_lowest_terms))


def _bracketed(tokens: Sequence[Token]) -> Structure | None:
    if len(tokens) == 2 and tokens[0].text == r"\{" and tokens[1].text == r"\}":
        return Structure("none")
    if len(tokens) < 3 or not closes(tokens) or tokens[0].text.startswith("begin:"):
        return None
    opening, closing, inner = tokens[0].text, tokens[-1].text, tokens[1:-1]
    if opening == r"\{":
        return _braced(inner)
    parts = split_at(inner, ",", ";")
    if opening == "[" and all(part[0].text == "[" and closes(part) for part in parts):
        rows = [split_at(part[1:-1], ",") for part in parts]
        return Structure("matrix", tuple(tuple(_read(cell) for cell in row) for row in rows))
    if len(parts) < 2:
        return _read(inner)
    if len(parts) == 2 and (opening, closing) in (("[", "]"), ("[", ")"), ("(", "]")):
        low, high = map(parse_expression, parts)
        return interval(opening, low, high, closing)
    items = tuple(_item(part) for part in parts)
    if opening == "[" and all(item.kind == "tuple" for item in items):
        return Structure("matrix", tuple(item.parts for item in items))
    return Structure("tuple", items)


def _braced(inner: Sequence[Token]) -> Structure:
    r"""Read what is between ``\{`` and ``\}``: a list, or a condition on a variable."""
    bar = next(
        (index for index, token in enumerate(inner) if token.text in ("|", ":", r"\|")), None
    )
    sides = [] if bar is None else [inner[:bar], inner[bar + 1 :]]
    if not sides and len(inner) == 1 and inner[0].text == "emptyset":
        raise UnreadableAnswer("a set of sets")
    if not sides or (len(sides[1]) and inner[-1].text == "|"):
        return _read(inner)
    name = split_at(sides[0], "in")
    if len(name) == 2 and name[1][-1].text != "mathbb_R":
        raise UnreadableAnswer("a set within a set that is not the real numbers")
    if not name or (read_variable(name[0]) is None and name[0][0].text != "("):
        raise UnreadableAnswer("a set of values of a function")
    return _read(sides[1])
