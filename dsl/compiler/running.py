"""Running values in a compiled program: tables of what the intervals of a chain make of them.

What an interval makes of a running value follows from its chain alone, and from what an episode
begins with. So a row of values is written when a chain is opened for the first time, for all its
intervals, and serves all seeds. A verb does nothing for running values; the depth of a branch is
where to read.
"""

from collections.abc import Callable
from contextlib import nullcontext

from dsl import tree
from dsl.checker import CheckedProgram
from dsl.compiler import numbers
from dsl.compiler.expressions import ExpressionEmitter
from dsl.compiler.interval_signals import running_signals
from dsl.compiler.running_rows import RowFunction, interval_table
from dsl.compiler.state import EpisodeState
from dsl.compiler.variables import BranchWindowValues, Variables
from dsl.interpreter.running import read_signals, running_lines
from dsl.traversal import walk

_OF_BRANCHES = frozenset({".index", ".tokens"})
"""What can differ between two branches that read the same chain."""


class RunningTables:
    """The tables of the running values and branch windows of one program, in source order.

    Args:
        checked: the program.
        expressions: its expressions.
        load_inputs: emits what a program is given, in another function.
    """

    def __init__(
        self,
        checked: CheckedProgram,
        expressions: ExpressionEmitter,
        load_inputs: Callable[[EpisodeState, Variables], None],
    ):
        self._expressions = expressions
        self._state = expressions.state
        self._emit = expressions.emit
        self._lines = running_lines(checked.program)
        read = {node.text for line in self._lines for node in walk(line.following)
                if isinstance(node, tree.Field)}  # fmt: skip
        self._by_branch = bool(read & _OF_BRANCHES)
        if self._lines:
            self._row = RowFunction(checked, expressions, load_inputs)
            self._lay_out(checked)

    def __bool__(self) -> bool:
        return bool(self._lines)

    @property
    def count(self) -> int:
        """How many tables there are."""
        return len(self._lines)

    def _lay_out(self, checked: CheckedProgram) -> None:
        emit, state, variables = self._emit, self._state, self._expressions.variables
        self._filled = state.array()
        variables.row_by_branch = self._by_branch
        signals = running_signals(checked, state)
        for index, line in enumerate(self._lines):
            name, table = line.name.text, interval_table(state, index)
            if isinstance(line, tree.BranchWindow):
                limits = tuple(signals[read].counts for read in read_signals(checked, line))
                variables.branch_windows[name] = BranchWindowValues(table, emit.slot("i64"), limits)
            else:
                variables.running[name] = table

    def begin_question(self) -> None:
        """Emit the start of a question: no chain has a row."""
        if not self._lines:
            return
        with self._emit.loop(self._state.size) as chain:
            self._emit.store_element("i64", "0", self._filled, chain)

    def enter(self, branch: str, *, whole: bool) -> None:
        """Emit what a branch that is opened needs: the row of its chain.

        Args:
            branch: index of the branch.
            whole: whether it is read to its end at once, for the tokens of its chain.
        """
        if not self._lines:
            return
        emit, state = self._emit, self._state
        chain = emit.load_element("i64", state.chain, branch)
        filled = emit.load_element("i64", self._filled, chain)
        missing = emit.op(f"icmp eq i64 {filled}, 0")
        with nullcontext() if self._by_branch else emit.when(missing):
            tokens = emit.load_element("i64", state.chain_tokens, chain)
            if not whole:
                last = emit.load_element("i64", state.last, branch)
                stepped = emit.op(f"mul i64 {last}, {state.interval}")
                tokens = numbers.largest(emit, "i64", tokens, stepped)
            row = branch if self._by_branch else chain
            self._row.call(self._expressions, chain, row, tokens)
            emit.store_element("i64", "1", self._filled, chain)

    def text(self) -> str:
        """Return the function that writes a row; empty if there are no running values."""
        return self._row.text() if self._lines else ""
