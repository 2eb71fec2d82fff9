"""Write symbolic expressions in one form; runs in the guarded process, which may be killed.

Two expressions of one value get one description: constants are evaluated to many digits, and named
as a rational, a root, or a multiple of a known constant where they are one; functions of variables
are evaluated at fixed points, which decides equality, and written by sympy.
"""

import re
from typing import Any, NamedTuple

from store.answers.constants import name_constant
from store.answers.evaluation import (
    DIGITS,
    PRECISION,
    depends_on,
    evaluate,
    fingerprint,
    functions,
    is_close,
    symbols,
    values_at_points,
)
from store.answers.exact import Expression, number, rational
from store.answers.expression_printer import (
    is_large,
    print_expression,
    write_function,
    write_name,
    write_polynomial,
    write_sympy,
)
from store.answers.modular import residues

_ONE = number(1)


class Description(NamedTuple):
    """One expression, described."""

    text: str
    """How it is written."""
    identity: str
    """Equal for equal expressions."""


def describe(kind: str, content: Any) -> Description:  # noqa: ANN401 - an expression, or LaTeX
    """Describe a leaf of an answer.

    Args:
        kind: ``value``; ``zero`` for an expression that is set to zero, ``positive`` for one that
            is bounded by it, where a factor does not matter; or ``latex`` for text.
        content: the expression, or the text.

    Raises:
        ArithmeticError, ValueError: it has no value.
    """
    if kind == "latex":
        return _calculated(content)
    if kind == "value":
        return _value(content)
    return _up_to_factor(content, keep_sign=kind == "positive")


def equal_latex(gold: str, answer: str) -> bool:
    """Ask math-verify, in both directions, whether two texts are equal."""
    from math_verify import verify

    first, second = _parsed(gold), _parsed(answer)
    return bool(first and second and verify(first, second) and verify(second, first))


def _parsed(text: str) -> list[Any]:
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse

    ways = [LatexExtractionConfig(), ExprExtractionConfig()]
    return list(parse(f"\\boxed{{{text}}}", extraction_config=ways))


def _calculated(text: str) -> Description:
    """Calculate a sum, product, integral or limit as math-verify reads it."""
    import mpmath
    import sympy

    bare = "".join(text.split())
    as_text = Description(bare, bare)
    parsed = _parsed(text)
    # math-verify takes capital and small letters for one variable.
    if re.search("[A-Z]", text) or not parsed or not isinstance(parsed[0], sympy.Expr):
        return as_text
    value = parsed[0].doit()
    if value.has(sympy.Sum, sympy.Product, sympy.Integral, sympy.Limit, sympy.nan):
        return as_text
    names = sorted(value.free_symbols, key=str)
    with mpmath.workdps(DIGITS):
        if not names:
            name = name_constant(mpmath.mpmathify(value.evalf(DIGITS)))
            return Description(name, name)
        return Description(write_sympy(value), f"{bare}")


def _value(expression: Expression) -> Description:
    import mpmath

    with mpmath.workdps(DIGITS):
        is_constant = not symbols(expression) and not any(
            name.startswith("call_") for name in functions(expression)
        )
        if is_constant and is_large(expression):
            name = residues(expression)
            if name is None:
                raise ArithmeticError("a number is too large")
            return Description(print_expression(expression), name)
        if is_constant:
            text = name_constant(evaluate(expression, {}))
            return Description(text, text)
        values = values_at_points(expression)
        if all(is_close(value, values[0]) for value in values):
            text = name_constant(values[0])
            return Description(text, text)
        for name in depends_on(expression)[:1]:
            own = values_at_points(("sym", name))
            if len(own) == len(values) and all(map(is_close, own, values)):
                return Description(write_name(name), name)
        return Description(write_function(expression), fingerprint(values))


def _up_to_factor(expression: Expression, *, keep_sign: bool) -> Description:
    import mpmath

    if not keep_sign:
        expression = _fraction(expression)[0]
    with mpmath.workdps(DIGITS):
        values = values_at_points(expression)
        scale = next((value for value in values if abs(value) > mpmath.mpf(10) ** -PRECISION), None)
        if scale is None:
            return Description("0", "0")
        scale = abs(scale) if keep_sign else scale
        identity = fingerprint([value / scale for value in values])
        return Description(write_polynomial(expression, keep_sign=keep_sign), identity)


def _fraction(expression: Expression) -> tuple[Expression, Expression]:
    """Write an expression as one fraction: its numerator and denominator."""
    head = expression[0]
    if head == "^" and expression[2][0] == "num" and rational(expression[2]) < 0:
        return _ONE, ("^", expression[1], number(-rational(expression[2])))
    if head not in ("+", "*", "/"):
        return expression, _ONE
    (top, bottom), (other_top, other_bottom) = map(_fraction, expression[1:])
    if head == "/":
        return _product(top, other_bottom), _product(bottom, other_top)
    if head == "*":
        return _product(top, other_top), _product(bottom, other_bottom)
    if bottom == other_bottom:
        return ("+", top, other_top), bottom
    total: Expression = ("+", _product(top, other_bottom), _product(other_top, bottom))
    return total, _product(bottom, other_bottom)


def _product(left: Expression, right: Expression) -> Expression:
    return right if left == _ONE else left if right == _ONE else ("*", left, right)
