"""Report constructs of other languages once, and skip them as a whole.

Statements among declarations (an ``if`` in a schedule, a ``let`` in `memory`), names with other
signs, blocks as values, lists of values in parentheses.
"""

import re
from collections.abc import Sequence

from lark import Token

from dsl import expectation, foreign_idioms
from dsl.diagnostics import Diagnostic, Edit, Mark
from dsl.error_context import ErrorContext, SyntaxMessage, span_of
from dsl.expectation import DIRECTION_TOKENS, SECTION_TOKENS
from dsl.source import Span
from dsl.unfit_names import fit_name, unfit_name
from dsl.vocabulary import DIRECTIONS, STATEMENTS

_DECLARING = {"CONTROLLER", "LET", "RISING", "FALLING", "FIXED", "ONTO", "NEEDS"}
_STATEMENT_TOKENS = frozenset({*(word.upper() for word in STATEMENTS), "FOR"})
_ENDS_STATEMENT = DIRECTION_TOKENS | SECTION_TOKENS | {"RBRACE"}
_BRANCHING = {"if", "unless", "match", "switch", "case", "select", "cond", "elif"}


def foreign_form(site: ErrorContext) -> SyntaxMessage | None:
    """Report a form that Rheo writes differently, or in another position."""
    for rule in (_name, _declaration, _block_as_value, _tuple):
        message = rule(site)
        if message is not None:
            return message
    return None


def matching(tokens: Sequence[Token], opener: int) -> int:
    """Return the index of the brace or parenthesis that closes the one at ``opener``.

    Returns:
        The number of tokens where nothing closes it.
    """
    depth = 0
    for index in range(opener, len(tokens)):
        depth += tokens[index].type in {"LBRACE", "LPAR"}
        depth -= tokens[index].type in {"RBRACE", "RPAR"}
        if depth == 0:
            return index
    return len(tokens)


def statement_end(tokens: Sequence[Token], start: int) -> int:
    """Return the index of the first token after a statement, with its blocks and its `else`.

    Args:
        tokens: of the program.
        start: the index of the statement's first token.
    """
    index = start + 1
    while index < len(tokens):
        kind = tokens[index].type
        if kind == "LBRACE":
            index = matching(tokens, index) + 1
            continues = index < len(tokens) and str(tokens[index]) in {"else", "elif", "elsif"}
            if not continues:
                return index
        elif kind in _ENDS_STATEMENT or tokens[index].line != tokens[index - 1].end_line:
            return index
        index += 1
    return index


def _name(site: ErrorContext) -> SyntaxMessage | None:
    """Report other signs in a declared name: ``controller My-Controller``, ``let my-x = 3``."""
    token, before = site.token, site.before
    if before is None:
        return None
    if before.type == "CONTROLLER" and token.type == "STRING":
        return _title_alone(site)
    head = before if before.type in _DECLARING else site.tokens[site.index - 2]
    if before.type == "CONTROLLER" or (head.type == "CONTROLLER" and before.type == "NAME"):
        return _controller_name(site)
    if before.type not in {"NAME", "FIELD"} or before.end_pos != token.start_pos:
        return None
    needed = head.type == "NEEDS"
    if not needed and site.expected != {"EQUAL"}:
        return None
    begin = span_of(before).start
    run = re.compile(r"[^\s=(){}\",;]+").match(site.source.text, begin)
    assert run is not None
    if not needed and re.match(r"[ \t]*=(?![=>])", site.source.text[run.end() :]) is None:
        return None
    declared = head.type in _DECLARING or site.section() in {"knobs", "memory", "each"}
    if not declared and (token.type == "FIELD" or run.group()[-1] in "+-*/%"):
        return None  # `b.answer = …` and `x += …` have messages of their own
    after = _first_from(site, run.end())
    return SyntaxMessage(
        unfit_name(run.group(), fit_name(run.group()), Span(*run.span())), resume=after
    )


def _title_alone(site: ErrorContext) -> SyntaxMessage:
    span = span_of(site.token)
    after = site.after(1)
    has_name = after is not None and after.type == "NAME"
    name = str(after) if has_name else fit_name(str(site.token).strip('"')).lower()
    diagnostic = Diagnostic(
        "RH104",
        "a controller needs a name before its title",
        Mark(span, "this is a title"),
        help=f"write `controller {name} {site.token}`",
        edit=None if has_name else Edit(Span(span.start, span.start), f"{name} "),
    )
    return SyntaxMessage(
        diagnostic, insert=("NAME", name), resume=site.index + 2 if has_name else None
    )


def _controller_name(site: ErrorContext) -> SyntaxMessage | None:
    """Whatever is between `controller` and the title or the brace is meant as its name."""
    named = site.before is not None and site.before.type == "NAME"
    first = site.index - 1 if named else site.index
    last = first
    while last < len(site.tokens) and site.tokens[last].type not in {"LBRACE", "STRING"}:
        if site.tokens[last].line != site.tokens[first].line:
            break
        last += 1
    if last == first or (named and last == first + 1) or site.token.type in SECTION_TOKENS:
        return None
    if not named and site.token.type not in {"NUMBER", "MINUS", "FIELD"}:
        return None
    start, end = span_of(site.tokens[first]).start, span_of(site.tokens[last - 1]).end
    written = site.source.text[start:end]
    diagnostic = unfit_name(written, fit_name(written), Span(start, end))
    if "(" in written and written[:1].isalpha():
        name = fit_name(written.partition("(")[0])
        diagnostic = Diagnostic(
            "RH104",
            "a controller takes no arguments",
            Mark(Span(start, end)),
            help=f"write `controller {name}`; declare settings in `knobs`",
            edit=Edit(Span(start, end), name),
        )
    return SyntaxMessage(
        diagnostic, insert=None if named else ("NAME", fit_name(written)), resume=last
    )


def _first_from(site: ErrorContext, offset: int) -> int:
    """Return the index of the first token at or after a position in the text."""
    return next(
        (
            index
            for index in range(site.index, len(site.tokens))
            if span_of(site.tokens[index]).start >= offset
        ),
        len(site.tokens),
    )


def _declaration(site: ErrorContext) -> SyntaxMessage | None:
    """Report a statement among declarations: an ``if`` in a schedule, a ``let`` in `memory`."""
    section = _direct_section(site)
    if section is None or expectation.is_operand(site.expected):
        return None
    index = _foreign_word(site, section)
    if index is None:
        return None
    word = site.tokens[index]
    title = "each branch" if section == "each" else section
    span = span_of(word)
    if str(word) in {"let", *_TYPES}:
        return _let(site, section, index)
    diagnostic = Diagnostic(
        "RH115",
        f"`{word}` is not allowed inside `{title}`",
        Mark(span, "a line of a schedule" if str(word) in DIRECTIONS else "a statement"),
        help=_declaration_advice(section, str(word)),
    )
    return SyntaxMessage(diagnostic, resume=statement_end(site.tokens, index))


_TYPES = {"var", "const", "val", "auto", "mut", "int", "float", "double", "bool", "str", "string"}


def _direct_section(site: ErrorContext) -> str | None:
    """Return the section of declarations whose brace is the innermost one."""
    section = site.section()
    opener = site.opener()
    if section not in {"schedule", "knobs", "memory", "each"} or opener is None:
        return None
    index = next(i for i in range(site.index) if site.tokens[i] is opener)
    return section if str(site.tokens[index - 1]) in {section, "branch"} else None


def _foreign_word(site: ErrorContext, section: str) -> int | None:
    """Return the index of the word that begins a statement here, if one does."""
    token, before = site.token, site.before
    assert before is not None
    if token.type in _STATEMENT_TOKENS:
        is_value = expectation.is_after_operand(site.expected) and not site.begins_line
        if token.type == "IF" and is_value and not _has_block(site, site.index):
            return None  # `8 if c else 4`
        return site.index
    if token.type in DIRECTION_TOKENS and section != "schedule":
        return site.index
    is_foreign = str(token) in foreign_idioms.STATEMENTS and token.type == "NAME"
    after = site.after(1)
    if is_foreign and (after is None or after.type != "EQUAL"):
        in_place = site.expected >= DIRECTION_TOKENS or site.begins_line
        return site.index if in_place else None
    # A name was read as one that is declared.
    if (
        before.type == "NAME"
        and str(before) in foreign_idioms.STATEMENTS
        and site.expected == {"EQUAL"}
    ):
        return site.index - 1
    return None


def _has_block(site: ErrorContext, start: int) -> bool:
    """Return whether a brace follows on the line."""
    for index in range(start, len(site.tokens)):
        token = site.tokens[index]
        if token.type in {"LBRACE", "RBRACE"} or token.line != site.token.line:
            return token.type == "LBRACE"
    return False


def _let(site: ErrorContext, section: str, index: int) -> SyntaxMessage:
    """``let`` or a type in front of a declared name: it is left out, or names a direction."""
    span = span_of(site.tokens[index])
    after = site.tokens[index + 1] if index + 1 < len(site.tokens) else None
    name = str(after) if after is not None and after.type in {"NAME", "FIELD"} else "x"
    word = site.tokens[index]
    title = "each branch" if section == "each" else section
    if section == "schedule":
        helps, text = f"write `fixed {name} = …`, or `rising` or `falling`", "fixed"
    else:
        helps, text = f"write `{name} = …` without it", ""
    edit = Edit(Span(span.start, span.end + (not text)), text)
    diagnostic = Diagnostic(
        "RH115", f"`{word}` is not allowed inside `{title}`", Mark(span), help=helps, edit=edit
    )
    if section == "schedule" and index == site.index:
        return SyntaxMessage(diagnostic, instead=("FIXED", "fixed"))
    return SyntaxMessage(diagnostic, resume=index + 1)


def _declaration_advice(section: str, word: str) -> str:
    if word in DIRECTIONS:
        return "declare a knob that depends on beta in `schedule`"
    if word in _BRANCHING:
        return {
            "schedule": "a choice is part of a value: `rising n = if beta > 0.5 then 8 else 4`",
            "knobs": "a knob has one default; declare a value that depends on beta in `schedule`",
            "memory": (
                "a choice is part of a value: `x = if c then a else b`; assign variables in `step`"
            ),
            "each": (
                "a choice is part of a value: `.x = if c then a else b`; assign variables "
                "by `update` in `step`"
            ),
        }[section]
    lines = {
        "schedule": "it contains lines such as `rising n = 4 + 4 * beta`",
        "knobs": "it contains lines such as `n = 64 in 1..128`",
        "memory": "it contains lines such as `x = 0`",
        "each": "it contains lines such as `.x = 0`",
    }[section]
    return f"{lines}; statements are in `start`, `step` and `finally`"


def _block_as_value(site: ErrorContext) -> SyntaxMessage | None:
    """``x = if c { a } else { b }`` and ``match x { … }``."""
    token, before = site.token, site.before
    if token.type == "LBRACE" and "THEN" in site.expected and "LBRACE" not in site.expected:
        diagnostic = Diagnostic(
            "RH104",
            f"expected `then` or an operator, found {expectation.describe_token(token)}",
            Mark(span_of(token), "not expected here"),
            help=(
                "inside an expression write `if c then a else b`; an `if` with a block is a "
                "statement"
            ),
        )
        return SyntaxMessage(diagnostic, resume=statement_end(site.tokens, site.index - 1))
    if before is None or before.type != "NAME" or str(before) not in {"match", "switch", "case"}:
        return None
    previous = site.tokens[site.index - 2] if site.index > 1 else None
    if previous is None or previous.type not in {"EQUAL", "ANSWER", "LPAR"}:
        return None
    diagnostic = Diagnostic(
        "RH107",
        f"`{before}` does not start a value",
        Mark(span_of(before)),
        help="write `if c then a else b`, where `b` may be another `if`",
    )
    return SyntaxMessage(diagnostic, resume=statement_end(site.tokens, site.index - 1))


def _tuple(site: ErrorContext) -> SyntaxMessage | None:
    """Report ``(a, b)`` and ``()`` that are no arguments of a function."""
    token, before = site.token, site.before
    opener = next(
        (
            index
            for index in range(site.index - 1, -1, -1)
            if matching(site.tokens, index) >= site.index and site.tokens[index].type == "LPAR"
        ),
        None,
    )
    if opener is None or opener == 0 or before is None:
        return None
    holder = site.tokens[opener - 1]
    is_empty = token.type == "RPAR" and before is site.tokens[opener]
    is_several = token.type == "COMMA" and "RPAR" in site.expected
    if holder.type == "NAME" or not (is_empty or is_several):
        return None
    close = matching(site.tokens, opener)
    if str(holder) in STATEMENTS and is_empty:
        return None  # `open()`: a value is missing
    end = site.tokens[min(close, len(site.tokens) - 1)]
    span = span_of(site.tokens[opener])
    if end.line == site.tokens[opener].line:
        span = span.to(span_of(end))
    in_range = holder.type == "IN"
    diagnostic = Diagnostic(
        "RH116",
        "Rheo has no lists of values",
        Mark(span),
        help="write a range with two dots: `1..64`"
        if in_range
        else _call_advice(site, opener, close)
        or "name each value on its own: one memory cell, knob or `let` for each",
    )
    if is_empty:
        return SyntaxMessage(diagnostic, insert=("NUMBER", "0"), resume=site.index)
    return SyntaxMessage(diagnostic, resume=close)


def _call_advice(site: ErrorContext, opener: int, close: int) -> str | None:
    """Return how to write a verb or `first` that is called like a function."""
    word = str(site.tokens[opener - 1])
    if word not in {"first", "advance", "extend", "open", "sample", "probe", "prune", "answer"}:
        return None
    inside = site.tokens[opener + 1 : close]
    commas = [index for index, token in enumerate(inside) if token.type == "COMMA"]
    if len(commas) != 1 or not inside[commas[0] + 1 :] or not commas[0]:
        return f"write `{word}` without parentheses and commas"
    parts = [
        site.source.text[span_of(part[0]).start : span_of(part[-1]).end]
        for part in (inside[: commas[0]], inside[commas[0] + 1 :])
    ]
    if word == "first":
        number_first = inside[0].type == "NUMBER"
        return f"write `first {parts[not number_first]} of {parts[number_first]}`"
    joint = {"advance": " for ", "extend": " for ", "answer": " else "}.get(word, " ")
    return f"write `{word} {joint.join(parts)}`"
