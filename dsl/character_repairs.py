"""Repairs of characters that begin no token: signs of other languages, quotes, foreign letters.

Each repair has a diagnostic, and the tokens to read instead where they can be guessed.
"""

import re
import unicodedata
from typing import NamedTuple

from lark import Token

from dsl.builtins import SETS
from dsl.diagnostics import Diagnostic, Edit, Mark
from dsl.foreign_idioms import PROGRAMS, SECTIONS, STATEMENTS, VALUES
from dsl.foreign_values import bracketed_value
from dsl.source import Span
from dsl.unfit_names import fit_name, in_latin, name_with_sign, unfit_name
from dsl.vocabulary import Suggestion


class CharacterRepair(NamedTuple):
    """Characters that begin no token: how to report them, and the token to read instead."""

    diagnostic: Diagnostic
    end: int
    meant: tuple[tuple[str, str], ...] = ()
    """The types and the texts of tokens; none for white space."""
    clear: bool = False
    """Whether what was meant is beyond doubt."""
    names: tuple[str, ...] = ()
    """A name whose value it is, if that is of another language."""


_MEANT = {
    "&&": ("AND", "and"), "&": ("AND", "and"), "||": ("OR", "or"), "|": ("OR", "or"),
    "!": ("NOT", "not "), "~": ("NOT", "not "), "¬": ("NOT", "not "),
    "≥": ("COMPARISON", ">="), "≤": ("COMPARISON", "<="), "≠": ("COMPARISON", "!="),
    ":=": ("EQUAL", "="), "←": ("EQUAL", "="), "×": ("STAR", "*"), "·": ("STAR", "*"),
    "÷": ("SLASH", "/"), "−": ("MINUS", "-"), "–": ("MINUS", "-"),
    "∧": ("AND", "and"), "∨": ("OR", "or"),
}  # fmt: skip

_ADVICE = {
    "[": "Rheo has no lists, and this one is not closed",
    "]": "Rheo has no lists; select branches of a set with `where`, `by` and `first n of`",
    "^": "write `pow(x, y)`",
    "?": "write `if c then a else b`",
    ":": "write a block in braces: `if … { … }`; a value follows `=`",
    "$": "write names without `$`",
    "@": "remove it; Rheo has no decorators",
    "\\": "remove it; lines continue without a marker",
    "…": "write a range with two dots: `1..64`",
    "∞": "infinite numbers do not exist; write a large number",
}

_QUOTES = {"'": "'", "`": "`", "“": "”", "”": "”", "„": "“", "‘": "’", "«": "»"}


def repair_characters(text: str, start: int, tokens: list[Token]) -> CharacterRepair:
    """Report characters that begin no token, and choose what to read instead.

    Args:
        text: the complete text.
        start: index of the first character that begins no token.
        tokens: the tokens before it; the last is removed if the characters belong to its name.
    """
    char = text[start]
    if char == '"':
        return _unclosed(text, start)
    if char == "[" and (value := bracketed_value(text, start, tokens)) is not None:
        return CharacterRepair(
            value.diagnostic, value.end, value.meant, clear=value.clear, names=value.names
        )
    is_letter = char.isalpha() or unicodedata.category(char) in {"Mn", "Mc", "Nd", "Lm"}
    is_sign = not is_letter and char.isascii() and char.isprintable()
    named = _sign_in_name(text, start, tokens) if is_sign else None
    if named is not None:
        return named
    if char in _QUOTES:
        return _other_quotes(text, start, tokens)
    if char == ".":
        return _dot(text, start, tokens)
    if char == ";":
        span = Span(start, start + 1)
        return CharacterRepair(
            _report_invalid(";", span, "remove it; statements are separated by line breaks", ""),
            start + 1,
            clear=True,
        )
    for length in (2, 1):
        sign = text[start : start + length]
        if (meant := _MEANT.get(sign)) is not None:
            return _suggest_token(sign, start, meant, tokens)
    if is_letter:
        return _foreign_name(text, start, tokens)
    if char == ":" and re.match(r':[ \t]*"', text[start:]) and _gives_reason(tokens):
        return _colon_before_reason(start, tokens)
    if char == ":" and tokens:
        return _colon(text, start, tokens)
    folded = unicodedata.normalize("NFKC", char)
    if folded != char and len(folded) == 1 and folded.isascii() and folded.isprintable():
        return _look_alike(char, folded, start)
    return _unknown(text, start)


def _sign_in_name(text: str, start: int, tokens: list[Token]) -> CharacterRepair | None:
    """Repair a sign in a declared name, and drop what was already read of the name."""
    span = name_with_sign(text, start, tokens, _QUOTES)
    if span is None:
        return None
    if span.start < start:
        tokens.pop()
    written = text[span.start : span.end]
    name = fit_name(written)
    return CharacterRepair(unfit_name(written, name, span), span.end, (("NAME", name),), clear=True)


def _gives_reason(tokens: list[Token]) -> bool:
    """Return whether a text can be the reason of a verb: there is one on the line."""
    line = [token for token in tokens if token.line == tokens[-1].line]
    return any(token.type in {"STOP", "BECAUSE", *_VERBS} for token in line)


_VERBS = {"OPEN", "SAMPLE", "ADVANCE", "EXTEND", "PROBE", "PRUNE", "ANSWER"}


def _colon_before_reason(start: int, tokens: list[Token]) -> CharacterRepair:
    has_because = tokens[-1].type == "BECAUSE"
    advice = "remove it" if has_because else "a reason follows `because`: write `because` instead"
    diagnostic = _report_invalid(
        ":", Span(start, start + 1), advice, "" if has_because else " because"
    )
    return CharacterRepair(
        diagnostic, start + 1, () if has_because else (("BECAUSE", "because"),), clear=True
    )


def _colon(text: str, start: int, tokens: list[Token]) -> CharacterRepair:
    """Report a colon: after the head of a block, in a declaration, in a ``lambda``."""
    last = tokens[-1]
    line = [token for token in tokens if token.line == last.line]
    words = [str(token) for token in line]
    if "lambda" in words:
        word, suggestion = line[words.index("lambda")], VALUES["lambda"]
    elif (found := _foreign_head(tokens, line[0])) is not None:
        word, suggestion = line[0], found
    else:
        advice = _ADVICE[":"]
        typed = re.match(r":[ \t]*[A-Za-z_]+[ \t]*=(?!=)", text[start:])
        if last.type in {"NAME", "FIELD"} and typed is not None:
            advice = f"values need no types: write `{last} = …`"
        elif (last.type in {"NAME", "FIELD"} and len(line) == 1) or words[-2:-1] == ["{"]:
            advice = f"write `{last} = …`"
        return CharacterRepair(_report_invalid(":", Span(start, start + 1), advice), start + 1)
    span = Span(word.start_pos or 0, word.end_pos or 0)
    diagnostic = Diagnostic(
        "RH107", f"`{word}` is not a word of Rheo", Mark(span), help=suggestion.help
    )
    return CharacterRepair(diagnostic, start + 1)


def _foreign_head(tokens: list[Token], word: Token) -> Suggestion | None:
    """Return advice on a word of another language that begins a block on this line."""
    depth = sum((token.type == "LBRACE") - (token.type == "RBRACE") for token in tokens)
    table = (PROGRAMS, SECTIONS)[depth] if depth in {0, 1} else STATEMENTS
    return table.get(str(word))


def _report_invalid(
    characters: str, span: Span, advice: str | None, edit: str | None = None
) -> Diagnostic:
    return Diagnostic(
        "RH103",
        f"`{characters}` is not valid in Rheo",
        Mark(span),
        help=advice,
        edit=None if edit is None else Edit(span, edit),
    )


def _suggest_token(
    sign: str, start: int, meant: tuple[str, str], tokens: list[Token]
) -> CharacterRepair:
    kind, word = meant
    end = start + len(sign)
    advice = f"write `{word.strip()}`"
    if sign in {"&", "|"} and tokens and str(tokens[-1]) in SETS:
        advice = "sets are not combined by signs: filter with `where` and `except`, or take `alive`"
        return CharacterRepair(_report_invalid(sign, Span(start, end), advice), end)
    return CharacterRepair(
        _report_invalid(sign, Span(start, end), advice, word),
        end,
        ((kind, word.strip()),),
        clear=True,
    )


def _unclosed(text: str, start: int) -> CharacterRepair:
    line_end = text.find("\n", start)
    line_end = len(text) if line_end < 0 else line_end
    # Brackets at the end of the line were most likely meant to close what is open.
    end = start + max(len(text[start:line_end].rstrip(" \t\r})")), 1)
    diagnostic = Diagnostic(
        "RH101",
        "unterminated text",
        Mark(Span(start, end), "no closing quote on this line"),
        help='close it with `"` on the same line; a text cannot contain line breaks',
    )
    return CharacterRepair(diagnostic, end, (("STRING", '""'),))


def _other_quotes(text: str, start: int, tokens: list[Token]) -> CharacterRepair:
    """Repair a text in foreign quotes, up to its end if that is on the same line."""
    kinds = [token.type for token in tokens[-2:]]
    # A reason in such quotes lacks its `because` too, or has parentheses: reported at once.
    is_reason = kinds[-1:] in (["STOP"], ["NAME"], ["RPAR"], ["FIELD"], ["NUMBER"]) or kinds in (
        ["STOP", "LPAR"],
        ["BECAUSE", "LPAR"],
    )
    closing = _QUOTES[text[start]]
    line_end = text.find("\n", start)
    line = text[start : len(text) if line_end < 0 else line_end]
    length = next((index + 1 for index in range(1, len(line)) if line[index] in closing + '"'), 1)
    inner = line[1 : length - 1]
    span = Span(start, start + length)
    is_closed = length > 1 and '"' not in inner
    advice = f'write a text in straight double quotes: `"{inner}"`'
    if is_closed and is_reason and _gives_reason(tokens):
        advice = f'write `because "{inner}"`'
    diagnostic = _report_invalid(
        text[start],
        span,
        advice if is_closed else 'write a text in straight double quotes: `"…"`',
        f'"{inner}"' if is_closed and not is_reason else None,
    )
    meant = (("STRING", f'"{inner}"'),) if is_closed else ()
    return CharacterRepair(diagnostic, span.end, meant, clear=is_closed and not is_reason)


def _dot(text: str, start: int, tokens: list[Token]) -> CharacterRepair:
    after = text[start + 1 : start + 2]
    before = tokens[-1] if tokens and tokens[-1].end_pos == start else None
    if before is not None and str(before) == "..":
        span = Span(start - 2, start + 1)
        return CharacterRepair(
            _report_invalid("...", span, "write a range with two dots: `1..64`", ".."),
            start + 1,
            clear=True,
        )
    if before is not None and before.type == "NUMBER":
        digits = re.compile(r"\.[0-9]*").match(text, start)
        assert digits is not None
        surplus = Span(before.start_pos or 0, digits.end())
        repaired = f"{before}{'.0' if before.isdigit() else ''}"
        diagnostic = Diagnostic(
            "RH102",
            f"`{text[surplus.start : surplus.end]}` is not a number",
            Mark(surplus),
            help=f"write `{repaired}`"
            if digits.end() == start + 1
            else "write at most one decimal point",
            edit=Edit(surplus, repaired) if digits.end() == start + 1 else None,
        )
        return CharacterRepair(diagnostic, digits.end(), clear=True)
    if after.isdigit() and after.isascii():
        digits = re.compile(r"\.[0-9]+([eE][+-]?[0-9]+)?").match(text, start)
        assert digits is not None
        written = digits.group()
        diagnostic = Diagnostic(
            "RH102",
            "start the number with a digit",
            Mark(Span(start, digits.end())),
            help=f"write `0{written}`",
            edit=Edit(Span(start, start), "0"),
        )
        return CharacterRepair(diagnostic, digits.end(), (("NUMBER", f"0{written}"),), clear=True)
    advice = "write the dot directly before the name of a field: `.answer`"
    return CharacterRepair(_report_invalid(".", Span(start, start + 1), advice), start + 1)


def _foreign_name(text: str, start: int, tokens: list[Token]) -> CharacterRepair:
    """Report a word with letters that names cannot have, and drop what was read of it."""
    end = start
    while end < len(text) and (text[end] == "_" or text[end].isalnum() or text[end] == "\u0301"):
        end += 1
    end = max(end, start + 1)
    kind, begin = "NAME", start
    if tokens and tokens[-1].end_pos == start and tokens[-1].type not in {"NUMBER", "STRING"}:
        before = tokens[-1]
        if before[-1:].isalnum() or before[-1:] == "_":
            begin = before.start_pos or 0
            kind = "FIELD" if before.type == "FIELD" else "NAME"
            tokens.pop()
    word = text[begin:end]
    spelling = "".join(map(in_latin, word))
    is_valid = re.fullmatch(r"\.?[A-Za-z_][A-Za-z0-9_]*", spelling) is not None
    span = Span(begin, end)
    diagnostic = Diagnostic(
        "RH103",
        f"`{word}` contains letters that Rheo does not allow",
        Mark(span),
        help=f"write `{spelling}`"
        if is_valid
        else "names consist of a to z, A to Z, 0 to 9 and `_`",
        edit=Edit(span, spelling) if is_valid else None,
    )
    return CharacterRepair(diagnostic, end, ((kind, spelling if is_valid else word),), clear=True)


def _look_alike(char: str, folded: str, start: int) -> CharacterRepair:
    span = Span(start, start + 1)
    name = unicodedata.name(char, f"U+{ord(char):04X}").lower()
    if folded == " ":
        diagnostic = Diagnostic(
            "RH103",
            f"unexpected {name}, which is not valid in Rheo",
            Mark(span),
            help="replace it with an ordinary space",
            edit=Edit(span, " "),
        )
        return CharacterRepair(diagnostic, span.end, clear=True)
    return CharacterRepair(_report_invalid(char, span, f"write `{folded}`", folded), span.end)


def _unknown(text: str, start: int) -> CharacterRepair:
    """Report an unknown character, with those of its kind that follow."""
    char = text[start]
    end = start + 1
    if char in _ADVICE:
        return CharacterRepair(_report_invalid(char, Span(start, end), _ADVICE[char]), end)
    while end < len(text) and not text[end].isascii() and not text[end].isalpha():
        end += 1
    span = Span(start, end)
    if char.isprintable():
        return CharacterRepair(_report_invalid(text[start:end], span, "remove it"), end)
    name = unicodedata.name(char, "").lower()
    called = f"a {name} (U+{ord(char):04X})" if name else f"the character U+{ord(char):04X}"
    diagnostic = Diagnostic(
        "RH103",
        f"unexpected {called}, which is invisible and not valid in Rheo",
        Mark(span),
        help="remove it",
        edit=Edit(span, ""),
    )
    return CharacterRepair(diagnostic, end, clear=True)
