"""Warn of conditions that have the same outcome every time, and of percentages for parts."""

from dsl import tree
from dsl.builtins import COUNTING, FOLDING, VOTING
from dsl.checker.ranges import NumberRange, RangeFinder
from dsl.checker.scope import Scope
from dsl.checker.symbols import Role, constant_value
from dsl.diagnostics import Mark
from dsl.source import Source, Span
from dsl.traversal import ungroup, walk

_MEASURES = frozenset({*COUNTING, *VOTING, *FOLDING})
_LONGEST = 60
"""The most characters of a condition that a message quotes."""


def check_conditions(scope: Scope, program: tree.Program, source: Source) -> None:
    """Warn of comparisons that are always true or always false.

    Only comparisons of something measured are reported: constants, and knobs that a range pins, are
    an ordinary way of switching a rule on or off.

    Args:
        scope: the scope, with the types of all names.
        program: the program.
        source: its text, which the messages quote.
    """
    ranges = RangeFinder(scope, program)
    for section in program.sections:
        if not isinstance(section, tree.Start | tree.Step | tree.Finally):
            continue
        for node in walk(section):
            if isinstance(node, tree.Call) and node.function.text in {"quantile", "chance"}:
                _check_part(scope, ranges, node)
            if isinstance(node, tree.Binary) and _is_measured(scope, node):
                left, right = ranges.find(node.left), ranges.find(node.right)
                outcome = _outcome(node.operator, left, right)
                if outcome is not None:
                    _report(scope, source, node, (left, right), outcome=outcome)


def _check_part(scope: Scope, ranges: RangeFinder, node: tree.Call) -> None:
    """Warn of a part of all that is always above 1."""
    part = node.arguments[-1]
    if isinstance(part, tree.PerBranch | tree.KeywordArgument):
        return
    low, high = ranges.find(part)
    if low <= 1:
        return
    scope.warning(
        "RH511",
        f"`{node.function.text}` takes a part from 0 to 1, and this is always above 1",
        part.span,
        help=f"it is not a percentage: write `{high / 100:g}` for {high:g} %"
        if 2 <= low <= high <= 100
        else "write a number from 0 to 1",
    )


def _is_measured(scope: Scope, node: tree.Binary) -> bool:
    """Return whether a branch, a set or the episode is part of an expression."""
    for part in walk(node):
        match part:
            case tree.Field():
                return True
            case tree.Call(function=function) if function.text in _MEASURES:
                return True
            case tree.Name(text=text) if text != "beta":
                if scope.symbols[part].role in {Role.VALUE, Role.LET}:
                    return True
    return False


def _outcome(operator: str, left: NumberRange, right: NumberRange) -> bool | None:
    """Return the outcome of a comparison that has only one, else ``None``."""
    match operator:
        case "<":
            return _less(left, right)
        case ">":
            return _less(right, left)
        case "<=":
            reverse = _less(right, left)
            return None if reverse is None else not reverse
        case ">=":
            reverse = _less(left, right)
            return None if reverse is None else not reverse
        case "==" | "!=" if left.high < right.low or right.high < left.low:
            return operator == "!="
    return None


def _less(left: NumberRange, right: NumberRange) -> bool | None:
    if left.high < right.low:
        return True
    return False if left.low >= right.high else None


def _report(
    scope: Scope,
    source: Source,
    node: tree.Binary,
    ranges: tuple[NumberRange, NumberRange],
    *,
    outcome: bool,
) -> None:
    text = source.excerpt(node.span)
    what = "this condition" if "\n" in text or len(text) > _LONGEST else f"`{text}`"
    marks = [
        _range_mark(side.span, found)
        for side, found in zip((node.left, node.right), ranges, strict=True)
        if constant_value(side) is None
    ]
    scope.warning(
        "RH509",
        f"{what} is always {'true' if outcome else 'false'}",
        node.span,
        also=tuple(mark for mark in marks if mark.label),
        help=_advice(node, ranges),
    )


def _range_mark(span: Span, found: NumberRange) -> Mark:
    low, high = (f"{end:g}" for end in found)
    if high == "inf":
        return Mark(span, "" if low == "-inf" else f"never below {low}")
    return Mark(span, f"never above {high}" if low == "-inf" else f"from {low} to {high}")


_SHARES = frozenset({"share", "margin", "confidence", "beta_confidence"})


def _advice(node: tree.Binary, ranges: tuple[NumberRange, NumberRange]) -> str:
    for side, (low, high) in zip((node.left, node.right), reversed(ranges), strict=True):
        inner = ungroup(side)
        is_share = isinstance(inner, tree.Call) and inner.function.text in _SHARES
        if is_share and 2 <= low <= high <= 100:
            example = f"write `{high / 100:g}` for {high:g} %"
            return f"it is a share between 0 and 1, not a percentage: {example}"
    return "compare it with a value in its range, or remove the condition"
