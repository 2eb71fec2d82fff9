"""Expressions of a compiled program; each case computes what the interpreter's does."""

from collections.abc import Callable
from typing import NamedTuple, assert_never

from dsl import tree
from dsl.checker import CheckedProgram, Role
from dsl.compiler import numbers, runtime
from dsl.compiler.calls import CallEmitter
from dsl.compiler.emitter import real
from dsl.compiler.kernels import KernelLibrary
from dsl.compiler.state import FINISHED, PRUNED, EpisodeState
from dsl.types import Type

KINDS = {Type.INTEGER: "i64", Type.REAL: "double", Type.TRUTH: "i1", Type.ANSWER: "i64"}
"""The LLVM type of a scalar; an answer is its number."""


class BranchSet(NamedTuple):
    """A set: its members in order."""

    pointer: str
    size: str
    live: bool = False
    """It is the list of active branches itself, which verbs change."""


class RingBuffer(NamedTuple):
    """A window: a ring of doubles."""

    values: str
    capacity: str
    """A slot, as the next two."""
    held: str
    start: str


class Variables:
    """Where the names of a program are kept: slots, arrays, values."""

    def __init__(self) -> None:
        self.knobs: dict[str, str] = {}
        self.cells: dict[str, str] = {}
        self.windows: dict[str, RingBuffer] = {}
        self.fields: dict[str, str] = {}
        self.lets: dict[str, str | tuple[str, str]] = {}
        self.literals: dict[str, str] = {}
        self.beta = ""


class ExpressionEmitter:
    """Emits the expressions of one program."""

    def __init__(
        self,
        checked: CheckedProgram,
        state: EpisodeState,
        library: KernelLibrary,
        variables: Variables,
    ):
        self.state = state
        self.emit = state.emit
        self.library = library
        self.variables = variables
        self.branch: str | None = None
        """The branch that a dot refers to."""
        self._types = checked.types
        self._symbols = checked.symbols
        self._calls = CallEmitter(self)

    def type_of(self, node: tree.Expression) -> Type:
        """Return the type that the checker found."""
        return self._types[node]

    def real(self, node: tree.Expression) -> str:
        """Emit a numeric expression as a double."""
        value = self.value(node)
        return self.widen(value) if self.type_of(node) is Type.INTEGER else value

    def widen(self, value: str) -> str:
        """Emit an integer as a double."""
        return self.emit.op(f"sitofp i64 {value} to double")

    def as_type(self, node: tree.Expression, wanted: Type) -> str:
        """Emit an expression, converted to a type."""
        return self.real(node) if wanted is Type.REAL else self.value(node)

    def value(self, node: tree.Expression) -> str:
        """Emit a scalar expression."""
        match node:
            case tree.Number(value=value):
                return str(value) if isinstance(value, int) else real(value)
            case tree.BooleanLiteral(value=value):
                return "true" if value else "false"
            case tree.Text(text=text):
                return self.variables.literals[text]
            case tree.NoneLiteral():
                return "-1"
            case tree.Name():
                return self._name(node)
            case tree.Field():
                return self._field(node)
            case tree.Group(inner=inner):
                return self.value(inner)
            case tree.Unary():
                return self._unary(node)
            case tree.Binary():
                return self._binary(node)
            case tree.Conditional():
                return self._choice(node)
            case tree.Call():
                return self._calls.call(node)
            case tree.FilterSet() | tree.SortSet() | tree.ExcludeSet() | tree.TakeFirst():
                raise AssertionError(node)
            case _:
                assert_never(node)

    def _name(self, node: tree.Name) -> str:
        name, variables = node.text, self.variables
        match self._symbols[node].role:
            case Role.SCHEDULED | Role.KNOB:
                return variables.knobs[name]
            case Role.MEMORY:
                return self.emit.load(KINDS[self.type_of(node)], variables.cells[name])
            case Role.LET:
                slot = variables.lets[name]
                assert isinstance(slot, str)
                return self.emit.load(KINDS[self.type_of(node)], slot)
            case _:
                return self._episode_value(name)

    def _episode_value(self, name: str) -> str:
        emit, state = self.emit, self.state
        match name:
            case "beta":
                return self.variables.beta
            case "steps":
                return emit.load("i64", state.steps)
            case "spent":
                return emit.load("i64", state.spent)
            case "budget":
                return state.budget
            case "interval":
                return state.interval
            case "available":
                return self.available()
        raise AssertionError(name)

    def available(self) -> str:
        """Branches left to open."""
        state = self.state
        return self.emit.op(f"sub i64 {state.size}, {self.emit.load('i64', state.opened)}")

    def here(self) -> str:
        """Return the branch that a dot refers to."""
        assert self.branch is not None
        return self.branch

    def _field(self, node: tree.Field) -> str:
        name, branch = node.text, self.here()
        if self._symbols[node].role is not Role.ATTRIBUTE:
            return self.load_field(name, self.type_of(node), branch)
        return self._attribute(name, branch)

    def load_field(self, name: str, kind: Type, branch: str) -> str:
        """Emit a field of a branch.

        Args:
            name: name of the field.
            kind: LLVM type of the value.
            branch: index of the branch.
        """
        place = self.emit.element("i64", self.variables.fields[name], branch)
        if kind is Type.TRUTH:
            return self.emit.op(f"icmp ne i64 {self.emit.load('i64', place)}, 0")
        return self.emit.load(KINDS[kind], place)

    def store_field(self, name: str, kind: Type, value: str, branch: str) -> None:
        """Set a field of a branch.

        Args:
            name: name of the field.
            kind: LLVM type of the value.
            value: the value to store.
            branch: index of the branch.
        """
        place = self.emit.element("i64", self.variables.fields[name], branch)
        if kind is Type.TRUTH:
            self.emit.store("i64", self.emit.op(f"zext i1 {value} to i64"), place)
        else:
            self.emit.store(KINDS[kind], value, place)

    def _attribute(self, name: str, branch: str) -> str:
        emit, state = self.emit, self.state
        match name:
            case ".answer":
                return state.answer_of(branch)
            case ".index":
                return branch
            case ".age":
                born = emit.load_element("i64", state.born, branch)
                return emit.op(f"sub i64 {emit.load('i64', state.steps)}, {born}")
            case ".seen":
                seen = emit.load_element("i64", state.seen, branch)
                depth = emit.load_element("i64", state.depth, branch)
                return emit.op(f"icmp eq i64 {seen}, {depth}")
            case ".finished" | ".pruned":
                wanted = FINISHED if name == ".finished" else PRUNED
                status = emit.load_element("i64", state.status, branch)
                return emit.op(f"icmp eq i64 {status}, {wanted}")
            case ".entropy" | ".logprob" | ".top_logprob":
                return emit.load_element("double", state.signal[name[1:]], branch)
        arrays = {
            ".depth": state.depth, ".tokens": state.tokens, ".streak": state.streak,
            ".changes": state.changes,
        }  # fmt: skip
        return emit.load_element("i64", arrays[name], branch)

    def _unary(self, node: tree.Unary) -> str:
        operand = self.value(node.operand)
        if node.operator == "not":
            return self.emit.op(f"xor i1 {operand}, true")
        if self.type_of(node) is Type.INTEGER:
            return numbers.negate_integer(self.emit, operand)
        return self.emit.op(f"fneg double {operand}")

    def _binary(self, node: tree.Binary) -> str:
        sign, emit = node.operator, self.emit
        if sign in {"and", "or"}:
            return self._shortcut(node)
        if sign in {"==", "!=", "<", "<=", ">", ">="}:
            return self._compare(node)
        if self.type_of(node) is Type.INTEGER:
            left = self.value(node.left)
            return numbers.integer(emit, sign, left, self.value(node.right))
        first = self.real(node.left)
        return numbers.real_number(emit, sign, first, self.real(node.right))

    def _shortcut(self, node: tree.Binary) -> str:
        """``and`` and ``or``: the right side is evaluated only where the left does not decide."""
        emit = self.emit
        result = emit.slot("i1")
        left = self.value(node.left)
        emit.store("i1", left, result)
        more = left if node.operator == "and" else emit.op(f"xor i1 {left}, true")
        with emit.when(more):
            emit.store("i1", self.value(node.right), result)
        return emit.load("i1", result)

    def _compare(self, node: tree.Binary) -> str:
        types = (self.type_of(node.left), self.type_of(node.right))
        wanted = Type.REAL if Type.REAL in types else types[0]
        left = self.as_type(node.left, wanted)
        right = self.as_type(node.right, wanted)
        return numbers.compare(self.emit, node.operator, KINDS[wanted], left, right)

    def _choice(self, node: tree.Conditional) -> str:
        wanted = self.type_of(node)
        return self.choose(
            self.value(node.condition),
            KINDS[wanted],
            lambda: self.as_type(node.then, wanted),
            lambda: self.as_type(node.otherwise, wanted),
        )

    def choose(
        self, condition: str, kind: str, then: Callable[[], str], otherwise: Callable[[], str]
    ) -> str:
        """Emit a choice of which only the chosen side is evaluated.

        Args:
            condition: an ``i1`` value.
            kind: LLVM type of the value.
            then: result if the condition is true.
            otherwise: result if it is false.
        """
        emit = self.emit
        result = emit.slot(kind)
        first, second, behind = emit.label("then"), emit.label("else"), emit.label("end")
        emit.branch(condition, first, second)
        emit.place(first)
        emit.store(kind, then(), result)
        emit.jump(behind)
        emit.place(second)
        emit.store(kind, otherwise(), result)
        emit.place(behind)
        return emit.load(kind, result)

    # Sets

    def members(self, node: tree.Expression) -> BranchSet:
        """Return a set of branches."""
        match node:
            case tree.Group(inner=inner):
                return self.members(inner)
            case tree.Name():
                return self._named_set(node)
            case tree.FilterSet():
                return self._where(node)
            case tree.SortSet():
                return self._by(node)
            case tree.ExcludeSet():
                return self._except(node)
            case tree.TakeFirst():
                return self._first(node)
            case tree.Conditional():
                return self._chosen_set(node)
        raise AssertionError(node)

    def copied(self, members: BranchSet) -> BranchSet:
        """Return a set that no verb changes."""
        if not members.live:
            return members
        emit, own = self.emit, self.state.array()
        with emit.loop(members.size) as place:
            emit.store_element("i32", emit.load_element("i32", members.pointer, place), own, place)
        return BranchSet(own, members.size)

    def _named_set(self, node: tree.Name) -> BranchSet:
        emit, state = self.emit, self.state
        if self._symbols[node].role is Role.LET:
            slots = self.variables.lets[node.text]
            assert isinstance(slots, tuple)
            return BranchSet(emit.load("ptr", slots[0]), emit.load("i64", slots[1]))
        opened = emit.load("i64", state.opened)
        match node.text:
            case "opened":
                return BranchSet(state.all, opened)
            case "active":
                return BranchSet(state.active, emit.load("i64", state.active_count), live=True)
            case "finished":
                return BranchSet(state.finished, emit.load("i64", state.finished_count))
            case "alive" if not state.uses.prune:
                return BranchSet(state.all, opened)
        sign = "ne" if node.text == "alive" else "eq"
        every = BranchSet(state.all, opened)
        return self.filtered(
            every,
            lambda branch: emit.op(
                f"icmp {sign} i64 {emit.load_element('i64', state.status, branch)}, {PRUNED}"
            ),
        )

    def filtered(self, members: BranchSet, keep: Callable[[str], str]) -> BranchSet:
        """Return the members for which a condition holds."""
        emit, own, count = self.emit, self.state.array(), self.emit.slot("i64")
        emit.store("i64", "0", count)
        with emit.loop(members.size) as place:
            branch = self.state.member(members.pointer, place)
            with emit.when(keep(branch)):
                self.state.append(own, count, branch)
        return BranchSet(own, emit.load("i64", count))

    def of_each(self, members: BranchSet, action: Callable[[str, str], None]) -> None:
        """Emit code for each member, with its index and itself; a dot refers to it."""
        outside = self.branch
        with self.emit.loop(members.size) as place:
            branch = self.state.member(members.pointer, place)
            self.branch = branch
            action(place, branch)
        self.branch = outside

    def _where(self, node: tree.FilterSet) -> BranchSet:
        members = self.members(node.branches)

        def keep(branch: str) -> str:
            outside, self.branch = self.branch, branch
            condition = self.value(node.condition)
            self.branch = outside
            return condition

        return self.filtered(members, keep)

    def _by(self, node: tree.SortSet) -> BranchSet:
        emit = self.emit
        members = self.members(node.branches)
        own, keys = self.state.array(), self.state.array()
        integers = self.type_of(node.key) is Type.INTEGER
        kind = "i64" if integers else "double"

        def enter(place: str, branch: str) -> None:
            emit.store_element(kind, self.value(node.key), keys, place)
            emit.store_element("i32", emit.op(f"trunc i64 {branch} to i32"), own, place)

        self.of_each(members, enter)
        sort = runtime.sort_integers if integers else runtime.sort_reals
        self.library.call(emit, sort, own, keys, members.size)
        return BranchSet(own, members.size)

    def _except(self, node: tree.ExcludeSet) -> BranchSet:
        members = self.members(node.branches)
        without = self.members(node.without)
        own = self.state.array()
        count = self.library.call(
            self.emit, runtime.subtract, members.pointer, members.size, without.pointer,
            without.size, self.state.marks, own,
        )  # fmt: skip
        return BranchSet(own, count)

    def _first(self, node: tree.TakeFirst) -> BranchSet:
        emit = self.emit
        wanted = numbers.largest(emit, "i64", self.value(node.count), "0")
        members = self.members(node.branches)
        return members._replace(size=numbers.smallest(emit, "i64", members.size, wanted))

    def _chosen_set(self, node: tree.Conditional) -> BranchSet:
        emit = self.emit
        pointer, count = emit.slot("ptr"), emit.slot("i64")
        condition = self.value(node.condition)
        first, second, behind = emit.label("then"), emit.label("else"), emit.label("end")
        emit.branch(condition, first, second)
        live = False
        for label, part in ((first, node.then), (second, node.otherwise)):
            emit.place(label)
            members = self.members(part)
            live = live or members.live
            emit.store("ptr", members.pointer, pointer)
            emit.store("i64", members.size, count)
            emit.jump(behind)
        emit.place(behind)
        return BranchSet(emit.load("ptr", pointer), emit.load("i64", count), live)
