"""Evaluate expressions to many digits; runs in the guarded process, which may be killed."""

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Any

from store.answers.exact import Expression, rational

DIGITS = 120
"""Decimal digits with which values are computed."""

PRECISION = 60
"""Decimal digits to which two equal values agree."""

SHOWN = 30
"""Digits of a constant that are shown."""

_POSITIVE_POINTS = 3
_FAR = (10, 150, 2_000)
_INTEGERS = (1, 2, 3, 4, 12, 35, 36, 1_260, 5_040)
_LARGEST = 10**6
_LOGARITHMS = frozenset(["log", "ln", "lg"])
_STEPS = frozenset(["floor", "ceil", "max", "min"])


def symbols(expression: Expression) -> list[str]:
    """Return the variables of an expression, in order."""
    if expression[0] == "sym":
        return [expression[1]]
    if expression[0] in ("num", "const"):
        return []
    start = 2 if expression[0] == "fn" else 1
    return sorted({name for part in expression[start:] for name in symbols(part)})


def functions(expression: Expression) -> set[str]:
    """Return the names of the functions that an expression applies."""
    if expression[0] in ("num", "const", "sym"):
        return set()
    start = 2 if expression[0] == "fn" else 1
    own = {expression[1]} if expression[0] == "fn" else set()
    return own.union(*(functions(part) for part in expression[start:]))


def values_at_points(expression: Expression) -> list[Any]:
    """Evaluate an expression at points that depend on its variables alone.

    At the first points all variables are positive, where roots and logarithms have one value. At
    the next some are negative, which distinguishes an absolute value from its argument; there a
    value counts only where it is real. Functions that rise in steps are also evaluated far out and
    at integers.
    """
    import mpmath

    names = symbols(expression)
    varied = depends_on(expression)

    def value_at(number: int, negative: Sequence[str] = (), scale: int = 1) -> Any:  # noqa: ANN401
        point = _point(names, number) | _point(varied, number, scale)
        point |= {name: -point[name] for name in negative}
        return mpmath.mpmathify(evaluate(expression, point))

    values = [value_at(point) for point in range(_POSITIVE_POINTS)]
    applied = functions(expression)
    if not applied & _LOGARITHMS:
        signs = [varied, varied[::2], varied[1::2]] if len(varied) > 1 else [varied]
        for number, negative in enumerate(signs, _POSITIVE_POINTS):
            value = value_at(number, negative)
            if mpmath.isfinite(value) and abs(mpmath.im(value)) < mpmath.mpf(10) ** -PRECISION:
                values.append(value)
    if applied & _STEPS:
        values += [value_at(9, scale=far) for far in _FAR]
        values += [
            mpmath.mpmathify(evaluate(expression, point)) for point in _integer_points(names)
        ]
    return values


def _integer_points(names: list[str]) -> Iterator[dict[str, Any]]:
    """Points at which a fraction of a variable is an integer, and those beside them."""
    import mpmath

    for point in range(len(_INTEGERS)):
        yield {
            name: mpmath.mpf(_INTEGERS[(point + number) % len(_INTEGERS)])
            for number, name in enumerate(names)
        }


def depends_on(expression: Expression) -> list[str]:
    """Return the variables on which the value depends, and not only the spelling."""
    names = symbols(expression)
    if len(names) < 2:
        return names
    first, second = _point(names, 0), _point(names, 9)
    value = evaluate(expression, first)
    changed = {name: evaluate(expression, first | {name: second[name]}) for name in names}
    return [name for name in names if not is_close(value, changed[name])]


def _point(names: list[str], number: int, scale: int = 1) -> dict[str, Any]:
    import mpmath

    point = {}
    for name in names:
        seed = int.from_bytes(blake2b(f"{name}/{number}".encode(), digest_size=6).digest())
        point[name] = scale * (mpmath.mpf(seed) / (1 << 48) * 3 + mpmath.mpf(1) / 7)
    return point


def is_close(left: Any, right: Any) -> bool:  # noqa: ANN401 - mpmath's types
    """Return whether two values agree to the precision that equal values have."""
    import mpmath

    return bool(abs(left - right) <= mpmath.mpf(10) ** -PRECISION * max(1, abs(left)))


def fingerprint(values: list[Any]) -> str:
    """Name a function by its values."""
    texts = [_digits(value) for value in values]
    return blake2b(" ".join(texts).encode(), digest_size=12).hexdigest()


def _digits(value: Any) -> str:  # noqa: ANN401
    """Write a value, without the noise in its real or imaginary part."""
    import mpmath

    value = mpmath.mpmathify(value)
    tiny = abs(value) * mpmath.mpf(10) ** -PRECISION
    parts = [mpmath.re(value), mpmath.im(value)]
    rounded = [mpmath.mpf(0) if abs(part) <= tiny else part for part in parts]
    return " ".join(mpmath.nstr(part, PRECISION) for part in rounded)


def evaluate(expression: Expression, point: dict[str, Any]) -> Any:  # noqa: ANN401
    """Evaluate an expression.

    Args:
        expression: what is evaluated.
        point: the values of its variables.

    Raises:
        ArithmeticError, ValueError: it has no value, or one that is too large.
    """
    import mpmath

    head = expression[0]
    if head == "num":
        value = rational(expression)
        return mpmath.mpf(value.numerator) / value.denominator
    if head == "sym":
        return point[expression[1]]
    if head == "const":
        constants = {"pi": mpmath.pi, "e": mpmath.e, "i": mpmath.mpc(0, 1), "oo": mpmath.inf}
        name = expression[1]
        return +constants[name] if name in constants else mpmath.mpf(name)
    if head == "fn":
        return _apply(expression[1], [evaluate(part, point) for part in expression[2:]])
    left, right = (evaluate(part, point) for part in expression[1:])
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

    if name in ("factorial", "binom", "call_Gamma", "call_zeta") and any(
        abs(value) > _LARGEST for value in values
    ):
        raise ArithmeticError("a factorial is too large")
    if name == "call_Gamma":
        return mpmath.gamma(values[0])
    if name == "call_zeta":
        return mpmath.zeta(values[0])
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
        "acot": mpmath.acot, "arcsec": mpmath.asec, "arccsc": mpmath.acsc, "asec": mpmath.asec,
        "acsc": mpmath.acsc, "cis": mpmath.expj, "sgn": mpmath.sign, "sign": mpmath.sign,
        "log": mpmath.log, "ln": mpmath.log, "lg": mpmath.log10, "exp": mpmath.exp,
        "sqrt": mpmath.sqrt, "cbrt": mpmath.cbrt, "abs": abs, "floor": mpmath.floor,
        "ceil": mpmath.ceil, "re": mpmath.re, "im": mpmath.im, "arg": mpmath.arg,
        "factorial": mpmath.factorial, "binom": mpmath.binomial,
    }  # fmt: skip
    if name not in known:
        raise ValueError(f"{name} is not known")
    return known[name](*values)
