"""Check declarations: needs, knobs, the schedule, memory, fields."""

from difflib import get_close_matches

from dsl import tree
from dsl.builtins import ATTRIBUTES, SIGNALS, signal_name_fault
from dsl.checker import expressions
from dsl.checker.running import check_following, check_window_size
from dsl.checker.scope import ExpressionPosition, Scope
from dsl.checker.symbols import Role, Symbol, constant_value
from dsl.diagnostics import Edit, Mark
from dsl.source import Span
from dsl.traversal import walk
from dsl.types import Type, joined

_NAMES = {
    tree.Schedule: "schedule",
    tree.Knobs: "knobs",
    tree.Memory: "memory",
    tree.EachBranch: "each branch",
    tree.Start: "start",
    tree.Step: "step",
    tree.Finally: "finally",
}


def check_sections(scope: Scope, program: tree.Program) -> None:
    """Every section is once at most, and what is needed can be the name of a signal."""
    for word in program.needs:
        if fault := signal_name_fault(word.text):
            scope.error(
                "RH206",
                f"no signal can have the name `{word.text}`",
                word.span,
                fault,
                help="record the signal under another name",
            )
            if f".{word.text}" not in ATTRIBUTES:
                scope.refused_signals.add(f".{word.text}")
        elif word.text in scope.needs:
            scope.warning(
                "RH705",
                f"duplicate signal `{word.text}`",
                word.span,
                also=(Mark(scope.needs[word.text], "the first time"),),
                help="remove one of the two",
            )
        else:
            scope.needs[word.text] = word.span
            _warn_of_misspelling(scope, word)
    scope.written.update(_declared(program))
    first_sections: dict[type, tree.Section] = {}
    for section in program.sections:
        earlier = first_sections.setdefault(type(section), section)
        if earlier is not section:
            name = _NAMES[type(section)]
            scope.error(
                "RH501",
                f"there are two `{name}` sections",
                _head(section, name),
                "the second",
                also=(Mark(_head(earlier, name), "the first"),),
                help="merge them into one section",
            )


def _warn_of_misspelling(scope: Scope, word: tree.Identifier) -> None:
    """Warn of a signal that is spelt nearly like one of those that every program knows."""
    near = None if word.text in SIGNALS else get_close_matches(word.text, SIGNALS, 1, _NEARLY)
    if near:
        scope.warning(
            "RH215",
            f"`{word.text}` may be a misspelling of the signal `{near[0]}`",
            word.span,
            help=f"write `{near[0]}`, unless the recording declares a signal `{word.text}`",
            edit=Edit(word.span, near[0]),
        )


_NEARLY = 0.85
"""The least similarity of a misspelling: one letter of seven may differ."""


def _declared(program: tree.Program) -> dict[str, Span]:
    """Return every name that the program declares, with the span of its first declaration."""
    spans: dict[str, Span] = {}
    for node in walk(program):
        if isinstance(node, tree.Knob | tree.Scheduled | tree.Cell | tree.Let):
            spans.setdefault(node.name.text, node.name.span)
    return spans


def _head(section: tree.Section, name: str) -> Span:
    start = section.span.start
    return Span(start, start + len(name))


def check_declarations(scope: Scope, program: tree.Program) -> None:
    """Add everything declared, in an order in which each section sees those it may use."""
    for kind in (tree.Knobs, tree.Schedule, tree.Memory, tree.EachBranch):
        for section in program.sections:
            if not isinstance(section, kind):
                continue
            match section:
                case tree.Knobs():
                    _knobs(scope, section)
                case tree.Schedule():
                    _schedule(scope, section)
                case tree.Memory():
                    _cells(scope, section, ExpressionPosition.MEMORY)
                case tree.EachBranch():
                    _cells(scope, section, ExpressionPosition.EACH)


def _knobs(scope: Scope, section: tree.Knobs) -> None:
    for item in section.items:
        knob_type = Type.INTEGER
        values: list[int | float | None] = []
        with scope.at(ExpressionPosition.KNOBS):
            for part in (item.default, item.low, item.high):
                kind = expressions.check(scope, part)
                if not kind.is_number:
                    _no_number(scope, part, kind)
                knob_type = joined(knob_type, kind) or Type.WRONG
                values.append(constant_value(part) if kind.is_number else None)
        _knob_range(scope, item, values)
        scope.declare(Symbol(Role.KNOB, item.name.text, knob_type, item.name.span), scope.globals)


def _no_number(scope: Scope, part: tree.Expression, actual: Type) -> None:
    scope.error(
        "RH301",
        f"a knob is a number, and this is {actual.value}",
        part.span,
        actual.value,
        help="write a number, without quotes"
        if actual is Type.ANSWER
        else "write a number; declare other values in `memory`",
    )


def _knob_range(scope: Scope, item: tree.Knob, values: list[int | float | None]) -> None:
    default, low, high = values
    if default is None or low is None or high is None:
        return
    if low > high:
        scope.error(
            "RH605",
            f"the range of `{item.name.text}` is empty: it goes from {low} down to {high}",
            item.low.span.to(item.high.span),
            help="write the lower end first",
        )
    elif not low <= default <= high:
        scope.error(
            "RH604",
            f"the default of `{item.name.text}` is outside of its range",
            item.default.span,
            f"{default}",
            also=(Mark(item.low.span.to(item.high.span), "the range"),),
            help="widen the range or move the default",
        )


def _schedule(scope: Scope, section: tree.Schedule) -> None:
    for item in section.items:
        with scope.at(ExpressionPosition.SCHEDULE):
            actual = expressions.check(scope, item.value)
        if not actual.is_number:
            _no_number(scope, item.value, actual)
            actual = Type.WRONG
        scope.declare(Symbol(Role.SCHEDULED, item.name.text, actual, item.name.span), scope.globals)


def _cells(
    scope: Scope, section: tree.Memory | tree.EachBranch, position: ExpressionPosition
) -> None:
    role, table = (
        (Role.MEMORY, scope.globals)
        if position is ExpressionPosition.MEMORY
        else (Role.FIELD, scope.fields)
    )
    # Entered only when all are checked: a initial value cannot use another cell.
    symbols = []
    for item in section.items:
        running = isinstance(item, tree.RunningValue | tree.BranchWindow)
        if isinstance(item, tree.BranchWindow):
            actual = check_window_size(scope, item)
        else:
            with scope.at(position):
                actual = expressions.check(scope, item.value)
        if actual is Type.BRANCHES:
            scope.error(
                "RH301",
                "a set of branches cannot be kept in memory",
                item.value.span,
                help="mark its branches with a field: `each branch { .kept = false }` and"
                " `update S { .kept = true }`",
            )
            actual = Type.WRONG
        own = Role.RUNNING if running else role
        symbols.append(Symbol(own, item.name.text, actual, item.name.span))
    for symbol in symbols:
        scope.declare(symbol, table)
    if isinstance(section, tree.EachBranch):
        check_following(scope, section)
