"""`advance` in a compiled program: interval by interval, or a whole burst of a branch at once."""

from dsl import tree
from dsl.compiler import set_kernels
from dsl.compiler.barrier import BarrierEmitter
from dsl.compiler.branch_sets import BranchSet
from dsl.compiler.branches import BranchEmitter
from dsl.compiler.expression_traits import is_steady
from dsl.compiler.expressions import ExpressionEmitter
from dsl.traversal import ungroup
from dsl.types import Type


class AdvanceEmitter:
    """Emits the advances of one program.

    Args:
        expressions: its expressions.
        branches: the actions.
        bounded: whether the budget may end an episode.
    """

    def __init__(
        self, expressions: ExpressionEmitter, branches: BranchEmitter, *, bounded: bool
    ) -> None:
        self._expressions = expressions
        self._state = expressions.state
        self._emit = expressions.emit
        self._branches = branches
        self._leaps = not bounded and not branches.shows_intervals

    def advance(self, statement: tree.Advance, barrier: BarrierEmitter) -> None:
        """Emit the actions of an advance.

        Args:
            statement: the advance.
            barrier: what it costs.
        """
        if self._leaps and (statement.burst is None or is_steady(statement.burst)):
            _LeapEmitter(self._expressions, self._branches, statement, barrier).advance()
        else:
            self._walk(statement, barrier)

    def _walk(self, statement: tree.Advance, barrier: BarrierEmitter) -> None:
        """Advance interval by interval: the budget may end after any of them."""
        emit, state, burst = self._emit, self._state, statement.burst
        members = self._expressions.sets.copied(self._expressions.sets.members(statement.branches))
        bursts: str | None = None
        if burst is not None and not is_steady(burst):
            bursts = self._bursts(members, burst)
        with emit.breakable(members.size) as (index, end_label):
            branch = state.member(members.pointer, index)
            with state.if_active(branch):
                if bursts is not None:
                    intervals = emit.load_element("i64", bursts, index)
                else:
                    intervals = "1" if burst is None else self._expressions.value_at(burst, branch)
                with barrier.branch(acts=False) as cut:
                    self._burst(statement, branch, intervals, barrier, cut)
            barrier.leave_if_exhausted(end_label)

    def _bursts(self, members: BranchSet, burst: tree.Expression) -> str:
        """Return the bursts of all, computed before any branch moves."""
        bursts = self._state.array()

        def enter(index: str, branch: str) -> None:
            with self._state.if_active(branch):
                value = self._expressions.value(burst)
                self._emit.store_element("i64", value, bursts, index)

        self._expressions.sets.of_each(members, enter)
        return bursts

    def _burst(
        self,
        statement: tree.Advance,
        branch: str,
        intervals: str,
        barrier: BarrierEmitter,
        cut: str,
    ) -> None:
        emit, state, branches = self._emit, self._state, self._branches
        last = emit.load_element("i64", state.last, branch)
        with emit.breakable(intervals) as (_, end_label):
            barrier.need(state.interval, cut)
            pointer = emit.element("i64", state.depth, branch)
            before = emit.load("i64", pointer)
            depth = emit.op(f"add i64 {before}, 1")
            emit.store("i64", depth, pointer)
            barrier.act()
            running, end = emit.label("run"), emit.label("finish")
            emit.branch(emit.op(f"icmp slt i64 {before}, {last}"), running, end)
            emit.start_block(end)
            branches.pay(branch, branches.last_stretch(branch, last))
            branches.finish(branch)
            barrier.thin_out()
            emit.jump(end_label)
            emit.start_block(running)
            branches.pay(branch, state.interval)
            branches.show_interval(branch, before)
            if statement.look:
                barrier.need(state.probe_cost, cut)
                branches.probe(branch, depth)


class _LeapEmitter:
    """Emits one advance in which each branch takes its burst in one step.

    The budget cannot end inside it, and nothing reads an interval but the answer at its end. So the
    order of the members matters only for those that finish: they alone are sorted, and they finish
    after the others have moved.

    Args:
        expressions: the expressions of the program.
        branches: the actions.
        statement: the advance.
        barrier: what it costs.
    """

    def __init__(
        self,
        expressions: ExpressionEmitter,
        branches: BranchEmitter,
        statement: tree.Advance,
        barrier: BarrierEmitter,
    ) -> None:
        self._expressions = expressions
        self._state = state = expressions.state
        self._emit = emit = expressions.emit
        self._branches = branches
        self._statement = statement
        self._barrier = barrier
        self._key: tree.Expression | None = None
        self._members = ungroup(statement.branches)
        if isinstance(self._members, tree.SortSet) and is_steady(self._members.key):
            self._key, self._members = self._members.key, self._members.branches
        self._ending, self._keys = state.array(), state.array()
        self._ended = emit.slot("i64", "0")

    def advance(self) -> None:
        emit, state = self._emit, self._state
        members = self._expressions.sets.members(self._members)
        with emit.loop(members.size) as index:
            branch = state.member(members.pointer, index)
            if members.all_active:
                self._leap(branch)
            else:
                with state.if_active(branch):
                    self._leap(branch)
        with emit.when(emit.op(f"icmp sgt i64 {emit.load('i64', self._ended)}, 0")):
            self._finish_ending()

    def _leap(self, branch: str) -> None:
        emit, state, burst = self._emit, self._state, self._statement.burst
        intervals = "1" if burst is None else self._expressions.value_at(burst, branch)
        pointer = emit.element("i64", state.depth, branch)
        before = emit.load("i64", pointer)
        last = emit.load_element("i64", state.last, branch)
        rest = emit.op(f"sub i64 {last}, {before}")
        ending, running, end_label = emit.label("ending"), emit.label("run"), emit.label("moved")
        emit.branch(emit.op(f"icmp sgt i64 {intervals}, {rest}"), ending, running)
        emit.start_block(ending)
        self._enter_ending(branch)
        stretch = self._branches.last_stretch(branch, last)
        self._move(branch, before, rest, stretch, finishes=True)
        emit.store("i64", emit.op(f"add i64 {last}, 1"), pointer)
        emit.jump(end_label)
        emit.start_block(running)
        if burst is not None:
            moving = emit.label("moving")
            emit.branch(emit.op(f"icmp sgt i64 {intervals}, 0"), moving, end_label)
            emit.start_block(moving)
        self._move(branch, before, intervals, "0", finishes=False)
        emit.store("i64", emit.op(f"add i64 {before}, {intervals}"), pointer)
        emit.start_block(end_label)

    def _enter_ending(self, branch: str) -> None:
        """Enter a branch among those that finish, with the key that it had before it moved."""
        emit, state = self._emit, self._state
        if self._key is not None:
            key = self._expressions.value_at(self._key, branch)
            emit.store_element(self._key_kind, key, self._keys, emit.load("i64", self._ended))
        state.append(self._ending, self._ended, branch)

    @property
    def _key_kind(self) -> str:
        assert self._key is not None
        return "i64" if self._expressions.type_of(self._key) is Type.INTEGER else "double"

    def _move(
        self, branch: str, before: str, intervals: str, stretch: str, *, finishes: bool
    ) -> None:
        """Emit what intervals reveal and cost.

        Args:
            branch: index of the branch.
            before: its depth before.
            intervals: how many intervals it moves that have a probe.
            stretch: tokens that it generates besides, at its end.
            finishes: whether it finishes after them.
        """
        emit, state, branches = self._emit, self._state, self._branches
        generated = emit.op(f"mul i64 {intervals}, {state.interval}")
        generated = emit.op(f"add i64 {generated}, {stretch}")
        branches.pay(branch, generated)
        probed = "0"
        if self._statement.look:
            probed = emit.op(f"mul i64 {intervals}, {state.probe_cost}")
            branches.charge(branch, probed)
            branches.reveal_intervals(branch, before, intervals, finishes=finishes)
        self._barrier.act()
        self._barrier.charge(emit.op(f"add i64 {generated}, {probed}"))

    def _finish_ending(self) -> None:
        emit, state = self._emit, self._state
        count = emit.load("i64", self._ended)
        if self._key is not None:
            kernel = (
                set_kernels.sort_integers if self._key_kind == "i64" else set_kernels.sort_reals
            )
            self._expressions.library.call(emit, kernel, self._ending, self._keys, count)
        with emit.loop(count) as index:
            self._branches.finish(state.member(self._ending, index))
        self._barrier.thin_out()
