"""Check running values and branch windows: what starts them, and what they become."""

from dsl import tree
from dsl.checker import expressions
from dsl.checker.scope import ExpressionPosition, Scope
from dsl.checker.statements import check_stored
from dsl.traversal import ungroup
from dsl.types import Type


def check_window_size(scope: Scope, item: tree.BranchWindow) -> Type:
    """Find the type of what is before `of`: a window, whose size is checked."""
    head = ungroup(item.value)
    with scope.at(ExpressionPosition.EACH):
        if isinstance(head, tree.Call) and head.function.text == "window":
            return _window(scope, item, head)
        if expressions.check(scope, item.value) is not Type.WRONG:
            scope.error(
                "RH406",
                f"`of` follows a window, and this is {scope.types[item.value].value}",
                item.value.span,
                help=f"write `{item.name.text} = window(4) of …` for the last values, or"
                f" `{item.name.text} = … then …` for a value that every interval updates",
            )
    return Type.WRONG


def _window(scope: Scope, item: tree.BranchWindow, call: tree.Call) -> Type:
    match call.arguments:
        case (size,) if not isinstance(size, tree.PerBranch | tree.KeywordArgument):
            expressions.expect(scope, size, Type.INTEGER, "`window` takes")
        case _:
            scope.error(
                "RH302",
                "`window` takes one number, the most values that it keeps",
                call.span,
                help=f"write `{item.name.text} = window(4) of …`",
            )
            return Type.WRONG
    scope.learn(call, Type.WINDOW)
    return scope.learn(item.value, Type.WINDOW)


def check_following(scope: Scope, section: tree.EachBranch) -> None:
    """Check what running values become; every field is declared by then."""
    for item in section.items:
        if not isinstance(item, tree.RunningValue | tree.BranchWindow):
            continue
        with scope.at(ExpressionPosition.RUNNING), scope.with_branch():
            if isinstance(item, tree.BranchWindow):
                expressions.expect(scope, item.following, Type.REAL, "a window keeps")
                continue
            actual = expressions.check(scope, item.following)
        symbol = scope.fields.get(item.name.text)
        if symbol is not None and symbol.span == item.name.span:
            check_stored(scope, item.following, actual, symbol)
