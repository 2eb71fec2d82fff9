"""Readable syntax errors: what is there, what was expected, how to fix it."""

from collections.abc import Callable, Collection, Mapping

from lark import Token

from dsl import expectation, foreign_idioms
from dsl.builtins import ATTRIBUTES, FUNCTIONS
from dsl.diagnostics import Diagnostic, Edit, Mark
from dsl.error_context import ErrorContext, SyntaxMessage, span_of
from dsl.expectation import DIRECTION_TOKENS, SECTION_TOKENS
from dsl.foreign_forms import foreign_form
from dsl.members import report_member
from dsl.misspellings import report_misspelling
from dsl.python_forms import python_form
from dsl.reasons import misplaced_reason
from dsl.source import Source, Span
from dsl.syntax_hints import report_expected_sum, report_foreign_sign, suggest_fix
from dsl.vocabulary import KEYWORDS, STATEMENTS, Suggestion, suggest_spelling


def report_too_deep(span: Span, most: int) -> Diagnostic:
    """Report an expression or block that is nested beyond the limit."""
    return Diagnostic(
        "RH110",
        f"nested more than {most} levels deep",
        Mark(Span(span.start, span.start + 1), "too deep from here"),
        help="name a part of it with `let`, or split it into statements",
    )


def report_too_long(source: Source, most: int) -> Diagnostic:
    """Report a file that is longer than any program."""
    return Diagnostic(
        "RH114",
        f"this file has {len(source.text):,} characters; the limit is {most:,}",
        Mark(Span(0, 0)),
        help="is this the right file? A controller is usually one or two screens long",
    )


def report_unexpected(site: ErrorContext, spelt: Mapping[str, str]) -> SyntaxMessage:
    """Report an unexpected token."""
    for case in _CASES:
        message = case(site)
        if message is not None:
            return message
    return SyntaxMessage(_plain(site, spelt))


def _plain(site: ErrorContext, spelt: Mapping[str, str]) -> Diagnostic:
    """Return what was expected and what was found, with the hint that fits the position."""
    token, before = site.token, site.before
    wanted = expectation.describe_expected(site.expected, spelt)
    message = f"expected {wanted}, found {expectation.describe_token(token)}"
    if before is None or before.end_line == token.line:
        mark = Mark(span_of(token), "not expected here")
        return Diagnostic("RH104", message, mark, help=suggest_fix(site))
    end = before.end_pos or 0
    mark_of_token = Mark(span_of(token), "found instead")
    mark = Mark(Span(end, end), "expected here")
    return Diagnostic("RH104", message, mark, (mark_of_token,), help=suggest_fix(site))


def report_unfinished(
    source: Source, tokens: list[Token], expected: Collection[str], spelt: Mapping[str, str]
) -> Diagnostic:
    """Report a text that ends too early.

    Args:
        source: the program.
        tokens: its tokens.
        expected: expected token types.
        spelt: spelling of token types that have only one.
    """
    if not tokens:
        return Diagnostic(
            "RH105",
            "the file contains no controller",
            Mark(Span(0, 0)),
            help="a program looks like `controller NAME { step { … } finally { answer … } }`;"
            " `rheostat new NAME` writes one to start from",
        )
    end = tokens[-1].end_pos or 0
    site = ErrorContext(source, tokens, len(tokens) - 1, frozenset(expected))
    opener = site.left_open()
    if opener is None:
        return Diagnostic(
            "RH104",
            f"expected {expectation.describe_expected(expected, spelt)}, found the end of the file",
            Mark(Span(end, end), "the file ends after this"),
            help="a program looks like `controller NAME { step { … } finally { answer … } }`",
        )
    sign, inside = ("}", "block") if opener.type == "LBRACE" else (")", "parenthesis")
    return Diagnostic(
        "RH106",
        f"the file ends before `{opener}` is closed",
        Mark(span_of(opener), "opened here and never closed"),
        also=(Mark(Span(end - 1, end), "the last character of the file"),),
        help=f"add `{sign}` at the end of this {inside}",
    )


def _assigned(site: ErrorContext) -> SyntaxMessage | None:
    """``=`` where two things are compared, or ``==`` where one is assigned."""
    token, after = site.token, site.after(1)
    span = span_of(token)
    comparing = token.type == "EQUAL" and "COMPARISON" in site.expected
    if comparing and site.tokens[site.line_start()].type == "UPDATE":
        diagnostic = Diagnostic(
            "RH108",
            "`update` names a set before its assignments",
            Mark(span),
            help=f"write `update active {{ {site.before} = … }}`",
        )
        return SyntaxMessage(diagnostic)
    if comparing and after is not None and after.type not in {"EQUAL", "COMPARISON"}:
        return SyntaxMessage(
            Diagnostic(
                "RH108",
                "`=` assigns, and an expression cannot contain an assignment",
                Mark(span),
                help="write `==` to compare",
                edit=Edit(span, "=="),
            ),
            ("COMPARISON", "=="),
        )
    if token == "==" and "EQUAL" in site.expected and not comparing:
        return SyntaxMessage(
            Diagnostic(
                "RH108",
                "`==` compares, but an assignment is expected here",
                Mark(span),
                help="write `=` to assign",
                edit=Edit(span, "="),
            ),
            ("EQUAL", "="),
        )
    return None


def _chained(site: ErrorContext) -> SyntaxMessage | None:
    """Report ``a < b < c``."""
    token = site.token
    if token.type != "COMPARISON" or "COMPARISON" in site.expected:
        return None
    if not expectation.is_after_operand(site.expected):
        return None
    return SyntaxMessage(
        Diagnostic(
            "RH117",
            "comparisons cannot be chained",
            Mark(span_of(token), "a second comparison"),
            help="compare two values at a time and join the comparisons: `a < b and b < c`",
        )
    )


def _attribute_without_dot(site: ErrorContext) -> SyntaxMessage | None:
    """``answer`` where ``.answer`` was meant: the one attribute whose name is a keyword."""
    token = site.token
    if f".{token}" not in ATTRIBUTES or not expectation.is_operand(site.expected):
        return None
    span = span_of(token)
    return SyntaxMessage(
        Diagnostic(
            "RH118",
            f"`{token}` is a verb, but a value is expected here",
            Mark(span, "no dot"),
            help=f"an attribute of a branch has a dot: write `.{token}`",
            edit=Edit(Span(span.start, span.start), "."),
        ),
        ("FIELD", f".{token}"),
    )


def _glued_field(site: ErrorContext) -> SyntaxMessage | None:
    """``b.answer``: read as two statements until this token, or started by a keyword."""
    index = site.index + 1 if site.token.type == "BRANCH" else site.index
    if site.expected == {"EQUAL"} and site.begins_line:
        index -= 1
    line = site.tokens[index].line if index < len(site.tokens) else None
    while 0 < index < len(site.tokens) and site.tokens[index].line == line:
        field, holder = site.tokens[index], site.tokens[index - 1]
        glued = field.type == "FIELD" and holder.end_pos == field.start_pos
        if glued and holder.type in {"NAME", "RPAR", "BRANCH"}:
            return SyntaxMessage(
                report_member(ErrorContext(site.source, site.tokens, index, site.expected), holder)
            )
        index -= 1
    return None


def _behind_a_value(site: ErrorContext) -> SyntaxMessage | None:
    """Report a field, name or parenthesis after a value: ``branch.answer``, ``count S``."""
    token, before = site.token, site.before
    if before is None or not expectation.is_after_operand(site.expected):
        return None
    if token.type == "FIELD":
        after = site.after(1)
        is_body = "LBRACE" in site.expected and after is not None and after.type == "EQUAL"
        return None if is_body else SyntaxMessage(report_member(site, before))
    if token.type == "LPAR" and before.type == "FIELD":
        return SyntaxMessage(report_member(site, before))
    if token.type == "LPAR" and before.type == "NUMBER":
        return SyntaxMessage(
            Diagnostic(
                "RH104",
                "expected an operator, found `(`",
                Mark(span_of(token), "not expected here"),
                help="write a product with `*`",
            )
        )
    if token.type not in {"NAME", "NOT", "IF"} and not site.is_late_keyword:
        return None
    return _word_behind_a_value(site)


def _word_behind_a_value(site: ErrorContext) -> SyntaxMessage | None:
    """Report a name where an operator should be."""
    token, before = site.token, site.before
    assert before is not None
    span = span_of(token)
    if before.type == "NAME" and str(before) in FUNCTIONS and token.type == "NAME":
        call = f"{before}({token})"
        return SyntaxMessage(
            Diagnostic(
                "RH118",
                f"`{before}` is a function; write its arguments in parentheses",
                Mark(span_of(before).to(span)),
                help=f"write `{call}`",
                edit=Edit(span_of(before).to(span), call),
            )
        )
    after = site.after(1)
    is_not_in = token.type == "NOT" and after is not None and after.type == "IN"
    suggestion = foreign_idioms.OPERATORS.get("in" if is_not_in else str(token).lower())
    line = site.tokens[site.line_start()]
    if token.type == "IN" and line.type == "UPDATE":
        suggestion = Suggestion(
            "write `update active { .x = … }`: a dot refers to each branch of the set"
        )
    if "__ANON_0" in site.expected and str(token) in {"to", "upto", "until", "through"}:
        suggestion = Suggestion("write a range with two dots: `1..64`", "..")
    if site.waits_for_of() and token.type == "IN":
        suggestion = Suggestion("`first` needs `of`: `first 2 of active`", "of")
    if suggestion is None and token.type == "NAME":
        words = [str(kind).lower() for kind in site.expected if kind.lower() in KEYWORDS]
        suggestion = suggest_spelling(str(token), words)
    if suggestion is None:
        return None
    return SyntaxMessage(
        Diagnostic(
            "RH107",
            f"`{token}` is not an operator of Rheo",
            Mark(span, "an operator is expected here"),
            help=suggestion.help,
            edit=Edit(span, suggestion.replacement) if suggestion.replacement else None,
        )
    )


def _out_of_place(site: ErrorContext) -> SyntaxMessage | None:
    """Report a section inside a block, a statement outside of one, `needs` further down."""
    token, opener = site.token, site.opener()
    inside = site.section()
    span = span_of(token)
    if token.type in SECTION_TOKENS | {"CONTROLLER"} and inside is not None:
        if opener is None or not site.begins_line:
            return None
        word, likely = str(token), site.left_open(to=site.index) or opener
        return SyntaxMessage(
            Diagnostic(
                "RH115",
                f"`{word}` is not allowed inside `{inside}`",
                Mark(span, "starts a section" if word != "controller" else "starts a program"),
                also=(Mark(span_of(likely), "probably not closed"),),
                help=f"close `{inside}` with `}}` first, or check for a missing `}}` above",
            )
        )
    if expectation.is_section(site.expected):
        if token.type == "NEEDS":
            return SyntaxMessage(
                Diagnostic(
                    "RH115",
                    "`needs` belongs at the top of the file, before `controller`",
                    Mark(span, "too late"),
                    help="move this line to the top",
                )
            )
        if str(token) in {*STATEMENTS, *("rising", "falling", "fixed", "for", "else")}:
            where = "`schedule`" if token.type in DIRECTION_TOKENS else "`start` or `step`"
            return SyntaxMessage(
                Diagnostic(
                    "RH115",
                    f"`{token}` is not allowed between sections",
                    Mark(span),
                    help=f"move it into {where}, or check for an extra `}}` above",
                )
            )
    return None


def _surplus(site: ErrorContext) -> SyntaxMessage | None:
    """Report a closing brace or parenthesis that closes nothing, or text after the controller."""
    token = site.token
    if site.expected == {"$END"}:
        if token.type == "RBRACE":
            return SyntaxMessage(
                Diagnostic(
                    "RH111",
                    "unmatched `}`",
                    Mark(span_of(token)),
                    help="remove it, or check for an extra `}` above",
                )
            )
        return SyntaxMessage(
            Diagnostic(
                "RH112",
                "unexpected content after the controller; a file contains exactly one controller",
                Mark(span_of(token)),
                also=() if site.before is None else (Mark(span_of(site.before), "ends here"),),
                help="move a second controller to its own file"
                if token.type == "CONTROLLER"
                else "a `}` further up closes the controller too early",
            )
        )
    if token.type == "RPAR" and not site.open_parentheses():
        return SyntaxMessage(
            Diagnostic(
                "RH111",
                "unmatched `)`",
                Mark(span_of(token)),
                help="remove it, or open the parenthesis that it should close",
            )
        )
    return None


def _reserved(site: ErrorContext) -> SyntaxMessage | None:
    """Report a keyword used as a name."""
    token, before = site.token, site.before
    word = str(token)
    if word not in KEYWORDS or "NAME" not in site.expected or before is None:
        return None
    naming = before.type in {
        "LET", "RISING", "FALLING", "FIXED", "ONTO", "NEEDS", "CONTROLLER",
    } or (site.section() in {"knobs", "memory"} and (after := site.after(1)) is not None
          and after.type == "EQUAL")  # fmt: skip
    if not naming:
        return None
    return SyntaxMessage(
        Diagnostic(
            "RH109",
            f"`{word}` is a keyword and cannot be a name",
            Mark(span_of(token), "a name is expected here"),
            help=f"choose another name, such as `my_{word}`",
        ),
        ("NAME", f"my_{word}"),
    )


def _foreign_sign(site: ErrorContext) -> SyntaxMessage | None:
    diagnostic = report_foreign_sign(site)
    return None if diagnostic is None else SyntaxMessage(diagnostic)


def _sum_wanted(site: ErrorContext) -> SyntaxMessage | None:
    diagnostic = report_expected_sum(site)
    return None if diagnostic is None else SyntaxMessage(diagnostic)


def _misspelt(site: ErrorContext) -> SyntaxMessage | None:
    """Return a word at the start of an item that is not one that begins it."""
    diagnostic = report_misspelling(site)
    if diagnostic is None:
        return None
    word = diagnostic.edit.text if diagnostic.edit is not None else ""
    at_token = diagnostic.mark.span == span_of(site.token)
    return SyntaxMessage(
        diagnostic, (word.upper(), word) if at_token and word in KEYWORDS else None
    )


_CASES: tuple[Callable[[ErrorContext], SyntaxMessage | None], ...] = (
    _surplus, python_form, foreign_form, misplaced_reason, _glued_field, _foreign_sign, _assigned,
    _sum_wanted, _chained, _out_of_place, _reserved, _attribute_without_dot, _misspelt,
    _behind_a_value,
)  # fmt: skip
