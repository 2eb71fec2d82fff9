"""The value of an expression that is made of constants alone."""

from dsl import tree


def constant(expression: tree.Expression) -> int | float | None:
    """The value of a number, signed or in parentheses; ``None`` for anything else."""
    match tree.ungroup(expression):
        case tree.Number(value=value):
            return value
        case tree.Unary(operator="-", operand=operand):
            positive = constant(operand)
            return None if positive is None else -positive
    return None
