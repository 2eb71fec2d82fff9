"""The state of a check: declared names, inferred types, and diagnostics."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum

from dsl import tree
from dsl.builtins import (
    ATTRIBUTES,
    FREE,
    FUNCTIONS,
    INTERVAL_ATTRIBUTES,
    NAMES,
    SETS,
    VALUES,
)
from dsl.checker.symbols import Role, Symbol
from dsl.diagnostics import Diagnostic, Edit, Mark, Severity
from dsl.foreign_idioms import NAMES as NAMES_ELSEWHERE
from dsl.source import Span
from dsl.types import Type
from dsl.vocabulary import Suggestion, suggest_spelling


class ExpressionPosition(Enum):
    """The position of an expression, which decides the names that it may use."""

    SCHEDULE = "the schedule"
    KNOBS = "`knobs`"
    MEMORY = "`memory`"
    EACH = "`each branch`"
    RUNNING = "a running value"
    CAP = "the cap of `step`"
    CODE = "code"


RUNNING_READS = "its own branch, knobs, `beta`, `budget` and `interval`"
"""What the expression of a running value can use."""


@dataclass
class Scope:
    """Everything that the passes of the checker share."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    types: dict[tree.Node, Type] = field(default_factory=dict)
    symbols: dict[tree.Node, Symbol] = field(default_factory=dict)
    globals: dict[str, Symbol] = field(default_factory=dict)
    fields: dict[str, Symbol] = field(default_factory=dict)
    lets: list[dict[str, Symbol]] = field(default_factory=list)
    needs: dict[str, Span] = field(default_factory=dict)
    written: dict[str, Span] = field(default_factory=dict)
    """Every name that is declared anywhere, and where."""
    doubtful: set[str] = field(default_factory=set)
    """Names whose declaration was wrong: further diagnostics about them would be echoes."""
    position: ExpressionPosition = ExpressionPosition.CODE
    has_branch: bool = False
    """Whether a dot refers to a branch here."""
    dot_advice: str | None = None
    """What to write where a dot refers to no branch, if the position is known."""
    refused_signals: set[str] = field(default_factory=set)
    """Attributes of signals whose names were reported: their uses are echoes."""

    # Reporting

    def error(
        self,
        code: str,
        message: str,
        span: Span,
        label: str = "",
        *,
        also: tuple[Mark, ...] = (),
        help: str | None = None,  # noqa: A002 - the diagnostic's own word
        edit: Edit | None = None,
    ) -> None:
        """Add an error, which makes the program invalid.

        Args:
            code: the code of the diagnostic, such as ``RH201``.
            message: what is wrong, in one sentence without a full stop.
            span: the part of the source to underline.
            label: text beside the underline; empty for none.
            also: further marks, such as an earlier declaration.
            help: what to do about it, if there is advice.
            edit: A safe automatic fix, if there is one.
        """
        self.diagnostics.append(Diagnostic(code, message, Mark(span, label), also, help, edit))

    def warning(
        self,
        code: str,
        message: str,
        span: Span,
        label: str = "",
        *,
        also: tuple[Mark, ...] = (),
        help: str | None = None,  # noqa: A002
        edit: Edit | None = None,
    ) -> None:
        """Add a warning, with the arguments of `error`; the program stays valid."""
        self.diagnostics.append(
            Diagnostic(code, message, Mark(span, label), also, help, edit, Severity.WARNING)
        )

    def count_errors(self) -> int:
        """Return how many errors were reported so far."""
        return sum(diagnostic.is_error for diagnostic in self.diagnostics)

    # Declaring

    def declare(self, symbol: Symbol, table: dict[str, Symbol]) -> None:
        """Add a name, unless it is taken."""
        assert symbol.span is not None
        name = symbol.name
        known = ATTRIBUTES.keys() - FREE if name.startswith(".") else NAMES
        is_signal = name.startswith(".") and name[1:] in self.needs
        earlier = self.lookup(name)
        if name in known or is_signal or earlier is not None:
            self.doubtful.add(name)
        if name in known or is_signal:
            what = describe_built_in(name) if name in known else "a signal that the program needs"
            self.error(
                "RH205",
                f"`{name}` is {what}, so it cannot be declared",
                symbol.span,
                help=f"choose another name, such as `{_other_name(name)}`",
            )
        elif earlier is not None and earlier.span is not None:
            self.error(
                "RH204",
                f"`{name}` is declared twice",
                symbol.span,
                "declared again",
                also=(Mark(earlier.span, "first declared here"),),
                help="a memory cell is assigned without `let`"
                if earlier.role is Role.MEMORY and symbol.role is Role.LET
                else "choose another name",
            )
        else:
            table[name] = symbol

    def lookup(self, name: str) -> Symbol | None:
        """Return what a name was declared as by the program."""
        if name.startswith("."):
            return self.fields.get(name)
        for table in reversed(self.lets):
            if name in table:
                return table[name]
        return self.globals.get(name)

    def visible(self) -> set[str]:
        """Return every name that could be meant here."""
        names = set(self.globals)
        for table in self.lets:
            names.update(table)
        if self.position is ExpressionPosition.CODE:
            names.update(SETS, VALUES)
        elif self.position is ExpressionPosition.SCHEDULE:
            names.add("beta")
        elif self.position is ExpressionPosition.RUNNING:
            cells = {name for name, s in self.globals.items() if s.role is Role.MEMORY}
            names = {*names - cells, "beta", "budget", "interval"}
        return names

    def visible_fields(self) -> set[str]:
        """Return every attribute and field that could be meant here."""
        if self.position is ExpressionPosition.RUNNING:
            own = {name for name, s in self.fields.items() if s.role is Role.RUNNING}
            declared = {f".{name}" for name in self.needs} - ATTRIBUTES.keys()
            return {*INTERVAL_ATTRIBUTES, *own, *declared}
        return {*ATTRIBUTES, *self.fields, *(f".{name}" for name in self.needs)}

    # Where we are

    @contextmanager
    def at(self, position: ExpressionPosition) -> Iterator[None]:
        """Check what is inside as part of a section."""
        before, self.position = self.position, position
        yield
        self.position = before

    @contextmanager
    def with_branch(self) -> Iterator[None]:
        """Check what is inside with a dot that refers to a branch of a set."""
        before, self.has_branch = self.has_branch, True
        yield
        self.has_branch = before

    @contextmanager
    def advise_on_dots(self, advice: str | None) -> Iterator[None]:
        """Check what is inside with advice on dots that refer to no branch."""
        before, self.dot_advice = self.dot_advice, advice or self.dot_advice
        yield
        self.dot_advice = before

    @contextmanager
    def block(self) -> Iterator[None]:
        """Check what is inside as a block, whose `let`s end with it."""
        self.lets.append({})
        yield
        self.lets.pop()

    # Learning

    def learn(self, node: tree.Node, actual: Type) -> Type:
        """Record the type of an expression."""
        self.types[node] = actual
        return actual

    def use(self, node: tree.Node, symbol: Symbol) -> Type:
        """Record the symbol of a name, and its type."""
        self.symbols[node] = symbol
        return self.learn(node, symbol.type)

    def unknown(self, node: tree.Name | tree.Identifier, what: str, words: set[str]) -> Type:
        """Report an undeclared name.

        Args:
            node: the name.
            what: the kind of name.
            words: names that may have been meant.
        """
        declared = self.written.get(node.text)
        if declared is not None and node.text not in self.doubtful:
            self.error(
                "RH201",
                f"`{node.text}` is not in scope here",
                node.span,
                "not in scope",
                also=(Mark(declared, "declared here"),),
                help=_how_to_reach(self.position),
            )
            return self.learn(node, Type.WRONG)
        suggestion = (
            NAMES_ELSEWHERE.get(node.text)
            or suggest_spelling(node.text, words)
            or Suggestion(_how_to_declare(self.position))
        )
        self.error(
            "RH201",
            f"`{node.text}` is not declared",
            node.span,
            what,
            help=suggestion.help,
            edit=Edit(node.span, suggestion.replacement) if suggestion.replacement else None,
        )
        return self.learn(node, Type.WRONG)


def _other_name(name: str) -> str:
    return f".my_{name[1:]}" if name.startswith(".") else f"my_{name}"


def describe_built_in(name: str) -> str:
    """Return what a name of the language is."""
    if name in SETS:
        return "a set of the language"
    if name in FUNCTIONS:
        return "a function of the language"
    if name in VALUES:
        return "a value of the episode"
    return "an attribute of every branch"


def _how_to_reach(position: ExpressionPosition) -> str:
    if position is ExpressionPosition.CODE:
        return (
            "a `let` is visible from its line to the end of its block; move it before the "
            "block, or keep the value in `memory`"
        )
    if position is ExpressionPosition.SCHEDULE:
        return "a line of the schedule can use `beta`, free knobs and the knobs above it"
    if position is ExpressionPosition.KNOBS:
        return "the default and the range of a free knob are constants"
    if position is ExpressionPosition.RUNNING:
        return f"a running value reads {RUNNING_READS}"
    return "initial values use constants, knobs and `beta`; assign it in `start` or `step`"


def _how_to_declare(position: ExpressionPosition) -> str:
    if position is ExpressionPosition.CODE:
        return (
            "declare it: a constant in `knobs` or `schedule`, a variable in `memory`, or a "
            "name for this step with `let`"
        )
    return f"{position.value} can use names declared above it"
