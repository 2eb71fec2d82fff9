"""Describe expected and found tokens in messages."""

from collections.abc import Collection, Mapping

from lark import Token

from dsl.vocabulary import DIRECTIONS, SECTIONS, STATEMENTS

STATEMENT_TOKENS = frozenset({word.upper() for word in STATEMENTS} | {"NAME", "FIELD"})
SECTION_TOKENS = frozenset(word.upper() for word in SECTIONS)
DIRECTION_TOKENS = frozenset(word.upper() for word in DIRECTIONS)

_OPERANDS = frozenset({
    "NUMBER", "STRING", "TRUE", "FALSE", "NONE", "NAME", "FIELD", "LPAR", "NOT", "MINUS", "IF",
    "FIRST", "BRANCH",
})  # fmt: skip
_OPERATORS = frozenset({
    "PLUS", "MINUS", "STAR", "SLASH", "PERCENT", "COMPARISON", "AND", "OR", "WHERE", "BY", "EXCEPT",
    "ONCE",
})  # fmt: skip
_CLOSERS = (
    "COMMA", "RPAR", "OF", "LBRACE", "THEN", "ELSE", "ONTO", "EQUAL", "IN", "__ANON_0", "RBRACE",
)  # fmt: skip
_WORDS = {
    "NAME": "a name", "FIELD": "a field with its dot", "NUMBER": "a number",
    "STRING": "a text in double quotes", "$END": "the end of the file",
    "COMPARISON": "a comparison", "ONCE": "`once .answer`",
}  # fmt: skip


def is_operand(expected: Collection[str]) -> bool:
    """Return whether an expression can begin here."""
    return "NUMBER" in expected and "LPAR" in expected


def is_after_operand(expected: Collection[str]) -> bool:
    """Return whether an expression could end here."""
    return "PLUS" in expected


def is_statement(expected: Collection[str]) -> bool:
    """Return whether a statement can begin here."""
    return "LET" in expected and "STOP" in expected


def is_section(expected: Collection[str]) -> bool:
    """Return whether a section can begin here."""
    return "SCHEDULE" in expected and "STEP" in expected


def describe_expected(expected: Collection[str], spelt: Mapping[str, str]) -> str:
    """Describe what was expected there, as briefly as possible."""
    rest = set(expected)
    phrases: list[str] = []
    if is_operand(rest):
        phrases.append("a value")
        rest -= _OPERANDS | {"OPEN", "SAMPLE"}
        if not is_statement(expected):
            rest -= {"UNSEEN"}
    elif is_after_operand(rest):
        closers = [kind for kind in _CLOSERS if kind in rest]
        if "RPAR" in closers:
            closers = [kind for kind in closers if kind != "OF"]
        if is_statement(rest) or is_section(rest):
            closers = [kind for kind in closers if kind not in {"RBRACE", "EQUAL"}]
        phrases += [_word(kind, spelt) for kind in closers]
        phrases.append("an operator")
        phrases += ["the next statement"] if is_statement(rest) else []
        rest = set()
    elif is_statement(rest):
        phrases.append("a statement")
        rest -= STATEMENT_TOKENS
    if is_section(rest):
        phrases.append("a section")
        rest -= SECTION_TOKENS
    if rest >= DIRECTION_TOKENS:
        phrases += [f"`{word}`" for word in DIRECTIONS]
        rest -= DIRECTION_TOKENS
    if len(rest) > 1:
        rest -= {"BECAUSE"}
    phrases += sorted(_word(kind, spelt) for kind in rest)
    if len(phrases) == 1:
        return phrases[0]
    return f"{', '.join(phrases[:-1])} or {phrases[-1]}"


def describe_token(token: Token) -> str:
    """Return a token as messages name it."""
    if token.type == "STRING":
        return "a text"
    if token.type == "NUMBER":
        return f"the number `{token}`"
    return f"`{token}`"


def _word(kind: str, spelt: Mapping[str, str]) -> str:
    return _WORDS.get(kind) or f"`{spelt[kind]}`"
