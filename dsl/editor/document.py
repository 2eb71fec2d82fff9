"""An open text and everything that is known of it, computed once."""

from functools import cached_property

from lark import Token

from dsl.checker.symbols import Symbol
from dsl.diagnostics import Diagnostic, sort_diagnostics
from dsl.editor.outline import Outline, end_of, read_outline, start_of
from dsl.lexer import tokenize_source
from dsl.parser import MAX_ERRORS, MAX_LENGTH, load_grammar
from dsl.program import Analysis, analyse_program
from dsl.source import Source, Span
from dsl.types import Type


class Document:
    """A text as it is in an editor, sound or not."""

    def __init__(self, source: Source):
        self.source = source

    @cached_property
    def analysis(self) -> Analysis:
        """The parse and the check."""
        return analyse_program(self.source)

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """What is wrong, in the order of the text."""
        return sort_diagnostics(self.analysis.diagnostics)

    @cached_property
    def tokens(self) -> list[Token]:
        """The tokens, as far as there are any; none of a text beyond the limit of length."""
        if len(self.source.text) > MAX_LENGTH:
            return []
        return tokenize_source(load_grammar(), self.source, MAX_ERRORS).tokens

    @cached_property
    def outline(self) -> Outline:
        """What the text declares."""
        return read_outline(self.tokens, len(self.source.text))

    @cached_property
    def _symbols(self) -> dict[Span, Symbol]:
        checked = self.analysis.checked
        if checked is None:
            return {}
        return {s.span: s for s in checked.symbols.values() if s.span is not None}

    def type_of(self, declared: Span) -> Type | None:
        """Return the type of what is declared under a name's span; known of valid programs only."""
        symbol = self._symbols.get(declared)
        return None if symbol is None else symbol.type

    def token_at(self, offset: int) -> int | None:
        """Return the index of the word or sign at an offset; of two that touch, the word."""
        touching = [
            index
            for index, token in enumerate(self.tokens)
            if start_of(token) <= offset <= end_of(token)
        ]
        words = [index for index in touching if self.tokens[index].type in {"NAME", "FIELD"}]
        return next(iter([*words, *touching[::-1]]), None)
