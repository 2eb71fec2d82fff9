"""Declarations of a text, read from its tokens, so that they are known while it has errors."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from lark import Token

from dsl.checker.symbols import Role
from dsl.source import Span
from dsl.vocabulary import DIRECTIONS, SECTIONS, STATEMENTS

_SECTIONS = {word.upper(): word for word in SECTIONS}
_DIRECTIONS = frozenset(word.upper() for word in DIRECTIONS)
_BEGINNERS = _DIRECTIONS | {word.upper() for word in STATEMENTS}
_OPERANDS = frozenset({"NAME", "FIELD", "NUMBER", "STRING", "TRUE", "FALSE", "NONE", "RPAR"})
CODE = frozenset({"start", "step", "finally"})
"""The sections that hold statements."""
_CELLS = {"knobs": Role.KNOB, "memory": Role.MEMORY}


@dataclass(frozen=True, slots=True)
class Declaration:
    """A name that the text declares."""

    role: Role
    name: str
    span: Span
    """The name."""
    line: Span
    """The whole declaration."""
    scope: Span
    """Where the name can be used."""
    is_window: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A section, as far as the text goes."""

    word: str
    span: Span
    body: Span
    """Between its braces; empty where there is none yet."""
    closed: bool
    """Whether it has its last brace; if not, it continues up to the next section."""


@dataclass(frozen=True, slots=True)
class Outline:
    """The declarations, sections and blocks of a text, each in source order."""

    controller: Token | None
    sections: list[Section]
    declared: list[Declaration]
    updates: list[Span]
    """What is in the braces of each `update`."""
    needs: dict[str, Span] = field(default_factory=dict)
    """Where each signal is declared that the program needs, by name."""

    def section_at(self, offset: int) -> Section | None:
        """Return the section whose span contains an offset."""
        for section in self.sections:
            if section.span.start < offset < section.span.end + (not section.closed):
                return section
        return None

    def resolve(self, name: str, offset: int) -> Declaration | None:
        """Return the declaration that a name refers to at an offset; a field has its dot."""
        matches = (d for d in self.declared if d.name == name and _is_at(d, offset))
        return next(matches, None)

    def visible(self, offset: int) -> list[Declaration]:
        """Return the declarations whose names can be used at an offset."""
        return [
            declaration
            for declaration in self.declared
            if declaration.scope.start <= offset <= declaration.scope.end
        ]


def _is_at(declared: Declaration, offset: int) -> bool:
    inside = declared.scope.start <= offset <= declared.scope.end
    return inside or declared.span.start <= offset <= declared.span.end


def is_after_initial_value(tokens: Iterable[Token]) -> bool:
    """Return whether the tokens of a field's line go beyond its first value, or its window."""
    choices = 0
    for token in tokens:
        choices += token.type == "IF"
        if token.type == "OF" or (token.type == "THEN" and not choices):
            return True
        choices -= token.type == "THEN"
    return False


def read_outline(tokens: Sequence[Token], length: int) -> Outline:
    """Read the outline off the tokens of a text of ``length`` characters."""
    return _OutlineReader(tokens, length).run()


def start_of(token: Token) -> int:
    """Where a token begins."""
    return token.start_pos or 0


def end_of(token: Token) -> int:
    """Where a token ends."""
    return token.end_pos or 0


@dataclass
class _Block:
    """An open brace."""

    start: int
    is_update: bool
    lets: list[Declaration] = field(default_factory=list)


class _Line(NamedTuple):
    """A declaration in the text."""

    span: Span
    scope_start: int
    """Offset from which the name is in scope: after its value, even an unfinished one."""


class _OutlineReader:
    """Step over a token; the words of sections correct the depth where braces are missing."""

    def __init__(self, tokens: Sequence[Token], length: int):
        self._tokens = tokens
        self._length = length
        self._outline = Outline(None, [], [], [])
        self._section: tuple[str, int, int] | None = None
        """The word of the section that is open, where it begins, and where its body does."""
        self._blocks: list[_Block] = []
        self._updating = False
        self._parentheses = 0
        self._needing = False

    def run(self) -> Outline:
        """Return the outline."""
        controller = None
        for index, token in enumerate(self._tokens):
            if token.type in {"NEEDS", "CONTROLLER"}:
                self._needing = token.type == "NEEDS"
            if token.type == "NAME" and self._before(index) == "CONTROLLER":
                controller = token
            elif token.type == "NAME" and self._needing and self._section is None:
                self._outline.needs.setdefault(str(token), _span(token))
            elif token.type in _SECTIONS:
                self._close_section(start_of(token))
                self._section = (_SECTIONS[token.type], start_of(token), -1)
            elif self._section is not None:
                self._inside(index, token)
        self._close_section(self._length)
        self._outline.declared.sort(key=lambda declaration: declaration.span)
        read = self._outline
        return Outline(controller, read.sections, read.declared, read.updates, read.needs)

    def _before(self, index: int) -> str | None:
        return self._tokens[index - 1].type if index else None

    def _inside(self, index: int, token: Token) -> None:
        assert self._section is not None
        word, start, body = self._section
        match token.type:
            case "LBRACE":
                self._blocks.append(_Block(end_of(token), self._updating))
                self._updating = False
                self._parentheses = 0
                if body < 0:
                    self._section = (word, start, end_of(token))
            case "RBRACE":
                self._close_block(start_of(token))
                if not self._blocks:
                    self._close_section(end_of(token), closed=True)
            case "UPDATE":
                self._updating = True
            case "LPAR":
                self._parentheses += 1
            case "RPAR":
                self._parentheses = max(0, self._parentheses - 1)
            case "NAME" | "FIELD" if body >= 0:
                self._name(index, token, word)

    def _name(self, index: int, token: Token, section: str) -> None:
        before = self._before(index)
        following = self._tokens[index + 1].type if index + 1 < len(self._tokens) else None
        assigned = following == "EQUAL" and self._parentheses == 0
        span = Span(0, self._length)
        if section in CODE:
            if before == "LET" and token.type == "NAME" and self._blocks:
                line = self._line(index - 1)
                scope = Span(line.scope_start, -1)  # its end is known where the block ends
                let = Declaration(Role.LET, str(token), _span(token), line.span, scope)
                self._blocks[-1].lets.append(let)
        elif section == "schedule" and before in _DIRECTIONS:
            line = self._line(index - 1)
            self._declare(Role.SCHEDULED, index, line.span, Span(line.scope_start, self._length))
        elif section == "each" and token.type == "FIELD" and assigned:
            line = self._line(index)
            inside = (t for t in self._tokens[index:] if end_of(t) <= line.span.end)
            role = Role.RUNNING if is_after_initial_value(inside) else Role.FIELD
            self._declare(role, index, line.span, span)
        elif section in _CELLS and token.type == "NAME" and assigned:
            self._declare(_CELLS[section], index, self._line(index).span, span)

    def _declare(self, role: Role, index: int, line: Span, scope: Span) -> None:
        token = self._tokens[index]
        value = self._tokens[index + 2] if index + 2 < len(self._tokens) else ""
        is_window = role is Role.MEMORY and value == "window"
        self._outline.declared.append(
            Declaration(role, str(token), _span(token), line, scope, is_window)
        )

    def _line(self, index: int) -> _Line:
        """Return a declaration, from its first token up to where the next thing begins."""
        last = index
        depth = 0
        for other in range(index + 1, len(self._tokens)):
            kind = self._tokens[other].type
            if kind in {"LBRACE", "RBRACE"} or kind in _SECTIONS or self._begins(other, depth):
                break
            depth += (kind == "LPAR") - (kind == "RPAR")
            last = other
        span = Span(start_of(self._tokens[index]), end_of(self._tokens[last]))
        scope_start = span.end
        if self._tokens[last].type == "EQUAL":
            rest = self._tokens[last + 1 : last + 2]
            scope_start = end_of(rest[0]) if rest else self._length + 1
        return _Line(span, scope_start)

    def _begins(self, index: int, depth: int) -> bool:
        """Return whether a statement or a line of a section begins at a token."""
        kind, before = self._tokens[index].type, self._before(index)
        if kind == "IF":
            return before in _OPERANDS
        if kind in _BEGINNERS:
            return before != "EQUAL"
        following = self._tokens[index + 1].type if index + 1 < len(self._tokens) else None
        named = before == "LET" or before in _DIRECTIONS
        return kind in {"NAME", "FIELD"} and following == "EQUAL" and depth == 0 and not named

    def _close_block(self, offset: int) -> None:
        if not self._blocks:
            return
        block = self._blocks.pop()
        for let in block.lets:
            self._outline.declared.append(
                Declaration(let.role, let.name, let.span, let.line, Span(let.scope.start, offset))
            )
        if block.is_update:
            self._outline.updates.append(Span(block.start, offset))

    def _close_section(self, offset: int, *, closed: bool = False) -> None:
        while self._blocks:
            self._close_block(offset)
        if self._section is not None:
            word, start, body = self._section
            inside = Span(offset, offset) if body < 0 else Span(body, offset - closed)
            self._outline.sections.append(Section(word, Span(start, offset), inside, closed))
        self._section = None
        self._updating = False
        self._parentheses = 0


def _span(token: Token) -> Span:
    return Span(start_of(token), end_of(token))
