"""Report operators that combine sets, or compare with several values, as other languages do."""

from dsl import tree
from dsl.builtins import SETS
from dsl.checker.scope import Scope
from dsl.traversal import ungroup
from dsl.types import Type, joined


def report_set_operator(scope: Scope, node: tree.Binary) -> Type:
    """Report ``active - finished`` and its like, once; what was meant is a set."""
    left, right = written(node.left, "S"), written(node.right, "T")
    match node.operator:
        case "-":
            advice = f"for the branches of one set that are not in the other, write `{left} except "
            advice += f"{right}`"
        case "and":
            advice = f"branches in both are `{left} except ({left} except {right})`"
            advice += _union_advice(left, right, "; ")
        case _:
            advice = _union_advice(left, right) or (
                "Rheo has no union: filter or sort a larger set, such as `alive` or `opened`"
            )
    scope.error(
        "RH301",
        f"`{node.operator}` takes {_operands(node.operator)}, and these are sets of branches",
        node.span,
        help=advice,
    )
    return Type.BRANCHES


def _operands(operator: str) -> str:
    return "true or false" if operator in {"and", "or"} else "numbers"


def _union_advice(left: str, right: str, joint: str = "") -> str:
    both = {left, right}
    if not both <= set(SETS):
        return ""
    union = "alive" if both <= {"active", "finished", "alive"} else "opened"
    return f"{joint}all branches of both are in `{union}`"


def report_filter(scope: Scope, node: tree.Binary) -> Type:
    """Report ``active and .depth > 3``."""
    scope.error(
        "RH301",
        "`and` takes true or false, and this is a set of branches",
        node.left.span,
        "a set of branches",
        help=f"to narrow a set, write `{written(node.left, 'S')} where …`",
    )
    return Type.BRANCHES


def repeated_comparison(
    scope: Scope, node: tree.Binary, operand: tree.Expression, actual: Type
) -> str | None:
    """Return what to write instead of ``.answer == "12" or "13"``.

    Args:
        scope: the state of the check.
        node: the ``and`` or ``or``.
        operand: its operand that is not true or false.
        actual: the type of the operand.

    Returns:
        ``None`` where the other operand compares nothing of this type.
    """
    other = ungroup(node.right if operand is node.left else node.left)
    if isinstance(other, tree.Binary) and other.operator in {"and", "or"}:
        other = ungroup(other.right)
    if not isinstance(other, tree.Binary) or other.operator in {"and", "or"}:
        return None
    compared = scope.types.get(other.left)
    if compared is None or Type.WRONG in (compared, actual) or joined(compared, actual) is None:
        return None
    left = written(other.left, "x")
    values = [f"{left} {other.operator} {written(side, '…')}" for side in (other.right, operand)]
    return f"repeat the comparison: `{values[0]} {node.operator} {values[1]}`"


def written(node: tree.Expression, otherwise: str) -> str:
    """Return a short expression as text, and ``otherwise`` for any longer one."""
    match ungroup(node):
        case tree.Name(text=text) | tree.Field(text=text):
            return text
        case tree.Text(text=text):
            return f'"{text}"'
        case tree.Number(written=text):
            return text
        case tree.Call(function=function, arguments=(tree.Name(text=text),)):
            return f"{function.text}({text})"
    return otherwise
