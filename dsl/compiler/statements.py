"""Statements of a compiled program; each does what the interpreter's does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import assert_never

from dsl import tree
from dsl.checker import CheckedProgram
from dsl.compiler import numbers
from dsl.compiler.advances import AdvanceEmitter
from dsl.compiler.barrier import BarrierEmitter
from dsl.compiler.branch_sets import BranchSet
from dsl.compiler.branches import BranchEmitter
from dsl.compiler.expressions import KINDS, ExpressionEmitter
from dsl.compiler.hindsight_results import HindsightEmitter
from dsl.compiler.state import NONE, PRUNED
from dsl.interpreter.statements import first_on_lines
from dsl.types import Type


class LineCounters:
    """The arrays in which a program counts what its lines do."""

    def __init__(self, runs: str, tokens: str):
        self.runs = runs
        self.tokens = tokens


class StatementEmitter:
    """Emits the statements of one program.

    Args:
        checked: the program.
        expressions: its expressions.
        branches: the actions.
        new_branch: what is done for each branch that a verb opens.
        to_finally: the label of `finally`.
        done: the label after the episode.
        counters: where given, lines are counted.
        hindsight: where given, it is kept up after each barrier.
        bounded: whether the budget may end an episode.
    """

    def __init__(
        self,
        checked: CheckedProgram,
        expressions: ExpressionEmitter,
        branches: BranchEmitter,
        new_branch: Callable[[str], None],
        to_finally: str,
        done: str,
        counters: LineCounters | None,
        hindsight: HindsightEmitter | None,
        *,
        bounded: bool,
    ):
        self._checked = checked
        self._expressions = expressions
        self._state = expressions.state
        self._emit = expressions.emit
        self._votes = expressions.votes.shared
        self._branches = branches
        self._new_branch = new_branch
        self._finally = to_finally
        self._done = done
        self._counters = counters
        self._hindsight = hindsight
        self._bounded = bounded
        self._advances = AdvanceEmitter(expressions, branches, bounded=bounded)
        self._first = {} if counters is None else first_on_lines(checked)

    def block(self, block: tree.Block) -> None:
        """Statements one after the other."""
        for statement in block.statements:
            if self._counters is not None and statement in self._first:
                line = str(self._first[statement])
                self._emit.bump(self._emit.element("i64", self._counters.runs, line))
            self._statement(statement)

    def _statement(self, statement: tree.Statement) -> None:
        match statement:
            case tree.Let():
                self._let(statement)
                self._votes.forget(self._checked.symbols[statement.name])
            case tree.Assign():
                self._assign(statement)
            case tree.SetField():
                symbol = self._checked.symbols[statement.field]
                value = self._expressions.as_type(statement.value, symbol.type)
                branch = self._expressions.current_branch()
                self._expressions.store_field(symbol.name, symbol.type, value, branch)
                self._votes.forget(symbol)
            case tree.Push():
                self._push(statement)
            case tree.If():
                self._if(statement)
            case tree.Update():
                members = self._expressions.sets.members(statement.branches)
                self._expressions.sets.of_each(members, lambda _, __: self.block(statement.body))
            case tree.Answer():
                self._answer(statement)
            case tree.Stop():
                self._emit.store("i64", self._line(statement), self._state.stopped)
                self._emit.jump(self._finally)
                self._emit.start_block(self._emit.label("after"))
            case tree.Open() | tree.Sample():
                self._open_or_sample(statement)
            case tree.Advance():
                self._advance(statement)
            case tree.Probe():
                self._probe(statement)
            case tree.Prune():
                self._prune(statement)
            case _:
                assert_never(statement)

    def _line(self, statement: tree.Statement) -> str:
        return str(self._checked.source.position(statement.span.start).line)

    # Memory

    def _let(self, statement: tree.Let) -> None:
        emit, name = self._emit, statement.name.text
        lets = self._expressions.variables.lets
        value = statement.value
        if isinstance(value, tree.Open | tree.Sample):
            members = self._open_or_sample(value)
        elif self._expressions.type_of(value) is Type.BRANCHES:
            members = self._expressions.sets.copied(self._expressions.sets.members(value))
        else:
            kind = KINDS[self._expressions.type_of(value)]
            result, slot = self._expressions.value(value), emit.slot(kind)
            emit.store(kind, result, slot)
            lets[name] = slot
            return
        pointer, count = emit.slot("ptr"), emit.slot("i64")
        emit.store("ptr", members.pointer, pointer)
        emit.store("i64", members.size, count)
        lets[name] = (pointer, count)

    def _assign(self, statement: tree.Assign) -> None:
        symbol = self._checked.symbols[statement.name]
        value = self._expressions.as_type(statement.value, symbol.type)
        slot = self._expressions.variables.cells[symbol.name]
        self._emit.store(KINDS[symbol.type], value, slot)
        self._votes.forget(symbol)

    def _push(self, statement: tree.Push) -> None:
        emit = self._emit
        window = self._expressions.variables.windows[statement.window.text]
        value = self._expressions.real(statement.value)
        count, size = emit.load("i64", window.length), emit.load("i64", window.capacity)
        start = emit.load("i64", window.start)
        index = emit.op(f"add i64 {start}, {count}")
        over = emit.op(f"icmp sge i64 {index}, {size}")
        index = emit.select(over, "i64", emit.op(f"sub i64 {index}, {size}"), index)
        emit.store_element("double", value, window.values, index)
        full = emit.op(f"icmp sge i64 {count}, {size}")
        more = emit.op(f"add i64 {count}, 1")
        emit.store("i64", emit.select(full, "i64", count, more), window.length)
        next_start = emit.op(f"add i64 {start}, 1")
        wraps = emit.op(f"icmp sge i64 {next_start}, {size}")
        wrapped = emit.select(wraps, "i64", "0", next_start)
        emit.store("i64", emit.select(full, "i64", wrapped, start), window.start)
        self._votes.forget(self._checked.symbols[statement.window])

    # Control

    def _if(self, statement: tree.If) -> None:
        emit = self._emit
        condition = self._expressions.value(statement.condition)
        then, otherwise, end_label = emit.label("then"), emit.label("else"), emit.label("end")
        emit.branch(condition, then, otherwise)
        emit.start_block(then)
        self.block(statement.then)
        emit.jump(end_label)
        emit.start_block(otherwise)
        match statement.otherwise:
            case tree.Block() as block:
                self.block(block)
            case tree.If() as chained:
                # As a block of its own, so that its line is counted.
                self.block(tree.Block(chained.span, (chained,)))
        emit.start_block(end_label)

    def _answer(self, statement: tree.Answer) -> None:
        emit, state = self._emit, self._state
        answer = emit.slot("i64")
        emit.store("i64", NONE, answer)
        end_label = emit.label("end")
        for choice in statement.choices:
            candidate = self._expressions.value(choice)
            emit.store("i64", candidate, answer)
            following = emit.label("else")
            emit.branch(emit.op(f"icmp eq i64 {candidate}, {NONE}"), following, end_label)
            emit.start_block(following)
        emit.start_block(end_label)
        chosen = emit.load("i64", answer)
        emit.store("i32", emit.op(f"trunc i64 {chosen} to i32"), state.result)
        emit.store("i64", self._line(statement), state.line)
        emit.jump(self._done)
        emit.start_block(emit.label("after"))

    # Verbs

    @contextmanager
    def _verb(self, statement: tree.Statement) -> Iterator[BarrierEmitter]:
        """One barrier: what it cost is entered after it, and it may end in `finally`."""
        emit, state = self._emit, self._state
        before = emit.load("i64", state.spent)
        barrier = BarrierEmitter(self._expressions, bounded=self._bounded)
        yield barrier
        after = emit.load("i64", state.spent)
        critical = emit.load("i64", barrier.critical)
        emit.bump(state.sequential, critical)
        acted = emit.load("i1", barrier.acted)
        emit.bump(state.rounds, emit.op(f"zext i1 {acted} to i64"))
        if self._hindsight is not None:
            with emit.when(acted):
                self._hindsight.end_barrier()
        if self._counters is not None:
            pointer = emit.element("i64", self._counters.tokens, self._line(statement))
            emit.bump(pointer, emit.op(f"sub i64 {after}, {before}"))
        self._votes.forget_if(emit.load("i1", barrier.acted))
        if barrier.thins:
            with emit.when(emit.load("i1", barrier.thinned)):
                self._branches.compact()
        if self._bounded:
            with emit.when(emit.load("i1", barrier.exhausted)):
                emit.store("i64", self._line(statement), state.stopped)
                emit.jump(self._finally)

    def _open_or_sample(self, statement: tree.Open | tree.Sample) -> BranchSet:
        emit, state = self._emit, self._state
        wanted = self._expressions.value(statement.count)
        most = numbers.smallest(emit, "i64", wanted, self._expressions.available())
        first = emit.load("i64", state.opened)
        with self._verb(statement) as barrier, emit.breakable(most) as (_, end_label):
            if isinstance(statement, tree.Sample):
                self._read(barrier, end_label)
            else:
                self._open(statement, barrier, end_label)
        opened = emit.op(f"sub i64 {emit.load('i64', state.opened)}, {first}")
        return BranchSet(emit.element("i32", state.all, first), opened)

    def _read(self, barrier: BarrierEmitter, end_label: str) -> None:
        emit, state = self._emit, self._state
        barrier.need_any(end_label)
        with barrier.branch():
            branch = self._branches.new(whole=True)
            self._new_branch(branch)
            chain = emit.load_element("i64", state.chain, branch)
            self._branches.pay(branch, emit.load_element("i64", state.chain_tokens, chain))
            self._branches.finish(branch)

    def _open(self, statement: tree.Open, barrier: BarrierEmitter, end_label: str) -> None:
        emit, state, branches = self._emit, self._state, self._branches
        barrier.need(state.interval, end_label)
        with barrier.branch() as cut:
            branch = branches.new(whole=False)
            self._new_branch(branch)
            last = emit.load_element("i64", state.last, branch)
            running, ended, end = emit.label("run"), emit.label("ended"), emit.label("end")
            emit.branch(emit.op(f"icmp sgt i64 {last}, 0"), running, ended)
            emit.start_block(ended)
            chain = emit.load_element("i64", state.chain, branch)
            branches.pay(branch, emit.load_element("i64", state.chain_tokens, chain))
            branches.finish(branch)
            emit.jump(end)
            emit.start_block(running)
            branches.pay(branch, state.interval)
            branches.show_interval(branch, "0")
            state.append(state.active, state.active_count, branch)
            if statement.look:
                barrier.need(state.probe_cost, cut)
                branches.probe(branch, "1")
            emit.start_block(end)
        barrier.leave_if_exhausted(end_label)

    def _advance(self, statement: tree.Advance) -> None:
        with self._verb(statement) as barrier:
            self._advances.advance(statement, barrier)

    def _probe(self, statement: tree.Probe) -> None:
        emit, state, branches = self._emit, self._state, self._branches
        members = self._expressions.sets.members(statement.branches)
        with self._verb(statement) as barrier, emit.breakable(members.size) as (index, end_label):
            branch = state.member(members.pointer, index)
            depth = emit.load_element("i64", state.depth, branch)
            revealed = emit.load_element("i64", state.seen, branch)
            unseen = emit.op(f"icmp ne i64 {revealed}, {depth}")
            with state.if_active(branch), emit.when(unseen):
                barrier.need(state.probe_cost, end_label)
                with barrier.branch():
                    branches.probe(branch, depth)

    def _prune(self, statement: tree.Prune) -> None:
        emit, state = self._emit, self._state
        members = self._expressions.sets.members(statement.branches)
        with self._verb(statement) as barrier, emit.loop(members.size) as index:
            branch = state.member(members.pointer, index)
            with state.if_active(branch):
                emit.store_element("i64", PRUNED, state.status, branch)
                emit.bump(state.pruned_count)
                barrier.act()
                barrier.thin_out()
