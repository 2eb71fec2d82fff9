"""The use of names and attributes: what each is here, or why it cannot be used."""

from dsl import tree
from dsl.builtins import (
    ATTRIBUTES,
    FUNCTIONS,
    INTERVAL_ATTRIBUTES,
    NAMES,
    SETS,
    VALUES,
    describe_signal,
)
from dsl.checker.scope import RUNNING_READS, ExpressionPosition, Scope
from dsl.checker.symbols import Role, Symbol
from dsl.diagnostics import Edit
from dsl.foreign_idioms import ATTRIBUTES as ATTRIBUTES_ELSEWHERE
from dsl.source import Span
from dsl.types import Type
from dsl.vocabulary import Suggestion, suggest_spelling


def check_name(scope: Scope, node: tree.Name) -> Type:
    """Find the type of a name, and report one that cannot be used here."""
    symbol = scope.lookup(node.text)
    if symbol is not None:
        if symbol.role is Role.MEMORY and scope.position is ExpressionPosition.RUNNING:
            report_unreadable(scope, node, f"{Role.MEMORY.value}, which rules assign")
        return scope.use(node, symbol)
    name = node.text
    if name in NAMES and name in scope.doubtful:
        return Type.WRONG  # declaring it was reported
    if name in SETS and scope.position is ExpressionPosition.CODE:
        return scope.use(node, Symbol(Role.SET, name, Type.BRANCHES, None, SETS[name]))
    if name in VALUES and _value_allowed(scope.position, name):
        value = VALUES[name]
        return scope.use(node, Symbol(Role.VALUE, name, value.type, None, value.meaning))
    if name in SETS or name in VALUES:
        scope.error(
            "RH408",
            f"`{name}` cannot be used in {scope.position.value}",
            node.span,
            "not available here",
            help=_position_help(scope.position),
        )
        return Type.WRONG
    if name in FUNCTIONS:
        scope.error(
            "RH208",
            f"`{name}` is a function and must be called",
            node.span,
            help=f"write `{FUNCTIONS[name].shown}`",
        )
        return Type.WRONG
    if f".{name}" in scope.visible_fields():
        scope.error(
            "RH201",
            f"`{name}` is not declared",
            node.span,
            "no such name",
            help=f"an attribute of a branch has a dot: `.{name}`",
            edit=Edit(Span(node.span.start, node.span.start), "."),
        )
        return Type.WRONG
    return scope.unknown(node, "no such name", scope.visible())


def _value_allowed(position: ExpressionPosition, name: str) -> bool:
    if position is ExpressionPosition.CODE:
        return True
    if name == "beta":
        return position is not ExpressionPosition.KNOBS
    return position in {
        ExpressionPosition.MEMORY,
        ExpressionPosition.EACH,
        ExpressionPosition.CAP,
        ExpressionPosition.RUNNING,
    } and name in {"budget", "interval"}


def _position_help(position: ExpressionPosition) -> str:
    if position is ExpressionPosition.SCHEDULE:
        return "a knob can depend only on `beta`, free knobs and the knobs above it"
    if position is ExpressionPosition.KNOBS:
        return "the default and the range of a free knob are constants"
    if position is ExpressionPosition.RUNNING:
        return f"a running value reads {RUNNING_READS}"
    return "initial values use constants, knobs and `beta`; assign later values in `step`"


def report_unreadable(scope: Scope, node: tree.Name | tree.Field, what: str) -> None:
    """Report what a running value cannot read.

    Args:
        scope: the state of the check.
        node: the name or field.
        what: what it is, after "is".
    """
    scope.error(
        "RH409",
        f"a running value cannot read `{node.text}`: it is {what}",
        node.span,
        "not available here",
        help=(
            "it can read what every interval shows of its branch: "
            f"{', '.join(f'`{one}`' for one in ATTRIBUTES if one in INTERVAL_ATTRIBUTES)},"
            " signals that the recording declares per interval, and other running values"
        ),
    )


_DOTTED = frozenset({ExpressionPosition.CODE, ExpressionPosition.RUNNING})
"""Where a dot can refer to a branch."""

_PROBED = frozenset({".answer", ".streak", ".changes", ".seen", ".entropy"})
"""What only a probe, or the end of a branch, can change."""


def _why_unreadable(name: str) -> str:
    """Return what an attribute is that a running value cannot read."""
    if name in _PROBED:
        return "revealed only by a probe"
    return "not kept for every interval"


def check_field(scope: Scope, node: tree.Field) -> Type:
    """Find the type of an attribute or a field, and report one that cannot be used here."""
    name = node.text
    if scope.position not in _DOTTED or not scope.has_branch:
        scope.error(
            "RH401",
            f"`{name}` is used outside of a set, so it is not clear which branch is meant",
            node.span,
            "which branch?",
            help=scope.dot_advice
            or (
                "use branch attributes after `where`, `by`, `for` and `weight =`, before "
                "`of`, and inside `update`"
            ),
        )
        return Type.WRONG
    symbol = scope.fields.get(name)
    is_running = scope.position is ExpressionPosition.RUNNING
    if symbol is not None:
        if is_running and symbol.role is not Role.RUNNING:
            report_unreadable(scope, node, f"{symbol.role.value}, which `update` assigns")
        return scope.use(node, symbol)
    value = ATTRIBUTES.get(name)
    if value is None and name.removeprefix(".") in scope.needs:
        value = describe_signal(name.removeprefix("."))
    if value is None:
        if name not in scope.refused_signals:
            _unknown_attribute(scope, node)
        return Type.WRONG
    if is_running and name in ATTRIBUTES and name not in INTERVAL_ATTRIBUTES:
        report_unreadable(scope, node, _why_unreadable(name))
    if value.signal is not None and value.signal not in scope.needs:
        scope.error(
            "RH207",
            f"`{name}` is an optional signal that the program does not declare",
            node.span,
            "not every recording has it",
            help=f"put `needs {value.signal}` at the top of the file",
        )
    return scope.use(node, Symbol(Role.ATTRIBUTE, name, value.type, None, value.meaning))


def check_current_branch(scope: Scope, node: tree.CurrentBranch) -> Type:
    """Find the type of ``branch``, and report one that refers to no branch."""
    if scope.position is ExpressionPosition.CODE and scope.has_branch:
        return Type.BRANCHES
    if scope.position is ExpressionPosition.RUNNING:
        scope.error(
            "RH408",
            "`branch` cannot be used in a running value",
            node.span,
            "not available here",
            help=_position_help(scope.position),
        )
        return Type.WRONG
    scope.error(
        "RH401",
        "`branch` is used outside of a set, so it is not clear which branch is meant",
        node.span,
        "which branch?",
        help="name the branch of an `update`: `update S { let me = branch … }`",
    )
    return Type.WRONG


def _unknown_attribute(scope: Scope, node: tree.Field) -> None:
    suggestion = (
        ATTRIBUTES_ELSEWHERE.get(node.text.removeprefix("."))
        or suggest_spelling(node.text, scope.visible_fields())
        or Suggestion(
            f"branches have {', '.join(f'`{one}`' for one in ATTRIBUTES)}; declare your own"
            " fields in `each branch { … }`, and signals of the recording with `needs`"
        )
    )
    scope.error(
        "RH202",
        f"branches have no attribute `{node.text}`",
        node.span,
        "no such attribute or field",
        help=suggestion.help,
        edit=Edit(node.span, suggestion.replacement) if suggestion.replacement else None,
    )


def report_missing_dot(scope: Scope, expression: tree.Expression) -> bool:
    """Report ``where finished``, if that is what an expression is."""
    if not scope.has_branch or not isinstance(expression, tree.Name):
        return False
    attribute = f".{expression.text}"
    if attribute not in ATTRIBUTES or ATTRIBUTES[attribute].type is not Type.TRUTH:
        return False
    start = expression.span.start
    scope.error(
        "RH301",
        f"`{expression.text}` is a set of branches, and true or false is needed here",
        expression.span,
        Type.BRANCHES.value,
        help=f"whether a branch is in it is its attribute: `{attribute}`",
        edit=Edit(Span(start, start), "."),
    )
    return True


def report_comment(scope: Scope, node: tree.Expression) -> bool:
    """Report ``x = 1 // note``, where a name of nothing is read as a divisor."""
    if not isinstance(node, tree.Name) or node.text in NAMES:
        return False
    if scope.lookup(node.text) is not None or suggest_spelling(node.text, scope.visible()):
        return False
    scope.error(
        "RH201",
        f"`{node.text}` is not declared",
        node.span,
        "no such name",
        help="`//` divides and rounds down; a comment starts with `#`",
    )
    return True
