"""Recognise common syntax errors: signs of other languages, misplaced sums, missing words.

Each function returns a diagnostic or a help line, or ``None`` where its case is not met.
"""

from lark import Token

from dsl import expectation
from dsl.diagnostics import Diagnostic, Edit, Mark
from dsl.error_context import ErrorContext, span_of
from dsl.source import Span
from dsl.vocabulary import SECTIONS


def report_foreign_sign(site: ErrorContext) -> Diagnostic | None:
    """Report a sign that is composed of adjacent tokens."""
    for rule in (_comment, _augmented, _doubled, _comparison):
        diagnostic = rule(site)
        if diagnostic is not None:
            return diagnostic
    return None


def _report_sign(sign: str, span: Span, advice: str, edit: str | None = None) -> Diagnostic:
    return Diagnostic(
        "RH116",
        f"Rheo has no `{sign}`",
        Mark(span),
        help=advice,
        edit=None if edit is None else Edit(span, edit),
    )


def _comment(site: ErrorContext) -> Diagnostic | None:
    """``// comment`` and ``/* comment */``, where no value is in front."""
    first = site.line_start()
    opening, after = site.tokens[first], site.tokens[first + 1 : first + 2]
    span = span_of(opening)
    if opening == "//":
        return _report_sign("//", span, "a comment starts with `#`", "#")
    if opening == "/" and after and after[0].type == "STAR":
        return _report_sign(
            "/*", span.to(span_of(after[0])), "a comment starts with `#` on each line"
        )
    return None


def _glued(site: ErrorContext, ahead: int) -> Span | None:
    """Return the span of the token and its neighbour, where nothing is between them."""
    other = site.after(1) if ahead > 0 else site.before
    if other is None:
        return None
    first, second = (site.token, other) if ahead > 0 else (other, site.token)
    return span_of(first).to(span_of(second)) if first.end_pos == second.start_pos else None


_ARITHMETIC = {"PLUS", "MINUS", "STAR", "SLASH", "PERCENT", "__ANON_1"}


def _augmented(site: ErrorContext) -> Diagnostic | None:
    """``x += 1`` and ``x++``."""
    token, before, after = site.token, site.before, site.after(1)
    if token.type not in _ARITHMETIC or before is None or after is None:
        return None
    if before.type not in {"NAME", "FIELD"} or expectation.is_after_operand(site.expected):
        return None
    span = _glued(site, 1)
    if span is None:
        return None
    sign = f"{token}{after}"
    if after.type == "EQUAL":
        value = site.after(2)
        operand = str(value) if value is not None else "1"
        return _report_sign(
            sign, span, f"write `{before} = {before} {token} {operand}`", f"= {before} {token}"
        )
    if token.type == after.type and token.type in {"PLUS", "MINUS"}:
        return _report_sign(
            sign, span, f"write `{before} = {before} {token} 1`", f" = {before} {token} 1"
        )
    return None


def _doubled(site: ErrorContext) -> Diagnostic | None:
    """``x ** 2``."""
    span = _glued(site, -1)
    if span is None:
        return None
    sign = site.source.excerpt(span)
    if sign == "**":
        return _report_sign(sign, span, "write `pow(x, y)`")
    return None


_COMPARISONS = {
    "=>": ">=", "=<": "<=", "<>": "!=", "===": "==", "!==": "!=", "<=>": "==", "==>": ">=",
}  # fmt: skip


def _comparison(site: ErrorContext) -> Diagnostic | None:
    """``=>``, ``<>``, ``===``: reported at the first or at the second of the two tokens."""
    for ahead in (1, -1):
        span = _glued(site, ahead)
        if span is None:
            continue
        sign = site.source.excerpt(span)
        if sign in _COMPARISONS:
            meant = _COMPARISONS[sign]
            return _report_sign(sign, span, f"write `{meant}`", meant)
    return None


_BEGINS = {"NOT", "IF", "FIRST"}
_GOES_ON = {"COMPARISON", "AND", "OR"}
_ENDS = {
    *_GOES_ON, "NOT", "WHERE", "EXCEPT", "OF", "THEN", "IF", "COMMA", "EQUAL", "LBRACE", "RBRACE",
}  # fmt: skip


def report_expected_sum(site: ErrorContext) -> Diagnostic | None:
    """Report what is no part of a sum, where only a sum is allowed."""
    token = site.token
    if token.type in site.expected:
        return None
    if expectation.is_operand(site.expected) and token.type in _BEGINS:
        verb = "begin"
    elif expectation.is_after_operand(site.expected) and token.type in _GOES_ON:
        verb = "go on"
    else:
        return None
    word = _find_taker(site)
    if word is None:
        return None
    if word.type == "BY":
        what = "the key of `by` is a number of each branch"
        advice = (
            "`S by if c then 0 else 1` sorts the branches with c first, and `S where c` "
            "keeps only those"
        )
    else:
        what = "an arithmetic expression follows `first`"
        advice = (
            "put a number that depends on a condition in parentheses: `first (if c then a "
            "else b) of S`"
        )
    return Diagnostic(
        "RH120",
        f"{what}, so it cannot {verb} with `{token}`",
        Mark(span_of(token), "not allowed in an arithmetic expression"),
        also=(Mark(span_of(word), "a number follows this"),),
        help=advice,
    )


def _find_taker(site: ErrorContext) -> Token | None:
    """Return the `by` or `first` whose number the token is in."""
    closed = choices = 0
    for token in reversed(site.tokens[: site.index]):
        if token.type == "RPAR":
            closed += 1
        elif token.type == "LPAR":
            if not closed:
                return None
            closed -= 1
        elif closed and token.type not in {"LBRACE", "RBRACE"}:
            continue
        elif token.type == "ELSE":
            choices += 1
        elif token.type == "IF" and choices:
            choices -= 1
        elif token.type in {"LBRACE", "RBRACE"} or (not choices and token.type in _ENDS):
            return None
        elif not choices and token.type in {"BY", "FIRST"}:
            return token
    return None


def suggest_fix(site: ErrorContext) -> str | None:
    """Return what to do about the commonest slips that need no diagnostic of their own."""
    for rule in (_missing_value, _missing_word, _missing_sign):
        advice = rule(site)
        if advice is not None:
            return advice
    return None


_AFTER = {
    "SAMPLE": "give a number: `sample 1`",
    "OPEN": "give a number: `open 4`",
    "ADVANCE": "name the branches: `advance active`",
    "EXTEND": "name the branches: `extend active`",
    "PROBE": "name the branches: `probe active`",
    "PRUNE": "name the branches: `prune active where …`",
    "UPDATE": "name the branches: `update active { … }`",
    "ANSWER": "give an answer: `answer winner(finished) else winner(alive)`",
    "PUSH": "give a value: `push x onto w`",
    "BECAUSE": 'a reason is a text in double quotes: `because "the votes agree"`',
    "CONTROLLER": 'a controller has a name, then perhaps a title: `controller mine "My own"`',
    "LET": "`let` needs a name: `let x = …`",
    "FIRST": "give a number and a set: `first 2 of active`",
    "NEEDS": "name a signal: `needs entropy`",
    "ONTO": "write the name of a window that `memory` declares after `onto`",
}


_VERBS = {"ADVANCE", "EXTEND", "PROBE", "PRUNE", "ANSWER", "STOP", "PUSH", "UPDATE"}


def _missing_value(site: ErrorContext) -> str | None:
    before = site.before
    if before is None:
        return None
    if before.type == "EQUAL" and site.token.type in _VERBS:
        return f"`{site.token}` has no value; only `open` and `sample` return branches"
    if before.type == "OPEN" and site.token.type == "UNSEEN":
        return "the number comes before `unseen`: `open n unseen`"
    if before.type == "PERCENT" and site.tokens[site.index - 2].type == "NUMBER":
        number = site.tokens[site.index - 2]
        if number.end_pos == before.start_pos:
            return f"`%` is a remainder; write {number} % as `{float(number) / 100:g}`"
    if before.type == "ANSWER" and site.token.type == "EQUAL":
        return "`answer` takes no `=`: write `answer winner(alive)`"
    if before.type == "COMMA" and site.token.type == "RPAR":
        return "remove the `,` before the `)`"
    if before.type in _AFTER and not expectation.is_after_operand(site.expected):
        return _AFTER[before.type]
    if site.token.type == "ELSE" and expectation.is_statement(site.expected):
        return "`else` follows the `}` of an `if`, or a choice of `answer`"
    if expectation.is_operand(site.expected):
        return f"something is missing after `{before}`"
    return None


def _missing_word(site: ErrorContext) -> str | None:
    expected, token = site.expected, site.token
    if token.type == "LBRACE" and "THEN" in expected:
        return (
            "inside an expression write `if c then a else b`; an `if` with a block is a statement"
        )
    if token.type in {"THEN", "OF"} and site.section() == "memory":
        return (
            "only a field of `each branch` is updated at every interval: "
            "`.low = 0.0 then min(.low, .logprob)`, `.recent = window(4) of .logprob`"
        )
    if "THEN" in expected and "LBRACE" not in expected and site.section() != "each":
        return "inside an expression write `if c then a else b`"
    if token.type == "THEN":
        return "a statement's `if` has a block: `if … { … }`"
    if "ELSE" in expected and site.waits_for_else():
        return "an `if` inside an expression needs both `then` and `else`"
    if "OF" in expected and site.waits_for_of():
        return "`first` needs `of`: `first 2 of active`"
    if "ONTO" in expected:
        return "write `push … onto w`, with a window that `memory` declares"
    if "IN" in expected and site.section() == "knobs":
        return "a free knob has a range: `n = 64 in 1..128`"
    if "__ANON_0" in expected and site.section() == "knobs":
        return "write a range with two dots: `1..64`"
    if expected == {"BRANCH"}:
        return "the section is called `each branch`"
    return None


def _signal_before(site: ErrorContext) -> str | None:
    """Return the field before the token, which may be in parentheses."""
    types = [token.type for token in site.tokens[max(site.index - 3, 0) : site.index]]
    if types[-1:] == ["FIELD"]:
        return str(site.tokens[site.index - 1])
    if types == ["LPAR", "FIELD", "RPAR"]:
        return str(site.tokens[site.index - 2])
    return None


def _missing_sign(site: ErrorContext) -> str | None:
    expected, token = site.expected, site.token
    if token.type == "ELSE" and (signal := _signal_before(site)) is not None:
        return f"write a signal and its `else` in parentheses of their own: `({signal} else 0.5)`"
    if "RPAR" in expected and site.open_parentheses():
        return "a `)` is missing before this"
    previous = site.before
    if previous is not None and previous.type == "STEP" and token.type == "NUMBER":
        return f"write `step at most {token} {{ … }}`"
    if previous is not None and previous.type == "STEP":
        return "`step` repeats by itself; end it with `if … { stop }`"
    if "LBRACE" in expected:
        return "write a block in braces: `{ … }`"
    after = site.after(1)
    if token.type == "COMMA" and after is not None and after.type == "UNSEEN":
        return "write `unseen` without a comma: `open 4 unseen`"
    verb = site.tokens[site.line_start()]
    if token.type == "NUMBER" and verb.type in {"ADVANCE", "EXTEND"} and "FOR" in expected:
        return f"the number of intervals follows `for`: `{verb} active for {token}`"
    is_number = previous is not None and previous.type == "NUMBER"
    if is_number and (
        (token.type == "NUMBER" and len(token) == 3)
        or (token.type == "COMMA" and after is not None and after.start_pos == token.end_pos)
    ):
        return "write a number without separators: `1000`"
    if token.type == "COMMA":
        return "`,` separates the arguments of a function; elsewhere use a line break"
    if token.type == "FOR" and expectation.is_statement(expected):
        return "`for` follows the set of an `advance` or `extend`: `advance active for 2`"
    if token.type == "EQUAL" and expectation.is_statement(expected):
        return "assign one name at a time: `x = …`"
    if token.type == "AT":
        return "the cap comes before the block: `step at most 5 { … }`"
    if token.type == "UNSEEN":
        return "`unseen` follows the number of an `open`: `open 4 unseen`"
    if token.type in {"NUMBER", "STRING", "NAME", "TRUE", "FALSE", "NONE"} and site.before:
        return f"an operator is missing between `{site.before}` and `{token}`"
    if expectation.is_section(expected) and token.type == "LBRACE":
        names = ("each branch" if word == "each" else word for word in SECTIONS)
        return (
            f"a block starts with the name of a section: {', '.join(f'`{one}`' for one in names)}"
        )
    return None
