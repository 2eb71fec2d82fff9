"""The function that writes a row of running values on: interval by interval of a chain."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from itertools import groupby
from typing import NamedTuple

from dsl import tree
from dsl.checker import CheckedProgram
from dsl.compiler import numbers
from dsl.compiler.emitter import Emitter
from dsl.compiler.expressions import KINDS, ExpressionEmitter
from dsl.compiler.interval_signals import running_signals
from dsl.compiler.memory_layout import StateWord
from dsl.compiler.state import EpisodeState
from dsl.compiler.variables import BranchWindowValues, ChainRow, PassedInterval, Variables
from dsl.interpreter.running import read_signals, running_lines

_SYMBOL = "@pass_chain"


def interval_table(state: EpisodeState, index: int) -> str:
    """Emit the address of a table of values by chain, or by branch, and interval."""
    emit = state.emit
    cells = emit.op(f"mul i64 {state.size}, {state.width}")
    offset = emit.op(f"mul i64 {cells}, {index}")
    return emit.element("i64", state.word(StateWord.INTERVAL_TABLES, "ptr"), offset)


class RowPart(NamedTuple):
    """A part of a row that is to be written."""

    chain: str
    row: str
    tokens: str
    """What the branch has now, if the program reads its tokens."""
    start: str
    """How many intervals are written already."""
    end: str
    """How many are to be written in all; one more than the chain has probes for all."""


class RowFunction:
    """The function of one program.

    Its arguments are the words, a part of a row, and for each line its first value or, for a branch
    window, how many values that keeps.

    Args:
        checked: the program.
        play: the expressions of the function that calls it.
        load_inputs: emits what a program is given.
    """

    def __init__(
        self,
        checked: CheckedProgram,
        play: ExpressionEmitter,
        load_inputs: Callable[[EpisodeState, Variables], None],
    ):
        self._lines = running_lines(checked.program)
        self._read = {line: read_signals(checked, line) for line in self._lines}
        kinds = [self._kind(play, line) for line in self._lines]
        first = "".join(f", {kind} %first{index}" for index, kind in enumerate(kinds))
        part = "".join(f", i64 %{name}" for name in RowPart._fields)
        head = f"ptr noalias %words{part}{first}"
        self._emit = emit = Emitter(f"internal void {_SYMBOL}({head})")
        self._state = state = EpisodeState(emit, play.state.uses)
        self._variables = variables = Variables()
        load_inputs(state, variables)
        self._expressions = ExpressionEmitter(checked, state, play.library, variables)
        self._expressions.kept_results = play.kept_results.in_function(
            state.word(StateWord.KEPT_RESULTS, "ptr")
        )
        self._signals = running_signals(checked, state)
        self._kinds = kinds
        self._tables = [interval_table(state, index) for index in range(len(self._lines))]

    def _kind(self, play: ExpressionEmitter, line: tree.Running) -> str:
        return "i64" if isinstance(line, tree.BranchWindow) else KINDS[play.type_of(line.value)]

    def call(self, play: ExpressionEmitter, part: RowPart) -> None:
        """Emit a call in the function of other expressions."""
        emit, variables = play.emit, play.variables
        arguments = ["ptr %words", *(f"i64 {value}" for value in part)]
        for line, kind in zip(self._lines, self._kinds, strict=True):
            name = line.name.text
            slot = (
                variables.branch_windows[name].capacity
                if isinstance(line, tree.BranchWindow)
                else variables.first_fields[name]
            )
            arguments.append(f"{kind} {emit.load(kind, slot)}")
        emit.do(f"call void {_SYMBOL}({', '.join(arguments)})")

    def text(self) -> str:
        """Return the whole function."""
        emit, state = self._emit, self._state
        last = emit.load_element("i64", state.probes, "%chain")
        row = ChainRow("%chain", last, emit.op(f"mul i64 %row, {state.width}"))
        signals = emit.op(f"mul i64 %chain, {state.width}")
        self._hold_values(row)
        inner = emit.op(f"sub i64 {numbers.smallest(emit, 'i64', '%end', last)}, %start")
        with emit.loop(inner) as passed:
            self._pass_interval(row, signals, emit.op(f"add i64 %start, {passed}"), is_last=False)
        with emit.when(emit.op(f"icmp sgt i64 %end, {last}")):
            self._pass_interval(row, signals, last, is_last=True)
        emit.give("void")
        return emit.text()

    def _hold_values(self, row: ChainRow) -> None:
        """Emit the values before the first interval that is passed: the first, or those written."""
        emit = self._emit
        begins = emit.op("icmp eq i64 %start, 0")
        before = emit.select(begins, "i64", "0", emit.op("sub i64 %start, 1"))
        cell = emit.op(f"add i64 {row.start}, {before}")
        for index, (line, kind) in enumerate(zip(self._lines, self._kinds, strict=True)):
            name, first, table = line.name.text, f"%first{index}", self._tables[index]
            if isinstance(line, tree.BranchWindow):
                limits = tuple(self._signals[read].counts for read in self._read[line])
                self._variables.branch_windows[name] = BranchWindowValues(
                    table, emit.slot(kind, first), limits
                )
                continue
            written = emit.load_element("i64" if kind == "i1" else kind, table, cell)
            if kind == "i1":
                written = emit.op(f"icmp ne i64 {written}, 0")
            value = emit.select(begins, kind, first, written)
            self._expressions.held[name] = emit.slot(kind, value)

    def _pass_interval(self, row: ChainRow, signals: str, index: str, *, is_last: bool) -> None:
        """Emit what one interval makes of the running values.

        Args:
            row: the chain.
            signals: where its signals begin in their tables.
            index: the interval, from 0.
            is_last: whether it ends the chain.
        """
        emit, expressions = self._emit, self._expressions
        depth = emit.op(f"add i64 {index}, 1")
        tokens = "%tokens" if is_last else emit.op(f"mul i64 {depth}, {self._state.interval}")
        passed = PassedInterval(row, depth, tokens, is_last, {}, set())
        expressions.branch, expressions.passed = "%row", passed
        source, cell = (emit.op(f"add i64 {start}, {index}") for start in (signals, row.start))
        for names, lines in groupby(self._lines, self._read.__getitem__):
            # Only the last interval can lack a value.
            can_lack = bool(names) and is_last
            with self._if_valued(names, index) if can_lack else nullcontext():
                for name in names:
                    value = emit.load_element("double", self._signals[name].values, source)
                    passed.signals[name] = value
                for line in lines:
                    self._pass(line, cell, passed)
        self._store(cell)

    def _if_valued(self, names: tuple[str, ...], index: str) -> AbstractContextManager[None]:
        """Guard what is emitted inside by whether an interval has a value of each signal."""
        emit = self._emit
        result = "true"
        for name in names:
            count = emit.load_element("i64", self._signals[name].counts, "%chain")
            flag = emit.op(f"icmp slt i64 {index}, {count}")
            result = emit.op(f"and i1 {result}, {flag}")
        return emit.when(result)

    def _pass(self, line: tree.Running, cell: str, passed: PassedInterval) -> None:
        expressions, name = self._expressions, line.name.text
        if isinstance(line, tree.BranchWindow):
            value = expressions.real(line.following)
            table = expressions.variables.branch_windows[name].values
            self._emit.store_element("double", value, table, cell)
            passed.pushed.add(name)
            return
        kind = expressions.type_of(line.value)
        value = expressions.as_type(line.following, kind)
        self._emit.store(KINDS[kind], value, expressions.held[name])

    def _store(self, cell: str) -> None:
        """Emit the values after an interval, whether or not it changed them."""
        emit = self._emit
        for index, line in enumerate(self._lines):
            if isinstance(line, tree.BranchWindow):
                continue
            kind = self._kinds[index]
            value = emit.load(kind, self._expressions.held[line.name.text])
            if kind == "i1":
                value, kind = emit.op(f"zext i1 {value} to i64"), "i64"
            emit.store_element(kind, value, self._tables[index], cell)
