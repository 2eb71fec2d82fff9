"""From plain Python to LLVM: the kernels that both engines share are written once, in Python.

What a kernel may use: numbers, truths, named tuples of them, arrays given as arguments, constants
of its module; assignment, `if`, `while`, `for` over a range or a constant tuple, `break`, `return`;
calls of other kernels. Integers are machine words and wrap; doubles are IEEE, nothing is fused.
"""

import ast
import inspect
import math
import textwrap
from collections.abc import Callable, Collection, Mapping
from types import FunctionType
from typing import Any, NamedTuple, get_type_hints

from dsl.compiler.emitter import Emitter, real


class Ints16(list[int]):
    """An array of 16-bit integers, as an argument of a kernel."""


class Ints32(list[int]):
    """An array of 32-bit integers, as an argument of a kernel."""


class Ints64(list[int]):
    """An array of 64-bit integers, as an argument of a kernel."""


class Reals(list[float]):
    """An array of doubles, as an argument of a kernel."""


class Bytes(list[int]):
    """An array of bytes, as an argument of a kernel."""


_KINDS = {int: "i64", float: "double", bool: "i1", type(None): "void"}
_ARRAYS = {Ints16: "i16", Ints32: "i32", Ints64: "i64", Reals: "double", Bytes: "i8"}
_NARROW = {"i32", "i16", "i8"}


class Typed(NamedTuple):
    """A value in the function being written."""

    kind: str
    """Its LLVM type; for an array ``*`` and the type of its elements."""
    value: str
    record: type | None = None
    """The named tuple that it is."""


class Constant(NamedTuple):
    """A value that is known while the kernel is translated."""

    value: Any


Operand = Typed | Constant


def kind_of(hint: Any) -> str:  # noqa: ANN401 - a type hint
    """The LLVM type of a type hint."""
    if hint in _KINDS:
        return _KINDS[hint]
    if hint in _ARRAYS:
        return f"*{_ARRAYS[hint]}"
    parts = [kind_of(part) for part in _parts(hint)]
    return f"{{ {', '.join(parts)} }}"


def _parts(hint: Any) -> list[Any]:  # noqa: ANN401
    if hasattr(hint, "_fields"):
        hints = get_type_hints(hint)
        return [hints[name] for name in hint._fields]
    return list(hint.__args__)


def _passed(kind: str) -> str:
    return "ptr" if kind.startswith("*") else kind


def symbol(kernel: Callable[..., Any]) -> str:
    """The name of a kernel in LLVM."""
    return f"@{kernel.__module__}.{kernel.__qualname__}"


class Table(NamedTuple):
    """A table of doubles that a kernel reads as ``function()[row][column]``."""

    pointer: str
    """The global variable that holds its address."""
    columns: int


class Library:
    """The kernels that a module needs, with all that they call, translated once each.

    Args:
        tables: functions that give a table of doubles.
        elsewhere: Python modules whose kernels are compiled elsewhere, and only declared here.
        linkage: how the kernels are linked.
    """

    def __init__(
        self,
        tables: Mapping[Callable[..., Any], "Table"] | None = None,
        elsewhere: Collection[str] = (),
        linkage: str = "internal ",
    ):
        self.tables = tables or {}
        self.linkage = linkage
        self._elsewhere = elsewhere
        self._texts: dict[str, str] = {}

    def need(self, kernel: Callable[..., Any]) -> str:
        """Has a kernel translated; gives its symbol."""
        name = symbol(kernel)
        if name not in self._texts:
            self._texts[name] = ""  # a kernel does not call itself
            self._texts[name] = (
                _declaration(kernel)
                if kernel.__module__ in self._elsewhere
                else _Translator(kernel, self).text()
            )
        return name

    def call(self, emitter: Emitter, kernel: Callable[..., Any], *arguments: str) -> str:
        """Emits a call with arguments that have the kernel's types already."""
        hints = get_type_hints(kernel)
        gives = kind_of(hints.pop("return"))
        passed = [
            f"{_passed(kind_of(hint))} {argument}"
            for hint, argument in zip(hints.values(), arguments, strict=True)
        ]
        target = self.need(kernel)
        if gives == "void":
            emitter.do(f"call void {target}({', '.join(passed)})")
            return ""
        return emitter.call(gives, target, *passed)

    def text(self) -> str:
        """All the functions."""
        return "\n".join(self._texts.values())


def _declaration(kernel: Callable[..., Any]) -> str:
    hints = get_type_hints(kernel)
    gives = kind_of(hints.pop("return"))
    takes = ", ".join(_passed(kind_of(hint)) for hint in hints.values())
    return f"declare {gives} {symbol(kernel)}({takes})\n"


_COMPARE = {ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge"}


class _Translator:
    """Translates one kernel."""

    def __init__(self, kernel: Callable[..., Any], library: Library):
        assert isinstance(kernel, FunctionType)
        self._library = library
        self._globals = kernel.__globals__
        hints = get_type_hints(kernel)
        self._gives = hints.pop("return")
        tree = ast.parse(textwrap.dedent(inspect.getsource(kernel)))
        assert isinstance(tree.body[0], ast.FunctionDef)
        self._body = tree.body[0].body
        kinds = {name: kind_of(hint) for name, hint in hints.items()}
        head = ", ".join(f"{_passed(kind)} %{name}" for name, kind in kinds.items())
        self._emit = Emitter(f"{library.linkage}{kind_of(self._gives)} {symbol(kernel)}({head})")
        self._slots: dict[str, Typed] = {}
        self._arrays: dict[str, Typed] = {}
        self._known: dict[str, Constant] = {}
        self._breaks: list[str] = []
        for name, kind in kinds.items():
            if kind.startswith("*"):
                self._arrays[name] = Typed(kind, f"%{name}")
            else:
                self._assign(name, Typed(kind, f"%{name}", _record(hints[name])))

    def text(self) -> str:
        self._run(self._body)
        if kind_of(self._gives) == "void":
            self._emit.give("void")
        else:
            self._emit.do("unreachable")
        return self._emit.text()

    # Statements

    def _run(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        emit = self._emit
        match node:
            case ast.Expr(value=ast.Constant()):
                pass  # a docstring
            case ast.Expr(value=value):
                self._value(value)
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                parts = [self._operand(value) for value in values]
                for target, part in zip(targets, parts, strict=True):
                    self._bind(target, part)
            case ast.Assign(targets=[target], value=value):
                self._bind(target, self._operand(value))
            case ast.AugAssign(target=ast.Name() as target, op=operator, value=value):
                self._bind(
                    target, self._arithmetic(operator, self._name(target.id), self._operand(value))
                )
            case ast.AugAssign(target=ast.Subscript() as target, op=operator, value=value):
                total = self._arithmetic(operator, self._operand(target), self._operand(value))
                self._bind(target, total)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._bind(target, self._operand(value))
            case ast.Return(value=None):
                emit.give("void")
            case ast.Return(value=ast.expr() as value):
                given = self._as(self._operand(value), kind_of(self._gives))
                emit.give(given.kind, given.value)
            case ast.If():
                self._if(node)
            case ast.While(test=test, body=body):
                self._while(test, body)
            case ast.For():
                self._for(node)
            case ast.Break():
                emit.jump(self._breaks[-1])
            case _:
                raise NotImplementedError(ast.unparse(node))

    def _bind(self, target: ast.expr, value: Operand) -> None:
        match target:
            case ast.Name(id=name):
                self._assign(name, self._typed(value))
            case ast.Tuple(elts=elements):
                if isinstance(value, Constant):
                    parts: list[Operand] = [Constant(part) for part in value.value]
                else:
                    kinds = _split(value.kind)
                    parts = [
                        Typed(kind, self._emit.op(f"extractvalue {value.kind} {value.value}, {at}"))
                        for at, kind in enumerate(kinds)
                    ]
                for element, part in zip(elements, parts, strict=True):
                    self._bind(element, part)
            case ast.Subscript():
                kind, pointer = self._place(target)
                stored = self._as_element(value, kind)
                self._emit.store(kind, stored, pointer)
            case _:
                raise NotImplementedError(ast.unparse(target))

    def _assign(self, name: str, value: Typed) -> None:
        self._known.pop(name, None)
        slot = self._slots.get(name)
        if slot is None:
            slot = Typed(value.kind, self._emit.slot(value.kind), value.record)
            self._slots[name] = slot
        stored = self._as(value, slot.kind)
        self._emit.store(slot.kind, stored.value, slot.value)

    def _if(self, node: ast.If) -> None:
        emit = self._emit
        condition = self._condition(node.test)
        then, otherwise, behind = emit.label("then"), emit.label("else"), emit.label("end")
        emit.branch(condition, then, otherwise)
        emit.place(then)
        self._run(node.body)
        emit.jump(behind)
        emit.place(otherwise)
        self._run(node.orelse)
        emit.place(behind)

    def _while(self, test: ast.expr, body: list[ast.stmt]) -> None:
        emit = self._emit
        head, inside, behind = emit.label("head"), emit.label("body"), emit.label("end")
        emit.place(head)
        emit.branch(self._condition(test), inside, behind)
        emit.place(inside)
        self._breaks.append(behind)
        self._run(body)
        self._breaks.pop()
        emit.jump(head)
        emit.place(behind)

    def _for(self, node: ast.For) -> None:
        match node.iter:
            case ast.Call(func=ast.Name(id="range"), args=arguments):
                self._for_range(node, [self._operand(argument) for argument in arguments])
            case _:
                values = self._operand(node.iter)
                assert isinstance(values, Constant), ast.unparse(node.iter)
                assert isinstance(node.target, ast.Name)
                for value in values.value:
                    self._known[node.target.id] = Constant(value)
                    self._run(node.body)

    def _for_range(self, node: ast.For, bounds: list[Operand]) -> None:
        emit = self._emit
        assert isinstance(node.target, ast.Name)
        start, stop = (Constant(0), bounds[0]) if len(bounds) == 1 else (bounds[0], bounds[1])
        step = bounds[2] if len(bounds) == 3 else Constant(1)
        assert isinstance(step, Constant)
        limit = self._as(stop, "i64").value
        counter = emit.slot("i64")
        emit.store("i64", self._as(start, "i64").value, counter)
        head, inside, behind = emit.label("head"), emit.label("body"), emit.label("end")
        emit.place(head)
        index = emit.load("i64", counter)
        sign = "slt" if step.value > 0 else "sgt"
        emit.branch(emit.op(f"icmp {sign} i64 {index}, {limit}"), inside, behind)
        emit.place(inside)
        emit.store("i64", emit.op(f"add i64 {index}, {step.value}"), counter)
        self._assign(node.target.id, Typed("i64", index))
        self._breaks.append(behind)
        self._run(node.body)
        self._breaks.pop()
        emit.jump(head)
        emit.place(behind)

    # Expressions

    def _operand(self, node: ast.expr) -> Operand:
        match node:
            case ast.Constant(value=value):
                return Constant(value)
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
                return Typed("i1", self._condition(node))
            case ast.IfExp():
                return self._choice(node)
            case ast.Call(func=function, args=arguments):
                called = self._operand(function)
                assert isinstance(called, Constant), ast.unparse(node)
                return self._call(called.value, [self._operand(a) for a in arguments])
            case _:
                raise NotImplementedError(ast.unparse(node))

    def _value(self, node: ast.expr) -> Typed:
        return self._typed(self._operand(node))

    def _name(self, name: str) -> Operand:
        if name in self._known:
            return self._known[name]
        if name in self._slots:
            slot = self._slots[name]
            return Typed(slot.kind, self._emit.load(slot.kind, slot.value), slot.record)
        if name in self._arrays:
            return self._arrays[name]
        builtins = self._globals["__builtins__"]
        scope = builtins if isinstance(builtins, dict) else vars(builtins)
        return Constant(self._globals.get(name, scope.get(name)))

    def _attribute(self, base: Operand, attribute: str) -> Operand:
        if isinstance(base, Constant):
            return Constant(getattr(base.value, attribute))
        record: Any = base.record
        at = record._fields.index(attribute)
        kind = _split(base.kind)[at]
        return Typed(kind, self._emit.op(f"extractvalue {base.kind} {base.value}, {at}"))

    def _subscript(self, node: ast.Subscript, base: ast.expr, index: ast.expr) -> Operand:
        whole = self._operand(base) if not isinstance(base, ast.Subscript) else None
        if isinstance(whole, Constant):
            at = self._operand(index)
            assert isinstance(at, Constant)
            return Constant(whole.value[at.value])
        kind, pointer = self._place(node)
        value = self._emit.load(kind, pointer)
        if kind in _NARROW:
            return Typed("i64", self._emit.op(f"sext {kind} {value} to i64"))
        return Typed(kind, value)

    def _place(self, node: ast.Subscript) -> tuple[str, str]:
        match node.value:
            case ast.Subscript(value=ast.Call(func=ast.Name(id=name)), slice=row):
                table = self._library.tables[self._globals[name]]
                start = self._arithmetic(ast.Mult(), self._operand(row), Constant(table.columns))
                at = self._as(self._arithmetic(ast.Add(), start, self._operand(node.slice)), "i64")
                base = self._emit.load("ptr", table.pointer)
                return "double", self._emit.element("double", base, at.value)
        array = self._operand(node.value)
        assert isinstance(array, Typed)
        assert array.kind.startswith("*"), ast.unparse(node)
        index = self._as(self._operand(node.slice), "i64")
        kind = array.kind[1:]
        return kind, self._emit.element(kind, array.value, index.value)

    def _as_element(self, value: Operand, kind: str) -> str:
        if kind in _NARROW:
            wide = self._as(value, "i64")
            return self._emit.op(f"trunc i64 {wide.value} to {kind}")
        return self._as(value, kind).value

    def _tuple(self, parts: list[Operand], record: Any = None) -> Operand:  # noqa: ANN401
        if record is None and all(isinstance(part, Constant) for part in parts):
            return Constant(tuple(part.value for part in parts))
        if record is not None:
            kinds = [kind_of(hint) for hint in _parts(record)]
            typed = [self._as(part, kind) for part, kind in zip(parts, kinds, strict=True)]
        else:
            typed = [self._typed(part) for part in parts]
        kind = f"{{ {', '.join(part.kind for part in typed)} }}"
        value = "undef"
        for at, part in enumerate(typed):
            value = self._emit.op(f"insertvalue {kind} {value}, {part.kind} {part.value}, {at}")
        return Typed(kind, value, record)

    def _arithmetic(self, operator: ast.operator, left: Operand, right: Operand) -> Operand:
        if isinstance(left, Constant) and isinstance(right, Constant):
            source = f"left {_SIGNS[type(operator)]} right"
            return Constant(eval(source, {"left": left.value, "right": right.value}))
        a, b = self._typed(left), self._typed(right)
        if "double" in (a.kind, b.kind) or isinstance(operator, ast.Div):
            a, b = self._as(a, "double"), self._as(b, "double")
            name = _REAL_OPERATIONS[type(operator)]
            return Typed("double", self._emit.op(f"{name} double {a.value}, {b.value}"))
        if isinstance(operator, ast.FloorDiv | ast.Mod):
            return self._floored(operator, a.value, right)
        name = _INTEGER_OPERATIONS[type(operator)]
        return Typed("i64", self._emit.op(f"{name} i64 {a.value}, {b.value}"))

    def _floored(self, operator: ast.operator, left: str, right: Operand) -> Typed:
        """Division of integers by a power of two, the only one that kernels use."""
        assert isinstance(right, Constant)
        size = right.value.bit_length() - 1
        assert right.value == 1 << size, "kernels divide integers by powers of two only"
        if isinstance(operator, ast.Mod):
            return Typed("i64", self._emit.op(f"and i64 {left}, {right.value - 1}"))
        return Typed("i64", self._emit.op(f"ashr i64 {left}, {size}"))

    def _unary(self, node: ast.UnaryOp) -> Operand:
        if isinstance(node.op, ast.Not):
            return Typed("i1", self._emit.op(f"xor i1 {self._condition(node.operand)}, true"))
        assert isinstance(node.op, ast.USub)
        operand = self._operand(node.operand)
        if isinstance(operand, Constant):
            return Constant(-operand.value)
        if operand.kind == "double":
            return Typed("double", self._emit.op(f"fneg double {operand.value}"))
        return Typed("i64", self._emit.op(f"sub i64 0, {operand.value}"))

    def _choice(self, node: ast.IfExp) -> Operand:
        condition = self._condition(node.test)
        then, otherwise = (
            self._typed(self._operand(node.body)),
            self._typed(self._operand(node.orelse)),
        )
        kind = then.kind if then.kind == otherwise.kind else "double"
        then, otherwise = self._as(then, kind), self._as(otherwise, kind)
        return Typed(kind, self._emit.select(condition, kind, then.value, otherwise.value))

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

    def _compare(self, name: str, a: Typed, b: Typed) -> str:
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
        if function in (min, max):
            return self._extreme("gt" if function is max else "lt", *map(self._typed, arguments))
        if function is float:
            return self._as(arguments[0], "double")
        if function is int:
            value = self._as(arguments[0], "double").value
            return Typed("i64", emit.call("i64", "@llvm.fptosi.sat.i64.f64", f"double {value}"))
        if function is math.floor:
            value = self._as(arguments[0], "double").value
            down = emit.call("double", "@llvm.floor.f64", f"double {value}")
            return Typed("i64", emit.call("i64", "@llvm.fptosi.sat.i64.f64", f"double {down}"))
        if function is math.sqrt:
            value = self._as(arguments[0], "double").value
            return Typed("double", emit.call("double", "@llvm.sqrt.f64", f"double {value}"))
        if function is abs:
            operand = self._typed(arguments[0])
            if operand.kind == "double":
                return Typed(
                    "double", emit.call("double", "@llvm.fabs.f64", f"double {operand.value}")
                )
            return Typed(
                "i64", emit.call("i64", "@llvm.abs.i64", f"i64 {operand.value}", "i1 false")
            )
        hints = get_type_hints(function)
        gives = hints.pop("return")
        values = [
            self._as(argument, kind_of(hint)).value
            for argument, hint in zip(arguments, hints.values(), strict=True)
        ]
        value = self._library.call(emit, function, *values)
        return Typed(kind_of(gives), value, _record(gives))

    def _extreme(self, sign: str, a: Typed, b: Typed) -> Typed:
        # As Python's min and max: the first of two equals.
        kind = a.kind if a.kind == b.kind else "double"
        a, b = self._as(a, kind), self._as(b, kind)
        return Typed(kind, self._emit.select(self._compare(sign, b, a), kind, b.value, a.value))

    # Types

    def _typed(self, operand: Operand) -> Typed:
        if isinstance(operand, Typed):
            return operand
        value = operand.value
        if isinstance(value, bool):
            return Typed("i1", "true" if value else "false")
        if isinstance(value, int):
            return Typed("i64", str((value + 2**63) % 2**64 - 2**63))
        if isinstance(value, float):
            return Typed("double", real(value))
        record = type(value) if hasattr(value, "_fields") else None
        built = self._tuple_of_constants(value)
        return Typed(built.kind, built.value, record)

    def _tuple_of_constants(self, value: tuple[Any, ...]) -> Typed:
        typed = [self._typed(Constant(part)) for part in value]
        kind = f"{{ {', '.join(part.kind for part in typed)} }}"
        text = f"{{ {', '.join(f'{part.kind} {part.value}' for part in typed)} }}"
        return Typed(kind, text)

    def _as(self, operand: Operand, kind: str) -> Typed:
        if isinstance(operand, Constant) and kind == "double":
            return Typed(kind, real(float(operand.value)))
        typed = self._typed(operand)
        if typed.kind == kind:
            return typed
        if kind == "double" and typed.kind == "i64":
            return Typed(kind, self._emit.op(f"sitofp i64 {typed.value} to double"))
        if kind == "i64" and typed.kind == "i1":
            return Typed(kind, self._emit.op(f"zext i1 {typed.value} to i64"))
        raise TypeError(f"{typed.kind} where {kind} is wanted")


_SIGNS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.LShift: "<<", ast.RShift: ">>", ast.BitXor: "^", ast.BitAnd: "&", ast.BitOr: "|",
}  # fmt: skip
_REAL_OPERATIONS = {ast.Add: "fadd", ast.Sub: "fsub", ast.Mult: "fmul", ast.Div: "fdiv"}
_INTEGER_OPERATIONS = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.LShift: "shl", ast.RShift: "lshr",
    ast.BitXor: "xor", ast.BitAnd: "and", ast.BitOr: "or",
}  # fmt: skip


def _record(hint: Any) -> type | None:  # noqa: ANN401
    return hint if hasattr(hint, "_fields") else None


def _split(kind: str) -> list[str]:
    """The parts of a struct of scalars: ``{ double, i64 }``."""
    return [part.strip() for part in kind.strip("{} ").split(",")]
