"""Write symbolic expressions in one form; runs in the guarded process, which may be killed.

Two expressions of one value get one description: constants are evaluated to many digits, and named
as a rational, a root, or a multiple of a known constant where they are one; functions of variables
are evaluated at fixed points, which decides equality, and written by sympy.
"""

from fractions import Fraction
from hashlib import blake2b
from typing import Any, NamedTuple

from store.answers.exact import Expression, rational

DIGITS = 120
"""Decimal digits with which values are computed."""

SHOWN = 30
"""Digits of a constant that has no other name."""

_POINTS = 4
_SMALL = 60
_MOST_OPERATIONS = 120
_LARGEST = 10**6


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
        text = _by_math_verify(content)
        return Description(text, text)
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


def _by_math_verify(text: str) -> str:
    from sympy import SympifyError, simplify

    parsed = _parsed(text)
    if not parsed or isinstance(parsed[0], str):
        return "".join(text.split())
    try:
        return str(simplify(parsed[0]))
    except (SympifyError, TypeError, AttributeError):
        return "".join(text.split())


def _symbols(expression: Expression) -> list[str]:
    if expression[0] == "sym":
        return [expression[1]]
    if expression[0] in ("num", "const"):
        return []
    at = 2 if expression[0] == "fn" else 1
    return sorted({name for part in expression[at:] for name in _symbols(part)})


def _calls(expression: Expression) -> bool:
    """Whether it applies a function that nothing is known of."""
    if expression[0] in ("num", "const", "sym"):
        return False
    at = 2 if expression[0] == "fn" else 1
    is_call = expression[0] == "fn" and expression[1].startswith("call_")
    return is_call or any(_calls(part) for part in expression[at:])


def _value(expression: Expression) -> Description:
    import mpmath

    with mpmath.workdps(DIGITS):
        names = _symbols(expression)
        if not names and not _calls(expression):
            text = _constant(_evaluate(expression, {}))
            return Description(text, text)
        values = _at_points(expression, names)
        if all(_close(value, values[0]) for value in values):
            text = _constant(values[0])
            return Description(text, text)
        return Description(_written(expression), _fingerprint(values))


def _up_to_factor(expression: Expression, *, keep_sign: bool) -> Description:
    import mpmath

    with mpmath.workdps(DIGITS):
        values = _at_points(expression, _symbols(expression))
        scale = next((value for value in values if abs(value) > mpmath.mpf(10) ** -_SMALL), None)
        if scale is None:
            return Description("0", "0")
        scale = abs(scale) if keep_sign else scale
        identity = _fingerprint([value / scale for value in values])
        return Description(_primitive(expression, keep_sign=keep_sign), identity)


def _at_points(expression: Expression, names: list[str]) -> list[Any]:
    """The values at points that depend on the variables' names alone.

    At the first points all variables are positive, where roots and logarithms have one value. At
    the last they are negative, which tells an absolute value from what is inside it; there a value
    counts only where it is real.
    """
    import mpmath

    found = []
    for point in range(_POINTS):
        at = {}
        for name in names:
            seed = int.from_bytes(blake2b(f"{name}/{point}".encode(), digest_size=6).digest())
            size = mpmath.mpf(seed) / (1 << 48) * 3 + mpmath.mpf(1) / 7
            at[name] = -size if point == _POINTS - 1 else size
        found.append(mpmath.mpmathify(_evaluate(expression, at)))
    last = found[-1]
    is_real = mpmath.isfinite(last) and abs(mpmath.im(last)) < mpmath.mpf(10) ** -_SMALL
    return found if is_real else found[:-1]


def _evaluate(expression: Expression, at: dict[str, Any]) -> Any:  # noqa: ANN401 - mpmath's types
    import mpmath

    head = expression[0]
    if head == "num":
        value = rational(expression)
        return mpmath.mpf(value.numerator) / value.denominator
    if head == "sym":
        return at[expression[1]]
    if head == "const":
        constants = {"pi": mpmath.pi, "e": mpmath.e, "i": mpmath.mpc(0, 1), "oo": mpmath.inf}
        return +constants[expression[1]]
    if head == "fn":
        return _apply(expression[1], [_evaluate(part, at) for part in expression[2:]])
    left, right = (_evaluate(part, at) for part in expression[1:])
    if head == "+":
        return left + right
    if head == "*":
        return left * right
    if head == "/":
        return left / right
    if mpmath.isfinite(right) and abs(right) > 10**12:
        raise ArithmeticError("a power is too large")
    return mpmath.power(left, right)


def _apply(name: str, values: list[Any]) -> Any:  # noqa: ANN401
    import mpmath

    if name in ("factorial", "binom") and any(abs(value) > _LARGEST for value in values):
        raise ArithmeticError("a factorial is too large")
    if name.startswith("call_"):
        salt = int.from_bytes(blake2b(name.encode(), digest_size=5).digest()) / (1 << 40)
        return mpmath.sin(values[0] * 3 + mpmath.mpf(salt)) + 2 * mpmath.mpf(salt) + values[0] ** 2
    if name == "log" and len(values) == 2:
        return mpmath.log(values[0]) / mpmath.log(values[1])
    if name in ("max", "min"):
        return (max if name == "max" else min)(values)
    known = {
        "sin": mpmath.sin, "cos": mpmath.cos, "tan": mpmath.tan, "cot": mpmath.cot,
        "sec": mpmath.sec, "csc": mpmath.csc, "sinh": mpmath.sinh, "cosh": mpmath.cosh,
        "tanh": mpmath.tanh, "arcsin": mpmath.asin, "arccos": mpmath.acos, "arctan": mpmath.atan,
        "asin": mpmath.asin, "acos": mpmath.acos, "atan": mpmath.atan, "arccot": mpmath.acot,
        "log": mpmath.log, "ln": mpmath.log, "lg": mpmath.log10, "exp": mpmath.exp,
        "sqrt": mpmath.sqrt, "cbrt": mpmath.cbrt, "abs": abs, "floor": mpmath.floor,
        "ceil": mpmath.ceil, "re": mpmath.re, "im": mpmath.im, "arg": mpmath.arg,
        "factorial": mpmath.factorial, "binom": mpmath.binomial,
    }  # fmt: skip
    if name not in known:
        raise ValueError(f"{name} is not known")
    return known[name](*values)


def _close(left: Any, right: Any) -> bool:  # noqa: ANN401
    import mpmath

    return bool(abs(left - right) <= mpmath.mpf(10) ** -_SMALL * max(1, abs(left)))


def _fingerprint(values: list[Any]) -> str:
    import mpmath

    texts = [mpmath.nstr(mpmath.mpmathify(value), SHOWN) for value in values]
    return blake2b(" ".join(map(_clean, texts)).encode(), digest_size=12).hexdigest()


def _clean(text: str) -> str:
    return "0.0" if text == "-0.0" else text


def _constant(value: Any) -> str:  # noqa: ANN401
    """Name a constant.

    Raises:
        ArithmeticError: it is none.
    """
    import mpmath

    value = mpmath.mpmathify(value)
    if mpmath.isnan(value):
        raise ArithmeticError("it has no value")
    if mpmath.isinf(value):
        return "-oo" if mpmath.re(value) < 0 else "oo"
    real, imaginary = mpmath.re(value), mpmath.im(value)
    tiny = mpmath.mpf(10) ** -_SMALL * max(1, abs(value))
    if abs(imaginary) <= tiny:
        return _real(real)
    part = _real(abs(imaginary))
    factor = "i" if part == "1" else f"{part}*i" if part.isdigit() else f"({part})*i"
    sign = "-" if imaginary < 0 else ""
    if abs(real) <= tiny:
        return sign + factor
    return f"{_real(real)} {sign or '+'} {factor}"


def _real(value: Any) -> str:  # noqa: ANN401
    import mpmath

    if (exact := _rational(value)) is not None:
        return str(exact)
    if (square := _rational(value * value)) is not None:
        return _root(square, negative=value < 0)
    for name, constant in (("pi", mpmath.pi), ("e", mpmath.e), ("pi^2", mpmath.pi**2)):
        if (factor := _rational(value / constant)) is not None:
            return _times(factor, name)
        if (factor := _rational(value * constant)) is not None:
            bottom = _times(Fraction(factor.denominator), name)
            return f"{factor.numerator}/{f'({bottom})' if '*' in bottom else bottom}"
    if (surd := _surd(value)) is not None:
        return surd
    return _clean(mpmath.nstr(value, SHOWN, min_fixed=-10, max_fixed=40))


def _rational(value: Any) -> Fraction | None:  # noqa: ANN401
    """The rational number of small terms that a value is to all its digits."""
    import mpmath

    if value == 0:
        return Fraction(0)
    if not mpmath.mpf(10) ** -20 < abs(value) < mpmath.mpf(10) ** 40:
        return None
    scale = 10 ** (DIGITS - 10)
    near = Fraction(int(mpmath.nint(value * scale)), scale).limit_denominator(10**12)
    gap = abs(value - mpmath.mpf(near.numerator) / near.denominator)
    return near if near and gap < mpmath.mpf(10) ** -_SMALL * max(1, abs(value)) else None


def _root(square: Fraction, *, negative: bool) -> str:
    """Write the root of a rational as a multiple of the root of a square-free integer."""
    inside = square.numerator * square.denominator
    outside, factor = 1, 2
    while factor * factor <= inside and factor < 10_000:
        while inside % (factor * factor) == 0:
            inside //= factor * factor
            outside *= factor
        factor += 1
    coefficient = Fraction(outside, square.denominator)
    return _times(-coefficient if negative else coefficient, f"sqrt({inside})")


def _times(factor: Fraction, name: str) -> str:
    top = {1: name, -1: f"-{name}"}.get(factor.numerator, f"{factor.numerator}*{name}")
    return top if factor.denominator == 1 else f"{top}/{factor.denominator}"


def _surd(value: Any) -> str | None:  # noqa: ANN401
    """Write a root of a quadratic equation with small integer coefficients."""
    import mpmath

    relation = mpmath.pslq([mpmath.mpf(1), value, value * value], maxcoeff=10**10, maxsteps=2_000)
    if not relation or not relation[2]:
        return None
    c, b, a = relation
    middle = Fraction(-b, 2 * a)
    spread = Fraction(b * b - 4 * a * c, 4 * a * a)
    if spread <= 0:
        return None
    above = value > mpmath.mpf(middle.numerator) / middle.denominator
    root = _root(spread, negative=not above)
    return f"{middle} - {root[1:]}" if root.startswith("-") else f"{middle} + {root}"


def _sympy(expression: Expression) -> Any:  # noqa: ANN401
    import sympy

    head = expression[0]
    if head == "num":
        value = rational(expression)
        return sympy.Rational(value.numerator, value.denominator)
    if head == "sym":
        return sympy.Symbol(expression[1], real=True)
    if head == "const":
        return {"pi": sympy.pi, "e": sympy.E, "i": sympy.I, "oo": sympy.oo}[expression[1]]
    if head == "fn":
        inside = [_sympy(part) for part in expression[2:]]
        return _sympy_function(expression[1], inside)
    left, right = (_sympy(part) for part in expression[1:])
    return {"+": lambda: left + right, "*": lambda: left * right, "/": lambda: left / right}.get(
        head, lambda: left**right
    )()


def _sympy_function(name: str, inside: list[Any]) -> Any:  # noqa: ANN401
    import sympy

    names = {
        "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arccot": "acot", "ln": "log",
        "abs": "Abs", "ceil": "ceiling", "binom": "binomial", "max": "Max", "min": "Min",
    }  # fmt: skip
    if name.startswith("call_"):
        return sympy.Function(name.removeprefix("call_"))(*inside)
    if name == "lg":
        return sympy.log(inside[0], 10)
    return getattr(sympy, names.get(name, name))(*inside)


def _written(expression: Expression) -> str:
    """Write a function of variables."""
    import sympy

    made = _sympy(expression)
    if sympy.count_ops(made) > _MOST_OPERATIONS:
        return _plain(made)
    cancelled = sympy.cancel(sympy.together(made))
    if cancelled.is_rational_function(*cancelled.free_symbols):
        return _plain(cancelled)
    return _plain(sympy.simplify(made))


def _primitive(expression: Expression, *, keep_sign: bool) -> str:
    """Write a polynomial with integer coefficients without a common factor."""
    import sympy

    top, bottom = sympy.fraction(sympy.together(_sympy(expression)))
    symbols = sorted(top.free_symbols, key=str)
    if not symbols or not top.is_polynomial(*symbols) or bottom.free_symbols:
        return _written(expression)
    _, polynomial = sympy.Poly(top / bottom, *symbols).primitive()
    polynomial = polynomial.clear_denoms(convert=True)[1].primitive()[1]
    if not keep_sign and polynomial.LC().is_negative:
        polynomial = -polynomial
    return _plain(polynomial.as_expr())


def _plain(made: Any) -> str:  # noqa: ANN401
    import re

    text = re.sub(r"\bE\b", "e", re.sub(r"\bI\b", "i", str(made)))
    return text.replace("**", "^")
