r"""Read an answer as a structure: a value with its label and unit, a list, an interval, and so on.

A structure is plain data. Its leaves are expressions that `store.answers.expressions` parses,
words, or text that is no mathematics; `store.answers.forms` writes it in its one form and compares
two.
"""

import re
from collections.abc import Callable, Sequence

from store.answers.exact import Expression, number
from store.answers.expressions import parse_expression
from store.answers.lexer import Token, UnreadableAnswer, tokenize
from store.answers.quantities import Structure, read_based, read_quantity, read_signs
from store.answers.typography import normalize

_OPENING = {"(": ")", "[": "]", r"\{": r"\}", "{": "}"}
_CLOSING = frozenset(_OPENING.values())
_RELATIONS = {"=": "=", "<": "<", ">": ">", "le": "<=", "ge": ">=", "ne": "!="}
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}
_NONE_WORDS = frozenset(
    ["no solution", "no solutions", "empty set", "the empty set", "there is no solution",
     "there are no solutions", "has no solution", "no solution exists"]
)  # fmt: skip
_REAL_WORDS = frozenset(["all real numbers", "all reals", "the real numbers", "real numbers"])
_MATRICES = frozenset(["matrix", "pmatrix", "bmatrix", "Bmatrix", "smallmatrix", "array"])
_SIDE_BY_SIDE = re.compile(r"(?<![\w^_{])\d+(?:\s|\\[,;:! ])+\d")
_LEADING_ZEROS = re.compile(r"^([+-]?)0*(\d+)(?:\.0*)?$")

OO: Expression = ("const", "oo")
MINUS_OO: Expression = ("*", number(-1), OO)


def read_structure(answer: str) -> Structure:
    """Read an answer as it was extracted; whatever it holds, this returns."""
    text = normalize(answer)
    try:
        found = _read(tokenize(text))
    except (UnreadableAnswer, RecursionError):
        return _unread(text)
    if found.parts == (("sym", "mathbb_R"),):
        return Structure("interval", ("(", MINUS_OO, OO, ")"))
    return found


def _unread(text: str) -> Structure:
    """Keep a text that is no mathematics: as words, as LaTeX that others may read, or as it is."""
    if digits := _LEADING_ZEROS.match(text):
        return Structure("text", (digits[1].replace("+", "") + digits[2],))
    plain = re.sub(r"\\text\{([^{}]*)\}", r" \1 ", text)
    words = re.sub(r"\\[A-Za-z]+", " ", plain)
    if "\\" not in plain.replace("\\{", "").replace("\\}", "") and re.search(
        r"[^\W\d_]{2,}", words
    ):
        return _words(plain)
    if "\\" in text and not _SIDE_BY_SIDE.search(text):
        return Structure("latex", (text,))
    return Structure("text", (" ".join(text.split()),))


def _words(text: str) -> Structure:
    folded = " ".join(text.casefold().split()).strip(" .,;:!?\"'`()[]")
    if folded in _NONE_WORDS:
        return Structure("none")
    if folded in _REAL_WORDS:
        return Structure("interval", ("(", MINUS_OO, OO, ")"))
    return Structure("words", (folded,))


def _read(tokens: Sequence[Token]) -> Structure:
    """Read tokens, the outermost construct first.

    Raises:
        UnreadableAnswer: they are no mathematics that is known here.
    """
    if not tokens:
        raise UnreadableAnswer("it is empty")
    if tokens[0].kind == "command" and tokens[0].text == "emptyset" and len(tokens) == 1:
        return Structure("none")
    for reader in (_matrix, _list, _union, _membership, _relation, _ratio, _bracketed, read_signs,
                   read_based):  # fmt: skip
        if (found := reader(tokens)) is not None:
            return found
    return read_quantity(tokens)


def _split(tokens: Sequence[Token], is_separator: Callable[[int], bool]) -> list[list[Token]]:
    """Split tokens at separators outside all brackets; empty parts are dropped."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for at, token in enumerate(tokens):
        depth += _depth_change(token)
        if depth <= 0 and is_separator(at):
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]


def _depth_change(token: Token) -> int:
    if token.kind == "sign":
        return (token.text in _OPENING) - (token.text in _CLOSING)
    if token.kind == "command":
        opens = token.text in ("langle", "lfloor", "lceil") or token.text.startswith("begin:")
        closes = token.text in ("rangle", "rfloor", "rceil") or token.text.startswith("end:")
        return opens - closes
    return 0


def _matrix(tokens: Sequence[Token]) -> Structure | None:
    inner = _strip_brackets(tokens)
    first, last = inner[0], inner[-1]
    if first.kind != "command" or first.text.removeprefix("begin:") not in _MATRICES:
        return None
    if last.text != first.text.replace("begin", "end"):
        return None
    rows = _split(inner[1:-1], lambda at: inner[1 + at].text == "\\")
    cells = [_cells(row) for row in rows]
    return Structure("matrix", tuple(tuple(_read(cell) for cell in row) for row in cells))


def _cells(row: Sequence[Token]) -> list[list[Token]]:
    return _split(row, lambda at: row[at].text == "&")


def _list(tokens: Sequence[Token]) -> Structure | None:
    """Read items joined by commas, semicolons, *and* and *or*, in any order."""

    def separates(at: int) -> bool:
        token = tokens[at]
        if token.kind == "sign":
            return token.text in (",", ";", "&")
        return token.kind in ("word", "text") and token.text.casefold().strip(", ") in ("and", "or")

    parts = _split(tokens, separates)
    if len(parts) < 2:
        return None
    if any(token.text == "ldots" for token in tokens):
        return Structure("sequence", tuple(_item(part) for part in parts))
    items = [_item(part) for part in parts]
    if all(item.kind == "interval" and item.variable for item in items):
        return Structure("union", tuple(items))
    flat: list[Structure] = []
    for item in items:
        flat += item.parts if item.kind == "list" and not item.label else [item]
    return Structure("list", tuple(flat))


def _item(tokens: Sequence[Token]) -> Structure:
    try:
        return _read(tokens)
    except UnreadableAnswer:
        text = _source(tokens)
        found = _unread(text)
        if found.kind == "latex":
            raise
        return found


def _source(tokens: Sequence[Token]) -> str:
    out = []
    for token in tokens:
        text = f"\\{token.text}" if token.kind == "command" else token.text
        out.append((" " if token.spaced or token.kind == "text" else "") + text)
    return "".join(out).strip()


def _union(tokens: Sequence[Token]) -> Structure | None:
    def separates(at: int) -> bool:
        token = tokens[at]
        if token.kind == "command":
            return token.text == "cup"
        between = 0 < at < len(tokens) - 1 and tokens[at - 1].text in _CLOSING
        return token.text == "U" and between and tokens[at + 1].text in _OPENING

    parts = _split(tokens, separates)
    if len(parts) < 2:
        return None
    return Structure("union", tuple(_read(part) for part in parts))


def _membership(tokens: Sequence[Token]) -> Structure | None:
    r"""Read ``x \in S`` as the set that it names."""
    sides = _split(tokens, lambda at: tokens[at].kind == "command" and tokens[at].text == "in")
    if len(sides) != 2 or len(sides[0]) > 4:
        return None
    return _read(sides[1])._replace(variable=_variable(sides[0]) or "")


def _relation(tokens: Sequence[Token]) -> Structure | None:
    operators: list[str] = []

    def separates(at: int) -> bool:
        token = tokens[at]
        is_operator = token.kind in ("sign", "command") and token.text in _RELATIONS
        if is_operator:
            operators.append(_RELATIONS[token.text])
        return is_operator

    sides = _split(tokens, separates)
    if not operators:
        return None
    if len(sides) == len(operators) and len(sides) == 1 and operators[0] != "=":
        return _bound("x", operators[0], parse_expression(sides[0]))
    if len(sides) != len(operators) + 1:
        raise UnreadableAnswer("a relation lacks a side")
    if all(operator == "=" for operator in operators):
        return _equality(sides)
    if len(sides) == 2:
        return _inequality(sides[0], operators[0], sides[1])
    if len(sides) == 3 and (variable := _variable(sides[1])):
        return _between(sides, operators, variable)
    raise UnreadableAnswer("a chain of relations")


def _variable(tokens: Sequence[Token]) -> str | None:
    """The single letter, with its subscript or prime, that the tokens are."""
    if not tokens or tokens[0].kind != "name" or tokens[0].text in ("pi", "oo"):
        return None
    name = "".join(token.text for token in tokens)
    rest = name[len(tokens[0].text) :].replace("{", "").replace("}", "")
    return tokens[0].text + rest if re.fullmatch(r"(?:_\w+)?'*", rest) else None


def _label(tokens: Sequence[Token]) -> str | None:
    r"""The text of a side that only names the value: ``f(x)``, ``\angle ABC``, words."""
    texts = [token.text for token in tokens]
    if tokens[0].kind in ("text", "word") and not any(
        token.kind in ("number", "sign") for token in tokens
    ):
        return " ".join(texts).casefold()
    if tokens[0].text in ("angle", "triangle", "measuredangle", "overline"):
        return " ".join(texts)
    if tokens[0].text in ("m", "measure") and len(tokens) > 1 and tokens[1].text == "angle":
        return " ".join(texts[1:])
    if tokens[0].kind == "name" and len(texts) > 3 and texts[1:2] == ["("] and texts[-1] == ")":
        inside = tokens[2:-1]
        if all(token.kind in ("name", "number") or token.text in ",-" for token in inside):
            return "".join(texts)
    if tokens[0].text.startswith(("overline_", "widehat_", "overrightarrow_")) and len(tokens) == 1:
        return tokens[0].text
    return None


def _equality(sides: list[list[Token]]) -> Structure:
    left, *others = sides
    is_named = _variable(left) is not None or _label(left) is not None
    if len(sides) == 2 and not is_named and (_variable(sides[1]) or _label(sides[1])):
        left, others = sides[1], [left]
    variable, label = _variable(left), _label(left)
    if variable and len(others) == 1 and _variable(others[0]):
        variable = None
    if label is not None or (variable and not _mentions(others, variable)):
        value = _same_value([_read(side) for side in others])
        if value.kind in ("equation", "inequality"):
            raise UnreadableAnswer("a relation of relations")
        if value.label or value.variable:
            raise UnreadableAnswer("a name for a name")
        return value._replace(label=label or "", variable=variable or "")
    expressions = [parse_expression(side) for side in sides]
    if all(each[0] == "num" for each in expressions):
        return _same_value([Structure("value", (each,)) for each in expressions])
    if len(expressions) != 2:
        raise UnreadableAnswer("a chain of equations")
    return Structure("equation", (_difference(*expressions),))


def _mentions(sides: Sequence[Sequence[Token]], variable: str) -> bool:
    return any(
        variable in (token.text, f"{token.text}'") or token.text == variable.partition("_")[0]
        for side in sides
        for token in side
        if token.kind == "name"
    )


def _same_value(values: list[Structure]) -> Structure:
    """The one value that all sides of a chain have.

    Raises:
        UnreadableAnswer: they differ, so that no side speaks for the whole.
    """
    if any(value != values[0] for value in values[1:]):
        raise UnreadableAnswer("the sides of an equality differ")
    return values[0]


def _difference(left: Expression, right: Expression) -> Expression:
    return ("+", left, ("*", number(-1), right))


def _inequality(left: list[Token], operator: str, right: list[Token]) -> Structure:
    for name, relation, bound in ((left, operator, right), (right, _FLIPPED[operator], left)):
        variable = _variable(name)
        if variable and not _mentions([bound], variable):
            return _bound(variable, relation, parse_expression(_without_unit(bound)))
    difference = _difference(parse_expression(left), parse_expression(right))
    if operator == "!=":
        return Structure("nonzero", (difference,))
    if operator.startswith("<"):
        difference = ("*", number(-1), difference)
    return Structure("inequality", (operator.endswith("="), difference))


def _without_unit(tokens: list[Token]) -> list[Token]:
    return [token for token in tokens if token.kind != "text"]


def _bound(variable: str, operator: str, bound: Expression) -> Structure:
    """The interval of all values on one side of a bound."""
    if operator == "!=":
        return Structure("nonzero", (_difference(("sym", variable), bound),), variable=variable)
    closing = "]" if operator.endswith("=") else ")"
    if operator.startswith("<"):
        return Structure("interval", ("(", MINUS_OO, bound, closing), variable=variable)
    opening = "[" if operator.endswith("=") else "("
    return Structure("interval", (opening, bound, OO, ")"), variable=variable)


def _between(sides: list[list[Token]], operators: list[str], variable: str) -> Structure:
    low, high = parse_expression(sides[0]), parse_expression(sides[2])
    if {each[0] for each in operators} == {">"}:
        low, high, operators = high, low, [_FLIPPED[each] for each in reversed(operators)]
    if {each[0] for each in operators} != {"<"}:
        raise UnreadableAnswer("a chain of relations in two directions")
    ends = ("[" if operators[0] == "<=" else "(", "]" if operators[1] == "<=" else ")")
    return Structure("interval", (ends[0], low, high, ends[1]), variable=variable)


def _ratio(tokens: Sequence[Token]) -> Structure | None:
    parts = _split(tokens, lambda at: tokens[at].text == ":" and tokens[at].kind == "sign")
    if len(parts) < 2:
        return None
    return Structure("ratio", tuple(read_quantity(part) for part in parts))


def _strip_brackets(tokens: Sequence[Token]) -> Sequence[Token]:
    """Drop brackets around everything."""
    while len(tokens) > 2 and tokens[0].kind == "sign" and _closes(tokens):
        tokens = tokens[1:-1]
    return tokens


def _closes(tokens: Sequence[Token]) -> bool:
    """Whether the first token opens a bracket that the last one closes."""
    if _depth_change(tokens[0]) != 1 or tokens[0].text in ("lfloor", "lceil"):
        return False
    depth = 0
    for at, token in enumerate(tokens):
        depth += _depth_change(token)
        if depth == 0:
            return at == len(tokens) - 1
    return False


def _bracketed(tokens: Sequence[Token]) -> Structure | None:
    if len(tokens) == 2 and tokens[0].text == r"\{" and tokens[1].text == r"\}":
        return Structure("none")
    if len(tokens) < 3 or not _closes(tokens) or tokens[0].text.startswith("begin:"):
        return None
    opening, closing, inner = tokens[0].text, tokens[-1].text, tokens[1:-1]
    if opening == r"\{":
        bar = [at for at, token in enumerate(inner) if token.text in ("|", ":", r"\|")]
        return _read(inner[bar[0] + 1 :] if bar else inner)
    parts = _split(inner, lambda at: inner[at].text in (",", ";"))
    if len(parts) < 2:
        return _read(inner)
    if len(parts) == 2 and (opening, closing) in (("[", "]"), ("[", ")"), ("(", "]")):
        low, high = (parse_expression(part) for part in parts)
        return Structure("interval", (opening, low, high, closing))
    items = tuple(_item(part) for part in parts)
    if opening == "[" and all(item.kind == "tuple" for item in items):
        return Structure("matrix", tuple(item.parts for item in items))
    return Structure("tuple", items)
