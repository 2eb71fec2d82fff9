"""One barrier of a compiled program: what it costs, and whether the budget ends inside it."""

from collections.abc import Iterator
from contextlib import contextmanager

from dsl import tree
from dsl.compiler import numbers
from dsl.compiler.expressions import ExpressionEmitter
from dsl.traversal import walk


class BarrierEmitter:
    """What becomes of one verb."""

    def __init__(self, expressions: ExpressionEmitter):
        self._emit = emit = expressions.emit
        self._spent = expressions.state.spent
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

    def need(self, affordable: str, otherwise: str) -> None:
        """Continue where the next action is affordable; else the barrier is cut short."""
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
        charge = emit.op(f"sub i64 {emit.load('i64', self._spent)}, {before}")
        critical = emit.load("i64", self.critical)
        emit.store("i64", numbers.largest(emit, "i64", critical, charge), self.critical)

    def leave_if_exhausted(self, end_label: str) -> None:
        """Leave the loop over branches where the budget has ended."""
        emit = self._emit
        on = emit.label("on")
        emit.branch(emit.load("i1", self.exhausted), end_label, on)
        emit.start_block(on)


_STEADY = (
    tree.Number,
    tree.BooleanLiteral,
    tree.NoneLiteral,
    tree.Text,
    tree.Fallback,
    tree.Group,
    tree.Unary,
    tree.Binary,
    tree.Conditional,
    tree.Identifier,
)
_MOVING = {"spent", "available", "opened", "active", "alive", "finished", "pruned"}
_NUMERIC = {"min", "max", "clamp", "abs", "floor", "ceil", "round"}


def is_steady(node: tree.Expression) -> bool:
    """Return whether a burst hangs on its own branch alone, and on what no verb changes.

    Such a one can be computed as its branch's turn comes.
    """
    for part in walk(node):
        match part:
            case tree.Name(text=name):
                if name in _MOVING:
                    return False
            case tree.Call(function=function):
                if function.text not in _NUMERIC:
                    return False
            case tree.Field():
                pass
            case _ if not isinstance(part, _STEADY):
                return False
    return True
