"""From text to tokens. Invalid characters are reported and read as what was likely meant.

A slip that has a plain meaning (`&&`, a curly quote) is replaced by the token meant, so that the
parse after it continues as if it had been right. Lines with anything else are kept on a list: a
syntax error there is likely an echo.
"""

import re
import unicodedata
from typing import NamedTuple

from lark import Lark, Token
from lark.exceptions import UnexpectedCharacters
from lark.lexer import LexerState

from dsl.diagnostics import Diagnostic, Edit, Mark
from dsl.foreign_values import bracketed_value
from dsl.source import Source, Span
from dsl.unfit_names import DECLARES, fit_name, in_latin, name_with_sign, unfit_name

BYTE_ORDER_MARK = "\ufeff"


class LexResult(NamedTuple):
    """The tokens of a text, what was wrong with it, and the lines that were not understood."""

    tokens: list[Token]
    diagnostics: list[Diagnostic]
    unclear: set[int]


class _LexError(NamedTuple):
    """Characters that begin no token: how to report them, and the token to read instead."""

    diagnostic: Diagnostic
    end: int
    meant: tuple[tuple[str, str], ...] = ()
    """The types and the texts of tokens; none for white space."""
    clear: bool = False
    """Whether what was meant is beyond doubt."""


def tokenize_source(grammar: Lark, source: Source, most: int) -> LexResult:
    """Return all tokens of a text, with at most ``most`` errors.

    Args:
        grammar: the grammar.
        source: the program.
        most: most errors to report.
    """
    thread = grammar.parse_interactive(source.text).lexer_thread
    state = thread.state
    assert state is not None  # it was made from a text
    lexed = LexResult([], [], set())
    if source.text.startswith(BYTE_ORDER_MARK):
        state.line_ctr.feed(BYTE_ORDER_MARK)
    while len(lexed.diagnostics) < most:
        try:
            for token in thread.lex(None):  # type: ignore[no-untyped-call]
                _take(source, token, state, lexed)
            break
        except UnexpectedCharacters as error:
            _skip(source, error.pos_in_stream or 0, state, lexed)
    return lexed


def _take(source: Source, token: Token, state: LexerState, lexed: LexResult) -> None:
    """Add a token, unless it is glued to a number and so belongs to it: ``10k``, ``1_000``.

    A brace that begins a value of another language is read to its end.
    """
    if token.type == "LBRACE":
        value = bracketed_value(source.text, token.start_pos or 0, lexed.tokens)
        if value is not None:
            lexed.diagnostics.append(value.diagnostic)
            if not value.clear:
                lexed.unclear.add(token.line or 0)
            _replace(source, token, value.meant, value.end, lexed)
            state.line_ctr.feed(source.text[state.line_ctr.char_pos : value.end])
            return
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
    if not is_number and _is_name(source.text, span, lexed.tokens):
        name = fit_name(written)
        lexed.diagnostics.append(unfit_name(written, name, span))
        lexed.tokens[-1] = Token.new_borrow_pos("NAME", name, before)
        lexed.tokens[-1].end_pos = token.end_pos
        return
    lexed.diagnostics.append(
        Diagnostic(
            "RH102",
            f"`{written}` is not a number",
            Mark(span),
            help=f"write `{plain}`" if is_number else "write numbers like `12`, `0.5` or `1e-3`",
            edit=Edit(span, plain) if is_number else None,
        )
    )
    before.end_pos = token.end_pos


def _is_name(text: str, span: Span, tokens: list[Token]) -> bool:
    """Return whether a word that starts with a digit was meant as a name: one is declared here."""
    declares = len(tokens) > 1 and tokens[-2].type in DECLARES
    return declares or re.match(r"[ \t]*=(?!=)", text[span.end :]) is not None


def _replace(
    source: Source, at: Token, meant: tuple[tuple[str, str], ...], end: int, lexed: LexResult
) -> None:
    """Replace the text from a token to ``end`` by tokens."""
    for kind, text in meant:
        token = Token.new_borrow_pos(kind, text, at)
        token.end_pos = end
        token.end_line = source.position(max(end - 1, 0)).line
        lexed.tokens.append(token)


def _skip(source: Source, start: int, state: LexerState, lexed: LexResult) -> None:
    slip = _slip(source.text, start, lexed.tokens)
    line = source.position(start).line
    if not _is_echo(source, slip, line, lexed):
        lexed.diagnostics.append(slip.diagnostic)
    if not slip.clear:
        lexed.unclear.add(line)
    column = state.line_ctr.column
    end_line = source.position(max(slip.end - 1, 0)).line
    lexed.tokens.extend(
        Token(kind, text, start, line, column, end_line, column, slip.end)
        for kind, text in slip.meant
    )
    state.line_ctr.feed(source.text[start : slip.end])


def _is_echo(source: Source, slip: _LexError, line: int, lexed: LexResult) -> bool:
    """Return whether the error follows from one that was already reported."""
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


def _slip(text: str, start: int, tokens: list[Token]) -> _LexError:
    char = text[start]
    if char == '"':
        return _unclosed(text, start)
    if char == "[" and (value := bracketed_value(text, start, tokens)) is not None:
        return _LexError(value.diagnostic, value.end, value.meant, clear=value.clear)
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
        return _LexError(
            _skip_character(";", span, "remove it; statements are separated by line breaks", ""),
            start + 1,
            clear=True,
        )
    for length in (2, 1):
        sign = text[start : start + length]
        if (meant := _MEANT.get(sign)) is not None:
            return _suggest_token(sign, start, *meant)
    if is_letter:
        return _foreign_name(text, start, tokens)
    if char == ":" and re.match(r':[ \t]*"', text[start:]) and _gives_reason(tokens):
        return _colon_before_reason(start, tokens)
    folded = unicodedata.normalize("NFKC", char)
    if folded != char and len(folded) == 1 and folded.isascii() and folded.isprintable():
        return _look_alike(char, folded, start)
    return _unknown(text, start)


def _sign_in_name(text: str, start: int, tokens: list[Token]) -> _LexError | None:
    """Return a sign in a name that is declared; what was read of the name already is taken back."""
    span = name_with_sign(text, start, tokens, _QUOTES)
    if span is None:
        return None
    if span.start < start:
        tokens.pop()
    written = text[span.start : span.end]
    name = fit_name(written)
    return _LexError(unfit_name(written, name, span), span.end, (("NAME", name),), clear=True)


def _gives_reason(tokens: list[Token]) -> bool:
    """Return whether a text can be the reason of a verb: there is one on the line."""
    line = [token for token in tokens if token.line == tokens[-1].line]
    return any(token.type in {"STOP", "BECAUSE", *_VERBS} for token in line)


_VERBS = {"OPEN", "SAMPLE", "ADVANCE", "EXTEND", "PROBE", "PRUNE", "ANSWER"}


def _colon_before_reason(start: int, tokens: list[Token]) -> _LexError:
    said = tokens[-1].type == "BECAUSE"
    advice = "remove it" if said else "a reason follows `because`: write `because` instead"
    diagnostic = _skip_character(":", Span(start, start + 1), advice, "" if said else " because")
    return _LexError(diagnostic, start + 1, () if said else (("BECAUSE", "because"),), clear=True)


def _skip_character(
    shown: str, span: Span, advice: str | None, edit: str | None = None
) -> Diagnostic:
    return Diagnostic(
        "RH103",
        f"`{shown}` is not valid in Rheo",
        Mark(span),
        help=advice,
        edit=None if edit is None else Edit(span, edit),
    )


def _suggest_token(sign: str, start: int, kind: str, word: str) -> _LexError:
    end = start + len(sign)
    advice = f"write `{word.strip()}`"
    return _LexError(
        _skip_character(sign, Span(start, end), advice, word),
        end,
        ((kind, word.strip()),),
        clear=True,
    )


def _unclosed(text: str, start: int) -> _LexError:
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
    return _LexError(diagnostic, end, (("STRING", '""'),))


def _other_quotes(text: str, start: int, tokens: list[Token]) -> _LexError:
    """Return a text in quotes that are not Rheo's, up to its end where that is on the same line."""
    kinds = [token.type for token in tokens[-2:]]
    # A reason in such quotes lacks its `because` too, or has parentheses: reported at once.
    is_reason = kinds[-1:] in (["STOP"], ["NAME"], ["RPAR"], ["FIELD"], ["NUMBER"]) or kinds in (
        ["STOP", "LPAR"],
        ["BECAUSE", "LPAR"],
    )
    closing = _QUOTES[text[start]]
    line_end = text.find("\n", start)
    line = text[start : len(text) if line_end < 0 else line_end]
    length = next((at + 1 for at in range(1, len(line)) if line[at] in closing + '"'), 1)
    inner = line[1 : length - 1]
    span = Span(start, start + length)
    whole = length > 1 and '"' not in inner
    advice = f'write a text in straight double quotes: `"{inner}"`'
    if whole and is_reason and _gives_reason(tokens):
        advice = f'write `because "{inner}"`'
    diagnostic = _skip_character(
        text[start],
        span,
        advice if whole else 'write a text in straight double quotes: `"…"`',
        f'"{inner}"' if whole and not is_reason else None,
    )
    meant = (("STRING", f'"{inner}"'),) if whole else ()
    return _LexError(diagnostic, span.end, meant, clear=whole and not is_reason)


def _dot(text: str, start: int, tokens: list[Token]) -> _LexError:
    after = text[start + 1 : start + 2]
    before = tokens[-1] if tokens and tokens[-1].end_pos == start else None
    if before is not None and str(before) == "..":
        span = Span(start - 2, start + 1)
        return _LexError(
            _skip_character("...", span, "write a range with two dots: `1..64`", ".."),
            start + 1,
            clear=True,
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
            help=f"write `{mended}`"
            if digits.end() == start + 1
            else "write at most one decimal point",
            edit=Edit(surplus, mended) if digits.end() == start + 1 else None,
        )
        return _LexError(diagnostic, digits.end(), clear=True)
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
        return _LexError(diagnostic, digits.end(), (("NUMBER", f"0{written}"),), clear=True)
    advice = "write the dot directly before the name of a field: `.answer`"
    return _LexError(_skip_character(".", Span(start, start + 1), advice), start + 1)


def _foreign_name(text: str, start: int, tokens: list[Token]) -> _LexError:
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
    spelt = "".join(map(in_latin, word))
    sound = re.fullmatch(r"\.?[A-Za-z_][A-Za-z0-9_]*", spelt) is not None
    span = Span(begin, end)
    diagnostic = Diagnostic(
        "RH103",
        f"`{word}` contains letters that Rheo does not allow",
        Mark(span),
        help=f"write `{spelt}`" if sound else "names consist of a to z, A to Z, 0 to 9 and `_`",
        edit=Edit(span, spelt) if sound else None,
    )
    return _LexError(diagnostic, end, ((kind, spelt if sound else word),), clear=True)


def _look_alike(char: str, folded: str, start: int) -> _LexError:
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
        return _LexError(diagnostic, span.end, clear=True)
    return _LexError(_skip_character(char, span, f"write `{folded}`", folded), span.end)


def _unknown(text: str, start: int) -> _LexError:
    """Report an unknown character, with those of its kind that follow."""
    char = text[start]
    end = start + 1
    if char in _ADVICE:
        return _LexError(_skip_character(char, Span(start, end), _ADVICE[char]), end)
    while end < len(text) and not text[end].isascii() and not text[end].isalpha():
        end += 1
    span = Span(start, end)
    if char.isprintable():
        return _LexError(_skip_character(text[start:end], span, "remove it"), end)
    name = unicodedata.name(char, "").lower()
    called = f"a {name} (U+{ord(char):04X})" if name else f"the character U+{ord(char):04X}"
    diagnostic = Diagnostic(
        "RH103",
        f"unexpected {called}, which is invisible and not valid in Rheo",
        Mark(span),
        help="remove it",
        edit=Edit(span, ""),
    )
    return _LexError(diagnostic, end, clear=True)
