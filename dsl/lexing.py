"""From text to tokens. What no token begins is told, and read as what was most likely meant.

A slip that has a plain meaning (`&&`, a curly quote) is replaced by the token meant, so that the
parse behind it goes on as if it had been right. Lines with anything else are kept on a list: a
syntax error there is likely an echo.
"""

import re
import unicodedata
from typing import NamedTuple

from lark import Lark, Token
from lark.exceptions import UnexpectedCharacters
from lark.lexer import LexerState

from dsl.diagnostics import Diagnostic, Edit, Mark
from dsl.source import Source, Span

BYTE_ORDER_MARK = "\ufeff"


class Lexed(NamedTuple):
    """The tokens of a text, what was wrong with it, and the lines that were not understood."""

    tokens: list[Token]
    diagnostics: list[Diagnostic]
    unclear: set[int]


class _Slip(NamedTuple):
    """Characters that begin no token: how to tell of them, and the token to read instead."""

    diagnostic: Diagnostic
    end: int
    meant: tuple[str, str] | None = None
    """The type and the text of a token; ``None`` for white space."""
    clear: bool = False
    """Whether what was meant is beyond doubt."""


def lex(grammar: Lark, source: Source, most: int) -> Lexed:
    """All tokens of a text, with at most ``most`` errors."""
    thread = grammar.parse_interactive(source.text).lexer_thread
    state = thread.state
    assert state is not None  # it was made from a text
    lexed = Lexed([], [], set())
    if source.text.startswith(BYTE_ORDER_MARK):
        state.line_ctr.feed(BYTE_ORDER_MARK)
    while len(lexed.diagnostics) < most:
        try:
            for token in thread.lex(None):  # type: ignore[no-untyped-call]
                _take(source, token, lexed)
            break
        except UnexpectedCharacters as error:
            _skip(source, error.pos_in_stream or 0, state, lexed)
    return lexed


def _take(source: Source, token: Token, lexed: Lexed) -> None:
    """Adds a token, unless it is glued to a number and so belongs to it: ``10k``, ``1_000``."""
    before = lexed.tokens[-1] if lexed.tokens else None
    glued = (
        token.type == "NAME"
        and before is not None
        and before.type == "NUMBER"
        and before.end_pos == token.start_pos
    )
    if not glued:
        lexed.tokens.append(token)
        return
    assert before is not None
    written = f"{before}{token}"
    plain = written.replace("_", "")
    is_number = re.fullmatch(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", plain) is not None
    span = Span(before.start_pos or 0, token.end_pos or 0)
    lexed.diagnostics.append(
        Diagnostic(
            "RH102",
            f"`{written}` is not a number",
            Mark(span),
            help=f"write `{plain}`" if is_number else "numbers look like `12`, `0.5` and `1e-3`",
            edit=Edit(span, plain) if is_number else None,
        )
    )
    before.end_pos = token.end_pos


def _skip(source: Source, start: int, state: LexerState, lexed: Lexed) -> None:
    slip = _slip(source.text, start, lexed.tokens)
    line = source.position(start).line
    if not _is_echo(source, slip, line, lexed):
        lexed.diagnostics.append(slip.diagnostic)
    if not slip.clear:
        lexed.unclear.add(line)
    if slip.meant is not None:
        kind, text = slip.meant
        column = state.line_ctr.column
        lexed.tokens.append(Token(kind, text, start, line, column, line, column, slip.end))
    state.line_ctr.feed(source.text[start : slip.end])


def _is_echo(source: Source, slip: _Slip, line: int, lexed: Lexed) -> bool:
    """Whether the slip goes back to one that was told: one sign a line, one end for one text."""
    if not lexed.diagnostics:
        return False
    last = lexed.diagnostics[-1]
    if last.code == slip.diagnostic.code == "RH101":
        return True
    same_line = source.position(last.mark.span.start).line == line
    return same_line and (line in lexed.unclear or last.message == slip.diagnostic.message)


_MEANT = {
    "&&": ("AND", "and"), "&": ("AND", "and"), "||": ("OR", "or"), "|": ("OR", "or"),
    "!": ("NOT", "not "), "~": ("NOT", "not "), "¬": ("NOT", "not "),
    "≥": ("COMPARISON", ">="), "≤": ("COMPARISON", "<="), "≠": ("COMPARISON", "!="),
    ":=": ("EQUAL", "="), "←": ("EQUAL", "="), "×": ("STAR", "*"), "·": ("STAR", "*"),
    "÷": ("SLASH", "/"), "−": ("MINUS", "-"), "–": ("MINUS", "-"),
    "∧": ("AND", "and"), "∨": ("OR", "or"),
}  # fmt: skip

_ADVICE = {
    "[": "there are no lists; a set is narrowed by `where`, `by` and `first n of`",
    "]": "there are no lists; a set is narrowed by `where`, `by` and `first n of`",
    "^": "write `pow(x, y)`",
    "?": "write `if c then a else b`",
    ":": "a block stands in braces: `if … { … }`; a value follows `=`",
    "$": "names are written without `$`",
    "@": "remove it; there are no decorators",
    "\\": "remove it; a line goes on without a sign",
    "…": "a range has two dots: `1..64`",
    "∞": "there are no infinite numbers; write a large one",
}

_QUOTES = {"'": "'", "`": "`", "“": "”", "”": "”", "„": "“", "‘": "’", "«": "»"}


def _slip(text: str, start: int, tokens: list[Token]) -> _Slip:
    char = text[start]
    if char == '"':
        return _unclosed(text, start)
    if char in _QUOTES:
        return _other_quotes(text, start)
    if char == ".":
        return _dot(text, start, tokens)
    if char == ";":
        span = Span(start, start + 1)
        return _Slip(
            _nothing(";", span, "a line break is enough between statements; remove it", ""),
            start + 1,
            clear=True,
        )
    for length in (2, 1):
        sign = text[start : start + length]
        if (meant := _MEANT.get(sign)) is not None:
            return _meant(sign, start, *meant)
    if char.isalpha() or unicodedata.category(char) in {"Mn", "Mc", "Nd", "Lm"}:
        return _foreign_name(text, start, tokens)
    folded = unicodedata.normalize("NFKC", char)
    if folded != char and len(folded) == 1 and folded.isascii() and folded.isprintable():
        return _look_alike(char, folded, start)
    return _unknown(text, start)


def _nothing(shown: str, span: Span, advice: str | None, edit: str | None = None) -> Diagnostic:
    return Diagnostic(
        "RH103",
        f"`{shown}` means nothing in Rheo",
        Mark(span),
        help=advice,
        edit=None if edit is None else Edit(span, edit),
    )


def _meant(sign: str, start: int, kind: str, word: str) -> _Slip:
    end = start + len(sign)
    advice = f"write `{word.strip()}`"
    return _Slip(
        _nothing(sign, Span(start, end), advice, word), end, (kind, word.strip()), clear=True
    )


def _unclosed(text: str, start: int) -> _Slip:
    line_end = text.find("\n", start)
    line_end = len(text) if line_end < 0 else line_end
    # Brackets at the end of the line were most likely meant to close what is open.
    end = start + max(len(text[start:line_end].rstrip(" \t\r})")), 1)
    diagnostic = Diagnostic(
        "RH101",
        "this text is not closed",
        Mark(Span(start, end), "no closing quote on this line"),
        help='close it with `"` on the same line; a text has no line breaks in it',
    )
    return _Slip(diagnostic, end, ("STRING", '""'))


def _other_quotes(text: str, start: int) -> _Slip:
    """A text in quotes that are not Rheo's, up to its end where that is on the same line."""
    closing = _QUOTES[text[start]]
    line_end = text.find("\n", start)
    line = text[start : len(text) if line_end < 0 else line_end]
    length = next((at + 1 for at in range(1, len(line)) if line[at] in closing + '"'), 1)
    inner = line[1 : length - 1]
    span = Span(start, start + length)
    whole = length > 1 and '"' not in inner
    diagnostic = _nothing(
        text[start],
        span,
        f'a text stands in straight double quotes: `"{inner}"`'
        if whole
        else 'a text stands in straight double quotes: `"…"`',
        f'"{inner}"' if whole else None,
    )
    return _Slip(diagnostic, span.end, ("STRING", f'"{inner}"') if whole else None, clear=whole)


def _dot(text: str, start: int, tokens: list[Token]) -> _Slip:
    after = text[start + 1 : start + 2]
    before = tokens[-1] if tokens and tokens[-1].end_pos == start else None
    if before is not None and str(before) == "..":
        span = Span(start - 2, start + 1)
        return _Slip(
            _nothing("...", span, "a range has two dots: `1..64`", ".."), start + 1, clear=True
        )
    if before is not None and before.type == "NUMBER":
        digits = re.compile(r"\.[0-9]*").match(text, start)
        assert digits is not None
        surplus = Span(before.start_pos or 0, digits.end())
        mended = f"{before}{'.0' if before.isdigit() else ''}"
        diagnostic = Diagnostic(
            "RH102",
            f"`{text[surplus.start : surplus.end]}` is not a number",
            Mark(surplus),
            help=f"write `{mended}`" if digits.end() == start + 1 else "a number has one point",
            edit=Edit(surplus, mended) if digits.end() == start + 1 else None,
        )
        return _Slip(diagnostic, digits.end(), clear=True)
    if after.isdigit() and after.isascii():
        digits = re.compile(r"\.[0-9]+([eE][+-]?[0-9]+)?").match(text, start)
        assert digits is not None
        written = digits.group()
        diagnostic = Diagnostic(
            "RH102",
            "a number begins with a digit",
            Mark(Span(start, digits.end())),
            help=f"write `0{written}`",
            edit=Edit(Span(start, start), "0"),
        )
        return _Slip(diagnostic, digits.end(), ("NUMBER", f"0{written}"), clear=True)
    advice = "a dot stands right before the name of a field: `.answer`"
    return _Slip(_nothing(".", Span(start, start + 1), advice), start + 1)


def _foreign_name(text: str, start: int, tokens: list[Token]) -> _Slip:
    """A word with letters that names do not have; what was read of it already is taken back."""
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
    spelt = "".join(map(_latin, word))
    sound = re.fullmatch(r"\.?[A-Za-z_][A-Za-z0-9_]*", spelt) is not None
    span = Span(begin, end)
    diagnostic = Diagnostic(
        "RH103",
        f"`{word}` has letters that no word of Rheo has",
        Mark(span),
        help=f"write `{spelt}`" if sound else "names are made of a to z, A to Z, 0 to 9 and `_`",
        edit=Edit(span, spelt) if sound else None,
    )
    return _Slip(diagnostic, end, (kind, spelt if sound else word), clear=True)


def _latin(char: str) -> str:
    """A letter in plain Latin, where there is an ordinary way of writing it."""
    name = unicodedata.name(char, "")
    if name.startswith("GREEK SMALL LETTER ") and name.count(" ") == 3:
        return name.rpartition(" ")[2].lower().replace("lamda", "lambda_")
    if name == "LATIN SMALL LETTER SHARP S":
        return "ss"
    folded = unicodedata.normalize("NFKD", char)
    return "".join(one for one in folded if one.isascii())


def _look_alike(char: str, folded: str, start: int) -> _Slip:
    span = Span(start, start + 1)
    name = unicodedata.name(char, f"U+{ord(char):04X}").lower()
    if folded == " ":
        diagnostic = Diagnostic(
            "RH103",
            f"here is a {name}, which means nothing in Rheo",
            Mark(span),
            help="replace it by an ordinary space",
            edit=Edit(span, " "),
        )
        return _Slip(diagnostic, span.end, clear=True)
    return _Slip(_nothing(char, span, f"write `{folded}`", folded), span.end)


def _unknown(text: str, start: int) -> _Slip:
    """A sign without a meaning, with those of its kind that follow."""
    char = text[start]
    end = start + 1
    if char in _ADVICE:
        return _Slip(_nothing(char, Span(start, end), _ADVICE[char]), end)
    while end < len(text) and not text[end].isascii() and not text[end].isalpha():
        end += 1
    span = Span(start, end)
    if char.isprintable():
        return _Slip(_nothing(text[start:end], span, "remove it"), end)
    name = unicodedata.name(char, "").lower()
    called = f"a {name} (U+{ord(char):04X})" if name else f"the character U+{ord(char):04X}"
    diagnostic = Diagnostic(
        "RH103",
        f"here is {called}, which cannot be seen and means nothing in Rheo",
        Mark(span),
        help="remove it",
        edit=Edit(span, ""),
    )
    return _Slip(diagnostic, end, clear=True)
