"""A grammar for constrained decoding: what a language model may write, token by token.

Servers that decode under a grammar (vLLM's structured outputs by xgrammar or guidance, llama.cpp)
take rules of characters, in the notation that llama.cpp calls GBNF. This makes them of Rheo's own
grammar, so whatever is decoded to its end parses, unless it nests more deeply than any program may.

A grammar of characters has no lexer, so white space is written into it. Each rule has two forms:
one for after a sign, where a word may follow at once, and one for after a word, where white space
has to come first. A name must not be a keyword, which a tree of letters sees to. Runs of white
space, names, numbers and texts have an end, so a model cannot lose itself in one.

Backends read the same rules in different ways, and this is written for all of them. Names of rules
are small letters, digits and hyphens: llama.cpp takes no underscores, and guidance tells no two
names apart that differ in case or in a hyphen alone. guidance also makes one token of every rule
that holds nothing but characters, and reads the longest one without a way back: so white space and
words, or a number and two dots, must never be of one rule. Rules of Rheo that hold nothing but
tokens are written out where they are used.
"""

from collections.abc import Iterator, Sequence
from functools import cache

from lark.grammar import NonTerminal, Symbol
from lark.lexer import PatternStr, TerminalDef

from dsl.parser import load_grammar
from dsl.tree_builder import MAX_INTEGER, MAX_REAL
from dsl.vocabulary import KEYWORDS

SPACE, MAYBE_SPACE = "space", "space?"


def _at_most(largest: str, *, fraction: bool = False) -> str:
    """Return alternatives for the digits of numbers up to the largest one.

    Args:
        largest: its digits.
        fraction: whether they follow a point, so that there may be fewer; else there are as many.
    """
    ways = []
    for size, digit in enumerate(largest):
        left = len(largest) - size - 1
        if digit != "0":
            start = f'"{largest[:size]}" ' if size else ""
            rest = f" [0-9]{{{0 if fraction else left},{left}}}" if left else ""
            ways.append(f"{start}[0-{int(digit) - 1}]{rest}")
        if fraction or not left:
            ways.append(f'"{largest[: size + 1]}"')
    return " | ".join(ways)


_WHOLE = str(MAX_INTEGER)
_MANTISSA, _, _EXPONENT = repr(MAX_REAL).partition("e+")

_RULES = {
    SPACE: r'" "{1,24} | "\n"{1,2} " "{0,24}',
    # What is below the largest integer and the largest real, and exponents in the same way.
    "whole": f"[0-9]{{1,{len(_WHOLE) - 1}}} | {_at_most(_WHOLE)}",
    "fraction": "[0-9]{1,24}",
    "exponent": '[+-]? [0-9]{1,2} | "-" [0-9]{3,3} | "+"? ("1" [0-9] | "2" [0-8]) [0-9]',
    "high-exponent": '"+"? ("29" [0-9] | "30" [0-7])',
    "top-fraction": _at_most(_MANTISSA.removeprefix("1."), fraction=True),
    "top-exponent": f'"+"? "{_EXPONENT}"',
}

_WRITTEN_OUT = {
    "NUMBER": (
        '(whole ("." fraction)? ([eE] exponent)? | [0-9] ("." fraction)? [eE] high-exponent'
        ' | "1" ("." top-fraction)? [eE] top-exponent)'
    )
}
"""A number is several tokens, so that two dots may follow it."""

_WORDS = {
    "FIELD": '"." [A-Za-z_] [A-Za-z0-9_]{0,30}',
    "ONCE": '"once .answer"',
}
"""Terminals that end in a letter or digit, besides keywords and names."""

_SIGNS = {
    "STRING": r'"\"" [^"\n]{0,120} "\""',
    "COMPARISON": '"==" | "!=" | "<=" | ">=" | "<" | ">"',
}
"""The others that are no fixed text."""

_LEADS_WITH_SIGN = frozenset({"FIELD"})
"""Words that may follow a word at once, since a sign comes first."""

_REST = "[A-Za-z0-9_]{0,30}"
"""How a name may continue where it can no longer become a keyword."""

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"

_DIGITS = "0123456789"


@cache
def decoding_grammar(reasons: int = 0) -> str:
    """Return the grammar, with the root ``root``.

    Args:
        reasons: with more than 0, a reply starts with one to so many comment lines.
    """
    builder = _RuleBuilder()
    lines = [_root(builder, reasons), *builder.rules()]
    lines += [f"{_rule(name)} ::= {body}" for name, body in (_WORDS | _SIGNS).items()]
    lines += [f"{name} ::= {body}" for name, body in _RULES.items()]
    return "\n".join([*lines, *_names()]) + "\n"


def _root(builder: "_RuleBuilder", reasons: int) -> str:
    start = builder.form("start", behind_word=False)
    if not reasons:
        return f"root ::= {MAYBE_SPACE} {start} {MAYBE_SPACE}"
    line = r'"# " [^\n]{1,200} "\n"'
    return f"root ::= ({line}){{1,{reasons}}} {MAYBE_SPACE} {start} {MAYBE_SPACE}"


class _RuleBuilder:
    """Makes the forms of rules as they are requested."""

    def __init__(self) -> None:
        parser = load_grammar()
        self._terminals: dict[str, TerminalDef] = {
            terminal.name: terminal for terminal in parser.terminals
        }
        self._bodies: dict[str, list[Sequence[Symbol]]] = {}
        for rule in parser.rules:
            self._bodies.setdefault(rule.origin.name, []).append(rule.expansion)
        self._wordy = self._ending_in_words()
        self._written_out = self._holding_terminals()
        self._requested: list[tuple[str, bool]] = []

    def form(self, name: str, *, behind_word: bool) -> str:
        """Return the name of one of a rule's two forms; the rule will be among `rules`."""
        if (name, behind_word) not in self._requested:
            self._requested.append((name, behind_word))
        return _rule(name, "after-word" if behind_word else "after-sign")

    def rules(self) -> Iterator[str]:
        """Return every form that was requested, and those that they ask for in turn."""
        for name, behind_word in self._requested:  # grows as it goes
            bodies = self._alternatives(name, behind_word=behind_word)
            yield f"{self.form(name, behind_word=behind_word)} ::= {bodies}"

    def _alternatives(self, name: str, *, behind_word: bool) -> str:
        bodies = [self._body(body, behind_word=behind_word) for body in self._bodies[name]]
        return " | ".join(bodies)

    def _body(self, symbols: Sequence[Symbol], *, behind_word: bool) -> str:
        parts = []
        for symbol in symbols:
            if symbol.name in self._written_out:
                parts.append(f"({self._alternatives(symbol.name, behind_word=behind_word)})")
            elif isinstance(symbol, NonTerminal):
                parts.append(self.form(symbol.name, behind_word=behind_word))
            else:
                parts += self._terminal(symbol.name, behind_word=behind_word)
            behind_word = self._ends_in_word(symbol)
        return " ".join(parts)

    def _terminal(self, name: str, *, behind_word: bool) -> list[str]:
        apart = behind_word and self._is_word(name) and name not in _LEADS_WITH_SIGN
        pattern = self._terminals[name].pattern
        text = f'"{pattern.value}"' if isinstance(pattern, PatternStr) else _rule(name)
        text = _WRITTEN_OUT.get(name, text)
        return [SPACE if apart else MAYBE_SPACE, text]

    def _is_word(self, terminal: str) -> bool:
        pattern = self._terminals[terminal].pattern
        if isinstance(pattern, PatternStr):
            return pattern.value.isalnum()
        return terminal not in _SIGNS

    def _ends_in_word(self, symbol: Symbol) -> bool:
        if isinstance(symbol, NonTerminal):
            return symbol.name in self._wordy
        return self._is_word(symbol.name)

    def _holding_terminals(self) -> frozenset[str]:
        """Return the rules that hold nothing but terminals, in whatever rules of theirs."""
        names: set[str] = set()
        while True:
            more = {
                name
                for name, bodies in self._bodies.items()
                if all(
                    symbol.name in names or not isinstance(symbol, NonTerminal)
                    for body in bodies
                    for symbol in body
                )
            }
            if more <= names:
                return frozenset(names)
            names |= more

    def _ending_in_words(self) -> frozenset[str]:
        """Return the rules that can end in a word."""
        names: set[str] = set()
        while True:
            more = {
                name
                for name, bodies in self._bodies.items()
                for body in bodies
                if (body[-1].name in names)
                or (not isinstance(body[-1], NonTerminal) and self._is_word(body[-1].name))
            }
            if more <= names:
                return frozenset(names)
            names |= more


def _rule(name: str, form: str = "") -> str:
    """Return the name of a rule, from that of Rheo's own grammar.

    Args:
        name: a rule's there, or a terminal's.
        form: which of the rule's forms; empty for a terminal.
    """
    # One underscore marks a rule that Lark inlines, two one that it makes of a repetition.
    kinds = {0: [], 1: ["inline"], 2: ["repeated"]}
    kind: list[str] = kinds[len(name) - len(name.lstrip("_"))]
    parts = [part.lower() for part in name.split("_") if part]
    return "-".join([*kind, *parts, form] if form else ["token", *parts])


def _names() -> Iterator[str]:
    """``NAME``: letters and digits that do not spell a keyword, as a tree over their beginnings."""
    stems = {word[:size] for word in KEYWORDS for size in range(len(word) + 1)}
    for stem in sorted(stems):
        nexts = {word[len(stem)] for word in KEYWORDS if word.startswith(stem) and word != stem}
        free = [letter for letter in _LETTERS + (_DIGITS if stem else "") if letter not in nexts]
        ways = [f"[{''.join(free)}] {_REST}"]
        ways += [f'"{letter}" {_stem(stem + letter)}' for letter in sorted(nexts)]
        if stem and stem not in KEYWORDS:
            ways.append('""')
        yield f"{_stem(stem)} ::= {' | '.join(ways)}"


def _stem(stem: str) -> str:
    return _rule(f"NAME_{stem}")
