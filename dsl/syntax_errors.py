"""Syntax errors in human words: what stands there, what was expected, how to mend it."""

from collections.abc import Collection

from lark import Token

from dsl.diagnostics import Diagnostic, Edit, Mark
from dsl.source import Source, Span
from dsl.spelling import nearest
from dsl.words import DIRECTIONS, KEYWORDS, SECTIONS, STATEMENTS

STATEMENT_TOKENS = frozenset({word.upper() for word in STATEMENTS} | {"NAME", "FIELD"})
SECTION_TOKENS = frozenset({word.upper() for word in (*SECTIONS, *DIRECTIONS)} | {"CONTROLLER"})

_OPENERS = {"LBRACE": "RBRACE", "LPAR": "RPAR"}

_SLIPS = {
    "&&": "write `and`",
    "&": "write `and`",
    "||": "write `or`",
    "|": "write `or`",
    "!": "write `not`",
    ";": "statements need no `;`: begin the next one on a new line",
    "'": 'answers and reasons stand in double quotes: "…"',
    "[": "sets are made with `where`, `by` and `first`; windows are declared in `memory`",
    "]": "sets are made with `where`, `by` and `first`; windows are declared in `memory`",
    "^": "write `pow(x, y)`",
    "λ": "conditions stand behind `where`, keys behind `by`",
    "≥": "write `>=`",
    "≤": "write `<=`",
    "≠": "write `!=`",
    "β": "write `beta`",
}


def unknown_characters(source: Source, start: int) -> Diagnostic:
    """Characters that begin no word of the language; the mark covers what is to be skipped."""
    text = source.text
    if text[start] == '"':
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        return Diagnostic(
            "RH101",
            "this text is not closed",
            Mark(Span(start, end), "no closing quote on this line"),
            help='close it with `"` on the same line',
        )
    if text[start] == "." and text[start + 1 : start + 2].isdigit():
        return Diagnostic(
            "RH102",
            "a number begins with a digit",
            Mark(Span(start, start + 1)),
            help="write a zero before the point: `0.5`",
            edit=Edit(Span(start, start), "0"),
        )
    end = start + 2 if text[start : start + 2] in _SLIPS else start + 1
    slip = text[start:end]
    shown = slip if slip.isprintable() else f"\\u{{{ord(slip[0]):x}}}"
    return Diagnostic(
        "RH103",
        f"`{shown}` means nothing in Rheo",
        Mark(Span(start, end)),
        help=_SLIPS.get(slip),
    )


def too_deep(span: Span, most: int) -> Diagnostic:
    """An expression or block that nests beyond the limit."""
    return Diagnostic(
        "RH110",
        f"this nests more than {most} levels deep",
        Mark(Span(span.start, span.start + 1), "too deep from here"),
        help="name a part of it with `let`",
    )


def unexpected(
    source: Source, tokens: list[Token], index: int, expected: Collection[str]
) -> Diagnostic:
    """A token that does not fit where it stands."""
    for case in (_misspelt, _comparison_for_assignment, _reserved, _surplus, _second_controller):
        diagnostic = case(source, tokens, index, expected)
        if diagnostic is not None:
            return diagnostic
    token = tokens[index]
    return Diagnostic(
        "RH104",
        f"expected {_wanted(expected)}, found {_found(token)}",
        Mark(_span(token), "here"),
        help=_hint(tokens, index, expected),
    )


def unfinished(source: Source, tokens: list[Token], expected: Collection[str]) -> Diagnostic:
    """The text ends too early."""
    if not tokens:
        return Diagnostic(
            "RH105",
            "the file holds no controller",
            Mark(Span(0, 0)),
            help="`rheostat new NAME` writes one to start from",
        )
    opened: list[Token] = []
    for token in tokens:
        if token.type in _OPENERS:
            opened.append(token)
        elif opened and token.type == _OPENERS[opened[-1].type]:
            opened.pop()
    end = tokens[-1].end_pos or 0
    if opened:
        sign = "}" if opened[-1].type == "LBRACE" else ")"
        return Diagnostic(
            "RH106",
            f"the file ends before `{opened[-1]}` is closed",
            Mark(Span(end - 1, end), f"`{sign}` is missing behind this"),
            also=(Mark(_span(opened[-1]), "opened here"),),
            help=f"add `{sign}` where the {_inside(opened[-1])} should end",
        )
    return Diagnostic(
        "RH104",
        f"expected {_wanted(expected)}, found the end of the file",
        Mark(Span(end - 1, end), "the file ends behind this"),
    )


def _misspelt(
    source: Source, tokens: list[Token], index: int, expected: Collection[str]
) -> Diagnostic | None:
    """A name at the start of a statement or section that is not assigned: a word gone wrong."""
    token = tokens[index]
    before = tokens[index - 1] if index else None
    if token.type == "EQUAL":
        return None
    if token.type == "NAME" and "NAME" not in expected and _expects_word(expected):
        word, words = token, _words(expected)
    elif before is not None and before.type == "NAME" and set(expected) == {"EQUAL"}:
        if index >= 2 and tokens[index - 2].type in {"LET", "RISING", "FALLING", "FIXED"}:
            return None
        word, words = before, _words_at(tokens, index - 1)
    else:
        return None
    near = nearest(str(word), words)
    listed = ", ".join(f"`{one}`" for one in words)
    span = _span(word)
    return Diagnostic(
        "RH107",
        f"`{word}` begins no {_kind(words)}",
        Mark(span, "not a word of Rheo"),
        help=f"did you mean `{near}`?" if near else f"one of {listed} can stand here",
        edit=Edit(span, near) if near else None,
    )


def _expects_word(expected: Collection[str]) -> bool:
    return "CONTROLLER" in expected or len(SECTION_TOKENS & set(expected)) >= 2


def _words(expected: Collection[str]) -> list[str]:
    return sorted(token.lower() for token in expected if token.lower() in KEYWORDS)


def _words_at(tokens: list[Token], index: int) -> list[str]:
    """The words that could stand at the start of the item at ``index``: by its enclosing brace."""
    depth = 0
    for at in range(index - 1, -1, -1):
        if tokens[at].type == "RBRACE":
            depth += 1
        elif tokens[at].type == "LBRACE":
            if depth == 0:
                if at and tokens[at - 1].type == "SCHEDULE":
                    return list(DIRECTIONS)
                break
            depth -= 1
    return list(STATEMENTS)


def _kind(words: Collection[str]) -> str:
    if "controller" in words:
        return "program"
    if set(words) & set(SECTIONS):
        return "section"
    return "line of a schedule" if set(words) <= set(DIRECTIONS) else "statement"


def _comparison_for_assignment(
    source: Source, tokens: list[Token], index: int, expected: Collection[str]
) -> Diagnostic | None:
    """``=`` where two things are compared, or ``==`` where one is assigned."""
    token = tokens[index]
    if token.type == "EQUAL" and "COMPARISON" in expected:
        return Diagnostic(
            "RH108",
            "`=` assigns, and nothing can be assigned inside an expression",
            Mark(_span(token)),
            help="write `==` to compare",
            edit=Edit(_span(token), "=="),
        )
    if str(token) == "==" and "EQUAL" in expected and "COMPARISON" not in expected:
        return Diagnostic(
            "RH108",
            "`==` compares, and a statement cannot begin with a comparison",
            Mark(_span(token)),
            help="write `=` to assign",
            edit=Edit(_span(token), "="),
        )
    return None


def _reserved(
    source: Source, tokens: list[Token], index: int, expected: Collection[str]
) -> Diagnostic | None:
    """A keyword used as a name."""
    token = tokens[index]
    if str(token) not in KEYWORDS or "NAME" not in expected:
        return None
    before = tokens[index - 1] if index else None
    naming = before is not None and (
        before.type in {"LET", "RISING", "FALLING", "FIXED", "ONTO", "NEEDS", "CONTROLLER"}
        or set(expected) == {"NAME", "RBRACE"}
    )
    if not naming:
        return None
    return Diagnostic(
        "RH109",
        f"`{token}` is a word of the language and cannot be a name",
        Mark(_span(token), "a name is expected here"),
        help=f"choose another name, `{token}_` or `my_{token}` for one",
    )


def _surplus(
    source: Source, tokens: list[Token], index: int, expected: Collection[str]
) -> Diagnostic | None:
    """A closing brace or parenthesis that closes nothing."""
    token = tokens[index]
    if token.type == "RBRACE" and set(expected) == {"$END"}:
        return Diagnostic(
            "RH111",
            "this `}` closes nothing",
            Mark(_span(token)),
            help="remove it, or open the block that it should close",
        )
    if token.type == "RPAR" and not _open_parentheses(tokens[:index]):
        return Diagnostic(
            "RH111",
            "this `)` closes nothing",
            Mark(_span(token)),
            help="remove it, or open the parenthesis that it should close",
        )
    return None


def _second_controller(
    source: Source, tokens: list[Token], index: int, expected: Collection[str]
) -> Diagnostic | None:
    token = tokens[index]
    if set(expected) != {"$END"}:
        return None
    return Diagnostic(
        "RH112",
        "the controller ends before this; a file holds one controller and nothing behind it",
        Mark(_span(token)),
        help="put a second controller into a file of its own"
        if token.type == "CONTROLLER"
        else "a `}` further up closes the controller too early",
    )


def _open_parentheses(tokens: list[Token]) -> int:
    depth = 0
    for token in tokens:
        depth += (token.type == "LPAR") - (token.type == "RPAR")
        if token.type in {"LBRACE", "RBRACE"}:
            depth = 0
    return depth


def _hint(tokens: list[Token], index: int, expected: Collection[str]) -> str | None:
    """What to do about the commonest slips that need no diagnostic of their own."""
    token = tokens[index]
    before = tokens[index - 1] if index else None
    if token.type == "COMPARISON" and before is not None and "COMPARISON" not in expected:
        return "compare two things at a time and join them: `a < b and b < c`"
    if token.type == "EQUAL" and before is not None and before.type == "LET":
        return "`let` needs a name before the `=`"
    if before is not None and before.type == "SAMPLE" and token.type != "NUMBER":
        return "say how many: `sample 1`"
    if "OF" in expected and before is not None and before.type in {"NUMBER", "RPAR", "NAME"}:
        return "`first` goes with `of`: `first 2 of active`"
    if expected == {"THEN"} or ("THEN" in expected and token.type == "LBRACE"):
        return "inside an expression write `if c then a else b`; a block's `if` begins a statement"
    if "ELSE" in expected and "RBRACE" not in expected:
        return "an `if` inside an expression needs both `then` and `else`"
    if "RPAR" in expected and token.type in {"RBRACE", "LBRACE"} | STATEMENT_TOKENS:
        return "a `)` is missing before this"
    if "LBRACE" in expected and "RBRACE" not in expected:
        return "a block stands in braces: `{ … }`"
    return None


_PHRASES = {
    "NAME": "a name", "FIELD": "a field", "NUMBER": "a number", "STRING": "a text in quotes",
    "LBRACE": "`{`", "RBRACE": "`}`", "LPAR": "`(`", "RPAR": "`)`", "EQUAL": "`=`", "COMMA": "`,`",
    "$END": "the end of the file", "COMPARISON": "a comparison",
}  # fmt: skip

_OPERATORS = frozenset({"PLUS", "MINUS", "STAR", "SLASH", "PERCENT", "COMPARISON", "AND", "OR"})


def _wanted(expected: Collection[str]) -> str:
    """What could have stood there, in as few words as say it."""
    rest = {token for token in expected if not token.startswith("__")}
    phrases = []
    if {"NUMBER", "LPAR", "TRUE"} <= rest:
        phrases.append("an expression")
        rest -= {"NUMBER", "LPAR", "TRUE", "FALSE", "NONE", "NAME", "FIELD", "STRING", "NOT"}
        rest -= {"IF", "FIRST", "MINUS", "OPEN", "SAMPLE"}
    elif {"LET", "STOP"} <= rest:
        if not rest & _OPERATORS:
            phrases.append("a statement")
        rest -= STATEMENT_TOKENS
    if rest >= {"SCHEDULE", "STEP"}:
        phrases.append("a section")
        rest -= SECTION_TOKENS
    if rest & _OPERATORS:
        # After a whole operand nearly everything continues it: only what closes it is news.
        closing = rest & {"RPAR", "RBRACE", "THEN", "ELSE", "LBRACE", "OF", "ONTO", "EQUAL", "IN"}
        rest = closing or rest & {"COMPARISON"}
        phrases.append("an operator")
    named = sorted(rest - {"BECAUSE"} or rest)
    phrases += [_PHRASES.get(token, f"`{token.lower()}`") for token in named if token.isidentifier()
                or token in _PHRASES]  # fmt: skip
    if not phrases:
        return "something else"
    return phrases[0] if len(phrases) == 1 else f"{', '.join(phrases[:-1])} or {phrases[-1]}"


def _found(token: Token) -> str:
    if token.type == "STRING":
        return "a text"
    if token.type == "NUMBER":
        return f"the number `{token}`"
    return f"`{token}`"


def _inside(opener: Token) -> str:
    return "block" if opener.type == "LBRACE" else "parenthesis"


def _span(token: Token) -> Span:
    start = token.start_pos or 0
    return Span(start, token.end_pos or start)
