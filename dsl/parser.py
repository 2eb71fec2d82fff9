"""From text to tree: tokens, then the LALR parse, with every syntax error told and got over.

After an error the parser gives up the statement or section that it is in and goes on behind it, so
that one pass tells several errors.
"""

import re
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedToken
from lark.parsers.lalr_interactive_parser import InteractiveParser

from dsl import syntax_errors, tree
from dsl.build import build
from dsl.diagnostics import Diagnostic
from dsl.source import Source, Span

MAX_DEPTH = 100
"""How deeply a program may nest; far beyond what anyone can read."""

MAX_ERRORS = 50
"""After so many syntax errors the rest is not told."""


class Comment(NamedTuple):
    """A comment with its ``#``."""

    span: Span
    text: str


class Parsed(NamedTuple):
    """The outcome of a parse: the tree, where there was no error, and what was wrong."""

    program: tree.Program | None
    diagnostics: list[Diagnostic]
    comments: list[Comment]
    """Every comment in source order, for the formatter."""


@lru_cache(maxsize=1)
def grammar() -> Lark:
    """The grammar, compiled once a process."""
    text = files("dsl").joinpath("rheo.lark").read_text(encoding="utf-8")
    # The basic lexer reserves the keywords everywhere, which is what the language wants.
    return Lark(
        text, parser="lalr", lexer="basic", propagate_positions=True, maybe_placeholders=False
    )


def parse(source: Source) -> Parsed:
    """Parses a program. Whatever the text holds, it never raises."""
    tokens, diagnostics = _tokens(source)
    comments = _comments(source, tokens)
    if len(diagnostics) < MAX_ERRORS:
        raw = _parse_tokens(source, tokens, diagnostics)
        if raw is not None and not diagnostics:
            return Parsed(*_finish(raw), comments)
    return Parsed(None, diagnostics, comments)


def _tokens(source: Source) -> tuple[list[Token], list[Diagnostic]]:
    """All tokens. Characters that begin none are told, and read as white space."""
    text = source.text
    diagnostics: list[Diagnostic] = []
    while True:
        try:
            return list(grammar().lex(text)), diagnostics
        except UnexpectedCharacters as error:
            start = error.pos_in_stream or 0
            diagnostic = syntax_errors.unknown_characters(source, start)
            diagnostics.append(diagnostic)
            end = diagnostic.mark.span.end
            text = text[:start] + " " * (end - start) + text[end:]
        if len(diagnostics) >= MAX_ERRORS:
            return [], diagnostics


def _comments(source: Source, tokens: list[Token]) -> list[Comment]:
    """The comments, which lie between the tokens."""
    found = []
    starts = [token.start_pos or 0 for token in tokens] + [len(source.text)]
    end = 0
    for index, start in enumerate(starts):
        for match in re.compile(r"#[^\n]*").finditer(source.text, end, start):
            found.append(Comment(Span(*match.span()), match.group().rstrip()))
        if index < len(tokens):
            end = tokens[index].end_pos or 0
    return found


def _finish(raw: "Tree[Token]") -> tuple[tree.Program | None, list[Diagnostic]]:
    """Builds the syntax tree, unless it nests too deeply for anyone to follow."""
    level: list[Tree[Token]] = [raw]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in node.children if isinstance(child, Tree)]
        if not level:
            program, diagnostics = build(raw)
            return (None if diagnostics else program), diagnostics
    span = Span(level[0].meta.start_pos, level[0].meta.end_pos)
    return None, [syntax_errors.too_deep(span, MAX_DEPTH)]


def _parse_tokens(
    source: Source, tokens: list[Token], diagnostics: list[Diagnostic]
) -> "Tree[Token] | None":
    """Feeds the tokens to the parser; after an error goes on where a statement begins."""
    parser = grammar().parse_interactive()
    index = 0
    while index < len(tokens):
        try:
            parser.feed_token(tokens[index])
            index += 1
        except UnexpectedToken:
            expected = _accepts(parser)
            diagnostics.append(syntax_errors.unexpected(source, tokens, index, expected))
            if len(diagnostics) >= MAX_ERRORS:
                return None
            recovered = _recover(parser, tokens, index)
            if recovered is None:
                return None
            index = recovered
    try:
        result: Tree[Token] = parser.feed_eof(tokens[-1] if tokens else None)  # type: ignore[no-untyped-call]
    except UnexpectedToken:
        diagnostics.append(syntax_errors.unfinished(source, tokens, _accepts(parser)))
        return None
    return result


def _accepts(parser: InteractiveParser) -> frozenset[str]:
    return frozenset(parser.accepts())  # type: ignore[no-untyped-call]


_LINE_STARTERS = syntax_errors.STATEMENT_TOKENS | syntax_errors.SECTION_TOKENS


def _recover(parser: InteractiveParser, tokens: list[Token], index: int) -> int | None:
    """Drops tokens and parser states until a statement, a section or a brace fits again."""
    skipped_braces = 0
    line = tokens[index].line
    while index < len(tokens):
        token = tokens[index]
        if token.type == "LBRACE":
            skipped_braces += 1
        elif token.type == "RBRACE" and skipped_braces:
            skipped_braces -= 1
        elif not skipped_braces and (
            token.type == "RBRACE" or (token.line != line and _begins_line(tokens, index))
        ):
            if _unwind(parser, token):
                return index
        index += 1
    return None


def _begins_line(tokens: list[Token], index: int) -> bool:
    token = tokens[index]
    first = index == 0 or tokens[index - 1].line != token.line
    return first and token.type in _LINE_STARTERS


def _unwind(parser: InteractiveParser, token: Token) -> bool:
    """Pops unfinished constructs until ``token`` fits; leaves all as it was where it never does."""
    states = parser.parser_state.state_stack
    for kept in range(len(states), 0, -1):
        trial: InteractiveParser = parser.copy()  # type: ignore[no-untyped-call]
        del trial.parser_state.state_stack[kept:]
        del trial.parser_state.value_stack[kept - 1 :]
        try:
            trial.feed_token(token)
        except UnexpectedToken:
            continue
        del states[kept:]
        del parser.parser_state.value_stack[kept - 1 :]
        return True
    return False
