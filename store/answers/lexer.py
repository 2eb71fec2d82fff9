r"""Cut a normalized answer into tokens: numbers, names, words, commands and signs.

Numbers are read whole here, with their digit groups and repeating decimals, since only their
spelling distinguishes ``1,234`` from ``1, 234``.
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Literal, NamedTuple

LONGEST = 2_000
"""Characters of an answer that is still read as mathematics; a longer one is compared as text."""

DEEPEST = 30
"""Brackets within brackets of an answer that is still read as mathematics."""

MOST_DIGITS = 1_000
"""Digits of a number that is still calculated with."""

Kind = Literal["number", "name", "word", "text", "command", "sign"]


class Token(NamedTuple):
    """One token."""

    kind: Kind
    text: str
    spaced: bool = False
    """Whether a space precedes it."""
    value: Fraction | None = None
    """Of a number."""


class UnreadableAnswer(Exception):
    """The text is no mathematics that this package reads."""


FUNCTIONS = frozenset(
    {"sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan",
     "arccot", "asin", "acos", "atan", "log", "ln", "lg", "exp", "sqrt", "cbrt", "abs", "floor",
     "ceil", "gcd", "lcm", "max", "min", "binom", "re", "im", "arg", "sgn", "sign", "det", "cis",
     "factorial"}
)  # fmt: skip
_SPELLINGS = {"binomial": "binom", "ceiling": "ceil", "Abs": "abs", "Max": "max", "Min": "min"}
COMMANDS_ONLY = frozenset(["min", "max", "re", "im", "arg", "det", "sign", "sgn"])
"""Functions that are words of English, or units, without a backslash."""
CONSTANTS = {"pi": "pi", "infty": "oo", "oo": "oo", "inf": "oo", "infinity": "oo"}
GREEK = frozenset(
    {"alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa",
     "lambda", "mu", "nu", "xi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega", "Gamma",
     "Delta", "Theta", "Lambda", "Xi", "Sigma", "Phi", "Psi", "Omega", "ell", "hbar"}
)  # fmt: skip
UNIT_LETTERS = frozenset("m g s h L l N J W V A K C F")

_ENDLESS = re.compile(r"(\d+\.\d{25,}) ?\\ldots")
_ELLIPSIS = re.compile(r"(\d*)\.(\d*?)(?:(\d)\3{2,}|(\d{2,12}?)\4+) ?\\ldots(?!\w)")
_CUT_DECIMAL = re.compile(r"(?<![\w.])(\d*\.\d+) ?\\ldots(?=\s*$)")
_TIMES_E = re.compile(r"(?<![A-Za-z\\])([A-Za-z]{1,2})e(?=\^)")
_TIMES_I = re.compile(r"((?:^|[-+(/])\s*)([abcdkmnqrstuvxyz])i(?![A-Za-z])")
_APPLIED = re.compile(r"(?<![A-Za-z\\])(sin|cos|tan|cot|sec|csc|log|ln)([a-z])(?![A-Za-z])")
_REPEATING = re.compile(
    r"(?P<whole>\d*)\.(?P<fixed>\d*)\s*"
    r"(?:\\(?:overline|bar)\s*(?:\{\s*(?P<over>\d+)\s*\}|(?P<one>\d))"
    r"|\\dot\s*\{?(?P<first>\d)\}?(?:(?P<between>\d*)\s*\\dot\s*\{?(?P<last>\d)\}?)?"
    r"|\((?P<round>\d+)\))"
)
_NUMBER = re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d{1,4}(?![\dA-Za-z]))?")
_GROUPS_AND_BRACKETS = re.compile(r"\d+(?:,\d+)+|\\[{}]|[()\[\]]")
_SPACE_GROUPS = re.compile(r"\d+(?: \d+)+(?![\d/])")
_SLANTED = re.compile(r"\^\s*\{?\s*(\d+)\s*\}?\s*/\s*_\s*\{?\s*(\d+)\s*\}?")
_DOTTED_INTEGER = re.compile(r"(\d)\.(?!\d|\s*\\(?:overline|bar|dot))(?=\s*(?:$|[^\w\s(]))")
_TEXT = re.compile(r"\\text\{([^{}]*)\}")
_FIELD = re.compile(r"\\mathbb\s*\{([A-Z])\}")
_ACCENT = re.compile(
    r"\\(vec|hat|bar|overline|tilde|dot|ddot|widehat|widetilde|overrightarrow|mathcal|mathscr|mathfrak)"
    r"\s*(?:\{\s*([A-Za-z]+)\s*\}|([A-Za-z])(?![A-Za-z]))"
)
_COMMAND = re.compile(r"\\(?:[A-Za-z]+|.)")
_ENVIRONMENT = re.compile(r"\\(begin|end)\s*\{\s*([a-zA-Z]+)\*?\s*\}(?:\s*\{[lcr|]*\})?")
_LETTERS = re.compile(r"[^\W\d_]+")


def tokenize(text: str) -> list[Token]:
    """Cut a normalized answer into tokens.

    Raises:
        UnreadableAnswer: it is too long or too deep, or a number in it is too long.
    """
    if len(text) > LONGEST:
        raise UnreadableAnswer("the answer is too long")
    if _depth(text) > DEEPEST:
        raise UnreadableAnswer("the answer is nested too deeply")
    text = _SLANTED.sub(r"\\frac{\1}{\2}", text)
    text = _DOTTED_INTEGER.sub(r"\1", text)
    if "." in text:
        text = _ELLIPSIS.sub(_overlined, text)
        text = _CUT_DECIMAL.sub(_without_ellipsis, text)
    text = _TIMES_E.sub(r"\1 e", text)
    text = _APPLIED.sub(r"\1 \2", text)
    if any(letter in text for letter in "+-/"):
        text = _TIMES_I.sub(r"\1\2 i", text)
    return list(_tokens(_join_groups(text)))


def _overlined(match: re.Match[str]) -> str:
    """Mark the digits that an ellipsis repeats: at least three of one, or two of a longer cycle."""
    return f"{match[1]}.{match[2]}\\overline{{{match[3] or match[4]}}}"


def _without_ellipsis(match: re.Match[str]) -> str:
    return match[0] if _ENDLESS.match(match[0]) else match[1]


def _depth(text: str) -> int:
    deepest = depth = 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        deepest = max(deepest, depth)
    return deepest


def _join_groups(text: str) -> str:
    """Join the digit groups of numbers; inside brackets, a comma separates items."""
    text = _SPACE_GROUPS.sub(lambda run: _grouped(run[0], " "), text)
    depth, out, position = 0, [], 0
    for match in _GROUPS_AND_BRACKETS.finditer(text):
        sign = match[0]
        if sign in ("(", "[", r"\{"):
            depth += 1
        elif sign in (")", "]", r"\}"):
            depth -= 1
        elif depth <= 0:
            out += [text[position : match.start()], _grouped(sign, ",")]
            position = match.end()
    return "".join([*out, text[position:]])


def _grouped(run: str, separator: str) -> str:
    first, *others = run.split(separator)
    is_grouped = len(first) <= 3 and first[0] != "0" and all(len(group) == 3 for group in others)
    return first + "".join(others) if is_grouped else run


def _tokens(text: str) -> Iterator[Token]:
    position = 0
    while position < len(text):
        spaced = text[position] == " "
        if spaced:
            position += 1
            continue
        spaced = position > 0 and text[position - 1] == " "
        token, position = _next(text, position)
        if token is not None:
            yield token._replace(spaced=spaced)


def _next(text: str, start: int) -> tuple[Token | None, int]:
    if match := _ENDLESS.match(text, start):
        return Token("number", match[1]), match.end()
    if match := _REPEATING.match(text, start):
        return Token("number", match[0], value=_repeating(match)), match.end()
    if match := _NUMBER.match(text, start):
        if len(match[0]) > MOST_DIGITS:
            raise UnreadableAnswer("a number is too long")
        return Token("number", match[0], value=Fraction(match[0])), match.end()
    if match := _TEXT.match(text, start):
        return Token("text", match[1].strip()), match.end()
    if match := _FIELD.match(text, start):
        return Token("name", f"mathbb_{match[1]}"), match.end()
    if match := _ACCENT.match(text, start):
        return Token("name", f"{match[1]}_{match[2] or match[3]}"), match.end()
    if match := _ENVIRONMENT.match(text, start):
        return Token("command", f"{match[1]}:{match[2]}"), match.end()
    if match := _COMMAND.match(text, start):
        return _command(match[0][1:]), match.end()
    if match := _LETTERS.match(text, start):
        return _letters(match[0]), match.end()
    return Token("sign", text[start]), start + 1


def _repeating(match: re.Match[str]) -> Fraction:
    integer, fixed = match["whole"] or "0", match["fixed"]
    cycle = match["over"] or match["one"] or match["round"]
    if cycle is None:
        cycle = match["first"] + (match["between"] or "") + (match["last"] or "")
    if len(integer + fixed + cycle) > MOST_DIGITS:
        raise UnreadableAnswer("a number is too long")
    shift = 10 ** len(fixed)
    return Fraction(int(integer + fixed), shift) + Fraction(
        int(cycle), shift * (10 ** len(cycle) - 1)
    )


def _command(name: str) -> Token | None:
    if name in ("{", "}", "|", "%", "$", "#", "&", "_"):
        return Token("sign", "\\" + name if name in "{}|" else name)
    if name in CONSTANTS or name in GREEK:
        return Token("name", CONSTANTS.get(name, name))
    if name in ("", " "):
        return None
    return Token("command", name)


def _letters(run: str) -> Token:
    run = _SPELLINGS.get(run, run)
    if run in _SPELLINGS.values():
        return Token("command", run)
    if run in FUNCTIONS and run not in COMMANDS_ONLY:
        return Token("command", run)
    if len(run) == 1 or run in GREEK:
        return Token("name", run)
    if run.lower() in CONSTANTS:
        return Token("name", CONSTANTS[run.lower()])
    return Token("word", run)
