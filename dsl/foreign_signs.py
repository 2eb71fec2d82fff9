"""Signs of other languages that are made of tokens of this one: ``+=``, ``**``, ``=>``, ``//``."""

from dsl import expectation
from dsl.diagnostics import Diagnostic, Edit, Mark
from dsl.site import Site, span_of
from dsl.source import Span


def foreign_sign(site: Site) -> Diagnostic | None:
    """Tells of a sign that is put together from tokens that stand side by side."""
    for rule in (_comment, _augmented, _doubled, _comparison):
        diagnostic = rule(site)
        if diagnostic is not None:
            return diagnostic
    return None


def _told(sign: str, span: Span, advice: str, edit: str | None = None) -> Diagnostic:
    return Diagnostic(
        "RH116",
        f"there is no `{sign}` in Rheo",
        Mark(span),
        help=advice,
        edit=None if edit is None else Edit(span, edit),
    )


def _comment(site: Site) -> Diagnostic | None:
    """``// comment`` and ``/* comment */``, where no value stands in front."""
    first = site.line_start()
    opening, after = site.tokens[first], site.tokens[first + 1 : first + 2]
    span = span_of(opening)
    if opening == "//":
        return _told("//", span, "a comment begins with `#`", "#")
    if opening == "/" and after and after[0].type == "STAR":
        return _told("/*", span.to(span_of(after[0])), "a comment begins with `#` on each line")
    return None


def _glued(site: Site, ahead: int) -> Span | None:
    """The span of the token and its neighbour, where nothing stands between them."""
    other = site.after(1) if ahead > 0 else site.before
    if other is None:
        return None
    first, second = (site.token, other) if ahead > 0 else (other, site.token)
    return span_of(first).to(span_of(second)) if first.end_pos == second.start_pos else None


_ARITHMETIC = {"PLUS", "MINUS", "STAR", "SLASH", "PERCENT", "__ANON_1"}


def _augmented(site: Site) -> Diagnostic | None:
    """``x += 1`` and ``x++``."""
    token, before, after = site.token, site.before, site.after(1)
    if token.type not in _ARITHMETIC or before is None or after is None:
        return None
    if before.type not in {"NAME", "FIELD"} or expectation.is_behind_operand(site.expected):
        return None
    span = _glued(site, 1)
    if span is None:
        return None
    sign = f"{token}{after}"
    if after.type == "EQUAL":
        value = site.after(2)
        operand = str(value) if value is not None else "1"
        return _told(
            sign, span, f"write `{before} = {before} {token} {operand}`", f"= {before} {token}"
        )
    if token.type == after.type and token.type in {"PLUS", "MINUS"}:
        return _told(sign, span, f"write `{before} = {before} {token} 1`", f" = {before} {token} 1")
    return None


def _doubled(site: Site) -> Diagnostic | None:
    """``x ** 2``."""
    span = _glued(site, -1)
    if span is None:
        return None
    sign = site.source.excerpt(span)
    if sign == "**":
        return _told(sign, span, "write `pow(x, y)`")
    return None


_COMPARISONS = {
    "=>": ">=", "=<": "<=", "<>": "!=", "===": "==", "!==": "!=", "<=>": "==", "==>": ">=",
}  # fmt: skip


def _comparison(site: Site) -> Diagnostic | None:
    """``=>``, ``<>``, ``===``: told at the first or at the second of the two tokens."""
    for ahead in (1, -1):
        span = _glued(site, ahead)
        if span is None:
            continue
        sign = site.source.excerpt(span)
        if sign in _COMPARISONS:
            meant = _COMPARISONS[sign]
            return _told(sign, span, f"write `{meant}`", meant)
    return None
