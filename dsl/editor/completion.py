"""Completions at a position: words from the grammar, names from the outline."""

import re
from collections.abc import Callable, Iterator
from enum import Enum
from typing import NamedTuple

from lark import Token

from dsl.builtins import (
    ATTRIBUTES,
    FUNCTIONS,
    INTERVAL_ATTRIBUTES,
    NUMBERS,
    SETS,
    SIGNALS,
    VALUES,
    WINDOWS,
    describe_signal,
)
from dsl.checker.symbols import Role
from dsl.editor.document import Document
from dsl.editor.hover import declared_page, function_page, set_page, value_page
from dsl.editor.keyword_meanings import KEYWORD_MEANINGS, ONCE
from dsl.editor.outline import CODE, Declaration, Section, end_of, is_after_initial_value
from dsl.parser import expected_tokens, load_grammar
from dsl.recovery import token_spellings
from dsl.source import Span
from dsl.vocabulary import STATEMENTS


class CompletionKind(Enum):
    """What a completion is."""

    KEYWORD = "keyword"
    FUNCTION = "function"
    KNOB = "knob"
    NAME = "name"
    FIELD = "field"
    SET = "set"
    VALUE = "value"
    SIGNAL = "signal"


class Completion(NamedTuple):
    """A word that fits at an offset."""

    label: str
    kind: CompletionKind
    detail: str
    """In a line: the declaration, the call as documentation writes it, the type."""
    markdown: str


class Completions(NamedTuple):
    """All words that fit at an offset, and the range that they replace."""

    span: Span
    found: list[Completion]


_OUTER = frozenset({"budget", "interval", "beta"})
"""The values that initial values and the cap of `step` may use."""

_PURE = frozenset({*NUMBERS, "min", "max"})
"""The functions of numbers alone."""

_FIELDS = frozenset({Role.FIELD, Role.RUNNING})

_IN_UPDATE = frozenset({"let", "if"})
_IN_FINALLY = frozenset({"let", "if", "push", "update", "answer"})

_ROLES = {
    Role.SCHEDULED: CompletionKind.KNOB,
    Role.KNOB: CompletionKind.KNOB,
    Role.FIELD: CompletionKind.FIELD,
    Role.RUNNING: CompletionKind.FIELD,
}


def find_completions(document: Document, offset: int) -> Completions:
    """Return the words that fit at an offset, ignoring the part of a word before it."""
    text = document.source.text
    begun = re.search(r"[A-Za-z0-9_]*\Z", text[:offset])
    assert begun is not None  # the pattern matches nothing too
    start = begun.start()
    dotted = text[start - 1 : start] == "." and text[max(0, start - 2) : start] != ".."
    start -= dotted
    ended = re.compile(r"[A-Za-z0-9_]*").match(text, offset)
    span = Span(start, offset if ended is None else ended.end())
    if begun.group()[:1].isdigit() or _is_quoted(document, start):
        return Completions(span, [])
    context = _CompletionContext(document, start)
    completions = context.fields() if dotted else context.everything()
    return Completions(span, list(completions))


def _is_quoted(document: Document, offset: int) -> bool:
    """Return whether an offset is in a comment or a text, finished or not."""
    line = document.source.text[:offset].rpartition("\n")[2]
    without_texts = re.sub(r'"[^"]*"', "", line)
    return '"' in without_texts or "#" in without_texts


class _CompletionContext:
    """A position between two tokens."""

    def __init__(self, document: Document, offset: int):
        self._document = document
        self._offset = offset
        self._outline = document.outline
        self._section: Section | None = self._outline.section_at(offset)
        kinds = expected_tokens(document.source, offset)
        spelt = token_spellings(load_grammar())
        self._words = [spelt[kind] for kind in kinds if kind in spelt and spelt[kind].isalpha()]
        self._takes_name = "NAME" in kinds
        self._takes_field = "FIELD" in kinds
        self._takes_value = "NUMBER" in kinds
        self._takes_once = "ONCE" in kinds
        before = [token for token in document.tokens if end_of(token) <= offset]
        self._before = before[-1].type if before else None
        self._running = self._in_each() and is_after_initial_value(self._line_before(before))
        self._updating = any(span.start <= offset <= span.end for span in self._outline.updates)

    def _in_each(self) -> bool:
        return self._section is not None and self._section.word == "each"

    def _line_before(self, before: list[Token]) -> list[Token]:
        """Return the tokens of a field's line, up to here."""
        starts = [
            index
            for index, token in enumerate(before[:-1])
            if token.type == "FIELD" and before[index + 1].type == "EQUAL"
        ]
        return before[starts[-1] :] if starts else []

    def everything(self) -> Iterator[Completion]:
        """Return all that can come."""
        if self._before == "ONTO":
            yield from self._names(lambda symbol: symbol.is_window)
            return
        if self._section is None and self._takes_name and self._before in {"NEEDS", "COMMA"}:
            yield from self._signals()
            return
        yield from self._keywords()
        if self._takes_value:
            yield from self._names(lambda symbol: symbol.role not in _FIELDS)
            yield from self._builtins()
        elif self._takes_name and "let" in self._words and not self._updating:
            yield from self._names(
                lambda symbol: symbol.role is Role.MEMORY and not symbol.is_window
            )
        if self._before in {"WHERE", "BY", "FOR"} or self._updating or self._running:
            yield from self.fields()

    def fields(self) -> Iterator[Completion]:
        """Return the fields of a branch and, where a value is allowed, its attributes."""
        if not self._takes_field or self._section is None:
            return
        if self._section.word not in CODE and not self._running:
            return
        shown = _FIELDS
        if self._running:
            shown = frozenset({Role.RUNNING})
        elif not self._takes_value:  # what `update` can assign
            shown = frozenset({Role.FIELD})
        for declared in self._outline.declared:
            if declared.role in shown:
                yield self._declared(declared)
        if not self._takes_value:
            return
        for name, value in ATTRIBUTES.items():
            if self._running and name not in INTERVAL_ATTRIBUTES:
                continue
            yield Completion(name, CompletionKind.FIELD, value.type.value, value_page(name, value))
        for needed in self._outline.needs:
            name, value = f".{needed}", describe_signal(needed)
            if name not in ATTRIBUTES:
                page = value_page(name, value)
                yield Completion(name, CompletionKind.SIGNAL, value.type.value, page)

    def _keywords(self) -> Iterator[Completion]:
        for word in sorted(self._words):
            if word in STATEMENTS and not self._allows(word):
                continue
            meaning = KEYWORD_MEANINGS[word]
            yield Completion(word, CompletionKind.KEYWORD, meaning.shown, meaning.meaning)
        if self._takes_once:
            yield Completion("once .answer", CompletionKind.KEYWORD, ONCE.shown, ONCE.meaning)

    def _allows(self, statement: str) -> bool:
        if self._updating:
            return statement in _IN_UPDATE
        in_finally = self._section is not None and self._section.word == "finally"
        return not in_finally or statement in _IN_FINALLY or self._takes_value

    def _names(self, wanted: Callable[[Declaration], bool]) -> Iterator[Completion]:
        for declared in self._outline.visible(self._offset):
            if wanted(declared) and self._may_use(declared):
                yield self._declared(declared)

    def _may_use(self, declared: Declaration) -> bool:
        """First values and the schedule use knobs; knobs have constants; code uses all."""
        if self._section is None or self._section.word == "knobs":
            return False
        knob = declared.role in {Role.KNOB, Role.SCHEDULED}
        return knob or (self._section.word in CODE and self._offset >= self._section.body.start)

    def _declared(self, declared: Declaration) -> Completion:
        kind = _ROLES.get(declared.role, CompletionKind.NAME)
        line = " ".join(self._document.source.excerpt(declared.line).split())
        return Completion(declared.name, kind, line, declared_page(self._document, declared))

    def _builtins(self) -> Iterator[Completion]:
        in_code = (
            self._section is not None
            and self._section.word in CODE
            and self._offset >= self._section.body.start
        )
        word = None if self._section is None else self._section.word
        for name, function in FUNCTIONS.items():
            window = name == "window"
            pure = name in _PURE or (self._running and name in WINDOWS)
            in_place = word == "memory" or (word == "each" and not self._running)
            if in_place if window else (in_code or pure):
                yield Completion(
                    name, CompletionKind.FUNCTION, function.shown, function_page(function)
                )
        for name, value in VALUES.items():
            if in_code or self._outer_value(name, word):
                yield Completion(
                    name, CompletionKind.VALUE, value.type.value, value_page(name, value)
                )
        if in_code:
            for name in SETS:
                yield Completion(name, CompletionKind.SET, SETS[name], set_page(name))

    def _outer_value(self, name: str, section: str | None) -> bool:
        if section == "schedule":
            return name == "beta"
        return section not in {None, "knobs"} and name in _OUTER

    def _signals(self) -> Iterator[Completion]:
        for name in SIGNALS:
            value = ATTRIBUTES[f".{name}"]
            yield Completion(name, CompletionKind.SIGNAL, f".{name}", value_page(f".{name}", value))
