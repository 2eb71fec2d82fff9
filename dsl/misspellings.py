"""Report misspelt words at the start of a statement, a section or a line."""

from collections.abc import Collection, Mapping

from lark import Token

from dsl import expectation
from dsl.builtins import FUNCTIONS
from dsl.diagnostics import Diagnostic, Edit, Mark
from dsl.error_context import ErrorContext, span_of
from dsl.expectation import DIRECTION_TOKENS
from dsl.foreign_idioms import OPERATORS, PROGRAMS, SECTIONS, STATEMENTS
from dsl.source import Span
from dsl.vocabulary import KEYWORDS, Suggestion, did_you_mean, nearest, suggest_spelling
from dsl.vocabulary import SECTIONS as SECTION_WORDS
from dsl.vocabulary import STATEMENTS as STATEMENT_WORDS

_SECTION_NAMES = tuple("each branch" if word == "each" else word for word in SECTION_WORDS)


def report_misspelling(site: ErrorContext) -> Diagnostic | None:
    """Report a word that was meant to begin something."""
    for rule in (_loop, _program, _section, _direction, _field, _call, _statement):
        diagnostic = rule(site)
        if diagnostic is not None:
            return diagnostic
    return None


def _report(
    word: Token, kind: str, words: Collection[str], table: Mapping[str, Suggestion]
) -> Diagnostic:
    suggestion = table.get(str(word)) or table.get(str(word).lower())
    if suggestion is None:
        listed = ", ".join(f"`{one}`" for one in words)
        suggestion = suggest_spelling(str(word), words) or Suggestion(
            f"{_article(kind)} starts with {listed}"
        )
    span = span_of(word)
    return Diagnostic(
        "RH107",
        f"`{word}` does not start a {kind}",
        Mark(span),
        help=suggestion.help,
        edit=Edit(span, suggestion.replacement) if suggestion.replacement else None,
    )


def _article(kind: str) -> str:
    return f"a {kind}"


def _loop(site: ErrorContext) -> Diagnostic | None:
    """``for b in S``: its ``for`` has been read as that of an `advance` on the line before."""
    start = site.line_start()
    words = [token.type for token in site.tokens[start : start + 3]]
    if words != ["FOR", "NAME", "IN"]:
        return None
    return _report(site.tokens[start], "statement", (), STATEMENTS)


def _program(site: ErrorContext) -> Diagnostic | None:
    if "CONTROLLER" not in site.expected or site.token.type in {"LBRACE", "STRING"}:
        return None
    if site.token.type == "NAME":
        return _report(site.token, "program", ("controller", "needs"), PROGRAMS)
    return Diagnostic(
        "RH107",
        f"{expectation.describe_token(site.token)} does not start a program",
        Mark(span_of(site.token)),
        help=(
            "a program starts with `controller NAME {`, and contains `start`, `step` and `finally`"
        ),
    )


def _section(site: ErrorContext) -> Diagnostic | None:
    if not expectation.is_section(site.expected) or site.token.type != "NAME":
        return None
    after = site.after(1)
    if after is not None and after.type == "EQUAL":
        return Diagnostic(
            "RH115",
            f"`{site.token} =` is not allowed between sections",
            Mark(span_of(site.token).to(span_of(after))),
            help="declare constants in `knobs` or `schedule`, and variables in `memory`",
        )
    return _report(site.token, "section", _SECTION_NAMES, SECTIONS)


def _direction(site: ErrorContext) -> Diagnostic | None:
    """Return a line of a schedule without its direction."""
    token, after = site.token, site.after(1)
    if not site.expected >= DIRECTION_TOKENS or token.type != "NAME":
        return None
    if after is not None and after.type == "EQUAL":
        return Diagnostic(
            "RH107",
            f"a schedule line declares how `{token}` changes as beta rises",
            Mark(span_of(token), "`rising`, `falling` or `fixed` is missing before this"),
            help=f"write `rising {token} = …`, `falling {token} = …` or `fixed {token} = …`",
        )
    return _report(token, "line of a schedule", ("rising", "falling", "fixed"), {})


def _field(site: ErrorContext) -> Diagnostic | None:
    """Report a field without its dot, or a memory cell with one."""
    token, after = site.token, site.after(1)
    if after is None or after.type != "EQUAL":
        return None
    span = span_of(token)
    inside = site.section()
    if token.type == "NAME" and inside == "each" and "FIELD" in site.expected:
        return Diagnostic(
            "RH104",
            "the name of a branch field starts with a dot",
            Mark(span, "no dot"),
            help=f"write `.{token} = …`",
            edit=Edit(Span(span.start, span.start), "."),
        )
    if token.type == "FIELD" and inside in {"memory", "knobs"} and "NAME" in site.expected:
        return Diagnostic(
            "RH104",
            f"a name in `{inside}` has no dot",
            Mark(span),
            help=f"write `{str(token)[1:]} = …`, or declare a field in `each branch`",
            edit=Edit(Span(span.start, span.start + 1), ""),
        )
    return None


def _call(site: ErrorContext) -> Diagnostic | None:
    """Report a value where a statement was expected: ``count(active)``."""
    before = site.before
    if site.token.type != "LPAR" or before is None or before.type != "NAME":
        return None
    if site.expected != {"EQUAL"} or str(before) not in FUNCTIONS:
        return None
    return Diagnostic(
        "RH119",
        "a value is not a statement",
        Mark(span_of(before), "the result is not used"),
        help=f"use it: `let x = {before}(…)`, `if {before}(…) … {{ … }}` or `answer {before}(…)`"
        if str(before) in {"winner", "runner_up"}
        else f"use it: `let x = {before}(…)` or `if {before}(…) … {{ … }}`",
    )


def _statement(site: ErrorContext) -> Diagnostic | None:
    """``elif c {``, ``advanse active``: the word has been read as the name of an assignment."""
    token, before = site.token, site.before
    if expectation.is_statement(site.expected) and token.type not in {"NAME", "FIELD"}:
        is_foreign = str(token) in STATEMENTS
        if is_foreign and not expectation.is_operand(site.expected) and site.begins_line:
            return _report(token, "statement", (), STATEMENTS)
        return None
    if before is None or before.type != "NAME" or site.expected != {"EQUAL"}:
        return None
    if site.section() not in {"start", "step", "finally"}:
        return None
    previous = site.tokens[site.index - 2] if site.index >= 2 else None
    if previous is not None and previous.type == "LET":
        return None
    if token.type == "COMMA":
        return Diagnostic(
            "RH104",
            "expected `=`, found `,`",
            Mark(span_of(token), "not expected here"),
            help="assign one name at a time: `x = …`",
        )
    if not site.starts_line(site.index - 1) and str(before) in OPERATORS:
        word = OPERATORS["isnt"] if str(before) == "is" and token.type == "NOT" else None
        suggestion = word or OPERATORS[str(before)]
        span = span_of(before).to(span_of(token)) if word else span_of(before)
        return Diagnostic(
            "RH107",
            f"`{site.source.excerpt(span)}` is not an operator of Rheo",
            Mark(span, "an operator is expected here"),
            help=suggestion.help,
            edit=Edit(span, suggestion.replacement) if suggestion.replacement else None,
        )
    inline = None if site.starts_line(site.index - 1) else nearest(str(before), KEYWORDS)
    if inline is not None and inline not in STATEMENT_WORDS:
        span = span_of(before)
        return Diagnostic(
            "RH107",
            f"`{before}` is not a word of Rheo",
            Mark(span),
            help=did_you_mean(str(before), KEYWORDS),
            edit=Edit(span, inline),
        )
    return _report(before, "statement", STATEMENT_WORDS, STATEMENTS)
