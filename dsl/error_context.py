"""The context of a syntax error: the tokens on both sides, and the open braces."""

from dataclasses import dataclass
from typing import NamedTuple

from lark import Token

from dsl.diagnostics import Diagnostic
from dsl.source import Source, Span
from dsl.vocabulary import KEYWORDS, SECTIONS

_OPENERS = {"LBRACE": "RBRACE", "LPAR": "RPAR"}


def span_of(token: Token) -> Span:
    """Where a token is."""
    start = token.start_pos or 0
    return Span(start, token.end_pos or start)


class SyntaxMessage(NamedTuple):
    """A syntax error with an optional recovery."""

    diagnostic: Diagnostic
    instead: tuple[str, str] | None = None
    """The type and text of a token to read instead of the one that does not fit."""
    insert: tuple[str, str] | None = None
    """A token to read before the rest."""
    resume: int | None = None
    """The index of the token to continue at; what is unfinished before it is given up."""


@dataclass(frozen=True, slots=True)
class ErrorContext:
    """An unexpected token, and the tokens that were expected."""

    source: Source
    tokens: list[Token]
    index: int
    expected: frozenset[str]

    @property
    def token(self) -> Token:
        """The token that does not fit."""
        return self.tokens[self.index]

    @property
    def before(self) -> Token | None:
        """The token before it."""
        return self.tokens[self.index - 1] if self.index else None

    def after(self, distance: int) -> Token | None:
        """Return the token at a distance after it."""
        index = self.index + distance
        return self.tokens[index] if index < len(self.tokens) else None

    @property
    def begins_line(self) -> bool:
        """Whether it is the first token of its line."""
        return self.starts_line(self.index)

    def starts_line(self, index: int) -> bool:
        """Return whether the token at an index is the first of its line."""
        return index == 0 or self.tokens[index - 1].end_line != self.tokens[index].line

    @property
    def is_late_keyword(self) -> bool:
        """Whether it is a keyword on the line of the token before it."""
        return str(self.token) in KEYWORDS and not self.begins_line

    def line_start(self) -> int:
        """Return the index of the first token of its line."""
        index = self.index
        while index and self.tokens[index - 1].line == self.token.line:
            index -= 1
        return index

    def _open(self) -> list[int]:
        """Return the indices of the open braces and parentheses before it, outermost first."""
        opened: list[int] = []
        for index in range(self.index):
            kind = self.tokens[index].type
            if kind in _OPENERS:
                opened.append(index)
            elif kind in _OPENERS.values():
                if kind == "RBRACE":
                    while opened and self.tokens[opened[-1]].type == "LPAR":
                        opened.pop()
                if opened and _OPENERS[self.tokens[opened[-1]].type] == kind:
                    opened.pop()
        return opened

    def opener(self) -> Token | None:
        """Return the innermost brace that is open."""
        for index in reversed(self._open()):
            if self.tokens[index].type == "LBRACE":
                return self.tokens[index]
        return None

    def open_parentheses(self) -> int:
        """How many parentheses are open inside of the innermost brace."""
        count = 0
        for index in reversed(self._open()):
            if self.tokens[index].type == "LBRACE":
                break
            count += 1
        return count

    def section(self) -> str | None:
        """Return the section that it is in, ``each branch`` as ``each``."""
        for index in self._open():
            if self.tokens[index].type != "LBRACE":
                continue
            begin = index - 1
            # Back over the head of the block: `step at most …`, `each branch`.
            while begin >= 0 and self.tokens[begin].type not in {"LBRACE", "RBRACE"}:
                if str(self.tokens[begin]) in SECTIONS:
                    return str(self.tokens[begin])
                begin -= 1
        return None

    def waits_for_else(self) -> bool:
        """Return whether a `then` on the line still has no `else`."""
        return self._balance("THEN", "ELSE") > 0

    def waits_for_of(self) -> bool:
        """Return whether a `first` on the line still has no `of`."""
        return self._balance("FIRST", "OF") > 0

    def _balance(self, opening: str, closing: str) -> int:
        balance = 0
        for token in reversed(self.tokens[: self.index]):
            if token.type in {"LBRACE", "RBRACE"}:
                break
            balance += (token.type == opening) - (token.type == closing)
        return balance

    def left_open(self, to: int | None = None) -> Token | None:
        """Return the brace or parenthesis that is most likely unclosed before the token at ``to``.

        A `}` that is further left than the line on which its `{` is was most likely meant
        for an earlier one.
        """
        opened: list[Token] = []
        for token in self.tokens[:to]:
            if token.type in _OPENERS:
                opened.append(token)
            elif token.type in _OPENERS.values():
                if not opened or _OPENERS[opened[-1].type] != token.type:
                    continue
                opener = opened.pop()
                if token.type == "RBRACE" and opener.line != token.line:
                    shut, begun = self._indentation(token), self._indentation(opener)
                    if shut is not None and begun is not None and shut < begun:
                        return opener
        return opened[-1] if opened else None

    def _indentation(self, token: Token) -> int | None:
        line = self.source.line(self.source.position(token.start_pos or 0).line)
        return len(line) - len(line.lstrip())
