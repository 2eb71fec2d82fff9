"""Sets of branches in a compiled program: arrays of branch indices in the working memory."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from dsl import tree
from dsl.checker import CheckedProgram, Role
from dsl.compiler import numbers, set_kernels
from dsl.compiler.lanes import LaneEmitter
from dsl.compiler.state import PRUNED
from dsl.traversal import ungroup
from dsl.types import Type

if TYPE_CHECKING:
    from dsl.compiler.expressions import ExpressionEmitter


class BranchSet(NamedTuple):
    """A set: its members in order."""

    pointer: str
    size: str
    live: bool = False
    """It is a list that later statements change in place."""
    all_active: bool = False
    """Every member is active."""


class SetEmitter:
    """Emits the expressions of one program that are sets.

    Args:
        expressions: the emitter of the scalars in them.
        checked: the program.
    """

    def __init__(self, expressions: "ExpressionEmitter", checked: CheckedProgram):
        self._expressions = expressions
        self._emit = expressions.emit
        self._state = expressions.state
        self._symbols = checked.symbols
        self._lanes = LaneEmitter(expressions, checked)

    def members(self, node: tree.Expression) -> BranchSet:
        """Emit a set of branches."""
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
            case tree.OnceSet():
                return self._once(node)
            case tree.TakeFirst():
                return self._first(node)
            case tree.CurrentBranch():
                return self._current_branch()
            case tree.Conditional():
                return self._chosen_set(node)
        raise AssertionError(node)

    def count(self, node: tree.Expression) -> str:
        """Emit how many branches a set holds."""
        node = ungroup(node)
        if isinstance(node, tree.Name) and self._symbols[node].role is not Role.LET:
            if node.text == "alive":
                return self.count_alive()
            if node.text == "pruned":
                return self._emit.load("i64", self._state.pruned_count)
        if isinstance(node, tree.FilterSet):
            if self._lanes.can_count(node):
                return self._lanes.count(node)
            return self._count_filtered(node)
        return self.members(node).size

    def _count_filtered(self, node: tree.FilterSet) -> str:
        emit, members = self._emit, self.members(node.branches)
        total = emit.slot("i64", "0")
        with emit.loop(members.size) as index:
            branch = self._state.member(members.pointer, index)
            holds = self._expressions.value_at(node.condition, branch)
            emit.bump(total, emit.op(f"zext i1 {holds} to i64"))
        return emit.load("i64", total)

    def copied(self, members: BranchSet) -> BranchSet:
        """Emit a copy of a set if verbs change it; else return the set itself."""
        if not members.live:
            return members
        emit, own = self._emit, self._state.array()
        with emit.loop(members.size) as index:
            emit.store_element("i32", emit.load_element("i32", members.pointer, index), own, index)
        return BranchSet(own, members.size)

    def _named_set(self, node: tree.Name) -> BranchSet:
        emit, state = self._emit, self._state
        if self._symbols[node].role is Role.LET:
            slots = self._expressions.variables.lets[node.text]
            assert isinstance(slots, tuple)
            return BranchSet(emit.load("ptr", slots[0]), emit.load("i64", slots[1]))
        opened = emit.load("i64", state.opened)
        match node.text:
            case "opened":
                return BranchSet(state.all, opened)
            case "active":
                count = emit.load("i64", state.active_count)
                return BranchSet(state.active, count, live=True, all_active=True)
            case "finished":
                return BranchSet(state.finished, emit.load("i64", state.finished_count))
            case "alive" if not state.uses.prune:
                return BranchSet(state.all, opened)
            case "alive":
                return self._alive(opened)
        return self._by_status(opened, "eq", state.array())

    def _by_status(self, opened: str, sign: str, own: str) -> BranchSet:
        """Emit the branches that are pruned (``eq``) or alive (``ne``), into an array."""
        emit, state = self._emit, self._state

        def keep(branch: str) -> str:
            status = emit.load_element("i64", state.status, branch)
            return emit.op(f"icmp {sign} i64 {status}, {PRUNED}")

        return self._filtered_into(own, BranchSet(state.all, opened), keep)

    def _alive(self, opened: str) -> BranchSet:
        """Emit the list of those alive, made again only where branches were opened or pruned."""
        emit, state = self._emit, self._state
        pruned = emit.load("i64", state.pruned_count)
        more = emit.op(f"icmp ne i64 {emit.load('i64', state.alive_opened)}, {opened}")
        fewer = emit.op(f"icmp ne i64 {emit.load('i64', state.alive_pruned)}, {pruned}")
        with emit.when(emit.op(f"or i1 {more}, {fewer}")):
            self._by_status(opened, "ne", state.alive)
            emit.store("i64", opened, state.alive_opened)
            emit.store("i64", pruned, state.alive_pruned)
        return BranchSet(state.alive, self.count_alive(), live=True)

    def count_alive(self) -> str:
        """Emit how many branches are alive."""
        emit, state = self._emit, self._state
        opened = emit.load("i64", state.opened)
        return emit.op(f"sub i64 {opened}, {emit.load('i64', state.pruned_count)}")

    def filtered(self, members: BranchSet, keep: Callable[[str], str]) -> BranchSet:
        """Emit the members for which a condition holds."""
        return self._filtered_into(self._state.array(), members, keep)

    def _filtered_into(self, own: str, members: BranchSet, keep: Callable[[str], str]) -> BranchSet:
        emit, count = self._emit, self._emit.slot("i64")
        emit.store("i64", "0", count)
        with emit.loop(members.size) as index:
            branch = self._state.member(members.pointer, index)
            self._state.append_if(keep(branch), own, count, branch)
        return BranchSet(own, emit.load("i64", count))

    def of_each(self, members: BranchSet, action: Callable[[str, str], None]) -> None:
        """Emit code for each member, with its index and itself; a dot refers to it."""
        outside = self._expressions.branch
        with self._emit.loop(members.size) as index:
            branch = self._state.member(members.pointer, index)
            self._expressions.branch = branch
            action(index, branch)
        self._expressions.branch = outside

    def _where(self, node: tree.FilterSet) -> BranchSet:
        members = self.members(node.branches)

        return self.filtered(
            members, lambda branch: self._expressions.value_at(node.condition, branch)
        )

    def _by(self, node: tree.SortSet) -> BranchSet:
        emit = self._emit
        members = self.members(node.branches)
        own, keys = self._state.array(), self._state.array()
        integers = self._expressions.type_of(node.key) is Type.INTEGER
        kind = "i64" if integers else "double"

        def enter(index: str, branch: str) -> None:
            emit.store_element(kind, self._expressions.value(node.key), keys, index)
            emit.store_element("i32", emit.op(f"trunc i64 {branch} to i32"), own, index)

        self.of_each(members, enter)
        sort = set_kernels.sort_integers if integers else set_kernels.sort_reals
        self._expressions.library.call(emit, sort, own, keys, members.size)
        return BranchSet(own, members.size)

    def _except(self, node: tree.ExcludeSet) -> BranchSet:
        members = self.members(node.branches)
        without = self.members(node.without)
        own = self._state.array()
        count = self._expressions.library.call(
            self._emit, set_kernels.subtract, members.pointer, members.size, without.pointer,
            without.size, self._state.marks, own,
        )  # fmt: skip
        return BranchSet(own, count)

    def _once(self, node: tree.OnceSet) -> BranchSet:
        state = self._state
        members = self.members(node.branches)
        own = state.array()
        count = self._expressions.library.call(
            self._emit, set_kernels.once, members.pointer, members.size, state.answer,
            state.vote_arrays[2], own,
        )  # fmt: skip
        return BranchSet(own, count)

    def _current_branch(self) -> BranchSet:
        emit, own = self._emit, self._state.array()
        branch = emit.op(f"trunc i64 {self._expressions.current_branch()} to i32")
        emit.store_element("i32", branch, own, "0")
        return BranchSet(own, "1")

    def _first(self, node: tree.TakeFirst) -> BranchSet:
        emit = self._emit
        wanted = numbers.largest(emit, "i64", self._expressions.value(node.count), "0")
        members = self.members(node.branches)
        return members._replace(size=numbers.smallest(emit, "i64", members.size, wanted))

    def _chosen_set(self, node: tree.Conditional) -> BranchSet:
        emit = self._emit
        pointer, count = emit.slot("ptr"), emit.slot("i64")
        condition = self._expressions.value(node.condition)
        first, second, end_label = emit.label("then"), emit.label("else"), emit.label("end")
        emit.branch(condition, first, second)
        live, all_active = False, True
        for label, part in ((first, node.then), (second, node.otherwise)):
            emit.start_block(label)
            members = self.members(part)
            live = live or members.live
            all_active = all_active and members.all_active
            emit.store("ptr", members.pointer, pointer)
            emit.store("i64", members.size, count)
            emit.jump(end_label)
        emit.start_block(end_label)
        return BranchSet(emit.load("ptr", pointer), emit.load("i64", count), live, all_active)
