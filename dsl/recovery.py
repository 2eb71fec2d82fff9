"""The LALR automaton as error recovery sees it: what fits, what is open, where to continue.

Everything here works on the stack of states alone and costs as much as it reads, so that text
that is wrong from end to end is got through as fast as text that is right.
"""

from functools import lru_cache
from typing import Any

from lark import Lark, Token, Tree
from lark.parsers.lalr_analysis import Shift

END = "$END"
_OPEN_BRACE, _CLOSE_BRACE = "LBRACE", "RBRACE"


class Automaton:
    """A parse in progress."""

    def __init__(self, grammar: Lark):
        self._state = grammar.parse_interactive().parser_state
        self._states: dict[Any, Any] = self._state.parse_conf.states
        self._end = self._state.parse_conf.end_state
        self._reached_by = _reached_by(grammar)

    @property
    def depth(self) -> int:
        """How many symbols are waiting for what belongs to them."""
        return len(self._state.state_stack)

    def fits(self, kind: str, depth: int | None = None) -> bool:
        """Return whether a token of this type can come next, on the first ``depth`` states."""
        stack = self._state.state_stack
        base = len(stack) if depth is None else depth
        extra: list[Any] = []
        while True:
            entry = self._states[extra[-1] if extra else stack[base - 1]].get(kind)
            if entry is None:
                return False
            action, argument = entry
            if action is Shift:
                return True
            size = len(argument.expansion)
            from_extra = min(size, len(extra))
            del extra[len(extra) - from_extra :]
            base -= size - from_extra
            below = extra[-1] if extra else stack[base - 1]
            extra.append(self._states[below][argument.origin.name][1])
            if kind == END and extra[-1] == self._end:
                return True

    def expected(self) -> frozenset[str]:
        """Return the types of all tokens that can come next."""
        choices = self._states[self._state.state_stack[-1]]
        return frozenset(kind for kind in choices if kind.isupper() and self.fits(kind))

    def feed(self, token: Token) -> None:
        """Take a token that fits."""
        self._state.feed_token(token)

    def finish(self, last: Token) -> "Tree[Token]":
        """End the parse, where the end fits."""
        tree: Tree[Token] = self._state.feed_token(Token.new_borrow_pos(END, "", last), True)
        return tree

    def unwind(self, kind: str) -> bool:
        """Give up unfinished items until one that ``kind`` begins, or a brace, is allowed.

        Returns:
            Whether there is such a state; if not, nothing is changed.
        """
        stack = self._state.state_stack
        closed = 0
        for depth in range(len(stack), 0, -1):
            # A block that is whole may wait on the stack for the token after it.
            symbol = self._reached_by.get(stack[depth - 1])
            closed += symbol == _CLOSE_BRACE
            if closed:
                closed -= symbol == _OPEN_BRACE
                continue
            if self._begins_item(stack[depth - 1]) and self.fits(kind, depth):
                del stack[depth:]
                del self._state.value_stack[depth - 1 :]
                return True
        return False

    def _begins_item(self, state: object) -> bool:
        """Return whether the state is at the start of a statement, a section or a line of one."""
        symbol = self._reached_by.get(state)
        return (
            symbol is None
            or symbol == _OPEN_BRACE
            or (symbol.startswith("__") and symbol.islower())
        )

    def open_braces(self) -> int:
        """Return how many braces wait for their end."""
        symbols = [self._reached_by.get(state) for state in self._state.state_stack]
        return symbols.count(_OPEN_BRACE) - symbols.count(_CLOSE_BRACE)


@lru_cache(maxsize=1)
def _reached_by(grammar: Lark) -> dict[Any, str]:
    """Return the symbol after which each state is: in an LR automaton it is always the same."""
    states = grammar.parse_interactive().parser_state.parse_conf.states
    return {
        target: symbol
        for entries in states.values()
        for symbol, (action, target) in entries.items()
        if action is Shift
    }


@lru_cache(maxsize=1)
def token_spellings(grammar: Lark) -> dict[str, str]:
    """How each token type that is always spelt alike is spelt."""
    return {
        terminal.name: terminal.pattern.value
        for terminal in grammar.terminals
        if terminal.pattern.type == "str"
    }
