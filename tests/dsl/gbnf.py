"""Draws texts from a grammar in GBNF, by its rules alone: what a model under it may write."""

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

_TOKENS = re.compile(
    r'\s*(?:(?P<text>"(?:\\.|[^"\\])*")|(?P<letters>\[(?:\\.|[^\]\\])*\])'
    r"|(?P<name>[\w-]+)|(?P<count>\{\d+,\d+\}|[?*+])|(?P<sign>[()|]))"
)
_ESCAPES = {"n": "\n", '"': '"', "\\": "\\"}


class _Token(NamedTuple):
    kind: str
    text: str


Draw = Callable[["_Chance"], str]
"""Draws a text."""

PLENTY = 1500
DEEP = 80
"""Rules in all, and rules within rules: beyond either, the shortest way out is drawn."""


class _Chance:
    """What one drawing decides by."""

    def __init__(self, random: Random):
        self.random = random
        self.rules = 0
        self.depth = 0


class Grammar:
    """A grammar as text.

    Args:
        text: rules, one a line.
    """

    def __init__(self, text: str):
        self.rules: dict[str, list[list[Draw]]] = {}
        self._steps: dict[str, list[float]] = {}
        bodies = dict(line.split(" ::= ", 1) for line in text.splitlines())
        self._bodies = {name: _tokens(body) for name, body in bodies.items()}
        for name, tokens in self._bodies.items():
            self.rules[name] = _Reader(self, tokens).alternatives()
        self._measure()

    def draw(self, random: Random, name: str = "root") -> str:
        """A text of a rule."""
        return self.drawn(_Chance(random), name)

    def drawn(self, chance: _Chance, name: str) -> str:
        """A text of a rule, as a part of another."""
        chance.rules += 1
        chance.depth += 1
        ways = self.rules[name]
        if chance.rules > PLENTY or chance.depth > DEEP:
            steps = self._steps[name]
            ways = [way for way, far in zip(ways, steps, strict=True) if far == min(steps)]
        text = "".join(part(chance) for part in chance.random.choice(ways))
        chance.depth -= 1
        return text

    def _measure(self) -> None:
        """How many rules within rules each alternative takes at the least."""
        least = dict.fromkeys(self.rules, float("inf"))
        while True:
            steps = {
                name: [
                    1 + max((least[word] for word in _names(way)), default=0)
                    for way in _split(tokens)
                ]
                for name, tokens in self._bodies.items()
            }
            now = {name: min(step) for name, step in steps.items()}
            if now == least:
                self._steps = steps
                return
            least = now


class _Reader:
    def __init__(self, grammar: Grammar, tokens: Sequence[_Token]):
        self._grammar, self._tokens, self._at = grammar, tokens, 0

    def alternatives(self) -> list[list[Draw]]:
        found: list[list[Draw]] = [[]]
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            self._at += 1
            match token:
                case _Token("sign", "|"):
                    found.append([])
                case _Token("sign", ")"):
                    break
                case _Token("sign", _):
                    found[-1].append(_group(self.alternatives()))
                case _Token("count", text):
                    found[-1].append(_repeated(found[-1].pop(), *_bounds(text)))
                case _Token("text", text):
                    found[-1].append(_literal(_unescaped(text[1:-1])))
                case _Token("letters", text):
                    found[-1].append(_letter(text[1:-1]))
                case _Token(_, text):
                    found[-1].append(self._rule(text))
        return found

    def _rule(self, name: str) -> Draw:
        assert name in self._grammar._bodies, f"no rule is called {name}"
        return lambda chance: self._grammar.drawn(chance, name)


def _tokens(body: str) -> list[_Token]:
    found, position = [], 0
    while position < len(body.rstrip()):
        match = _TOKENS.match(body, position)
        assert match is not None, body[position:]
        found.append(_Token(str(match.lastgroup), match[str(match.lastgroup)]))
        position = match.end()
    return found


def _split(tokens: Sequence[_Token]) -> list[list[_Token]]:
    found: list[list[_Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token.text == "(") - (token.text == ")") if token.kind == "sign" else 0
        if depth == 0 and token == _Token("sign", "|"):
            found.append([])
        else:
            found[-1].append(token)
    return found


def _names(tokens: Sequence[_Token]) -> list[str]:
    return [token.text for token in tokens if token.kind == "name"]


def _bounds(text: str) -> tuple[int, int]:
    if text == "?":
        return 0, 1
    low, high = text[1:-1].split(",")
    return int(low), int(high)


def _group(ways: list[list[Draw]]) -> Draw:
    return lambda chance: "".join(part(chance) for part in chance.random.choice(ways))


def _repeated(part: Draw, low: int, high: int) -> Draw:
    def draw(chance: _Chance) -> str:
        count = chance.random.randint(low, min(high, low + 3))
        return "".join(part(chance) for _ in range(count))

    return draw


def _literal(text: str) -> Draw:
    return lambda chance: text


def _letter(spelt: str) -> Draw:
    inverse, spelt = spelt.startswith("^"), _unescaped(spelt.removeprefix("^"))
    letters: set[str] = set()
    position = 0
    while position < len(spelt):
        if spelt[position + 1 : position + 2] == "-" and position + 2 < len(spelt):
            letters.update(map(chr, range(ord(spelt[position]), ord(spelt[position + 2]) + 1)))
            position += 3
        else:
            letters.add(spelt[position])
            position += 1
    if inverse:
        letters = {chr(code) for code in range(32, 127)} - letters
    among = sorted(letters)
    return lambda chance: chance.random.choice(among)


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text)
