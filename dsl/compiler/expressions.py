"""Expressions of a compiled program; each case computes what the interpreter's does."""

from collections.abc import Callable
from functools import cached_property
from typing import assert_never

from dsl import tree
from dsl.checker import CheckedProgram, Role
from dsl.compiler import numbers
from dsl.compiler.branch_sets import SetEmitter
from dsl.compiler.calls import CallEmitter
from dsl.compiler.emitter import real
from dsl.compiler.expression_traits import is_cheap, is_random, is_weighted_confidence
from dsl.compiler.interval_signals import read_latest
from dsl.compiler.kept_results import KeptResults
from dsl.compiler.kernels import KernelLibrary
from dsl.compiler.memory_layout import StateWord
from dsl.compiler.shared_votes import SharedVotes
from dsl.compiler.state import FINISHED, PRUNED, EpisodeState
from dsl.compiler.variables import ChainRow, PassedInterval, Variables
from dsl.compiler.vote_calls import VoteEmitter
from dsl.types import Type

KINDS = {Type.INTEGER: "i64", Type.REAL: "double", Type.TRUTH: "i1", Type.ANSWER: "i64"}
"""The LLVM type of a scalar; an answer is its number."""


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
        self.kept_results = KeptResults(library, state.word(StateWord.KEPT_RESULTS, "ptr"))
        self.variables = variables
        self.branch: str | None = None
        """The branch that a dot refers to."""
        self.passed: PassedInterval | None = None
        """The interval that a running value is computed of."""
        self.held: dict[str, str] = {}
        """Slots that hold running values while their chain is passed."""
        self.fill_row: Callable[[str], None] = lambda branch: None
        """Emits what makes the running values of a branch known, before they are read."""
        self._checked = checked
        self._types = checked.types
        self._symbols = checked.symbols
        self.sets = SetEmitter(self, checked)
        self._calls = CallEmitter(self)

    @cached_property
    def votes(self) -> VoteEmitter:
        """The functions of sets of the program."""
        return VoteEmitter(self, SharedVotes(self._checked, self.state))

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
            case tree.Fallback():
                return self._fallback(node)
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
            case (
                tree.FilterSet()
                | tree.SortSet()
                | tree.ExcludeSet()
                | tree.OnceSet()
                | tree.TakeFirst()
                | tree.CurrentBranch()
            ):
                raise AssertionError(node)
            case _:
                assert_never(node)

    def value_at(self, node: tree.Expression, branch: str) -> str:
        """Emit a scalar expression in which a dot refers to a branch.

        Args:
            node: the expression.
            branch: index of the branch.
        """
        outside, self.branch = self.branch, branch
        value = self.value(node)
        self.branch = outside
        return value

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

    def current_branch(self) -> str:
        """Return the branch that a dot refers to."""
        assert self.branch is not None
        return self.branch

    def _field(self, node: tree.Field) -> str:
        name, branch = node.text, self.current_branch()
        if name in self.held:
            return self.emit.load(KINDS[self.type_of(node)], self.held[name])
        if name in self.variables.running:
            return self._running_value(name, self.type_of(node), branch)
        if self._symbols[node].role is not Role.ATTRIBUTE:
            return self._load_scalar(self.variables.fields[name], self.type_of(node), branch)
        if self.passed is not None:
            return self._interval_attribute(name, branch, self.passed)
        return self._attribute(name, branch)

    def chain_row(self, branch: str) -> ChainRow:
        """Emit the chain of a branch, and where its row begins."""
        emit, state = self.emit, self.state
        return ChainRow(
            emit.load_element("i64", state.chain, branch),
            emit.load_element("i64", state.last, branch),
            emit.op(f"mul i64 {branch}, {state.width}")
            if self.variables.row_by_branch
            else emit.load_element("i64", state.row, branch),
        )

    def _running_value(self, name: str, kind: Type, branch: str) -> str:
        """Emit a running value of a branch: what its last interval made of it.

        Args:
            name: name of the field.
            kind: type of the value.
            branch: index of the branch.
        """
        emit = self.emit
        self.fill_row(branch)
        depth = emit.load_element("i64", self.state.depth, branch)
        after = emit.op(f"add i64 {self.chain_row(branch).start}, {depth}")
        cell = emit.op(f"sub i64 {after}, 1")
        return self._load_scalar(self.variables.running[name], kind, cell)

    def _load_scalar(self, array: str, kind: Type, index: str) -> str:
        """Emit an element of an array of 64-bit words.

        Args:
            array: address of the array.
            kind: type of the value.
            index: index of the element.
        """
        pointer = self.emit.element("i64", array, index)
        if kind is Type.TRUTH:
            return self.emit.op(f"icmp ne i64 {self.emit.load('i64', pointer)}, 0")
        return self.emit.load(KINDS[kind], pointer)

    def store_field(self, name: str, kind: Type, value: str, branch: str) -> None:
        """Set a field of a branch.

        Args:
            name: name of the field.
            kind: LLVM type of the value.
            value: the value to store.
            branch: index of the branch.
        """
        pointer = self.emit.element("i64", self.variables.fields[name], branch)
        if kind is Type.TRUTH:
            self.emit.store("i64", self.emit.op(f"zext i1 {value} to i64"), pointer)
        else:
            self.emit.store(KINDS[kind], value, pointer)

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
                revealed = emit.load_element("i64", state.seen, branch)
                depth = emit.load_element("i64", state.depth, branch)
                return emit.op(f"icmp eq i64 {revealed}, {depth}")
            case ".finished" | ".pruned":
                wanted = FINISHED if name == ".finished" else PRUNED
                status = emit.load_element("i64", state.status, branch)
                return emit.op(f"icmp eq i64 {status}, {wanted}")
            case ".cut_off":
                return self._cut_off(branch)
        if name[1:] in state.signal or name[1:] in self.variables.signals:
            return self._signal(name[1:], branch)
        arrays = {
            ".depth": state.depth, ".tokens": state.tokens, ".streak": state.streak,
            ".changes": state.changes,
        }  # fmt: skip
        return emit.load_element("i64", arrays[name], branch)

    def _interval_attribute(self, name: str, branch: str, passed: PassedInterval) -> str:
        match name:
            case ".depth":
                return passed.depth
            case ".finished":
                return "true" if passed.is_last else "false"
            case ".tokens":
                return passed.tokens
            case ".index":
                return branch
        return passed.signals[name[1:]]

    def _signal(self, name: str, branch: str) -> str:
        """Emit a signal of a branch, 0 before its first value."""
        emit = self.emit
        value = self._recorded_signal(name, branch)
        if name in self.state.signal and name not in self.state.uses.marked_signals:
            return value
        return emit.select(emit.op(f"fcmp uno double {value}, 0.0"), "double", "0.0", value)

    def _recorded_signal(self, name: str, branch: str) -> str:
        if name in self.variables.signals:
            return read_latest(self, name, branch)
        return self.emit.load_element("double", self.state.signal[name], branch)

    def _fallback(self, node: tree.Fallback) -> str:
        name = node.field.text.removeprefix(".")
        value = self._recorded_signal(name, self.current_branch())
        return self.choose(
            self.emit.op(f"fcmp uno double {value}, 0.0"),
            "double",
            lambda: self.real(node.otherwise),
            lambda: value,
        )

    def _cut_off(self, branch: str) -> str:
        """Emit whether a branch has finished, at the bound on its tokens."""
        emit, state = self.emit, self.state
        status = emit.load_element("i64", state.status, branch)
        chain = emit.load_element("i64", state.chain, branch)
        cut = emit.load_element("i64", state.word(StateWord.CUT_OFF, "ptr"), chain)
        has_finished = emit.op(f"icmp eq i64 {status}, {FINISHED}")
        return emit.op(f"and i1 {has_finished}, {emit.op(f'icmp ne i64 {cut}, 0')}")

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
        """``and`` and ``or``: the right side is evaluated only where the left does not decide.

        A right side that costs no more than a jump is always evaluated; it has no effects.
        """
        emit = self.emit
        if is_cheap(node.right):
            left = self.value(node.left)
            return emit.op(f"{node.operator} i1 {left}, {self.value(node.right)}")
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
        if is_weighted_confidence(node.left) and not is_random(node):
            right = self.real(node.right)
            left = self.votes.of_set("confidence", node.left, right)
        else:
            left = self.as_type(node.left, wanted)
            right = self.as_type(node.right, wanted)
        return numbers.compare(self.emit, node.operator, KINDS[wanted], left, right)

    def _choice(self, node: tree.Conditional) -> str:
        wanted = self.type_of(node)
        if is_cheap(node.then) and is_cheap(node.otherwise):
            condition, then = self.value(node.condition), self.as_type(node.then, wanted)
            otherwise = self.as_type(node.otherwise, wanted)
            return self.emit.select(condition, KINDS[wanted], then, otherwise)
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
        first, second, end_label = emit.label("then"), emit.label("else"), emit.label("end")
        emit.branch(condition, first, second)
        emit.start_block(first)
        emit.store(kind, then(), result)
        emit.jump(end_label)
        emit.start_block(second)
        emit.store(kind, otherwise(), result)
        emit.start_block(end_label)
        return emit.load(kind, result)
