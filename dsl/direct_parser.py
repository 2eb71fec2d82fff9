"""Parse texts without syntax errors in one pass, straight to the syntax tree.

Lark's tables, terminals and rules are used as they are, so there is one grammar. What is left out
is everything that errors need: tokens with lines and columns, the raw tree, and recovery. A text
that does not fit is left to `dsl.parser`, which reports what is wrong with it.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple, cast

from lark import Lark, Token
from lark.grammar import Rule

from dsl import tree
from dsl.recovery import END
from dsl.source import Span
from dsl.tree_builder import TreeBuilder


class DirectResult(NamedTuple):
    """A parsed program."""

    program: tree.Program
    comments: list[tuple[Span, str]]
    """The span and the text of each comment, in source order."""


class _Extent(NamedTuple):
    """What a rule was read from, under the names that builders use."""

    start_pos: int
    end_pos: int


class _Reduction(NamedTuple):
    """A rule as the parse applies it."""

    size: int
    """Number of its symbols."""
    origin: str
    single: bool
    """Whether its value is that of its only symbol."""
    kept: tuple[tuple[int, bool], ...]
    """For each symbol that has a value, its position from the end, and whether it is a list."""
    build: Callable[..., Any] | None
    """The builder's method; ``None`` for a rule whose value is a list of values."""


class _Lexeme(NamedTuple):
    """A token, with its position."""

    kind: str
    text: str
    start: int
    end: int


class DirectParser:
    """Parser of a grammar for texts without errors.

    Args:
        grammar: The grammar, with a basic lexer.
        most_open: The most symbols that may be open at once.
        most_levels: The most levels of a tree.
    """

    def __init__(self, grammar: Lark, most_open: int, most_levels: int):
        self._most_open, self._most_levels = most_open, most_levels
        self._lexemes, self._keywords = _compile_terminals(grammar)
        conf = grammar.parse_interactive().parser_state.parse_conf
        self._start, self._end = conf.start_state, conf.end_state
        reductions = _convert_rules(conf.states)
        self._table: dict[int, dict[str, Any]] = {
            state: {
                symbol: reductions[target] if isinstance(target, Rule) else target
                for symbol, (_, target) in entries.items()
            }
            for state, entries in conf.states.items()
        }
        self._valued = frozenset(
            symbol.name
            for rule in reductions
            for symbol in rule.expansion
            if symbol.is_term and not getattr(symbol, "filter_out", False)
        )
        """The types of the tokens that a rule keeps."""

    def parse(self, text: str) -> DirectResult | None:
        """Parse a text.

        Returns:
            The program; ``None`` for a text with an error, or one that nests too deeply.
        """
        comments: list[tuple[Span, str]] = []
        lexemes = self._tokenize(text, comments)
        program = self._run(lexemes) if lexemes else None
        return None if program is None else DirectResult(program, comments)

    def _tokenize(self, text: str, comments: list[tuple[Span, str]]) -> list[_Lexeme] | None:
        lexemes: list[_Lexeme] = []
        match_lexeme, keywords = self._lexemes.match, self._keywords
        position, length = 0, len(text.rstrip(_SPACE))
        kind = ""
        while position < length:
            match = match_lexeme(text, position)
            if match is None:
                return None
            before, kind = kind, match.lastgroup or ""
            start, end = match.span(kind)
            written = match.group(kind)
            if kind == "COMMENT":
                comments.append((Span(start, end), written.rstrip()))
            else:
                if kind == "NAME":
                    kind = keywords.get(written, kind)
                    if before == "NUMBER" and start == position:
                        return None  # `10k` is one word, and no number
                lexemes.append(_Lexeme(kind, written, start, end))
            position = end
        lexemes.append(_Lexeme(END, "", length, length))
        return lexemes

    def _run(self, lexemes: list[_Lexeme]) -> tree.Program | None:
        builder = TreeBuilder()
        table, valued = self._table, self._valued
        states = [self._start]
        stack: list[_Value] = []
        for lexeme in lexemes:
            kind = lexeme.kind
            entry = table[states[-1]].get(kind)
            while type(entry) is _Reduction:
                size = entry.size
                if not entry.single:
                    value = _reduce(entry, stack, builder)
                    if value.levels > self._most_levels:
                        return None
                    del stack[-size:]
                    stack.append(value)
                del states[-size:]
                state = table[states[-1]][entry.origin]
                states.append(state)
                if state == self._end:
                    return _finish(stack[-1].value, builder)
                entry = table[state].get(kind)
            if entry is None:
                return None
            states.append(entry)
            if len(states) > self._most_open:
                return None
            token = _token(lexeme) if kind in valued else None
            stack.append(_Value(token, lexeme.start, lexeme.end, 0))
        return None


class _Value(NamedTuple):
    """A symbol on the stack."""

    value: Any
    """A node, a token, or a list of these."""
    start: int
    end: int
    levels: int
    """The most levels of nodes below and in it."""


_SPACE = " \t\r\n\f"


def _reduce(rule: _Reduction, stack: list[_Value], builder: TreeBuilder) -> _Value:
    """Return the value of a rule over the last symbols of the stack."""
    items: list[Any] = []
    levels = 0
    for offset, is_list in rule.kept:
        part = stack[offset]
        if part.levels > levels:
            levels = part.levels
        if not is_list:
            items.append(part.value)
        elif items:
            items += part.value
        else:
            items = part.value  # of a list that grows by one item, each time
    start, end = stack[-rule.size].start, stack[-1].end
    if rule.build is None:
        return _Value(items, start, end, levels)
    return _Value(rule.build(builder, _Extent(start, end), items), start, end, levels + 1)


def _finish(program: object, builder: TreeBuilder) -> tree.Program | None:
    return None if builder.diagnostics else cast("tree.Program", program)


def _token(lexeme: _Lexeme) -> Token:
    return Token(lexeme.kind, lexeme.text, lexeme.start, end_pos=lexeme.end)


def _compile_terminals(grammar: Lark) -> tuple[re.Pattern[str], dict[str, str]]:
    """Return the pattern of a token after white space, and the types of the keywords."""
    keywords = {
        terminal.pattern.value: terminal.name
        for terminal in grammar.terminals
        if terminal.pattern.type == "str" and terminal.pattern.value.isidentifier()
    }
    # Lark's own order: the first alternative that fits is taken.
    terminals = sorted(
        grammar.terminals,
        key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name),
    )
    alternatives = "|".join(
        f"(?P<{terminal.name}>{terminal.pattern.to_regexp()})"
        for terminal in terminals
        if terminal.pattern.value not in keywords and terminal.name != _IGNORED_SPACE
    )
    return re.compile(f"[{_SPACE}]*(?:{alternatives})"), keywords


_IGNORED_SPACE = "__IGNORE_0"


def _convert_rules(states: dict[int, dict[str, Any]]) -> dict[Rule, _Reduction]:
    rules = {
        target
        for entries in states.values()
        for _, target in entries.values()
        if isinstance(target, Rule)
    }
    single = _find_single(rules)
    return {rule: _convert_rule(rule, single) for rule in rules}


def _convert_rule(rule: Rule, single: frozenset[str]) -> _Reduction:
    size, name = len(rule.expansion), rule.origin.name
    kept = tuple(
        (index - size, _is_inlined(symbol.name) and symbol.name not in single)
        for index, symbol in enumerate(rule.expansion)
        if not (symbol.is_term and getattr(symbol, "filter_out", False))
    )
    inlined = _is_inlined(name)
    build = None if inlined else getattr(TreeBuilder, rule.alias or name)
    return _Reduction(size, name, inlined and name in single, kept, build)


def _find_single(rules: set[Rule]) -> frozenset[str]:
    """Return the inlined rules whose alternatives all are one symbol with one value."""
    inlined = {rule.origin.name for rule in rules if _is_inlined(rule.origin.name)}
    single = set(inlined)
    while True:
        lists = {
            rule.origin.name
            for rule in rules
            if rule.origin.name in single
            and (
                len(rule.expansion) != 1
                or (_is_inlined(rule.expansion[0].name) and rule.expansion[0].name not in single)
            )
        }
        if not lists:
            return frozenset(single)
        single -= lists


def _is_inlined(name: str) -> bool:
    """Return whether a rule has no node of its own: what is in it belongs to the rule around it."""
    return name.startswith("_") and name == name.lower()
