"""Running values in a compiled program: tables of what the intervals of a chain make of them.

What an interval makes of a running value follows from its chain alone, and from what an episode
begins with. So a chain has a row of values, which serves all seeds. A verb does nothing for running
values. A program that reads one writes the row on, as far as the branch has come, unless an earlier
episode has done so; the depth of the branch is where to read.
"""

from collections.abc import Callable

from dsl import tree
from dsl.checker import CheckedProgram
from dsl.compiler.expressions import ExpressionEmitter
from dsl.compiler.interval_signals import running_signals
from dsl.compiler.running_rows import RowFunction, RowPart, interval_table
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
            expressions.fill_row = self.fill

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

    def enter(self, branch: str) -> None:
        """Emit what a branch that is opened needs: an empty row, if it has one of its own."""
        if self._lines and self._by_branch:
            self._emit.store_element("i64", "0", self._filled, branch)

    def fill(self, branch: str) -> None:
        """Emit what writes the row of a branch on, as far as the branch has come."""
        emit, state = self._emit, self._state
        chain = emit.load_element("i64", state.chain, branch)
        row = branch if self._by_branch else chain
        pointer = emit.element("i64", self._filled, row)
        filled, depth = emit.load("i64", pointer), emit.load_element("i64", state.depth, branch)
        with emit.when(emit.op(f"icmp slt i64 {filled}, {depth}")):
            tokens = "0"
            if state.uses.tokens:
                tokens = emit.load_element("i64", state.tokens, branch)
            self._row.call(self._expressions, RowPart(chain, row, tokens, filled, depth))
            emit.store("i64", depth, pointer)

    def text(self) -> str:
        """Return the function that writes a row; empty if there are no running values."""
        return self._row.text() if self._lines else ""
