"""The expressions of kernels, from Python's syntax tree to LLVM."""

import ast
import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol, get_type_hints

from dsl.compiler import numbers
from dsl.compiler.emitter import Emitter, real
from dsl.compiler.kernel_types import (
    NARROW,
    KernelConstant,
    KernelTable,
    Operand,
    TypedValue,
    kind_of,
    parts_of,
    record_of,
    split,
)
from dsl.numeric import add_real, div_real, mul_real, sub_real

_COMPARE = {ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge"}


_SIGNS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.LShift: "<<", ast.RShift: ">>", ast.BitXor: "^", ast.BitAnd: "&", ast.BitOr: "|",
}  # fmt: skip
_REAL_OPERATIONS = {ast.Add: "fadd", ast.Sub: "fsub", ast.Mult: "fmul", ast.Div: "fdiv"}
_INTEGER_OPERATIONS = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.LShift: "shl", ast.RShift: "lshr",
    ast.BitXor: "xor", ast.BitAnd: "and", ast.BitOr: "or",
}  # fmt: skip

_ARITHMETIC = {add_real: "+", sub_real: "-", mul_real: "*", div_real: "/"}
"""Functions that are a few instructions, without a call."""


class Kernels(Protocol):
    """Where a kernel finds the others."""

    @property
    def tables(self) -> Mapping[Callable[..., Any], KernelTable]:
        """Functions that give a table of doubles."""
        ...

    def call(self, emitter: Emitter, kernel: Callable[..., Any], *arguments: str) -> str:
        """Emit a call of another kernel."""
        ...


class KernelExpressions:
    """Emits the expressions of one kernel.

    Args:
        emit: the function under construction.
        library: the other kernels.
        names: the names of the kernel's module.
    """

    def __init__(self, emit: Emitter, library: Kernels, names: dict[str, Any]):
        self._emit = emit
        self._library = library
        self._globals = names
        self._slots: dict[str, TypedValue] = {}
        self._arrays: dict[str, TypedValue] = {}
        self._known: dict[str, KernelConstant] = {}

    # Expressions

    def _operand(self, node: ast.expr) -> Operand:
        match node:
            case ast.Constant(value=value):
                return KernelConstant(value)
            case ast.Name(id=name):
                return self._name(name)
            case ast.Attribute(value=base, attr=attribute):
                return self._attribute(self._operand(base), attribute)
            case ast.Subscript(value=base, slice=index):
                return self._subscript(node, base, index)
            case ast.Tuple(elts=elements):
                return self._tuple([self._operand(element) for element in elements])
            case ast.BinOp(left=left, op=operator, right=right):
                return self._arithmetic(operator, self._operand(left), self._operand(right))
            case ast.UnaryOp():
                return self._unary(node)
            case ast.Compare() | ast.BoolOp():
                return TypedValue("i1", self._condition(node))
            case ast.IfExp():
                return self._choice(node)
            case ast.Call(func=function, args=arguments):
                called = self._operand(function)
                assert isinstance(called, KernelConstant), ast.unparse(node)
                return self._call(called.value, [self._operand(a) for a in arguments])
            case _:
                raise NotImplementedError(ast.unparse(node))

    def _value(self, node: ast.expr) -> TypedValue:
        return self._typed(self._operand(node))

    def _name(self, name: str) -> Operand:
        if name in self._known:
            return self._known[name]
        if name in self._slots:
            slot = self._slots[name]
            return TypedValue(slot.kind, self._emit.load(slot.kind, slot.value), slot.record)
        if name in self._arrays:
            return self._arrays[name]
        builtins = self._globals["__builtins__"]
        scope = builtins if isinstance(builtins, dict) else vars(builtins)
        return KernelConstant(self._globals.get(name, scope.get(name)))

    def _attribute(self, base: Operand, attribute: str) -> Operand:
        if isinstance(base, KernelConstant):
            return KernelConstant(getattr(base.value, attribute))
        record: Any = base.record
        position = record._fields.index(attribute)
        kind = split(base.kind)[position]
        return TypedValue(kind, self._emit.op(f"extractvalue {base.kind} {base.value}, {position}"))

    def _subscript(self, node: ast.Subscript, base: ast.expr, index: ast.expr) -> Operand:
        array = self._operand(base) if not isinstance(base, ast.Subscript) else None
        if isinstance(array, KernelConstant):
            position = self._operand(index)
            assert isinstance(position, KernelConstant)
            return KernelConstant(array.value[position.value])
        kind, pointer = self._element_pointer(node)
        value = self._emit.load(kind, pointer)
        if kind in NARROW:
            return TypedValue("i64", self._emit.op(f"sext {kind} {value} to i64"))
        return TypedValue(kind, value)

    def _element_pointer(self, node: ast.Subscript) -> tuple[str, str]:
        match node.value:
            case ast.Subscript(value=ast.Call(func=ast.Name(id=name)), slice=row):
                table = self._library.tables[self._globals[name]]
                start = self._arithmetic(
                    ast.Mult(), self._operand(row), KernelConstant(table.columns)
                )
                offset = self._as(
                    self._arithmetic(ast.Add(), start, self._operand(node.slice)), "i64"
                )
                base = self._emit.load("ptr", table.pointer)
                return "double", self._emit.element("double", base, offset.value)
        array = self._operand(node.value)
        assert isinstance(array, TypedValue)
        assert array.kind.startswith("*"), ast.unparse(node)
        index = self._as(self._operand(node.slice), "i64")
        kind = array.kind[1:]
        return kind, self._emit.element(kind, array.value, index.value)

    def _as_element(self, value: Operand, kind: str) -> str:
        if kind in NARROW:
            wide = self._as(value, "i64")
            return self._emit.op(f"trunc i64 {wide.value} to {kind}")
        return self._as(value, kind).value

    def _tuple(self, parts: list[Operand], record: Any = None) -> Operand:  # noqa: ANN401
        if record is None and all(isinstance(part, KernelConstant) for part in parts):
            return KernelConstant(tuple(part.value for part in parts))
        if record is not None:
            kinds = [kind_of(hint) for hint in parts_of(record)]
            typed = [self._as(part, kind) for part, kind in zip(parts, kinds, strict=True)]
        else:
            typed = [self._typed(part) for part in parts]
        kind = f"{{ {', '.join(part.kind for part in typed)} }}"
        value = "undef"
        for index, part in enumerate(typed):
            value = self._emit.op(f"insertvalue {kind} {value}, {part.kind} {part.value}, {index}")
        return TypedValue(kind, value, record)

    def _arithmetic(self, operator: ast.operator, left: Operand, right: Operand) -> Operand:
        if isinstance(left, KernelConstant) and isinstance(right, KernelConstant):
            source = f"left {_SIGNS[type(operator)]} right"
            return KernelConstant(eval(source, {"left": left.value, "right": right.value}))
        a, b = self._typed(left), self._typed(right)
        if "double" in (a.kind, b.kind) or isinstance(operator, ast.Div):
            a, b = self._as(a, "double"), self._as(b, "double")
            name = _REAL_OPERATIONS[type(operator)]
            return TypedValue("double", self._emit.op(f"{name} double {a.value}, {b.value}"))
        if isinstance(operator, ast.FloorDiv | ast.Mod):
            return self._floored(operator, a.value, right)
        name = _INTEGER_OPERATIONS[type(operator)]
        return TypedValue("i64", self._emit.op(f"{name} i64 {a.value}, {b.value}"))

    def _floored(self, operator: ast.operator, left: str, right: Operand) -> TypedValue:
        """Division of integers by a power of two, the only one that kernels use."""
        assert isinstance(right, KernelConstant)
        size = right.value.bit_length() - 1
        assert right.value == 1 << size, "kernels divide integers by powers of two only"
        if isinstance(operator, ast.Mod):
            return TypedValue("i64", self._emit.op(f"and i64 {left}, {right.value - 1}"))
        return TypedValue("i64", self._emit.op(f"ashr i64 {left}, {size}"))

    def _unary(self, node: ast.UnaryOp) -> Operand:
        if isinstance(node.op, ast.Not):
            return TypedValue("i1", self._emit.op(f"xor i1 {self._condition(node.operand)}, true"))
        assert isinstance(node.op, ast.USub)
        operand = self._operand(node.operand)
        if isinstance(operand, KernelConstant):
            return KernelConstant(-operand.value)
        if operand.kind == "double":
            return TypedValue("double", self._emit.op(f"fneg double {operand.value}"))
        return TypedValue("i64", self._emit.op(f"sub i64 0, {operand.value}"))

    def _choice(self, node: ast.IfExp) -> Operand:
        condition = self._condition(node.test)
        then, otherwise = (
            self._typed(self._operand(node.body)),
            self._typed(self._operand(node.orelse)),
        )
        kind = then.kind if then.kind == otherwise.kind else "double"
        then, otherwise = self._as(then, kind), self._as(otherwise, kind)
        return TypedValue(kind, self._emit.select(condition, kind, then.value, otherwise.value))

    def _condition(self, node: ast.expr) -> str:
        emit = self._emit
        match node:
            case ast.BoolOp(op=operator, values=[first, *rest]):
                # Evaluated in full: kernels' conditions have no effects and cannot fail.
                value = self._condition(first)
                word = "and" if isinstance(operator, ast.And) else "or"
                for other in rest:
                    value = emit.op(f"{word} i1 {value}, {self._condition(other)}")
                return value
            case ast.Compare(left=left, ops=operators, comparators=others):
                a = self._typed(self._operand(left))
                result = ""
                for sign, other in zip(operators, others, strict=True):
                    b = self._typed(self._operand(other))
                    found = self._compare(_COMPARE[type(sign)], a, b)
                    result = emit.op(f"and i1 {result}, {found}") if result else found
                    a = b
                return result
            case _:
                return self._as(self._operand(node), "i1").value

    def _compare(self, name: str, a: TypedValue, b: TypedValue) -> str:
        if "double" in (a.kind, b.kind):
            a, b = self._as(a, "double"), self._as(b, "double")
            prefix = "u" if name == "ne" else "o"
            return self._emit.op(f"fcmp {prefix}{name} double {a.value}, {b.value}")
        sign = name if name in {"eq", "ne"} else f"s{name}"
        return self._emit.op(f"icmp {sign} {a.kind} {a.value}, {b.value}")

    def _call(self, function: Any, arguments: list[Operand]) -> Operand:  # noqa: ANN401
        emit = self._emit
        if hasattr(function, "_fields"):
            return self._tuple(arguments, function)
        if function in _ARITHMETIC:
            a, b = (self._as(argument, "double").value for argument in arguments)
            result = numbers.real_number(emit, _ARITHMETIC[function], a, b)
            return TypedValue("double", result)
        if function in (min, max):
            return self._extreme("gt" if function is max else "lt", *map(self._typed, arguments))
        if function is float:
            return self._as(arguments[0], "double")
        if function is int:
            value = self._as(arguments[0], "double").value
            return TypedValue(
                "i64", emit.call("i64", "@llvm.fptosi.sat.i64.f64", f"double {value}")
            )
        if function is math.floor:
            value = self._as(arguments[0], "double").value
            down = emit.call("double", "@llvm.floor.f64", f"double {value}")
            return TypedValue("i64", emit.call("i64", "@llvm.fptosi.sat.i64.f64", f"double {down}"))
        if function is math.sqrt:
            value = self._as(arguments[0], "double").value
            return TypedValue("double", emit.call("double", "@llvm.sqrt.f64", f"double {value}"))
        if function is abs:
            operand = self._typed(arguments[0])
            if operand.kind == "double":
                return TypedValue(
                    "double", emit.call("double", "@llvm.fabs.f64", f"double {operand.value}")
                )
            return TypedValue(
                "i64", emit.call("i64", "@llvm.abs.i64", f"i64 {operand.value}", "i1 false")
            )
        hints = get_type_hints(function)
        gives = hints.pop("return")
        values = [
            self._as(argument, kind_of(hint)).value
            for argument, hint in zip(arguments, hints.values(), strict=True)
        ]
        value = self._library.call(emit, function, *values)
        return TypedValue(kind_of(gives), value, record_of(gives))

    def _extreme(self, sign: str, a: TypedValue, b: TypedValue) -> TypedValue:
        # As Python's min and max: the first of two equals.
        kind = a.kind if a.kind == b.kind else "double"
        a, b = self._as(a, kind), self._as(b, kind)
        return TypedValue(
            kind, self._emit.select(self._compare(sign, b, a), kind, b.value, a.value)
        )

    # Types

    def _typed(self, operand: Operand) -> TypedValue:
        if isinstance(operand, TypedValue):
            return operand
        value = operand.value
        if isinstance(value, bool):
            return TypedValue("i1", "true" if value else "false")
        if isinstance(value, int):
            return TypedValue("i64", str((value + 2**63) % 2**64 - 2**63))
        if isinstance(value, float):
            return TypedValue("double", real(value))
        record = type(value) if hasattr(value, "_fields") else None
        built = self._tuple_of_constants(value)
        return TypedValue(built.kind, built.value, record)

    def _tuple_of_constants(self, value: tuple[Any, ...]) -> TypedValue:
        typed = [self._typed(KernelConstant(part)) for part in value]
        kind = f"{{ {', '.join(part.kind for part in typed)} }}"
        text = f"{{ {', '.join(f'{part.kind} {part.value}' for part in typed)} }}"
        return TypedValue(kind, text)

    def _as(self, operand: Operand, kind: str) -> TypedValue:
        if isinstance(operand, KernelConstant) and kind == "double":
            return TypedValue(kind, real(float(operand.value)))
        typed = self._typed(operand)
        if typed.kind == kind:
            return typed
        if kind == "double" and typed.kind == "i64":
            return TypedValue(kind, self._emit.op(f"sitofp i64 {typed.value} to double"))
        if kind == "i64" and typed.kind == "i1":
            return TypedValue(kind, self._emit.op(f"zext i1 {typed.value} to i64"))
        raise TypeError(f"{typed.kind} where {kind} is wanted")
