"""Match texts against a grammar of llama.cpp whose rules are as those of an automaton."""

import re

_PART = re.compile(
    r'"(?P<text>(?:\\.|[^"\\])*)"|\[(?P<letters>(?:\\.|[^\]\\])*)\](?: (?P<rule>\w+))?'
)
_LETTER = re.compile(r"\\x([0-9A-F]{2})|\\u([0-9A-F]{4})|\\U([0-9A-F]{8})|(.)", re.DOTALL)


class GrammarMatcher:
    """A grammar: each alternative is a literal, or a set of characters and the rule that follows.

    Args:
        grammar: rules, one a line.
    """

    def __init__(self, grammar: str):
        self._rules = dict(line.split(" ::= ", 1) for line in grammar.splitlines())

    def matches(self, text: str) -> bool:
        """Whether the whole text is one of the grammar's."""
        rules, rest = {"root"}, text
        while True:
            parts = [part for rule in rules for part in _PART.finditer(self._rules[rule])]
            if rest in {_letters(part["text"]) for part in parts if part["text"] is not None}:
                return True
            if not rest:
                return False
            rules = {
                part["rule"]
                for part in parts
                if part["letters"] is not None and _is_in(rest[0], part["letters"])
            }
            rest = rest[1:]


def _is_in(letter: str, spelt: str) -> bool:
    """Whether a set in brackets, without the brackets, has a character."""
    points = _letters(spelt.removeprefix("^").replace("-", "\0"))
    ranges = re.findall(r"(.)(?:\0(.))?", points, re.DOTALL)
    has = any(first <= letter <= (last or first) for first, last in ranges)
    return has != spelt.startswith("^")


def _letters(spelt: str) -> str:
    """The text of a literal, its escapes replaced."""

    def letter(found: "re.Match[str]") -> str:
        point = found[1] or found[2] or found[3]
        return chr(int(point, 16)) if point else str(found[4])

    return _LETTER.sub(letter, spelt)
