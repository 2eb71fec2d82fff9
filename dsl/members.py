"""Report methods and attributes of values: ``active.where(…)``, ``math.log(x)``."""

from lark import Token

from dsl import foreign_idioms
from dsl.builtins import FUNCTIONS, SETS
from dsl.diagnostics import Diagnostic, Edit, Mark
from dsl.error_context import ErrorContext, span_of
from dsl.source import Span

_MODULES = frozenset({"math", "np", "numpy", "random", "statistics", "stats", "scipy", "torch"})
_VERBS = frozenset({"open", "sample", "advance", "extend", "probe", "prune"})
_SETS_OF = frozenset({"where", "by", "except"})
_TEXT_METHODS = frozenset({
    "lower", "upper", "strip", "split", "startswith", "endswith", "replace", "isdigit", "format",
})  # fmt: skip
_LOOPS = frozenset({"each", "forEach", "foreach", "map", "apply"})
_APPENDING = frozenset({"append", "add", "push"})


def report_member(site: ErrorContext, before: Token) -> Diagnostic:
    """Report a field that follows a value, as Python reaches into a thing."""
    token = site.token
    field = token if token.type == "FIELD" else before
    word = str(field).removeprefix(".")
    holder = before if token.type == "FIELD" else None
    advice = None if holder is None else _advice(site, str(holder), word)
    if advice is not None:
        pass
    elif (holder is not None and word in FUNCTIONS) or word in foreign_idioms.FUNCTIONS:
        name = word if word in FUNCTIONS else foreign_idioms.FUNCTIONS[word].replacement or word
        thing = str(holder) if holder is not None and holder.type == "NAME" else "…"
        advice = f"write a function before its arguments: `{name}({thing})`"
    elif holder is not None and str(holder) in SETS:
        advice = (
            f"a set has no fields, but its branches do: `{holder} where {field} …`, or"
            f" `sum({field} of {holder})`"
        )
    else:
        advice = (
            f"a dot refers to the current branch: write `{field}` inside `where`, `by`, `for` or"
            " `update`"
        )
    span = span_of(field)
    named = holder is not None and holder.type in {"NAME", "BRANCH"} and str(holder) not in SETS
    alone = named and word not in FUNCTIONS and word not in foreign_idioms.FUNCTIONS
    return Diagnostic(
        "RH118",
        f"values have no attributes in Rheo, so `{field}` cannot follow a value",
        Mark(span, "follows a value"),
        help=advice,
        edit=Edit(Span(span_of(before).start, span.start), "") if alone else None,
    )


def _advice(site: ErrorContext, holder: str, word: str) -> str | None:
    """Return what to write instead of ``holder.word``; ``None`` where general advice fits."""
    after = site.after(1)
    elsewhere = foreign_idioms.FUNCTIONS.get(word)
    if holder in _MODULES:
        if elsewhere is not None and word not in FUNCTIONS:
            return elsewhere.help
        return f"functions need no module: write `{word}(…)`"
    if word in _SETS_OF:
        return f"write `{holder} {word} …`"
    if word in _VERBS:
        return f"write the verb first: `{word} {holder}`"
    if word in _TEXT_METHODS:
        return "answers have no methods: they are compared as they were read, with `==`"
    if word in _LOOPS:
        return f"verbs act on whole sets: `prune {holder}`; fields are set in `update {holder}`"
    if word in _APPENDING:
        return f"write `push … onto {holder}`"
    if elsewhere is not None and elsewhere.replacement is None:
        return elsewhere.help
    if holder not in SETS or word in FUNCTIONS:
        return None
    if word == "answer":
        return f"the answer of a set is its vote: `winner({holder})`"
    if after is not None and after.type == "EQUAL":
        return f"write `update {holder} {{ .{word} = … }}`"
    attribute = foreign_idioms.ATTRIBUTES.get(word)
    if attribute is not None and attribute.replacement is not None:
        return f"a set has no fields, but its branches do: `{holder} where {attribute.replacement}`"
    return None
