"""The values of windows in a compiled program: rings of the episode, and rows of the branches."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from dsl.compiler import numbers
from dsl.compiler.emitter import Emitter

if TYPE_CHECKING:
    from dsl.compiler.expressions import ExpressionEmitter
    from dsl.compiler.variables import RingBuffer


class WindowReader(NamedTuple):
    """A window at one position of a program."""

    size: str
    """How many values it holds."""
    capacity: str
    """A slot."""
    element: Callable[[str], str]
    """Emits the value at an index, the oldest at index 0."""


def read_ring(emit: Emitter, window: "RingBuffer") -> WindowReader:
    """Return the values of a window of `memory`."""
    count = emit.load("i64", window.length)

    def element(offset: str) -> str:
        size = emit.load("i64", window.capacity)
        index = emit.op(f"add i64 {emit.load('i64', window.start)}, {offset}")
        over = emit.op(f"icmp sge i64 {index}, {size}")
        wrapped = emit.select(over, "i64", emit.op(f"sub i64 {index}, {size}"), index)
        return emit.load_element("double", window.values, wrapped)

    return WindowReader(count, window.capacity, element)


def read_branch_window(expressions: "ExpressionEmitter", name: str) -> WindowReader:
    """Return the values of a window of the branch that a dot refers to.

    The branch has pushed a value at every interval that it passed, or at all that have the signals
    that it pushes. So its depth is enough to find the last values in its row.

    Args:
        expressions: the emitter of the expressions.
        name: the field, with its dot.
    """
    emit, window = expressions.emit, expressions.variables.branch_windows[name]
    passed, branch = expressions.passed, expressions.current_branch()
    if passed is None:
        expressions.fill_row(branch)
        row = expressions.chain_row(branch)
        pushed = emit.load_element("i64", expressions.state.depth, branch)
    else:
        row, pushed = passed.row, passed.depth
        if name not in passed.pushed:
            pushed = emit.op(f"sub i64 {pushed}, 1")
    for limit in window.limits:
        # Only the last interval can lack a value.
        valued = emit.load_element("i64", limit, row.chain)
        most = numbers.largest(emit, "i64", row.last, valued)
        pushed = numbers.smallest(emit, "i64", pushed, most)
    count = numbers.smallest(emit, "i64", pushed, emit.load("i64", window.capacity))
    start = emit.op(f"add i64 {row.start}, {emit.op(f'sub i64 {pushed}, {count}')}")

    def element(offset: str) -> str:
        return emit.load_element("double", window.values, emit.op(f"add i64 {start}, {offset}"))

    return WindowReader(count, window.capacity, element)
