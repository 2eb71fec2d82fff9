"""Counts of branches for which a condition holds: several branches at a time, in vectors."""

from typing import TYPE_CHECKING

from dsl import tree
from dsl.checker import CheckedProgram, Role
from dsl.compiler import numbers
from dsl.compiler.expression_traits import has_free_dot, is_random
from dsl.compiler.memory_layout import LANES
from dsl.compiler.state import ACTIVE, FINISHED, PRUNED
from dsl.traversal import ungroup
from dsl.types import Type

if TYPE_CHECKING:
    from dsl.compiler.expressions import ExpressionEmitter

DECLARATIONS = f"declare i{LANES} @llvm.ctpop.i{LANES}(i{LANES})"

_STATUSES: dict[str, tuple[str, str] | None] = {
    "opened": None, "alive": ("ne", PRUNED), "active": ("eq", ACTIVE), "finished": ("eq", FINISHED),
    "pruned": ("eq", PRUNED),
}  # fmt: skip
"""How the status of a branch decides whether it is in a set."""

_KINDS = {Type.INTEGER: "i64", Type.REAL: "double", Type.TRUTH: "i1", Type.ANSWER: "i64"}

_COMPARISONS = {"==", "!=", "<", "<=", ">", ">="}

_ARRAYS = (".depth", ".streak", ".changes", ".tokens")


class LaneEmitter:
    """Emits the counts of one program that can be made of vectors.

    Args:
        expressions: the expressions of the program.
        checked: the program.
    """

    def __init__(self, expressions: "ExpressionEmitter", checked: CheckedProgram):
        self._expressions = expressions
        self._emit = expressions.emit
        self._state = expressions.state
        self._symbols = checked.symbols
        self._first = ""
        """The first branch of a vector."""
        self._same: dict[tree.Expression, str] = {}
        """Vectors of what is the same for every branch, made before the loop."""

    def can_count(self, node: tree.FilterSet) -> bool:
        """Return whether a filtered set can be counted here."""
        name, conditions = self._parts(node)
        return name is not None and all(map(self._is_fit, conditions))

    def count(self, node: tree.FilterSet) -> str:
        """Emit how many branches a filtered set holds."""
        emit, state = self._emit, self._state
        name, conditions = self._parts(node)
        assert name is not None
        everything = name == "alive" and not state.uses.prune
        status = None if everything else _STATUSES[name]
        opened, total = emit.load("i64", state.opened), emit.slot("i64", "0")
        self._same.clear()
        for condition in conditions:
            self._prepare(condition)
        end = self._splat("i64", opened)
        vectors = emit.op(f"add i64 {opened}, {LANES - 1}")
        with emit.loop(emit.op(f"lshr i64 {vectors}, {LANES.bit_length() - 1}")) as index:
            self._first = emit.op(f"mul i64 {index}, {LANES}")
            flags = self._op("i64", "icmp slt", self._branches(), end)
            if status is not None:
                flags = self._op("i1", "and", flags, self._has_status(*status))
            for condition in conditions:
                flags = self._op("i1", "and", flags, self._value(condition))
            bits = emit.op(f"bitcast <{LANES} x i1> {flags} to i{LANES}")
            found = emit.call(f"i{LANES}", f"@llvm.ctpop.i{LANES}", f"i{LANES} {bits}")
            emit.bump(total, emit.op(f"zext i{LANES} {found} to i64"))
        return emit.load("i64", total)

    def _parts(self, node: tree.Expression) -> tuple[str | None, list[tree.Expression]]:
        """Return the set of the language that is filtered, if it is one, and the conditions."""
        conditions = []
        node = ungroup(node)
        while isinstance(node, tree.FilterSet):
            conditions.append(node.condition)
            node = ungroup(node.branches)
        if isinstance(node, tree.Name) and self._symbols[node].role is Role.SET:
            return node.text, conditions
        return None, conditions

    # Expressions

    def _is_fit(self, node: tree.Expression) -> bool:
        if not has_free_dot(node):
            return not is_random(node)
        match node:
            case tree.Group(inner=inner):
                return self._is_fit(inner)
            case tree.Field(text=name):
                if self._symbols[node].role is Role.FIELD:
                    return True
                return name in {*_ARRAYS, ".answer", ".index", ".finished", ".pruned"}
            case tree.Unary(operator="not", operand=operand):
                return self._is_fit(operand)
            case tree.Binary(operator=sign, left=left, right=right):
                known = sign in _COMPARISONS or sign in {"and", "or"}
                return known and self._is_fit(left) and self._is_fit(right)
        return False

    def _prepare(self, node: tree.Expression) -> None:
        """Emit what is the same for every branch."""
        if not has_free_dot(node):
            kind = _KINDS[self._expressions.type_of(node)]
            self._same[node] = self._splat(kind, self._expressions.value(node))
            return
        match node:
            case tree.Group(inner=inner) | tree.Unary(operand=inner):
                self._prepare(inner)
            case tree.Binary(left=left, right=right):
                self._prepare(left)
                self._prepare(right)

    def _value(self, node: tree.Expression) -> str:
        if node in self._same:
            return self._same[node]
        match node:
            case tree.Group(inner=inner):
                return self._value(inner)
            case tree.Field():
                return self._field(node)
            case tree.Unary(operand=operand):
                return self._op("i1", "xor", self._value(operand), self._splat("i1", "true"))
            case tree.Binary(operator="and" | "or" as sign, left=left, right=right):
                return self._op("i1", sign, self._value(left), self._value(right))
            case tree.Binary(operator=sign, left=left, right=right):
                types = self._expressions.type_of(left), self._expressions.type_of(right)
                wanted = Type.REAL if Type.REAL in types else types[0]
                first, second = self._as_type(left, wanted), self._as_type(right, wanted)
                kind = f"<{LANES} x {_KINDS[wanted]}>"
                return numbers.compare(self._emit, sign, kind, first, second)
        raise AssertionError(node)

    def _as_type(self, node: tree.Expression, wanted: Type) -> str:
        value, found = self._value(node), self._expressions.type_of(node)
        if found is wanted or found is not Type.INTEGER:
            return value
        return self._emit.op(f"sitofp <{LANES} x i64> {value} to <{LANES} x double>")

    def _field(self, node: tree.Field) -> str:
        name, state = node.text, self._state
        if self._symbols[node].role is Role.FIELD:
            kind = self._expressions.type_of(node)
            array = self._expressions.variables.fields[name]
            if kind is Type.TRUTH:
                return self._op("i64", "icmp ne", self._load("i64", array), self._splat("i64", "0"))
            return self._load(_KINDS[kind], array)
        match name:
            case ".answer":
                narrow = self._load("i32", state.answer)
                return self._emit.op(f"sext <{LANES} x i32> {narrow} to <{LANES} x i64>")
            case ".index":
                return self._branches()
            case ".finished":
                return self._has_status("eq", FINISHED)
            case ".pruned":
                return self._has_status("eq", PRUNED)
        arrays = (state.depth, state.streak, state.changes, state.tokens)
        return self._load("i64", dict(zip(_ARRAYS, arrays, strict=True))[name])

    def _has_status(self, sign: str, status: str) -> str:
        statuses = self._load("i64", self._state.status)
        return self._op("i64", f"icmp {sign}", statuses, self._splat("i64", status))

    def _branches(self) -> str:
        """Emit the indexes of the branches of a vector."""
        steps = ", ".join(f"i64 {lane}" for lane in range(LANES))
        return self._op("i64", "add", self._splat("i64", self._first), f"<{steps}>")

    # Vectors

    def _op(self, kind: str, name: str, a: str, b: str) -> str:
        return self._emit.op(f"{name} <{LANES} x {kind}> {a}, {b}")

    def _load(self, kind: str, array: str) -> str:
        pointer = self._emit.element(kind, array, self._first)
        size = 4 if kind == "i32" else 8
        return self._emit.op(f"load <{LANES} x {kind}>, ptr {pointer}, align {size}")

    def _splat(self, kind: str, value: str) -> str:
        """Emit a vector of one value."""
        emit, vector = self._emit, f"<{LANES} x {kind}>"
        one = emit.op(f"insertelement {vector} poison, {kind} {value}, i64 0")
        return emit.op(
            f"shufflevector {vector} {one}, {vector} poison, <{LANES} x i32> zeroinitializer"
        )
