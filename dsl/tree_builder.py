"""From Lark's raw tree to the frozen syntax tree: one method for each rule of the grammar.

The only errors that can come up here are numbers that no machine word holds.
"""

from typing import Any, NamedTuple, cast

from lark import Token, Transformer, Tree
from lark.tree import Meta
from lark.visitors import v_args

from dsl import tree
from dsl.diagnostics import Diagnostic, Mark
from dsl.source import Span

MAX_INTEGER = 2**63 - 1
MAX_REAL = 1.7976931348623157e308

Items = list[Any]


def build_tree(raw: "Tree[Token]") -> tuple[tree.Program, list[Diagnostic]]:
    """Build the tree of a parsed program, and report the numbers that do not fit."""
    builder = _TreeBuilder()
    program = cast("tree.Program", builder.transform(raw))
    return program, builder.diagnostics


class _Reason(NamedTuple):
    """The text after ``because``, as distinct from a text that is an answer."""

    text: tree.Text


def _reason(items: Items) -> tree.Text | None:
    """Take the reason off the end of a verb's items, where there is one."""
    return items.pop().text if items and isinstance(items[-1], _Reason) else None


def span_of_meta(meta: Meta) -> Span:
    """Return what a rule was read from."""
    return Span(meta.start_pos, meta.end_pos)


def identifier(token: Token) -> tree.Identifier:
    """Return a name where it is written."""
    return tree.Identifier(Span(token.start_pos or 0, token.end_pos or 0), str(token))


def quoted_text(token: Token) -> tree.Text:
    """Return a text without its quotes."""
    return tree.Text(Span(token.start_pos or 0, token.end_pos or 0), str(token)[1:-1])


def _binary(operator: str) -> Any:  # noqa: ANN401 - a rule, as Lark calls it
    def rule(self: "_TreeBuilder", meta: Meta, items: Items) -> tree.Binary:
        return tree.Binary(span_of_meta(meta), operator, items[0], items[1])

    return rule


@v_args(meta=True)
class _TreeBuilder(Transformer[Token, Any]):
    """Called by Lark from the leaves up."""

    def __init__(self) -> None:
        super().__init__(visit_tokens=False)
        self.diagnostics: list[Diagnostic] = []

    # The program and its sections

    def start(self, meta: Meta, items: Items) -> tree.Program:
        *needs, (span, name, title, sections) = items
        words = tuple(word for group in needs for word in group)
        start = words[0].span.start if words else span.start
        return tree.Program(Span(start, span.end), words, name, title, sections)

    def needs(self, meta: Meta, items: Items) -> list[tree.Identifier]:
        return [identifier(token) for token in items]

    def controller(self, meta: Meta, items: Items) -> tuple[Any, ...]:
        name, *rest = items
        title = quoted_text(rest.pop(0)) if rest and isinstance(rest[0], Token) else None
        return span_of_meta(meta), identifier(name), title, tuple(rest)

    def schedule(self, meta: Meta, items: Items) -> tree.Schedule:
        return tree.Schedule(span_of_meta(meta), tuple(items))

    def scheduled(self, meta: Meta, items: Items) -> tree.Scheduled:
        direction, name, value = items
        return tree.Scheduled(span_of_meta(meta), direction, identifier(name), value)

    def direction(self, meta: Meta, items: Items) -> tree.Direction:
        return tree.Direction(str(items[0]))

    def knobs(self, meta: Meta, items: Items) -> tree.Knobs:
        return tree.Knobs(span_of_meta(meta), tuple(items))

    def knob(self, meta: Meta, items: Items) -> tree.Knob:
        name, default, low, high = items
        return tree.Knob(span_of_meta(meta), identifier(name), default, low, high)

    def memory(self, meta: Meta, items: Items) -> tree.Memory:
        return tree.Memory(span_of_meta(meta), tuple(items))

    def each(self, meta: Meta, items: Items) -> tree.EachBranch:
        return tree.EachBranch(span_of_meta(meta), tuple(items))

    def cell(self, meta: Meta, items: Items) -> tree.Cell:
        return tree.Cell(span_of_meta(meta), identifier(items[0]), items[1])

    field_cell = cell

    def running(self, meta: Meta, items: Items) -> tree.RunningValue:
        return tree.RunningValue(span_of_meta(meta), identifier(items[0]), items[1], items[2])

    def branch_window(self, meta: Meta, items: Items) -> tree.BranchWindow:
        return tree.BranchWindow(span_of_meta(meta), identifier(items[0]), items[1], items[2])

    def start_block(self, meta: Meta, items: Items) -> tree.Start:
        return tree.Start(span_of_meta(meta), items[0])

    def step_block(self, meta: Meta, items: Items) -> tree.Step:
        cap = items[0] if len(items) == 2 else None
        return tree.Step(span_of_meta(meta), cap, items[-1])

    def finally_block(self, meta: Meta, items: Items) -> tree.Finally:
        return tree.Finally(span_of_meta(meta), items[0])

    # Statements

    def block(self, meta: Meta, items: Items) -> tree.Block:
        return tree.Block(span_of_meta(meta), tuple(items))

    def let(self, meta: Meta, items: Items) -> tree.Let:
        return tree.Let(span_of_meta(meta), identifier(items[0]), items[1])

    def assign(self, meta: Meta, items: Items) -> tree.Assign:
        return tree.Assign(span_of_meta(meta), identifier(items[0]), items[1])

    def set_field(self, meta: Meta, items: Items) -> tree.SetField:
        return tree.SetField(span_of_meta(meta), identifier(items[0]), items[1])

    def push(self, meta: Meta, items: Items) -> tree.Push:
        return tree.Push(span_of_meta(meta), items[0], identifier(items[1]))

    def if_statement(self, meta: Meta, items: Items) -> tree.If:
        otherwise = items[2] if len(items) == 3 else None
        return tree.If(span_of_meta(meta), items[0], items[1], otherwise)

    def update(self, meta: Meta, items: Items) -> tree.Update:
        return tree.Update(span_of_meta(meta), items[0], items[1])

    def because(self, meta: Meta, items: Items) -> _Reason:
        return _Reason(quoted_text(items[0]))

    def open(self, meta: Meta, items: Items) -> tree.Open:
        because = _reason(items)
        return tree.Open(span_of_meta(meta), items[0], len(items) == 1, because)

    def sample(self, meta: Meta, items: Items) -> tree.Sample:
        because = _reason(items)
        return tree.Sample(span_of_meta(meta), items[0], because)

    def advance(self, meta: Meta, items: Items, look: bool = True) -> tree.Advance:
        because = _reason(items)
        burst = items[1] if len(items) == 2 else None
        return tree.Advance(span_of_meta(meta), items[0], burst, look, because)

    def extend(self, meta: Meta, items: Items) -> tree.Advance:
        because = _reason(items)
        burst = items[1] if len(items) == 2 else None
        return tree.Advance(span_of_meta(meta), items[0], burst, False, because)

    def probe(self, meta: Meta, items: Items) -> tree.Probe:
        because = _reason(items)
        return tree.Probe(span_of_meta(meta), items[0], because)

    def prune(self, meta: Meta, items: Items) -> tree.Prune:
        because = _reason(items)
        return tree.Prune(span_of_meta(meta), items[0], because)

    def answer(self, meta: Meta, items: Items) -> tree.Answer:
        because = _reason(items)
        return tree.Answer(span_of_meta(meta), tuple(items), because)

    def stop(self, meta: Meta, items: Items) -> tree.Stop:
        return tree.Stop(span_of_meta(meta), _reason(items))

    # Expressions

    def choice(self, meta: Meta, items: Items) -> tree.Conditional:
        return tree.Conditional(span_of_meta(meta), *items)

    key_choice = choice

    def first(self, meta: Meta, items: Items) -> tree.TakeFirst:
        return tree.TakeFirst(span_of_meta(meta), *items)

    def where(self, meta: Meta, items: Items) -> tree.FilterSet:
        return tree.FilterSet(span_of_meta(meta), *items)

    def by(self, meta: Meta, items: Items) -> tree.SortSet:
        return tree.SortSet(span_of_meta(meta), *items)

    def except_(self, meta: Meta, items: Items) -> tree.ExcludeSet:
        return tree.ExcludeSet(span_of_meta(meta), *items)

    def once(self, meta: Meta, items: Items) -> tree.OnceSet:
        return tree.OnceSet(span_of_meta(meta), items[0])

    def current_branch(self, meta: Meta, items: Items) -> tree.CurrentBranch:
        return tree.CurrentBranch(span_of_meta(meta))

    def or_(self, meta: Meta, items: Items) -> tree.Binary:
        return tree.Binary(span_of_meta(meta), "or", *items)

    def and_(self, meta: Meta, items: Items) -> tree.Binary:
        return tree.Binary(span_of_meta(meta), "and", *items)

    def not_(self, meta: Meta, items: Items) -> tree.Unary:
        return tree.Unary(span_of_meta(meta), "not", items[0])

    def compare(self, meta: Meta, items: Items) -> tree.Binary:
        return tree.Binary(span_of_meta(meta), str(items[1]), items[0], items[2])

    add = _binary("+")
    subtract = _binary("-")
    multiply = _binary("*")
    divide = _binary("/")
    floor_divide = _binary("//")
    remainder = _binary("%")

    def negative(self, meta: Meta, items: Items) -> tree.Unary:
        return tree.Unary(span_of_meta(meta), "-", items[0])

    def number(self, meta: Meta, items: Items) -> tree.Number:
        written = str(items[0])
        is_integer = written.isdigit()
        fits = len(written) < 400 and (
            int(written) <= MAX_INTEGER if is_integer else float(written) <= MAX_REAL
        )
        if not fits:
            largest = "9223372036854775807" if is_integer else "1.7976931348623157e308"
            self.diagnostics.append(
                Diagnostic(
                    "RH113",
                    "this number is too large",
                    Mark(span_of_meta(meta), "too large"),
                    help=f"the largest {'integer' if is_integer else 'real'} is {largest}",
                )
            )
            return tree.Number(span_of_meta(meta), 0, written)
        return tree.Number(
            span_of_meta(meta), int(written) if is_integer else float(written), written
        )

    def text(self, meta: Meta, items: Items) -> tree.Text:
        return quoted_text(items[0])

    def true(self, meta: Meta, items: Items) -> tree.BooleanLiteral:
        return tree.BooleanLiteral(span_of_meta(meta), True)

    def false(self, meta: Meta, items: Items) -> tree.BooleanLiteral:
        return tree.BooleanLiteral(span_of_meta(meta), False)

    def none(self, meta: Meta, items: Items) -> tree.NoneLiteral:
        return tree.NoneLiteral(span_of_meta(meta))

    def name(self, meta: Meta, items: Items) -> tree.Name:
        return tree.Name(span_of_meta(meta), str(items[0]))

    def field(self, meta: Meta, items: Items) -> tree.Field:
        return tree.Field(span_of_meta(meta), str(items[0]))

    def call(self, meta: Meta, items: Items) -> tree.Call:
        function, *arguments = items
        return tree.Call(span_of_meta(meta), identifier(function), tuple(arguments))

    def keyword(self, meta: Meta, items: Items) -> tree.KeywordArgument:
        return tree.KeywordArgument(span_of_meta(meta), identifier(items[0]), items[1])

    def over(self, meta: Meta, items: Items) -> tree.PerBranch:
        return tree.PerBranch(span_of_meta(meta), *items)

    def fallback(self, meta: Meta, items: Items) -> tree.Fallback:
        return tree.Fallback(span_of_meta(meta), *items)

    def parenthesis(self, meta: Meta, items: Items) -> tree.Group:
        return tree.Group(span_of_meta(meta), items[0])


# Rules whose names are words of Python.
for _rule in ("except", "or", "and", "not"):
    setattr(_TreeBuilder, _rule, getattr(_TreeBuilder, f"{_rule}_"))

TreeBuilder = _TreeBuilder
"""The rules of the whole language, for a parser that calls them itself."""

ExpressionRules = _TreeBuilder
"""The rules of expressions, for another form of the language to add its own to."""
