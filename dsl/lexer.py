"""From text to tokens. Invalid characters are reported and read as what was likely meant.

A slip that has a plain meaning (`&&`, a curly quote) is replaced by the token meant, so that the
parse after it continues as if it had been right. Lines with anything else are kept on a list: a
syntax error there is likely an echo.
"""

import re
from typing import NamedTuple

from lark import Lark, Token
from lark.exceptions import UnexpectedCharacters
from lark.lexer import LexerState

from dsl.character_repairs import CharacterRepair, repair_characters
from dsl.diagnostics import Diagnostic, Edit, Mark
from dsl.foreign_values import bracketed_value
from dsl.source import Source, Span
from dsl.unfit_names import DECLARES, fit_name, unfit_name

BYTE_ORDER_MARK = "\ufeff"


class LexResult(NamedTuple):
    """The tokens of a text, what was wrong with it, and the lines that were not understood."""

    tokens: list[Token]
    diagnostics: list[Diagnostic]
    unclear: set[int]
    untyped: set[str]
    """Names that were declared with a value of another language: their uses are echoes."""


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
    lexed = LexResult([], [], set(), set())
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
            lexed.untyped.update(value.names)
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
    digits = written.replace("_", "")
    is_number = re.fullmatch(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", digits) is not None
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
            help=f"write `{digits}`" if is_number else "write numbers like `12`, `0.5` or `1e-3`",
            edit=Edit(span, digits) if is_number else None,
        )
    )
    before.end_pos = token.end_pos


def _is_name(text: str, span: Span, tokens: list[Token]) -> bool:
    """Return whether a word that starts with a digit was meant as a name: one is declared here."""
    declares = len(tokens) > 1 and tokens[-2].type in DECLARES
    return declares or re.match(r"[ \t]*=(?!=)", text[span.end :]) is not None


def _replace(
    source: Source, replaced: Token, meant: tuple[tuple[str, str], ...], end: int, lexed: LexResult
) -> None:
    """Replace the text from a token to ``end`` by tokens."""
    for kind, text in meant:
        token = Token.new_borrow_pos(kind, text, replaced)
        token.end_pos = end
        token.end_line = source.position(max(end - 1, 0)).line
        lexed.tokens.append(token)


def _skip(source: Source, start: int, state: LexerState, lexed: LexResult) -> None:
    repair = repair_characters(source.text, start, lexed.tokens)
    line = source.position(start).line
    lexed.untyped.update(repair.names)
    last = str(lexed.tokens[-1]) if lexed.tokens else ""
    echoes = source.text[start] == "[" and last in lexed.untyped
    if not echoes and not _is_echo(source, repair, line, lexed):
        lexed.diagnostics.append(repair.diagnostic)
    if not repair.clear:
        lexed.unclear.add(line)
    column = state.line_ctr.column
    end_line = source.position(max(repair.end - 1, 0)).line
    lexed.tokens.extend(
        Token(kind, text, start, line, column, end_line, column, repair.end)
        for kind, text in repair.meant
    )
    state.line_ctr.feed(source.text[start : repair.end])


def _is_echo(source: Source, repair: CharacterRepair, line: int, lexed: LexResult) -> bool:
    """Return whether the error follows from one that was already reported."""
    if not lexed.diagnostics:
        return False
    last = lexed.diagnostics[-1]
    if last.code == repair.diagnostic.code == "RH101":
        return True
    same_line = source.position(last.mark.span.start).line == line
    return same_line and (line in lexed.unclear or last.message == repair.diagnostic.message)
