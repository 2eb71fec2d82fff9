"""Running values in a compiled program: what each interval that a branch passes makes of them."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import groupby

from dsl import tree
from dsl.checker import CheckedProgram
from dsl.compiler.expressions import KINDS, ExpressionEmitter, PassedInterval
from dsl.compiler.memory_layout import SignalWord, StateWord, signal_word
from dsl.compiler.state import named_signals
from dsl.interpreter.running import read_signals, running_lines

SIGNAL_WORDS = {
    "entropy": (StateWord.ENTROPY, StateWord.PROBES),
    "logprob": (StateWord.LOGPROB, StateWord.LOGPROB_COUNT),
    "top_logprob": (StateWord.TOP_LOGPROB, StateWord.TOP_LOGPROB_COUNT),
}
"""The words of the values of each signal, and of how many each chain has."""


class RunningEmitter:
    """Emits the running values and branch windows of one program, in source order.

    Args:
        checked: the program.
        expressions: its expressions.
    """

    def __init__(self, checked: CheckedProgram, expressions: ExpressionEmitter):
        self._expressions = expressions
        self._symbols = checked.symbols
        self._lines = running_lines(checked.program)
        self._read = {line: read_signals(checked, line) for line in self._lines}
        state = expressions.state
        words = {
            name: (signal_word(index, SignalWord.VALUES), signal_word(index, SignalWord.COUNTS))
            for index, name in enumerate(named_signals(checked))
        }
        words |= SIGNAL_WORDS
        read = dict.fromkeys(name for names in self._read.values() for name in names)
        self._signals = {
            name: tuple(state.word(word, "ptr") for word in words[name]) for name in sorted(read)
        }

    def __bool__(self) -> bool:
        return bool(self._lines)

    def limits(self, line: tree.Running) -> tuple[str, ...]:
        """Return, for each signal that a line reads, the array of how many each chain has."""
        return tuple(self._signals[name][1] for name in self._read[line])

    def pass_intervals(self, branch: str, count: str) -> None:
        """Emit the first ``count`` intervals of a branch, none of them the last."""
        with self._held(branch), self._expressions.emit.loop(count) as index:
            self.pass_interval(branch, index, is_last=False)

    @contextmanager
    def _held(self, branch: str) -> Iterator[None]:
        """Hold the running values of a branch in slots, and store them after what is inside."""
        expressions, emit = self._expressions, self._expressions.emit
        kinds = {
            line.name.text: expressions.type_of(line.value)
            for line in self._lines
            if isinstance(line, tree.RunningValue)
        }
        slots = {}
        for name, kind in kinds.items():
            slots[name] = emit.slot(KINDS[kind], expressions.load_field(name, kind, branch))
        expressions.held.update(slots)
        yield
        expressions.held.clear()
        for name, kind in kinds.items():
            expressions.store_field(name, kind, emit.load(KINDS[kind], slots[name]), branch)

    def pass_interval(self, branch: str, index: str, *, is_last: bool) -> None:
        """Emit what one interval makes of the running values of a branch.

        Args:
            branch: index of the branch.
            index: the interval, from 0.
            is_last: whether the interval ends the branch.
        """
        emit, expressions = self._expressions.emit, self._expressions
        depth = emit.op(f"add i64 {index}, 1")
        passed = PassedInterval(depth, is_last, {}, set())
        outside = expressions.branch, expressions.passed
        expressions.branch, expressions.passed = branch, passed
        for signals, lines in groupby(self._lines, self._read.__getitem__):
            # Only the last interval can lack a value.
            can_lack = bool(signals) and is_last
            with self._if_valued(signals, branch, index) if can_lack else nullcontext():
                passed.signals.update(self._load(signals, branch, index))
                for line in lines:
                    self._pass(line, branch, index, passed)
        expressions.branch, expressions.passed = outside

    def _if_valued(
        self, signals: tuple[str, ...], branch: str, index: str
    ) -> AbstractContextManager[None]:
        """Guard what is emitted inside by whether an interval has a value of each signal."""
        emit, state = self._expressions.emit, self._expressions.state
        chain = emit.load_element("i64", state.chain, branch)
        counts = [emit.load_element("i64", self._signals[name][1], chain) for name in signals]
        flags = [emit.op(f"icmp slt i64 {index}, {count}") for count in counts]
        result = flags[0]
        for flag in flags[1:]:
            result = emit.op(f"and i1 {result}, {flag}")
        return emit.when(result)

    def _load(self, signals: tuple[str, ...], branch: str, index: str) -> dict[str, str]:
        if not signals:
            return {}
        emit, state = self._expressions.emit, self._expressions.state
        row = emit.load_element("i64", state.row, branch)
        cell = emit.op(f"add i64 {row}, {index}")
        return {name: emit.load_element("double", self._signals[name][0], cell) for name in signals}

    def _pass(self, line: tree.Running, branch: str, index: str, passed: PassedInterval) -> None:
        expressions, name = self._expressions, line.name.text
        if isinstance(line, tree.BranchWindow):
            emit, value = expressions.emit, expressions.real(line.following)
            row = emit.load_element("i64", expressions.state.row, branch)
            cell = emit.op(f"add i64 {row}, {index}")
            values = expressions.variables.branch_windows[name].values
            emit.store_element("double", value, values, cell)
            passed.pushed.add(name)
            return
        kind = expressions.type_of(line.value)
        value = expressions.as_type(line.following, kind)
        assert kind in KINDS
        expressions.store_field(name, kind, value, branch)
