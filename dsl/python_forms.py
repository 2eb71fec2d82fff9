"""Report expressions in the manner of Python once, with what to write instead.

Comprehensions, conditions after a value, words in front of a value, comments with other signs.
"""

import re
from itertools import pairwise

from lark import Token

from dsl import expectation
from dsl.builtins import FOLDING
from dsl.diagnostics import Diagnostic, Edit, Mark
from dsl.error_context import ErrorContext, SyntaxMessage, span_of
from dsl.foreign_forms import matching, statement_end
from dsl.foreign_idioms import VALUES
from dsl.source import Span


def python_form(site: ErrorContext) -> SyntaxMessage | None:
    """Report an expression that Python would take."""
    for rule in (_comment, _comprehension, _per_branch, _choice_in_parentheses, _prefix):
        message = rule(site)
        if message is not None:
            return message
    return None


def _text(site: ErrorContext, start: int, end: int) -> str:
    """Return the text of the tokens from one index to before another."""
    first, last = span_of(site.tokens[start]), span_of(site.tokens[end - 1])
    return site.source.text[first.start : last.end] if end > start else ""


def _opener(site: ErrorContext, before: int) -> int | None:
    """Return the index of the innermost parenthesis that is open before a token."""
    closed = 0
    for index in range(before - 1, -1, -1):
        kind = site.tokens[index].type
        if kind in {"LBRACE", "RBRACE"}:
            return None
        closed += kind == "RPAR"
        if kind == "LPAR":
            if not closed:
                return index
            closed -= 1
    return None


def _comprehension(site: ErrorContext) -> SyntaxMessage | None:
    """``sum(b.tokens for b in active if c)``."""
    index = site.index
    while index < len(site.tokens) and site.tokens[index].line == site.token.line:
        if [token.type for token in site.tokens[index : index + 3]] == ["FOR", "NAME", "IN"]:
            break
        index += 1
    else:
        return None
    opener = _opener(site, index)
    if opener is None or opener > site.index or index + 3 >= len(site.tokens):
        return None
    close = matching(site.tokens, opener)
    variable = str(site.tokens[index + 1])
    value = _of_each(_text(site, opener + 1, index), variable)
    condition_at = next((i for i in range(index + 3, close) if site.tokens[i].type == "IF"), close)
    branches = _text(site, index + 3, condition_at)
    if condition_at < close:
        branches += f" where {_of_each(_text(site, condition_at + 1, close), variable)}"
    holder = str(site.tokens[opener - 1]) if opener else ""
    span = span_of(site.tokens[index]).to(span_of(site.tokens[min(close, len(site.tokens)) - 1]))
    diagnostic = Diagnostic(
        "RH116",
        "Rheo has no comprehensions",
        Mark(span),
        help=f"write `{comprehension_meaning(holder, value, branches)}`",
    )
    return SyntaxMessage(diagnostic, resume=close)


def _of_each(text: str, variable: str) -> str:
    """Return an expression with dots in place of ``b.``."""
    return re.sub(rf"\b{variable}\.", ".", text)


def comprehension_meaning(function: str, value: str, branches: str) -> str:
    """Return what a comprehension as the argument of a function is in Rheo.

    Args:
        function: the function that takes it.
        value: the expression of each branch.
        branches: the set, with its condition.
    """
    if function == "any":
        return f"not empty({branches} where {value})"
    if function == "all":
        return f"empty({branches} where not ({value}))"
    if function == "len" or (function == "sum" and value == "1"):
        return f"count({branches})"
    return f"{function if function in FOLDING else 'sum'}({value} of {branches})"


def _per_branch(site: ErrorContext) -> SyntaxMessage | None:
    """``sum(.tokens for active)`` and ``sum(.tokens in active)``."""
    if site.token.type not in {"FOR", "IN"} or "OF" not in site.expected:
        return None
    opener = _opener(site, site.index)
    if opener is None or opener == 0 or str(site.tokens[opener - 1]) not in FOLDING:
        return None
    span = span_of(site.token)
    function = site.tokens[opener - 1]
    diagnostic = Diagnostic(
        "RH107",
        f"`{site.token}` is not an operator of Rheo",
        Mark(span, "an operator is expected here"),
        help=f"write `of` before the set: `{function}(… of active)`",
        edit=Edit(span, "of"),
    )
    return SyntaxMessage(diagnostic, instead=("OF", "of"))


_VALUE_BEGINS = {
    "EQUAL", "ANSWER", "OPEN", "SAMPLE", "ADVANCE", "EXTEND", "PROBE", "PRUNE", "PUSH", "FOR", "OF",
    "LPAR", "COMMA", "ELSE", "LBRACE", "RBRACE", "WHERE", "BY",
}  # fmt: skip


def report_late_condition(site: ErrorContext, index: int, end: int) -> Diagnostic:
    """Report ``a if c else b``.

    Args:
        site: the error.
        index: the index of the ``if``.
        end: the index after the last token of the expression.
    """
    begin, closed = index, 0
    while begin > 0:
        kind = site.tokens[begin - 1].type
        if kind == "LPAR" and closed:
            closed -= 1
        elif kind == "RPAR":
            closed += 1
        elif kind in _VALUE_BEGINS and not closed:
            break
        begin -= 1
    otherwise = next((i for i in range(index, end) if site.tokens[i].type == "ELSE"), end)
    value, condition = _text(site, begin, index), _text(site, index + 1, otherwise)
    other = _text(site, otherwise + 1, end) or "…"
    advice = f"if {condition} then {value} else {other}"
    if otherwise == end and any(token.type == "FIELD" for token in site.tokens[index:end]):
        advice = f"{value} where {condition}"
    return Diagnostic(
        "RH107",
        "`if` is not an operator of Rheo",
        Mark(span_of(site.tokens[index]).to(span_of(site.tokens[end - 1])), "comes after a value"),
        help=f"write `{advice}`",
    )


def _choice_in_parentheses(site: ErrorContext) -> SyntaxMessage | None:
    """Report ``(a if c else b)``."""
    if site.token.type != "IF" or not expectation.is_after_operand(site.expected):
        return None
    opener = _opener(site, site.index)
    if opener is None:
        return None
    close = matching(site.tokens, opener)
    if close >= len(site.tokens) or site.tokens[close].line != site.token.line:
        return None
    return SyntaxMessage(report_late_condition(site, site.index, close), resume=close)


def _prefix(site: ErrorContext) -> SyntaxMessage | None:
    """``last 2 of active``, ``all finished`` and ``fork 2``, where a value is expected."""
    token, before = site.token, site.before
    index = site.index - 1
    if site.expected == {"EQUAL"} and before is not None and before.type == "NAME":
        index -= 1  # the name after the word was read as a new statement
    elif token.type not in {"NUMBER", "NAME"} or not expectation.is_after_operand(site.expected):
        return None
    if (
        index < 1
        or site.tokens[index].type != "NAME"
        or site.tokens[index + 1].line != site.tokens[index].line
    ):
        return None
    word = str(site.tokens[index])
    if (
        word not in VALUES
        or site.starts_line(index)
        or site.tokens[index - 1].type in {"RBRACE", "LET"}
    ):
        return None
    if any(str(one) == word and two.type == "EQUAL" for one, two in pairwise(site.tokens)):
        return None  # a name of the program, after which an operator is missing
    suggestion = VALUES[word]
    span = span_of(site.tokens[index])
    diagnostic = Diagnostic(
        "RH107",
        f"`{word}` does not start a value",
        Mark(span),
        help=suggestion.help,
        edit=Edit(span, suggestion.replacement) if suggestion.replacement else None,
    )
    return SyntaxMessage(diagnostic, resume=statement_end(site.tokens, index))


def _comment(site: ErrorContext) -> SyntaxMessage | None:
    """``x = 1 // a note`` and ``-- a note``: two words follow, which no expression has."""
    first = site.index
    if site.before is not None and site.before.line != site.token.line:
        first -= 1
    line = site.tokens[first].line
    while first and site.tokens[first - 1].line == line:
        first -= 1
    for index in range(first, site.index):
        mark = _comment_mark(site.tokens, index)
        if mark is None:
            continue
        after = index + (1 if str(site.tokens[index]) == "//" else 2)
        words = [token.type for token in site.tokens[after : after + 2] if token.line == line]
        if words == ["NAME", "NAME"]:
            end = next(
                (i for i in range(index, len(site.tokens)) if site.tokens[i].line != line), None
            )
            sign = site.source.text[mark.start : mark.end]
            diagnostic = Diagnostic(
                "RH116",
                f"Rheo has no `{sign}` comments",
                Mark(mark),
                help="a comment starts with `#`",
                edit=Edit(mark, "#"),
            )
            return SyntaxMessage(diagnostic, resume=len(site.tokens) if end is None else end)
    return None


def _comment_mark(tokens: list[Token], index: int) -> Span | None:
    """Return the span of the sign of a comment at an index."""
    if str(tokens[index]) == "//":
        return span_of(tokens[index])
    two = tokens[index : index + 2]
    if [token.type for token in two] == ["MINUS", "MINUS"] and two[0].end_pos == two[1].start_pos:
        return span_of(two[0]).to(span_of(two[1]))
    return None
