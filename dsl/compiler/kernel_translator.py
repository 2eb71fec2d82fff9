"""The statements of kernels: from a Python function to an LLVM function."""

import ast
import inspect
import textwrap
from collections.abc import Callable
from types import FunctionType
from typing import Any, get_type_hints

from dsl.compiler.emitter import Emitter
from dsl.compiler.kernel_expressions import KernelExpressions, Kernels
from dsl.compiler.kernel_types import (
    KernelConstant,
    Operand,
    TypedValue,
    kind_of,
    passed_as,
    record_of,
    split,
    symbol,
)
from dsl.python_source import parse_python


class Translator(KernelExpressions):
    """Translates one kernel.

    Args:
        kernel: the function.
        library: the other kernels.
        linkage: how it is linked.
    """

    def __init__(self, kernel: Callable[..., Any], library: Kernels, linkage: str):
        assert isinstance(kernel, FunctionType)
        hints = get_type_hints(kernel)
        self._gives = hints.pop("return")
        tree = parse_python(textwrap.dedent(inspect.getsource(kernel)))
        assert isinstance(tree.body[0], ast.FunctionDef)
        self._body = tree.body[0].body
        kinds = {name: kind_of(hint) for name, hint in hints.items()}
        head = ", ".join(f"{passed_as(kind)} %{name}" for name, kind in kinds.items())
        emit = Emitter(f"{linkage}{kind_of(self._gives)} {symbol(kernel)}({head})")
        super().__init__(emit, library, kernel.__globals__)
        self._breaks: list[str] = []
        for name, kind in kinds.items():
            if kind.startswith("*"):
                self._arrays[name] = TypedValue(kind, f"%{name}")
            else:
                self._assign(name, TypedValue(kind, f"%{name}", record_of(hints[name])))

    def text(self) -> str:
        """Return the whole function."""
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
                result = self._as(self._operand(value), kind_of(self._gives))
                emit.give(result.kind, result.value)
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
                if isinstance(value, KernelConstant):
                    parts: list[Operand] = [KernelConstant(part) for part in value.value]
                else:
                    kinds = split(value.kind)
                    parts = [
                        TypedValue(
                            kind, self._emit.op(f"extractvalue {value.kind} {value.value}, {index}")
                        )
                        for index, kind in enumerate(kinds)
                    ]
                for element, part in zip(elements, parts, strict=True):
                    self._bind(element, part)
            case ast.Subscript():
                kind, pointer = self._element_pointer(target)
                stored = self._as_element(value, kind)
                self._emit.store(kind, stored, pointer)
            case _:
                raise NotImplementedError(ast.unparse(target))

    def _assign(self, name: str, value: TypedValue) -> None:
        self._known.pop(name, None)
        slot = self._slots.get(name)
        if slot is None:
            slot = TypedValue(value.kind, self._emit.slot(value.kind), value.record)
            self._slots[name] = slot
        stored = self._as(value, slot.kind)
        self._emit.store(slot.kind, stored.value, slot.value)

    def _if(self, node: ast.If) -> None:
        emit = self._emit
        condition = self._condition(node.test)
        then, otherwise, end_label = emit.label("then"), emit.label("else"), emit.label("end")
        emit.branch(condition, then, otherwise)
        emit.start_block(then)
        self._run(node.body)
        emit.jump(end_label)
        emit.start_block(otherwise)
        self._run(node.orelse)
        emit.start_block(end_label)

    def _while(self, test: ast.expr, body: list[ast.stmt]) -> None:
        emit = self._emit
        head, inside, end_label = emit.label("head"), emit.label("body"), emit.label("end")
        emit.start_block(head)
        emit.branch(self._condition(test), inside, end_label)
        emit.start_block(inside)
        self._breaks.append(end_label)
        self._run(body)
        self._breaks.pop()
        emit.jump(head)
        emit.start_block(end_label)

    def _for(self, node: ast.For) -> None:
        match node.iter:
            case ast.Call(func=ast.Name(id="range"), args=arguments):
                self._for_range(node, [self._operand(argument) for argument in arguments])
            case _:
                values = self._operand(node.iter)
                assert isinstance(values, KernelConstant), ast.unparse(node.iter)
                assert isinstance(node.target, ast.Name)
                for value in values.value:
                    self._known[node.target.id] = KernelConstant(value)
                    self._run(node.body)

    def _for_range(self, node: ast.For, bounds: list[Operand]) -> None:
        emit = self._emit
        assert isinstance(node.target, ast.Name)
        start, stop = (KernelConstant(0), bounds[0]) if len(bounds) == 1 else (bounds[0], bounds[1])
        step = bounds[2] if len(bounds) == 3 else KernelConstant(1)
        assert isinstance(step, KernelConstant)
        limit = self._as(stop, "i64").value
        counter = emit.slot("i64")
        emit.store("i64", self._as(start, "i64").value, counter)
        head, inside, end_label = emit.label("head"), emit.label("body"), emit.label("end")
        emit.start_block(head)
        index = emit.load("i64", counter)
        sign = "slt" if step.value > 0 else "sgt"
        emit.branch(emit.op(f"icmp {sign} i64 {index}, {limit}"), inside, end_label)
        emit.start_block(inside)
        emit.store("i64", emit.op(f"add i64 {index}, {step.value}"), counter)
        self._assign(node.target.id, TypedValue("i64", index))
        self._breaks.append(end_label)
        self._run(node.body)
        self._breaks.pop()
        emit.jump(head)
        emit.start_block(end_label)
