"""Report reasons that are not written as ``because "…"``, and other text after a verb."""

from lark import Token

from dsl import expectation
from dsl.diagnostics import Diagnostic, Edit, Mark
from dsl.error_context import ErrorContext, SyntaxMessage, span_of
from dsl.foreign_forms import matching, statement_end
from dsl.python_forms import report_late_condition
from dsl.source import Span

_VERBS = {"OPEN", "SAMPLE", "ADVANCE", "EXTEND", "PROBE", "PRUNE", "ANSWER", "STOP"}
_WORDS_OF_CONDITIONS = {"when", "unless", "where", "if"}


def misplaced_reason(site: ErrorContext) -> SyntaxMessage | None:
    """Report a reason without `because`, of a `stop` with a value, of a condition after."""
    for rule in (
        _text, _sign_before_text, _parentheses, _after_because, _condition_behind, _stop_with_value,
        _comment,
    ):  # fmt: skip
        message = rule(site)
        if message is not None:
            return message
    return None


def _text(site: ErrorContext) -> SyntaxMessage | None:
    """``stop "done"``."""
    if site.token.type != "STRING":
        return None
    span = span_of(site.token)
    after = site.after(1)
    if str(site.token) == '""' and after is not None and after.start_pos == site.token.end_pos:
        line = site.token.line
        end = next(
            (
                index
                for index in range(site.index, len(site.tokens))
                if site.tokens[index].line != line
            ),
            None,
        )
        diagnostic = Diagnostic(
            "RH104", "a text is not a statement", Mark(span), help="a comment starts with `#`"
        )
        return SyntaxMessage(diagnostic, resume=len(site.tokens) if end is None else end)
    if "BECAUSE" in site.expected:
        return SyntaxMessage(_because(site, span, site.token), insert=("BECAUSE", "because"))
    before, previous = site.before, site.tokens[site.index - 2] if site.index > 1 else None
    if before is None or not expectation.is_statement(site.expected):
        return None
    glued = before.end_pos == site.token.start_pos
    if glued and before.type == "NAME" and str(before).lower() in {"f", "r", "b", "u", "rf", "fr"}:
        message, advice = "texts have no prefixes", f"write a plain text: `{site.token}`"
    elif before.type == "STRING" and previous is not None and previous.type == "BECAUSE":
        message, advice = "a reason is a single text", "put the whole reason in one pair of quotes"
    else:
        message = "a text is not a statement"
        advice = (
            "a reason follows `because` after a verb such as `prune` or `stop`; a comment "
            "starts with `#`"
        )
    return SyntaxMessage(
        Diagnostic("RH104", message, Mark(span), help=advice), resume=site.index + 1
    )


def _because(site: ErrorContext, span: Span, text: Token) -> Diagnostic:
    verb = _verb(site)
    example = f"`{verb} because {text}`" if verb == "stop" else f"`{verb} … because {text}`"
    return Diagnostic(
        "RH104",
        "`because` is missing before this reason",
        Mark(span),
        help=f"write {example}",
        edit=Edit(Span(span.start, span_of(text).start), "because ")
        if span.start == span_of(text).start
        else Edit(span, " because " if verb == "stop" else "because"),
    )


def _verb(site: ErrorContext) -> str:
    """Return the verb that the location belongs to."""
    for index in range(site.index - 1, -1, -1):
        if site.tokens[index].type in _VERBS:
            return str(site.tokens[index])
    return "stop"


def _sign_before_text(site: ErrorContext) -> SyntaxMessage | None:
    """``stop, "done"`` and ``stop - "done"``."""
    after = site.after(1)
    if after is None or after.type != "STRING" or "BECAUSE" not in site.expected:
        return None
    if site.token.type not in {"COMMA", "MINUS", "EQUAL", "SLASH", "__ANON_1"}:
        return None
    diagnostic = _because(site, span_of(site.token), after)
    return SyntaxMessage(diagnostic, insert=("BECAUSE", "because"), resume=site.index + 1)


def _parentheses(site: ErrorContext) -> SyntaxMessage | None:
    """``stop("done")`` and ``because("done")``."""
    token, before = site.token, site.before
    if token.type != "LPAR" or before is None or before.type not in {"STOP", "BECAUSE"}:
        return None
    close = matching(site.tokens, site.index)
    inside = site.tokens[site.index + 1 : close]
    text = str(inside[0]) if len(inside) == 1 and inside[0].type == "STRING" else None
    text_or_dots = text or '"…"'
    last = site.tokens[min(close, len(site.tokens) - 1)]
    span = span_of(token).to(span_of(last)) if last.line == token.line else span_of(token)
    if before.type == "BECAUSE":
        return SyntaxMessage(
            Diagnostic(
                "RH104",
                "write a reason without parentheses",
                Mark(span),
                help=f"write `because {text_or_dots}`",
                edit=None if text is None else Edit(span, f" {text}"),
            ),
            insert=("STRING", '""'),
            resume=close + 1,
        )
    write = "stop" if not inside else f"stop because {text_or_dots}"
    return SyntaxMessage(
        Diagnostic(
            "RH104",
            "`stop` is a statement and takes no arguments",
            Mark(span),
            help=f"write `{write}`",
            edit=Edit(span_of(before).to(span), write) if text or not inside else None,
        ),
        resume=close + 1,
    )


def _after_because(site: ErrorContext) -> SyntaxMessage | None:
    """``because f"…"``, ``because done``, ``because "a" + "b"``."""
    token, before = site.token, site.before
    previous = site.tokens[site.index - 2] if site.index > 1 else None
    if before is None:
        return None
    if before.type == "BECAUSE" and token.type == "NAME":
        after = site.after(1)
        if after is not None and after.type == "STRING" and after.start_pos == token.end_pos:
            diagnostic = Diagnostic(
                "RH104",
                "texts have no placeholders",
                Mark(span_of(token).to(span_of(after))),
                help=f"write a plain text: `because {after}`",
                edit=Edit(span_of(token), ""),
            )
            return SyntaxMessage(diagnostic, resume=site.index + 1)
    ended = before.type == "STRING" and previous is not None and previous.type == "BECAUSE"
    if ended and token.type in {"PLUS", "PERCENT", "FIELD", "COMMA"}:
        diagnostic = Diagnostic(
            "RH104",
            "a reason is a single text without expressions",
            Mark(span_of(token)),
            help="put the whole reason in one pair of quotes",
        )
        return SyntaxMessage(diagnostic, resume=statement_end(site.tokens, site.index))
    return None


def _condition_behind(site: ErrorContext) -> SyntaxMessage | None:
    """``stop if c``, ``prune active unless c`` and ``x = a if c else b``."""
    index = _condition(site)
    if index is None:
        return None
    begin = index - 1
    while begin > 0 and not site.starts_line(begin) and site.tokens[begin].type not in _VERBS:
        if site.tokens[begin - 1].type in {"LBRACE", "RBRACE"}:
            break
        begin -= 1
    source = site.source
    acts = source.text[span_of(site.tokens[begin]).start : span_of(site.tokens[index - 1]).end]
    stop = statement_end(site.tokens, index)
    last = site.tokens[stop - 1]
    span = span_of(site.tokens[index]).to(span_of(last))
    if any(token.type == "ELSE" for token in site.tokens[index:stop]):
        return SyntaxMessage(report_late_condition(site, index, stop), resume=stop)
    negated = "not " if str(site.tokens[index]) == "unless" else ""
    condition = source.text[span_of(site.tokens[index]).end : span.end].strip()
    advice = f"write `if {negated}{condition} {{ {acts} }}`"
    if any(token.type == "FIELD" for token in site.tokens[index:stop]):
        advice = f"write `{acts} where {negated}{condition}`"
    diagnostic = Diagnostic(
        "RH104", "write the condition before the statement", Mark(span), help=advice
    )
    return SyntaxMessage(diagnostic, resume=stop)


def _condition(site: ErrorContext) -> int | None:
    """Return the index of the word that begins a condition after a statement on its line."""
    before = site.before
    if before is not None and str(before) in _WORDS_OF_CONDITIONS and before.type == "NAME":
        index = site.index - 1
        stopped = index > 0 and site.tokens[index - 1].type == "STOP"
        return index if stopped and not site.starts_line(index) else None
    if "LBRACE" not in site.expected:
        return None
    for index in range(site.index - 1, 0, -1):
        kind = site.tokens[index].type
        if kind in {"LBRACE", "RBRACE", "THEN"}:
            return None
        if kind == "IF":
            first = site.starts_line(index) or site.tokens[index - 1].type in {
                "LBRACE",
                "RBRACE",
                "ELSE",
            }
            return None if first else index
    return None


def _stop_with_value(site: ErrorContext) -> SyntaxMessage | None:
    """``stop winner(alive)`` and ``stop 3``."""
    token, before = site.token, site.before
    if before is None:
        return None
    called = token.type == "LPAR" and before.type == "NAME" and site.expected == {"EQUAL"}
    first = site.index - 1 if called else site.index
    stop = site.tokens[first - 1] if first else None
    if stop is None or stop.type != "STOP" or site.starts_line(first):
        return None
    if not called and token.type not in {"NUMBER", "TRUE", "FALSE", "NONE"}:
        return None
    end = statement_end(site.tokens, first)
    span = span_of(site.tokens[first]).to(span_of(site.tokens[end - 1]))
    diagnostic = Diagnostic(
        "RH104",
        "`stop` takes no value",
        Mark(span),
        help=f"to answer here, write `answer {site.source.text[span.start : span.end]}`"
        if called
        else 'write `stop`, or `stop because "…"`',
    )
    return SyntaxMessage(diagnostic, resume=end)


def _comment(site: ErrorContext) -> SyntaxMessage | None:
    """``stop // done``, where no value is in front."""
    if site.token != "//" or not expectation.is_statement(site.expected):
        return None
    if expectation.is_after_operand(site.expected):
        return None
    span = span_of(site.token)
    diagnostic = Diagnostic(
        "RH116", "Rheo has no `//` comments", Mark(span), help="a comment starts with `#`",
        edit=Edit(span, "#"),
    )  # fmt: skip
    index = site.index + 1
    while index < len(site.tokens) and site.tokens[index].line == site.token.line:
        index += 1
    return SyntaxMessage(diagnostic, resume=index)
