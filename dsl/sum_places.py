"""Places that take a sum: the key of `by` and the number of `first`.

There the grammar has no comparisons, `and`, `or` or `not`, so that `where` and `of` can follow
without parentheses.
"""

from lark import Token

from dsl import expectation
from dsl.diagnostics import Diagnostic, Mark
from dsl.site import Site, span_of

_BEGINS = {"NOT", "IF", "FIRST"}
_GOES_ON = {"COMPARISON", "AND", "OR"}
_ENDS = {
    *_GOES_ON, "NOT", "WHERE", "EXCEPT", "OF", "THEN", "IF", "COMMA", "EQUAL", "LBRACE", "RBRACE",
}  # fmt: skip


def sum_wanted(site: Site) -> Diagnostic | None:
    """Tells of what is no part of a sum, where only a sum can stand."""
    token = site.token
    if token.type in site.expected:
        return None
    if expectation.is_operand(site.expected) and token.type in _BEGINS:
        verb = "begin"
    elif expectation.is_behind_operand(site.expected) and token.type in _GOES_ON:
        verb = "go on"
    else:
        return None
    word = _taker(site)
    if word is None:
        return None
    if word.type == "BY":
        what = "the key of `by` is a number of each branch"
        advice = (
            "`S by if c then 0 else 1` sorts those first for which c holds, and `S where c` keeps"
            " them alone"
        )
    else:
        what = "what stands behind `first` is a sum"
        advice = (
            "a number that depends on a condition stands in parentheses:"
            " `first (if c then a else b) of S`"
        )
    return Diagnostic(
        "RH120",
        f"{what}, so it cannot {verb} with `{token}`",
        Mark(span_of(token), "not part of a sum"),
        also=(Mark(span_of(word), "a number follows this"),),
        help=advice,
    )


def _taker(site: Site) -> Token | None:
    """The `by` or `first` whose number the token stands in."""
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
