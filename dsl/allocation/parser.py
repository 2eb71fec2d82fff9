"""From text to the tree of an allocation. Only the first syntax error is reported."""

import re
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple, cast

from lark import Lark, Token, Tree, UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.tree import Meta
from lark.visitors import v_args

from dsl import syntax_errors
from dsl.allocation import tree
from dsl.diagnostics import Diagnostic, Mark
from dsl.grammar_cache import load_parser
from dsl.parser import MAX_DEPTH, MAX_LENGTH, Comment
from dsl.source import Source, Span
from dsl.tree_builder import ExpressionRules, identifier, quoted_text, span_of_meta
from dsl.vocabulary import did_you_mean

WORDS = ("allocation", "budget", "stage", "model", "samples", "controller", "at", "beta")
"""The reserved words of the form."""


class ParsedAllocation(NamedTuple):
    """The outcome of a parse."""

    program: tree.Allocation | None
    diagnostics: list[Diagnostic]
    comments: list[Comment]


@lru_cache(maxsize=1)
def load_allocation_grammar() -> Lark:
    """Return the grammar, compiled once a process."""
    own = files("dsl").joinpath("allocation", "allocation.lark").read_text(encoding="utf-8")
    grammar = files("dsl").joinpath("rheo.lark").read_text(encoding="utf-8")
    expressions = grammar[grammar.index("// Expressions") :]
    # The contextual lexer lets the form's words be names elsewhere.
    return load_parser(
        own + expressions, parser="lalr", lexer="contextual", propagate_positions=True,
        maybe_placeholders=False,
    )  # fmt: skip


def parse_allocation(source: Source) -> ParsedAllocation:
    """Parse an allocation. Never raises: errors are part of the result."""
    if len(source.text) > MAX_LENGTH:
        return ParsedAllocation(None, [syntax_errors.report_too_long(source, MAX_LENGTH)], [])
    comments = _comments(source.text)
    try:
        raw = load_allocation_grammar().parse(source.text)
    except UnexpectedInput as problem:
        return ParsedAllocation(None, [_report_syntax_error(source, problem)], comments)
    level: list[Tree[Token]] = [raw]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in node.children if isinstance(child, Tree)]
    if level:
        span = Span(level[0].meta.start_pos, level[0].meta.end_pos)
        return ParsedAllocation(None, [syntax_errors.report_too_deep(span, MAX_DEPTH)], comments)
    builder = _AllocationBuilder()
    program = cast("tree.Allocation", builder.transform(raw))
    return ParsedAllocation(None if builder.diagnostics else program, builder.diagnostics, comments)


def _comments(text: str) -> list[Comment]:
    """Return the comments: a ``#`` inside of a text is none."""
    matches = re.finditer(r'"[^"\n]*"|(#[^\n]*)', text)
    return [
        Comment(Span(*match.span()), match.group().rstrip()) for match in matches if match.group(1)
    ]


def _report_syntax_error(source: Source, problem: UnexpectedInput) -> Diagnostic:
    """Return the syntax error as a message."""
    if isinstance(problem, UnexpectedToken) and problem.token.type != "$END":
        token = problem.token
        span = Span(token.start_pos or 0, token.end_pos or 0)
        unexpected, accepted = f"`{token}`", set(problem.accepts or problem.expected)
    elif isinstance(problem, UnexpectedCharacters):
        start = problem.pos_in_stream or 0
        word = re.compile(r"\w+|.").match(source.text, start)
        span = Span(start, word.end() if word else start + 1)
        unexpected, accepted = f"`{source.excerpt(span)}`", set(problem.allowed or ())
    else:
        end = len(source.text.rstrip())
        span, unexpected = Span(max(0, end - 1), end), "the end of the text"
        accepted = set(problem.accepts or ()) if isinstance(problem, UnexpectedToken) else set()
    return Diagnostic(
        "RH801",
        f"{unexpected} does not fit here",
        Mark(span, "not expected"),
        help=_suggest_fix(source, span, accepted),
    )


def _suggest_fix(source: Source, span: Span, accepted: set[str]) -> str | None:
    """Suggest a fix for an unexpected token, or list the expected ones."""
    excerpt = source.excerpt(span)
    if excerpt == "=" and "NUMBER" in accepted:
        return "write the budget without `=`: `budget 400`"
    if excerpt in _SECTIONS:
        return "an allocation contains a budget and stages; this belongs in a `controller`"
    words = sorted({_WORD[terminal] for terminal in accepted if terminal in _WORD})
    close = did_you_mean(excerpt, [word.strip("`") for word in words])
    return close or (f"expected {', '.join(words)}" if words else None)


_SECTIONS = frozenset({"knobs", "memory", "each", "start", "step", "finally"})


_WORD = {
    **{word.upper(): f"`{word}`" for word in WORDS},
    "NAME": "a name", "STRING": "a text in quotes", "NUMBER": "a number",
    "LBRACE": "`{`", "RBRACE": "`}`", "EQUAL": "`=`",
}  # fmt: skip


@v_args(meta=True)
class _AllocationBuilder(ExpressionRules):
    """Adds the rules of the form to those of expressions."""

    def start(self, meta: Meta, items: list[Any]) -> tree.Allocation:  # type: ignore[override]
        name, *rest = items
        title = quoted_text(rest.pop(0)) if rest and isinstance(rest[0], Token) else None
        return tree.Allocation(span_of_meta(meta), identifier(name), title, tuple(rest))

    def budget(self, meta: Meta, items: list[Any]) -> tree.Budget:
        return tree.Budget(span_of_meta(meta), items[0])

    def stage(self, meta: Meta, items: list[Any]) -> tree.StageBlock:
        name, *settings = items
        return tree.StageBlock(span_of_meta(meta), identifier(name), tuple(settings))

    def model(self, meta: Meta, items: list[Any]) -> tree.Model:
        return tree.Model(span_of_meta(meta), items[0])

    def samples(self, meta: Meta, items: list[Any]) -> tree.Samples:
        return tree.Samples(span_of_meta(meta), items[0])

    def governor(self, meta: Meta, items: list[Any]) -> tree.Governor:
        beta = items[1] if len(items) == 2 else None
        return tree.Governor(span_of_meta(meta), identifier(items[0]), beta)
