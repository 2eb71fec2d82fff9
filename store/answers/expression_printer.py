"""Write functions of variables with sympy, in a spelling that is read back as the same function."""

import re
from functools import lru_cache
from typing import Any

from store.answers.evaluation import symbols
from store.answers.exact import Expression, rational
from store.answers.lexer import COMMANDS_ONLY

_MOST_OPERATIONS = 120
_LARGEST_POWER = 20
_ACCENT = re.compile(
    r"(vec|hat|bar|overline|tilde|dot|ddot|widehat|widetilde|overrightarrow|mathcal|mathscr"
    r"|mathfrak|mathbb)_([A-Za-z]+)(.*)"
)


def to_sympy(expression: Expression) -> Any:  # noqa: ANN401
    """Convert an expression to sympy's."""
    import sympy

    head = expression[0]
    if head == "num":
        value = rational(expression)
        return sympy.Rational(value.numerator, value.denominator)
    if head == "sym":
        return sympy.Symbol(expression[1], real=True)
    if head == "const":
        constants = {"pi": sympy.pi, "e": sympy.E, "i": sympy.I, "oo": sympy.oo}
        name = expression[1]
        return constants[name] if name in constants else sympy.Symbol(f"{name}...")
    if head == "fn":
        inside = [to_sympy(part) for part in expression[2:]]
        return _sympy_function(expression[1], inside)
    left, right = (to_sympy(part) for part in expression[1:])
    return {"+": lambda: left + right, "*": lambda: left * right, "/": lambda: left / right}.get(
        head, lambda: left**right
    )()


def _sympy_function(name: str, inside: list[Any]) -> Any:  # noqa: ANN401
    import sympy

    names = {
        "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arccot": "acot", "ln": "log",
        "abs": "Abs", "ceil": "ceiling", "binom": "binomial", "max": "Max", "min": "Min",
        "arcsec": "asec", "arccsc": "acsc", "sgn": "sign",
    }  # fmt: skip
    if name.startswith("call_"):
        return sympy.Function(name.removeprefix("call_"))(*inside)
    if name == "cis":
        return sympy.exp(sympy.I * inside[0])
    if name == "lg":
        return sympy.log(inside[0], 10)
    return getattr(sympy, names.get(name, name))(*inside)


def write_function(expression: Expression) -> str:
    """Write a function of variables."""
    import sympy

    if is_large(expression):
        return print_expression(expression)
    converted = to_sympy(expression)
    if sympy.count_ops(converted) > _MOST_OPERATIONS:
        return write_sympy(converted)
    names = converted.free_symbols
    if converted.is_polynomial(*names):
        return write_sympy(converted if _has_high_power(expression) else sympy.expand(converted))
    if converted.is_rational_function(*names) and not _has_high_power(expression):
        return write_sympy(sympy.cancel(sympy.together(converted)))
    # Simplifying takes a hundred times as long, and equality does not depend on the spelling.
    return write_sympy(converted)


def is_large(expression: Expression) -> bool:
    """Return whether it holds a number that was too large to be calculated; sympy would try to."""
    head, *parts = expression
    if head in ("num", "sym", "const"):
        return False
    if head == "fn" and parts[0] in ("factorial", "binom"):
        parts = parts[1:]
        return all(part[0] == "num" for part in parts) or any(map(is_large, parts))
    if head == "^" and all(part[0] == "num" for part in parts):
        return abs(rational(parts[1])) > 1_000
    return any(is_large(part) for part in parts if not isinstance(part, str))


def _has_high_power(expression: Expression) -> bool:
    """Return whether it has a power of a sum with too many terms to be written out."""
    head, *parts = expression
    if head in ("num", "sym", "const"):
        return False
    if head == "^" and parts[1][0] == "num" and parts[0][0] != "sym":
        size = abs(rational(parts[1])) * max(1, len(symbols(parts[0])))
        return size > _LARGEST_POWER or _has_high_power(parts[0])
    return any(_has_high_power(part) for part in parts if not isinstance(part, str))


def write_polynomial(expression: Expression, *, keep_sign: bool) -> str:
    """Write a polynomial with integer coefficients without a common factor."""
    import sympy

    if is_large(expression):
        return print_expression(expression)
    if _has_high_power(expression):
        return write_function(expression)
    top, bottom = sympy.fraction(sympy.together(to_sympy(expression)))
    symbols = sorted(top.free_symbols, key=str)
    if not symbols or not top.is_polynomial(*symbols) or bottom.free_symbols:
        return write_function(expression)
    _, polynomial = sympy.Poly(top / bottom, *symbols).primitive()
    polynomial = polynomial.clear_denoms(convert=True)[1].primitive()[1]
    if not keep_sign and polynomial.LC().is_negative:
        polynomial = -polynomial
    return write_sympy(polynomial.as_expr())


def write_sympy(expression: Any) -> str:  # noqa: ANN401
    """Write an expression of sympy's."""
    text: str = _printer().doprint(expression)
    return text.replace("**", "^")


@lru_cache(1)
def _printer() -> Any:  # noqa: ANN401
    from sympy.printing.str import StrPrinter

    class Printer(StrPrinter):  # type: ignore[misc]
        def _print_Symbol(self, expression: Any) -> str:  # noqa: ANN401, N802 - sympy's name
            return write_name(expression.name)

        def _print_Exp1(self, expression: Any) -> str:  # noqa: ANN401, N802
            return "e"

        def _print_ImaginaryUnit(self, expression: Any) -> str:  # noqa: ANN401, N802
            return "i"

    return Printer()


def print_expression(expression: Expression) -> str:
    """Write an expression as it was read, for one that could not be described."""
    head, *parts = expression
    if head == "sym":
        return write_name(parts[0])
    if head in ("num", "const"):
        return str(parts[0]) + ("..." if str(parts[0])[-3:].isdigit() and head == "const" else "")
    if head == "fn":
        name = parts[0].removeprefix("call_")
        name = f"\\{name}" if name in COMMANDS_ONLY else name
        return f"{name}({', '.join(print_expression(part) for part in parts[1:])})"
    left, right = (print_expression(part) for part in parts)
    return f"({left}){head}({right})"


def write_name(name: str) -> str:
    """Write a variable with its accent and its subscript."""
    if match := _ACCENT.fullmatch(name):
        return f"\\{match[1]}{{{match[2]}}}{match[3]}"
    base, line, subscript = name.partition("_")
    if not line or len(subscript) < 2:
        return name
    marks = subscript[len(subscript.rstrip("'")) :]
    return f"{base}_{{{subscript.rstrip(chr(39))}}}{marks}"
