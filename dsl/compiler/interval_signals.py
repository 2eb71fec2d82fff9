"""Signals of intervals in a compiled program: where they are, and the latest one of a branch."""

from typing import TYPE_CHECKING, NamedTuple

from dsl.checker import CheckedProgram
from dsl.compiler import numbers
from dsl.compiler.memory_layout import SignalWord, StateWord, signal_word
from dsl.compiler.state import NO_VALUE, EpisodeState, named_signals
from dsl.interpreter.running import read_signals, running_lines

if TYPE_CHECKING:
    from dsl.compiler.expressions import ExpressionEmitter

SIGNAL_WORDS = {
    "entropy": (StateWord.ENTROPY, StateWord.PROBES),
    "logprob": (StateWord.LOGPROB, StateWord.LOGPROB_COUNT),
    "top_logprob": (StateWord.TOP_LOGPROB, StateWord.TOP_LOGPROB_COUNT),
}
"""The words of the values of each signal, and of how many each chain has."""


class SignalRows(NamedTuple):
    """Where the values of a signal are, as values in a function."""

    values: str
    counts: str


def running_signals(checked: CheckedProgram, state: EpisodeState) -> dict[str, SignalRows]:
    """Emit the addresses of the signals that running values read, by name.

    Args:
        checked: the program.
        state: the state in the function under construction.
    """
    words: dict[str, tuple[int, int]] = {
        name: (signal_word(index, SignalWord.VALUES), signal_word(index, SignalWord.COUNTS))
        for index, name in enumerate(named_signals(checked))
    }
    words |= SIGNAL_WORDS
    lines = running_lines(checked.program)
    read = {name for line in lines for name in read_signals(checked, line)}
    return {
        name: SignalRows(*(state.word(word, "ptr") for word in words[name]))
        for name in sorted(read)
    }


def read_latest(expressions: "ExpressionEmitter", name: str, branch: str) -> str:
    """Emit the latest value of a signal of a branch, `NO_VALUE` if there is none yet.

    It follows from the depth: an interval shows its value when the branch passes it. Only the last
    interval can lack a value. Of a branch that was read whole, only the last one is shown.

    Args:
        expressions: the expressions of the program.
        name: the signal.
        branch: index of the branch.
    """
    emit, state = expressions.emit, expressions.state
    values, counts = expressions.variables.signals[name]
    chain = emit.load_element("i64", state.chain, branch)
    depth = emit.load_element("i64", state.depth, branch)
    valued = numbers.smallest(emit, "i64", depth, emit.load_element("i64", counts, chain))
    before = "0"
    if state.shows_from is not None:
        before = emit.load_element("i64", state.shows_from, branch)
    is_shown = emit.op(f"icmp sgt i64 {valued}, {before}")
    index = emit.select(is_shown, "i64", emit.op(f"sub i64 {valued}, 1"), "0")
    row = emit.load_element("i64", state.row, branch)
    value = emit.load_element("double", values, emit.op(f"add i64 {row}, {index}"))
    return emit.select(is_shown, "double", value, NO_VALUE)
