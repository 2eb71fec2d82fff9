"""Arithmetic of compiled programs: what `dsl.numeric` computes, as instructions."""

from dsl.compiler.emitter import Emitter, real
from dsl.numeric import MAX_INT, MAX_REAL, MIN_INT

INTRINSICS = """\
declare i64 @llvm.sadd.sat.i64(i64, i64)
declare i64 @llvm.ssub.sat.i64(i64, i64)
declare { i64, i1 } @llvm.smul.with.overflow.i64(i64, i64)
declare i64 @llvm.abs.i64(i64, i1)
declare i64 @llvm.fptosi.sat.i64.f64(double)
declare double @llvm.floor.f64(double)
declare double @llvm.ceil.f64(double)
declare double @llvm.roundeven.f64(double)
declare double @llvm.fabs.f64(double)
declare double @llvm.sqrt.f64(double)
"""

_LARGEST, _SMALLEST = real(MAX_REAL), real(-MAX_REAL)


def integer(emit: Emitter, sign: str, a: str, b: str) -> str:
    """Emit ``+ - * // %`` of integers, saturating.

    Args:
        emit: the function under construction.
        sign: the operator.
        a: left operand.
        b: right operand.
    """
    match sign:
        case "+":
            return emit.call("i64", "@llvm.sadd.sat.i64", f"i64 {a}", f"i64 {b}")
        case "-":
            return emit.call("i64", "@llvm.ssub.sat.i64", f"i64 {a}", f"i64 {b}")
        case "*":
            return _multiply(emit, a, b)
        case "//":
            return _floor_divide(emit, a, b)
        case "%":
            return _remainder(emit, a, b)
    raise ValueError(sign)


def negate_integer(emit: Emitter, a: str) -> str:
    """Emit ``-a``."""
    return integer(emit, "-", "0", a)


def absolute_integer(emit: Emitter, a: str) -> str:
    """``abs(a)``."""
    negative = emit.op(f"icmp slt i64 {a}, 0")
    return emit.select(negative, "i64", negate_integer(emit, a), a)


def _multiply(emit: Emitter, a: str, b: str) -> str:
    both = emit.call("{ i64, i1 }", "@llvm.smul.with.overflow.i64", f"i64 {a}", f"i64 {b}")
    product = emit.op(f"extractvalue {{ i64, i1 }} {both}, 0")
    overflow = emit.op(f"extractvalue {{ i64, i1 }} {both}, 1")
    negative = emit.op(f"icmp slt i64 {emit.op(f'xor i64 {a}, {b}')}, 0")
    bound = emit.select(negative, "i64", str(MIN_INT), str(MAX_INT))
    return emit.select(overflow, "i64", bound, product)


def _safe_divisor(emit: Emitter, b: str) -> str:
    """Return a divisor by which dividing never traps: 1 in place of 0 and -1."""
    zero = emit.op(f"icmp eq i64 {b}, 0")
    minus = emit.op(f"icmp eq i64 {b}, -1")
    return emit.select(emit.op(f"or i1 {zero}, {minus}"), "i64", "1", b)


def _unlike(emit: Emitter, rest: str, b: str) -> str:
    """Return whether a remainder is not 0 and has not the sign of the divisor."""
    some = emit.op(f"icmp ne i64 {rest}, 0")
    signs = emit.op(f"icmp slt i64 {emit.op(f'xor i64 {rest}, {b}')}, 0")
    return emit.op(f"and i1 {some}, {signs}")


def _floor_divide(emit: Emitter, a: str, b: str) -> str:
    divisor = _safe_divisor(emit, b)
    quotient = emit.op(f"sdiv i64 {a}, {divisor}")
    rest = emit.op(f"srem i64 {a}, {divisor}")
    lower = emit.op(f"sub i64 {quotient}, 1")
    floored = emit.select(_unlike(emit, rest, divisor), "i64", lower, quotient)
    minus = emit.op(f"icmp eq i64 {b}, -1")
    exact = emit.select(minus, "i64", negate_integer(emit, a), floored)
    return emit.select(emit.op(f"icmp eq i64 {b}, 0"), "i64", "0", exact)


def _remainder(emit: Emitter, a: str, b: str) -> str:
    divisor = _safe_divisor(emit, b)
    rest = emit.op(f"srem i64 {a}, {divisor}")
    shifted = emit.op(f"add i64 {rest}, {b}")
    return emit.select(_unlike(emit, rest, divisor), "i64", shifted, rest)


def finite(emit: Emitter, value: str) -> str:
    """Keep a result within the largest doubles. NaN cannot come up: operands are finite."""
    too_large = emit.op(f"fcmp ogt double {value}, {_LARGEST}")
    value = emit.select(too_large, "double", _LARGEST, value)
    too_small = emit.op(f"fcmp olt double {value}, {_SMALLEST}")
    return emit.select(too_small, "double", _SMALLEST, value)


def real_number(emit: Emitter, sign: str, a: str, b: str) -> str:
    """Emit ``+ - * /`` of reals, finite.

    Args:
        emit: the function under construction.
        sign: the operator.
        a: left operand.
        b: right operand.
    """
    name = {"+": "fadd", "-": "fsub", "*": "fmul", "/": "fdiv"}[sign]
    if sign != "/":
        return finite(emit, emit.op(f"{name} double {a}, {b}"))
    zero = emit.op(f"fcmp oeq double {b}, 0.0")
    divisor = emit.select(zero, "double", "1.0", b)
    result = finite(emit, emit.op(f"fdiv double {a}, {divisor}"))
    return emit.select(zero, "double", "0.0", result)


def to_integer(emit: Emitter, name: str, a: str) -> str:
    """Emit ``floor``, ``ceil`` or ``round`` of a real.

    Args:
        emit: the function under construction.
        name: name of the field.
        a: left operand.
    """
    rounding = {"floor": "floor", "ceil": "ceil", "round": "roundeven"}[name]
    rounded = emit.call("double", f"@llvm.{rounding}.f64", f"double {a}")
    return emit.call("i64", "@llvm.fptosi.sat.i64.f64", f"double {rounded}")


def compare(emit: Emitter, sign: str, kind: str, a: str, b: str) -> str:
    """Emit a comparison of two values of one LLVM type, or of the elements of two vectors.

    Args:
        emit: the function under construction.
        sign: the operator.
        kind: LLVM type of the values.
        a: left operand.
        b: right operand.
    """
    name = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}[sign]
    if "double" in kind:
        return emit.op(f"fcmp {'une' if name == 'ne' else 'o' + name} {kind} {a}, {b}")
    prefix = "" if name in {"eq", "ne"} else "s"
    return emit.op(f"icmp {prefix}{name} {kind} {a}, {b}")


def smallest(emit: Emitter, kind: str, a: str, b: str) -> str:
    """Emit the smaller of two values, the first if they are equal.

    Args:
        emit: the function under construction.
        kind: LLVM type of the value.
        a: left operand.
        b: right operand.
    """
    return emit.select(compare(emit, "<", kind, b, a), kind, b, a)


def largest(emit: Emitter, kind: str, a: str, b: str) -> str:
    """Emit the larger of two values, the first if they are equal.

    Args:
        emit: the function under construction.
        kind: LLVM type of the value.
        a: left operand.
        b: right operand.
    """
    return emit.select(compare(emit, ">", kind, b, a), kind, b, a)
