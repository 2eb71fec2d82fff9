"""One barrier of a compiled program: what it costs, and whether the budget ends inside it."""

from collections.abc import Iterator
from contextlib import contextmanager

from dsl.compiler import numbers
from dsl.compiler.expressions import ExpressionEmitter


class BarrierEmitter:
    """What becomes of one verb.

    Args:
        expressions: the expressions of the program.
        bounded: whether the budget may end inside it.
    """

    def __init__(self, expressions: ExpressionEmitter, *, bounded: bool):
        self._emit = emit = expressions.emit
        self._spent = expressions.state.spent
        self._budget = expressions.state.budget
        self._bounded = bounded
        self.critical = emit.slot("i64")
        """The largest charge of any one branch."""
        self.acted = emit.slot("i1")
        self.exhausted = emit.slot("i1")
        self.thinned = emit.slot("i1")
        """Whether branches have left the active ones, whose list is to be put in order."""
        self.thins = False
        """Whether that can happen at all."""
        emit.store("i64", "0", self.critical)
        for flag in (self.acted, self.exhausted, self.thinned):
            emit.store("i1", "false", flag)

    def act(self) -> None:
        """Emit the accounting of one completed action."""
        self._emit.store("i1", "true", self.acted)

    def thin_out(self) -> None:
        """Record that a branch is no longer active."""
        self.thins = True
        self._emit.store("i1", "true", self.thinned)

    def need(self, tokens: str, otherwise: str) -> None:
        """Continue where so many more tokens keep within the budget; else the barrier is cut short.

        Args:
            tokens: what the next action is sure to cost.
            otherwise: the label to continue at.
        """
        if not self._bounded:
            return
        emit = self._emit
        after = emit.op(f"add i64 {emit.load('i64', self._spent)}, {tokens}")
        self._continue_if(emit.op(f"icmp sle i64 {after}, {self._budget}"), otherwise)

    def need_any(self, otherwise: str) -> None:
        """Continue where the budget has not ended yet; the next action may overshoot it."""
        if not self._bounded:
            return
        spent = self._emit.load("i64", self._spent)
        self._continue_if(self._emit.op(f"icmp slt i64 {spent}, {self._budget}"), otherwise)

    def _continue_if(self, affordable: str, otherwise: str) -> None:
        emit = self._emit
        cut, on = emit.label("cut"), emit.label("on")
        emit.branch(affordable, on, cut)
        emit.start_block(cut)
        emit.store("i1", "true", self.exhausted)
        emit.jump(otherwise)
        emit.start_block(on)

    @contextmanager
    def branch(self, *, acts: bool = True) -> Iterator[str]:
        """Return the actions on one branch; yields the label after them."""
        emit = self._emit
        before = emit.load("i64", self._spent)
        if acts:
            self.act()
        end_label = emit.label("charged")
        yield end_label
        emit.start_block(end_label)
        self.charge(emit.op(f"sub i64 {emit.load('i64', self._spent)}, {before}"))

    def charge(self, tokens: str) -> None:
        """Emit what one branch was charged in all, which may be the most of any."""
        emit = self._emit
        critical = emit.load("i64", self.critical)
        emit.store("i64", numbers.largest(emit, "i64", critical, tokens), self.critical)

    def leave_if_exhausted(self, end_label: str) -> None:
        """Leave the loop over branches where the budget has ended."""
        if not self._bounded:
            return
        emit = self._emit
        on = emit.label("on")
        emit.branch(emit.load("i1", self.exhausted), end_label, on)
        emit.start_block(on)
