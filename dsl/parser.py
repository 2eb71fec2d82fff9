"""From text to tree: tokens, then the LALR parse, with recovery from syntax errors.

After an error the parser supplies the token that was missing, enters the block that follows, or
gives up the statement that it is in and continues after it. So one pass reports several errors, at
most one a line, and their echoes are kept silent.
"""

import re
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from lark import Lark, Token, Tree

from dsl import syntax_errors, tree
from dsl.diagnostics import Diagnostic
from dsl.direct_parser import DirectParser
from dsl.error_context import ErrorContext, span_of
from dsl.expectation import DIRECTION_TOKENS, SECTION_TOKENS, STATEMENT_TOKENS, is_section
from dsl.grammar_cache import load_parser
from dsl.lexer import tokenize_source
from dsl.recovery import END, Automaton, token_spellings
from dsl.source import Source, Span
from dsl.tree_builder import build_tree

MAX_DEPTH = 100
"""How deeply a program may nest; far beyond what anyone can read."""

MAX_STACK = 6 * MAX_DEPTH
"""The same for what is open at once while parsing; each level has a few symbols."""

MAX_LENGTH = 100_000
"""The most characters of a program."""

MAX_ERRORS = 50
"""The most syntax errors that are reported."""

MAX_WRONG = 500
"""After so many tokens that do not fit, echoes included, the rest is not read: each takes time."""


class Comment(NamedTuple):
    """A comment with its ``#``."""

    span: Span
    text: str


class ParseResult(NamedTuple):
    """The outcome of a parse: the tree, where there was no error, and what was wrong."""

    program: tree.Program | None
    diagnostics: list[Diagnostic]
    comments: list[Comment]
    """Every comment in source order, for the formatter."""


@lru_cache(maxsize=1)
def load_grammar() -> Lark:
    """Return the grammar, compiled once a process."""
    text = files("dsl").joinpath("rheo.lark").read_text(encoding="utf-8")
    # The basic lexer reserves the keywords everywhere, which is what the language wants.
    return load_parser(
        text, parser="lalr", lexer="basic", propagate_positions=True, maybe_placeholders=False
    )


@lru_cache(maxsize=1)
def _load_direct_parser() -> DirectParser:
    return DirectParser(load_grammar(), MAX_STACK, MAX_DEPTH)


def parse(source: Source) -> ParseResult:
    """Parse a program. Never raises: errors are part of the result."""
    if len(source.text) > MAX_LENGTH:
        return ParseResult(None, [syntax_errors.report_too_long(source, MAX_LENGTH)], [])
    direct = _load_direct_parser().parse(source.text)
    if direct is not None:
        return ParseResult(direct.program, [], [Comment(*comment) for comment in direct.comments])
    return parse_with_recovery(source)


def parse_with_recovery(source: Source) -> ParseResult:
    """Parse a program of at most `MAX_LENGTH` characters that may have errors."""
    tokens, diagnostics, unclear, untyped = tokenize_source(load_grammar(), source, MAX_ERRORS)
    comments = _comments(source, tokens)
    raw = _Parse(source, tokens, diagnostics, unclear, untyped).run()
    if raw is not None and not diagnostics:
        return ParseResult(*_finish(raw), comments)
    return ParseResult(None, diagnostics, comments)


def expected_tokens(source: Source, offset: int) -> frozenset[str]:
    """Return the types of the tokens that can come at an offset, for editors.

    Args:
        source: a text, of which only what is before the offset counts; errors are skipped.
        offset: the position, in characters, between two tokens.
    """
    before = Source(source.text[:offset], source.name)
    if len(before.text) > MAX_LENGTH:
        return frozenset()
    tokens, diagnostics, unclear, untyped = tokenize_source(load_grammar(), before, MAX_ERRORS)
    parse = _Parse(before, tokens, diagnostics, unclear, untyped)
    parse.read()
    return parse.automaton.expected()


def _comments(source: Source, tokens: list[Token]) -> list[Comment]:
    """Return the comments, which are between the tokens."""
    comments: list[Comment] = []
    starts = [token.start_pos or 0 for token in tokens] + [len(source.text)]
    end = 0
    for index, start in enumerate(starts):
        comments.extend(
            Comment(Span(*match.span()), match.group().rstrip())
            for match in re.compile(r"#[^\n]*").finditer(source.text, end, start)
        )
        if index < len(tokens):
            end = tokens[index].end_pos or 0
    return comments


def _finish(raw: "Tree[Token]") -> tuple[tree.Program | None, list[Diagnostic]]:
    """Build the syntax tree, unless it nests too deeply for anyone to follow."""
    level: list[Tree[Token]] = [raw]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in node.children if isinstance(child, Tree)]
        if not level:
            program, diagnostics = build_tree(raw)
            return (None if diagnostics else program), diagnostics
    span = Span(level[0].meta.start_pos, level[0].meta.end_pos)
    return None, [syntax_errors.report_too_deep(span, MAX_DEPTH)]


class _Parse:
    """One skip the tokens. After an error it continues as near after it as makes sense."""

    def __init__(
        self,
        source: Source,
        tokens: list[Token],
        diagnostics: list[Diagnostic],
        unclear: set[int],
        untyped: set[str],
    ):
        self.source = source
        self.tokens = tokens
        self.diagnostics = diagnostics
        self.silent = unclear
        """Lines on which a further syntax error would be an echo of an earlier one."""
        self.automaton = Automaton(load_grammar())
        self.renamed: set[str] = set(untyped)
        """Names that were reported where they are declared; their further uses are echoes."""
        self.closed_early = 0
        """Blocks given up by an error; a brace that closes nothing later is their echo."""
        self.wrong = 0
        """Tokens that did not fit, reported or not."""
        self.supplied = 0
        """Braces read where there are none; one that is missing later is their echo."""

    def run(self) -> "Tree[Token] | None":
        """Return the raw tree, which is meaningless if an error was reported."""
        return self._end() if self.read() else None

    def read(self) -> bool:
        """Feed the tokens; false where nothing after an error could be made sense of."""
        index = 0
        while index < len(self.tokens) and self.wrong < MAX_WRONG:
            if len(self.diagnostics) >= MAX_ERRORS:
                break
            token = self.tokens[index]
            if self.automaton.fits(token.type):
                self.automaton.feed(token)
                index += 1
                if self.automaton.depth > MAX_STACK:
                    self.diagnostics.append(
                        syntax_errors.report_too_deep(span_of(token), MAX_DEPTH)
                    )
                    return False
                continue
            goes_on = self._wrong(index)
            if goes_on is None:
                return False
            index = goes_on
        return True

    def _end(self) -> "Tree[Token] | None":
        if self.tokens and self.automaton.fits(END):
            return self.automaton.finish(self.tokens[-1])
        # A brace that is missing at the end is an echo where an error gave up the head of a block.
        if not self.diagnostics or self.automaton.open_braces() > self.supplied:
            self._tell_the_end()
        return None

    def _tell_the_end(self) -> None:
        unfinished = syntax_errors.report_unfinished(
            self.source, self.tokens, self.automaton.expected(), token_spellings(load_grammar())
        )
        if len(self.diagnostics) < MAX_ERRORS:
            self.diagnostics.append(unfinished)

    def _wrong(self, index: int) -> int | None:
        """Report an unexpected token, and return the index to resume at."""
        token = self.tokens[index]
        self.wrong += 1
        expected = self.automaton.expected()
        if token.type == "RBRACE" and expected == {END} and self.closed_early:
            self.closed_early -= 1
            return index + 1
        site = ErrorContext(self.source, self.tokens, index, expected)
        message = syntax_errors.report_unexpected(site, token_spellings(load_grammar()))
        lines = {self.source.position(message.diagnostic.mark.span.start).line, token.line or 0}
        around = {str(one) for one in self.tokens[max(0, index - 1) : index + 1]}
        # A section inside a block has closed that block, so what follows in it is outside.
        misplaced = message.diagnostic.code == "RH115" or token.type in SECTION_TOKENS
        outside = misplaced and self.closed_early + self.supplied > 0
        if not self.silent & lines and not self.renamed & around and not outside:
            self.diagnostics.append(message.diagnostic)
        if outside:
            self.supplied = max(0, self.supplied - 1)
        self.silent |= lines
        if message.diagnostic.code == "RH109":
            self.renamed.add(str(token))
        if expected == {END}:
            return None
        if message.instead is not None and self.automaton.fits(message.instead[0]):
            kind, text = message.instead
            self.automaton.feed(Token.new_borrow_pos(kind, text, token))
            return index + 1
        if message.insert is not None and self.automaton.fits(message.insert[0]):
            self.automaton.feed(Token.new_borrow_pos(*message.insert, token))
            return self._resume(index if message.resume is None else message.resume)
        if message.resume is not None:
            return self._resume(message.resume)
        return self._insert(index, expected) or self._panic(index)

    def _resume(self, index: int) -> int | None:
        """Continue at a token, in the middle of an item where it fits there, else at a new one."""
        if index >= len(self.tokens):
            return index
        kind = self.tokens[index].type
        if self.automaton.fits(kind):
            return index
        before = self.automaton.open_braces()
        if not self.automaton.unwind(kind):
            return self._panic(index)
        self.closed_early += before - self.automaton.open_braces()
        return index

    def _insert(self, index: int, expected: frozenset[str]) -> int | None:
        """Supplie the one token that was missing, where the parse can continue with it."""
        token = self.tokens[index]
        missing = expected & {"RPAR"} if token.type in _BEHIND_PARENTHESES else frozenset()
        if len(expected) == 1:
            missing = expected
        elif is_section(expected) and token.type == "LBRACE":
            missing = frozenset({_section_of(self.tokens[index + 1 : index + 5])})
        elif "LBRACE" in expected and self._begins_body(index):
            missing = frozenset({"LBRACE"})
            self.supplied += 1
        for kind in missing - {"NAME", "FIELD", "STRING", "EQUAL", END}:
            self.automaton.feed(
                Token.new_borrow_pos(kind, token_spellings(load_grammar())[kind], token)
            )
            return index
        return None

    def _begins_body(self, index: int) -> bool:
        """Return whether a statement begins here beyond doubt."""
        kinds = [token.type for token in self.tokens[index : index + 2]]
        return kinds[0] in _STARTERS - {"NAME", "FIELD"} or kinds[1:] == ["EQUAL"]

    def _panic(self, index: int) -> int | None:
        """Drop tokens up to a block, a line or a brace where something fits again."""
        wrong, depth = index, 0
        while index < len(self.tokens):
            token = self.tokens[index]
            if token.type == "LBRACE" and depth == 0 and self._enter_block(token):
                return index + 1
            if token.type == "LBRACE":
                depth += 1
            elif token.type == "RBRACE" and depth:
                depth -= 1
            elif depth == 0 and self._goes_on(index, wrong):
                return index
            index += 1
        return None

    def _enter_block(self, brace: Token) -> bool:
        """Read a block whose head is wrong as if it hung on an `if`, or were a `start`."""
        for head in (("IF", "TRUE", "LBRACE"), ("START", "LBRACE")):
            if self.automaton.unwind(head[0]):
                for kind in head:
                    self.automaton.feed(Token.new_borrow_pos(kind, kind.lower(), brace))
                return True
        return False

    def _goes_on(self, index: int, wrong: int) -> bool:
        token = self.tokens[index]
        begins = _begins_line(self.tokens, index)
        if token.type != "RBRACE" and not begins:
            return False
        if index > wrong and begins and self._is_foreign_section(index):
            return self.automaton.unwind("START")
        before = self.automaton.open_braces()
        if not self.automaton.unwind(token.type):
            return False
        self.closed_early += before - self.automaton.open_braces()
        return True

    def _is_foreign_section(self, index: int) -> bool:
        """Whether a name and a brace follow where a section is due: one more misspelt section."""
        kinds = [token.type for token in self.tokens[index : index + 2]]
        return kinds == ["NAME", "LBRACE"]


_STARTERS = STATEMENT_TOKENS | SECTION_TOKENS | DIRECTION_TOKENS | {"CONTROLLER"}
_BEHIND_PARENTHESES = _STARTERS - {"NAME", "FIELD", "IF"} | {"LBRACE", "RBRACE"}


def _section_of(tokens: list[Token]) -> str:
    """Return the section that a block without a name most likely is, by how it begins."""
    kinds = [token.type for token in tokens]
    if kinds[:1] == ["NAME"]:
        return "KNOBS" if kinds[3:4] == ["IN"] else "MEMORY"
    if kinds[:1] == ["FIELD"]:
        return "EACH"
    return "SCHEDULE" if set(kinds[:1]) & DIRECTION_TOKENS else "START"


def _begins_line(tokens: list[Token], index: int) -> bool:
    first = index == 0 or tokens[index - 1].line != tokens[index].line
    return first and tokens[index].type in _STARTERS
