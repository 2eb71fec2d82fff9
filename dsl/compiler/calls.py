"""Functions of a compiled program; each computes what the interpreter's does."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dsl import numeric, tree
from dsl.beta import beta_confidence_int, beta_confidence_real, beta_quantile
from dsl.compiler import numbers, set_kernels
from dsl.compiler.emitter import real
from dsl.compiler.windows import WindowReader, read_branch_window, read_ring
from dsl.random_draws import splitmix64
from dsl.traversal import ungroup
from dsl.types import Type

if TYPE_CHECKING:
    from dsl.compiler.expressions import ExpressionEmitter

Kernel = Callable[..., Any]

_EXACT = frozenset({"sum", "min", "max", "rank"})
"""Functions over a set that take integers as integers."""


class CallEmitter:
    """Emits the calls of one program."""

    def __init__(self, expressions: "ExpressionEmitter"):
        self._expressions = expressions
        self._emit = expressions.emit

    def call(self, node: tree.Call) -> str:
        """Emit a call, by what its first argument is."""
        name, expressions = node.function.text, self._expressions
        first = next(a for a in node.arguments if not isinstance(a, tree.KeywordArgument))
        if isinstance(first, tree.PerBranch):
            return self._over(name, first, node)
        match expressions.type_of(first):
            case Type.BRANCHES:
                return expressions.votes.of_set(name, node)
            case Type.WINDOW:
                return self._of_window(name, self._window(ungroup(first)))
        return self._of_numbers(name, node)

    def _kernel(self, kernel: Kernel, *arguments: str) -> str:
        return self._expressions.library.call(self._emit, kernel, *arguments)

    def _kept(self, kernel: Kernel, *arguments: str) -> str:
        """Call a kernel of reals unless its result is kept."""
        return self._expressions.kept_results.call(self._emit, kernel, *arguments)

    # Folds

    def _over(self, name: str, node: tree.PerBranch, call: tree.Call) -> str:
        expressions, emit = self._expressions, self._emit
        members = expressions.sets.members(node.branches)
        integers = expressions.type_of(node.value) is Type.INTEGER and name in _EXACT
        kind = "i64" if integers else "double"
        values = expressions.state.array()

        def enter(index: str, _: str) -> None:
            value = expressions.value(node.value) if integers else expressions.real(node.value)
            emit.store_element(kind, value, values, index)

        expressions.sets.of_each(members, enter)
        if name in {"median", "quantile"}:
            positions = [
                expressions.real(a) for a in call.arguments if isinstance(a, tree.Expression)
            ]
            part = positions[0] if positions else "0.5"
            return self._kernel(set_kernels.quantile, values, members.size, part)
        if name == "rank":
            return self._rank(kind, values, members.size, node.value)
        return self._fold(
            name, kind, members.size, lambda index: emit.load_element(kind, values, index)
        )

    def _rank(self, kind: str, values: str, count: str, node: tree.Expression) -> str:
        """Count the values below that of the branch that a dot refers to."""
        emit = self._emit
        own = self._expressions.value(node)
        below = emit.slot("i64")
        emit.store("i64", "0", below)
        less = "icmp slt" if kind == "i64" else "fcmp olt"
        with emit.loop(count) as index:
            value = emit.load_element(kind, values, index)
            with emit.when(emit.op(f"{less} {kind} {value}, {own}")):
                emit.bump(below)
        return emit.load("i64", below)

    def _fold(self, name: str, kind: str, count: str, element: Callable[[str], str]) -> str:
        """Fold ``count`` values, read by index in their order; 0 for none."""
        emit = self._emit
        zero = "0" if kind == "i64" else "0.0"
        if name == "mean":
            return self._mean(count, element)
        if name == "variance":
            return self._variance(count, element)
        total = emit.slot(kind)
        emit.store(kind, zero, total)
        with emit.loop(count) as index:
            value, before = element(index), emit.load(kind, total)
            if name == "sum" and kind == "i64":
                after = numbers.integer(emit, "+", before, value)
            elif name == "sum":
                after = numbers.real_number(emit, "+", before, value)
            else:
                extreme = numbers.smallest if name == "min" else numbers.largest
                first = emit.op(f"icmp eq i64 {index}, 0")
                after = emit.select(first, kind, value, extreme(emit, kind, before, value))
            emit.store(kind, after, total)
        return emit.load(kind, total)

    def _mean(self, count: str, element: Callable[[str], str]) -> str:
        total = self._fold("sum", "double", count, element)
        return numbers.real_number(self._emit, "/", total, self._expressions.widen(count))

    def _variance(self, count: str, element: Callable[[str], str]) -> str:
        emit = self._emit
        mean = self._mean(count, element)

        def squared(index: str) -> str:
            off = numbers.real_number(emit, "-", element(index), mean)
            return numbers.real_number(emit, "*", off, off)

        total = self._fold("sum", "double", count, squared)
        return numbers.real_number(emit, "/", total, self._expressions.widen(count))

    def _window(self, node: tree.Expression) -> WindowReader:
        """Return what a window holds at this position."""
        variables = self._expressions.variables
        if isinstance(node, tree.Name):
            return read_ring(self._emit, variables.windows[node.text])
        assert isinstance(node, tree.Field)
        return read_branch_window(self._expressions, node.text)

    def _of_window(self, name: str, window: WindowReader) -> str:
        emit, count, element = self._emit, window.size, window.element

        def newest() -> str:
            return element(emit.op(f"sub i64 {count}, 1"))

        def risen() -> str:
            return numbers.real_number(emit, "-", newest(), element("0"))

        some = emit.op(f"icmp sgt i64 {count}, 0")
        choose = self._expressions.choose
        match name:
            case "count":
                return count
            case "full":
                return emit.op(f"icmp eq i64 {count}, {emit.load('i64', window.capacity)}")
            case "oldest":
                return choose(some, "double", lambda: element("0"), lambda: "0.0")
            case "newest":
                return choose(some, "double", newest, lambda: "0.0")
            case "rise":
                return choose(some, "double", risen, lambda: "0.0")
        return self._fold(name, "double", count, element)

    # Numbers

    def _of_numbers(self, name: str, node: tree.Call) -> str:
        expressions, emit = self._expressions, self._emit
        arguments = [
            a for a in node.arguments if not isinstance(a, tree.KeywordArgument | tree.PerBranch)
        ]
        integers = all(expressions.type_of(a) is Type.INTEGER for a in arguments)
        if integers and name in {"floor", "ceil", "round"}:
            return expressions.value(arguments[0])
        if integers and name == "abs":
            return numbers.absolute_integer(emit, expressions.value(arguments[0]))
        if name in {"min", "max", "clamp"}:
            read = expressions.value if integers else expressions.real
            return self._order(name, "i64" if integers else "double", [read(a) for a in arguments])
        if integers and name == "beta_confidence":
            return self._kernel(beta_confidence_int, *map(expressions.value, arguments))
        return self._of_reals(name, [expressions.real(argument) for argument in arguments])

    def _order(self, name: str, kind: str, values: list[str]) -> str:
        emit = self._emit
        if name == "clamp":
            value, low, high = values
            return numbers.smallest(emit, kind, numbers.largest(emit, kind, value, low), high)
        extreme = numbers.smallest if name == "min" else numbers.largest
        result = values[0]
        for value in values[1:]:
            result = extreme(emit, kind, result, value)
        return result

    def _of_reals(self, name: str, values: list[str]) -> str:
        emit = self._emit
        costly: dict[str, Kernel] = {
            "exp": numeric.exp_real, "log": numeric.log_real, "pow": numeric.pow_real,
            "beta_confidence": beta_confidence_real,
        }  # fmt: skip
        if name in costly:
            return self._kept(costly[name], *values)
        match name:
            case "sqrt":
                return self._kernel(numeric.sqrt_real, *values)
            case "floor" | "ceil" | "round":
                return numbers.to_integer(emit, name, values[0])
            case "abs":
                return emit.call("double", "@llvm.fabs.f64", f"double {values[0]}")
            case "chance":
                return emit.op(f"fcmp olt double {self._uniform()}, {values[0]}")
            case "draw_beta":
                return self._kernel(beta_quantile, self._uniform(), *values)
        raise AssertionError(name)

    def _uniform(self) -> str:
        emit, state = self._emit, self._expressions.state
        number = emit.load("i64", state.draws)
        bits = self._kernel(splitmix64, emit.load("i64", state.draw_state), number)
        emit.bump(state.draws)
        top = emit.op(f"uitofp i64 {emit.op(f'lshr i64 {bits}, 11')} to double")
        return emit.op(f"fmul double {top}, {real(2.0**-53)}")
