r"""Read equalities, inequalities and congruences: what names a value, and what is a relation."""

import re
from collections.abc import Callable, Sequence

from store.answers.brackets import closes, split, split_at
from store.answers.exact import Expression, fold, number, rational
from store.answers.expressions import parse_expression
from store.answers.intervals import MINUS_OO, OO, interval, reals_without, unite
from store.answers.lexer import Token, UnreadableAnswer
from store.answers.quantities import Structure

Reader = Callable[[Sequence[Token]], Structure]
"""Reads the tokens of a part."""

_RELATIONS = {"=": "=", "<": "<", ">": ">", "le": "<=", "ge": ">=", "ne": "!="}
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}
_MEASURES = frozenset(["P", "E", "Pr", "mathbb_P", "mathbb_E", "Var", "det"])
_APPLIED = re.compile(
    r"[^\W\d_]+(?:_\{?\w+\}?)?'*(?:\^\{?-?\w+\}?)?\([\w'+-]+(?:,[\w'+-]+)*\)|[^\W\d_]\^\{-1\}"
)
_DERIVATIVE = re.compile(r"frac\{d[a-z]\}\{d[a-z]\}|d[a-z]/d[a-z]")
_MODULO = frozenset(["pmod", "bmod", "mod", "pod"])


def read_relation(tokens: Sequence[Token], read: Reader) -> Structure | None:
    """Read tokens with relation signs outside all brackets."""
    operators: list[str] = []

    def separates(index: int) -> bool:
        token = tokens[index]
        is_operator = token.kind in ("sign", "command") and token.text in _RELATIONS
        if is_operator:
            operators.append(_RELATIONS[token.text])
        return is_operator

    sides = split(tokens, separates)
    if not operators:
        return None
    if len(sides) == len(operators) and len(sides) == 1 and operators[0] != "=":
        return _bound("x", operators[0], parse_expression(sides[0]))._replace(variable="")
    if len(sides) != len(operators) + 1:
        raise UnreadableAnswer("a relation lacks a side")
    if all(operator == "=" for operator in operators):
        return _equality(sides, read)
    if len(sides) == 2:
        return _inequality(sides[0], operators[0], sides[1])
    if len(sides) == 3 and (variable := read_variable(sides[1])):
        return _between(sides, operators, variable)
    raise UnreadableAnswer("a chain of relations")


def read_approximation(tokens: Sequence[Token], read: Reader) -> Structure | None:
    r"""Read ``a \approx b``: the name's value, or else the exact side."""
    sides = split_at(tokens, "approx")
    if len(sides) != 2:
        return None
    is_named = read_variable(sides[0]) is not None or read_label(sides[0]) is not None
    return read(sides[1] if is_named else sides[0])


def read_congruence(tokens: Sequence[Token], read: Reader) -> Structure | None:
    r"""Read ``n \equiv a \pmod m`` as the value ``a`` with ``mod m`` in place of a unit."""
    index = next((position for position, token in enumerate(tokens) if token.text in _MODULO), 0)
    if not index or sum(token.text in _MODULO for token in tokens) > 1:
        return None
    begin = index - 1 if tokens[index - 1].text == "(" else index
    tail = tokens[index + 1 :] if begin == index else tokens[index + 1 : -1]
    if begin < index and tokens[-1].text != ")":
        return None
    modulus = parse_expression(tail)
    sides = split_at(tokens[:begin], "equiv", "=")
    if modulus[0] != "num" or not sides:
        raise UnreadableAnswer("a congruence without a known modulus")
    residue = read(sides[-1])
    return _reduced(residue, modulus)._replace(
        variable=read_variable(sides[0]) or "" if len(sides) == 2 else ""
    )


def _reduced(residue: Structure, modulus: Expression) -> Structure:
    unit = f"(mod {modulus[1]})"
    if residue.kind == "list":
        parts = tuple(_reduced(part, modulus)._replace(unit="") for part in residue.parts)
        return residue._replace(parts=parts, unit=unit)
    if residue.kind == "value" and residue.parts[0][0] == "num" and rational(modulus):
        value = rational(residue.parts[0])
        if value.denominator == 1:
            value %= rational(modulus)
        return residue._replace(parts=(number(value),), unit=unit)
    return residue._replace(unit=unit)


def read_variable(tokens: Sequence[Token]) -> str | None:
    """Return the single letter, with its subscript or prime, that the tokens are."""
    if not tokens or tokens[0].kind != "name" or tokens[0].text in ("pi", "oo"):
        return None
    name = "".join(token.text for token in tokens)
    rest = name[len(tokens[0].text) :].replace("{", "").replace("}", "")
    return tokens[0].text + rest if re.fullmatch(r"(?:_\w+)?'*", rest) else None


def read_label(tokens: Sequence[Token]) -> str | None:
    r"""Return the text of a side that is a name: ``f(x)``, ``\angle ABC``, ``|AB|``, words."""
    texts = [token.text for token in tokens]
    label = "".join(texts)
    if len(tokens) == 1 and tokens[0].kind == "word":
        return label
    if tokens[0].kind in ("text", "word") and not any(
        token.kind in ("number", "sign") for token in tokens
    ):
        return " ".join(texts).casefold()
    if texts[0] in ("angle", "triangle", "measuredangle", "overline"):
        return " ".join(texts)
    if texts[0] in ("m", "measure") and len(tokens) > 1 and texts[1] == "angle":
        return " ".join(texts[1:])
    if len(texts) == 3 and (texts[0], texts[2]) in (("[", "]"), ("|", "|")):
        return label if texts[1].isupper() and len(texts[1]) > 1 else None
    if len(tokens) > 3 and texts[0] in _MEASURES and closes(tokens[1:]):
        return label
    if _DERIVATIVE.fullmatch(label):
        return re.sub(r"frac\{(d\w)\}\{(d\w)\}", r"\1/\2", label)
    if len(tokens) == 1 and label.startswith(("overline_", "widehat_", "overrightarrow_")):
        return label
    return label if tokens[0].kind == "name" and _APPLIED.fullmatch(label) else None


def is_product_label(label: str) -> bool:
    """Whether a label is also a product of variables: ``xy = 1`` is a curve, or a value of xy."""
    return re.fullmatch("[a-z]{2,3}", label) is not None


def _names(tokens: Sequence[Token]) -> list[str] | None:
    """Return the variables of a tuple of variables, such as ``(x, y)``."""
    if len(tokens) < 5 or tokens[0].text != "(" or not closes(tokens):
        return None
    names = [read_variable(part) for part in split_at(tokens[1:-1], ",")]
    return [name for name in names if name] if all(names) and len(names) > 1 else None


def _equality(sides: list[list[Token]], read: Reader) -> Structure:
    first, *others = sides
    if (names := _names(first)) is not None:
        return _named_tuple(names, _same_value([read(side) for side in others]))
    is_named = read_variable(first) is not None or read_label(first) is not None
    last = read_label(sides[1])
    is_name = read_variable(sides[1]) is not None or (last and not is_product_label(last))
    if len(sides) == 2 and not is_named and is_name:
        first, others = sides[1], [first]
    variable, label = read_variable(first), read_label(first)
    if variable and len(others) == 1 and read_variable(others[0]):
        variable = None
    if label is not None or (variable and not _mentions(others, variable)):
        value = _same_value([read(side) for side in others])
        if value.kind in ("equation", "inequality"):
            raise UnreadableAnswer("a relation of relations")
        if value.label or value.variable:
            raise UnreadableAnswer("a name for a name")
        return value._replace(label=label or "", variable=variable or "")
    expressions = [parse_expression(side) for side in sides]
    if all(expression[0] == "num" for expression in expressions):
        return _same_value([Structure("value", (expression,)) for expression in expressions])
    if len(expressions) != 2:
        raise UnreadableAnswer("a chain of equations")
    return Structure("equation", (_difference(*expressions),))


def _named_tuple(names: list[str], value: Structure) -> Structure:
    """Return a tuple of named values; its names matter only where their order is unusual."""
    if value.kind == "tuple" and len(value.parts) == len(names):
        label = "" if names == sorted(names) else f"({', '.join(names)})"
        return value._replace(label=label)
    if value.kind == "list" and all(part.kind == "tuple" for part in value.parts):
        return value
    raise UnreadableAnswer("a tuple of names is not a tuple")


def _mentions(sides: Sequence[Sequence[Token]], variable: str) -> bool:
    return any(
        variable in (token.text, f"{token.text}'") or token.text == variable.partition("_")[0]
        for side in sides
        for token in side
        if token.kind == "name"
    )


def _same_value(values: list[Structure]) -> Structure:
    """Return the one value that all sides of a chain have.

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
        variable = read_variable(name)
        if variable and not _mentions([bound], variable):
            return _bound(variable, relation, parse_expression(_without_unit(bound)))
    if left[0].text == "|" == left[-1].text and (variable := read_variable(left[1:-1])):
        return _absolute(variable, operator, parse_expression(right))
    difference = _difference(parse_expression(left), parse_expression(right))
    if operator == "!=":
        return Structure("nonzero", (difference,))
    if operator.startswith("<"):
        difference = ("*", number(-1), difference)
    return Structure("inequality", (operator.endswith("="), difference))


def _absolute(variable: str, operator: str, bound: Expression) -> Structure:
    """Return the set of all values whose size is on one side of a bound."""
    negative = fold(("*", number(-1), bound))
    if operator.startswith("<"):
        low, high = (
            _bound(variable, _FLIPPED[operator], negative),
            _bound(variable, operator, bound),
        )
        opening, closing = low.parts[0], high.parts[3]
        return interval(opening, negative, bound, closing)._replace(variable=variable)
    if operator == "!=":
        raise UnreadableAnswer("a size that is not a bound")
    parts = [_bound(variable, _FLIPPED[operator], negative), _bound(variable, operator, bound)]
    return unite(parts)._replace(variable=variable)


def _without_unit(tokens: list[Token]) -> list[Token]:
    return [token for token in tokens if token.kind != "text"]


def _bound(variable: str, operator: str, bound: Expression) -> Structure:
    """Return the set of all values on one side of a bound, or beside it."""
    if operator == "!=":
        without = reals_without([bound])
        if without is not None:
            return without._replace(variable=variable)
        return Structure("nonzero", (_difference(("sym", variable), bound),), variable=variable)
    closing = "]" if operator.endswith("=") else ")"
    if operator.startswith("<"):
        return interval("(", MINUS_OO, bound, closing)._replace(variable=variable)
    opening = "[" if operator.endswith("=") else "("
    return interval(opening, bound, OO, ")")._replace(variable=variable)


def _between(sides: list[list[Token]], operators: list[str], variable: str) -> Structure:
    low, high = parse_expression(sides[0]), parse_expression(_without_unit(sides[2]))
    if {operator[0] for operator in operators} == {">"}:
        low, high, operators = high, low, [_FLIPPED[operator] for operator in reversed(operators)]
    if {operator[0] for operator in operators} != {"<"}:
        raise UnreadableAnswer("a chain of relations in two directions")
    opening, closing = (
        ("[" if operators[0] == "<=" else "("),
        ("]" if operators[1] == "<=" else ")"),
    )
    return interval(opening, low, high, closing)._replace(variable=variable)
