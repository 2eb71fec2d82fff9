"""Warn of votes over branches whose answers nothing reveals before they finish."""

from collections import Counter

from dsl import tree
from dsl.builtins import VOTING
from dsl.checker.scope import Scope
from dsl.diagnostics import Mark
from dsl.source import Span
from dsl.traversal import ungroup, walk

_REVEALED = frozenset({".answer", ".streak", ".changes", ".entropy"})
"""Attributes that only a probe, or the end of a branch, can change."""


def check_unrevealed(scope: Scope, program: tree.Program) -> None:
    """Warn if a program extends branches, never probes, and reads answers before they finish.

    `finally` is left out where there are steps: branches have usually finished by then.
    """
    nodes = list(walk(program))
    if any(_probes(node) for node in nodes):
        return
    moves = [
        node
        for node in nodes
        if isinstance(node, tree.Advance) or (isinstance(node, tree.Open) and not node.look)
    ]
    if not moves:
        return
    has_steps = any(isinstance(section, tree.Step) for section in program.sections)
    skipped = (tree.Finally,) if has_steps else ()
    reader = _AnswerReads(program)
    for section in program.sections:
        if isinstance(section, skipped) or (span := reader.find(section)) is None:
            continue
        first = min(moves, key=lambda move: (not isinstance(move, tree.Advance), move.span))
        word = "extend" if isinstance(first, tree.Advance) else "open"
        scope.warning(
            "RH510",
            "this reads answers of branches that no statement probes",
            span,
            "`none` until a branch finishes",
            also=(
                Mark(Span(first.span.start, first.span.start + len(word)), "moves without probing"),
            ),
            help=(
                "add `probe active` before this, write `advance` instead of `extend`, or read "
                "`finished` alone"
            ),
        )
        return


def _probes(node: tree.Node) -> bool:
    return isinstance(node, tree.Probe) or (
        isinstance(node, tree.Open | tree.Advance) and node.look
    )


class _AnswerReads:
    """Finds expressions that read answers of branches that may not have finished."""

    def __init__(self, program: tree.Program):
        lets = [node for node in walk(program) if isinstance(node, tree.Let)]
        times = Counter(node.name.text for node in lets)
        self._lets = {node.name.text: node.value for node in lets if times[node.name.text] == 1}

    def find(self, section: tree.Section) -> Span | None:
        """Return where a section first reads such answers; ``None`` if it does not."""
        spans = [span for node in walk(section) if (span := self._read(node)) is not None]
        return min(spans, default=None)

    def _read(self, node: tree.Node) -> Span | None:
        match node:
            case tree.Call(function=function, arguments=arguments) if function.text in VOTING:
                voters = arguments[0] if arguments else None
                if voters is None or isinstance(voters, tree.PerBranch | tree.KeywordArgument):
                    return None
                return node.span if self._may_be_unfinished(voters) else None
            case tree.FilterSet(branches=branches, condition=condition):
                return self._field(branches, condition)
            case tree.OnceSet(branches=branches):
                return node.span if self._may_be_unfinished(branches) else None
            case tree.SortSet(branches=branches, key=key):
                return self._field(branches, key)
            case tree.PerBranch(branches=branches, value=value):
                return self._field(branches, value)
        return None

    def _field(self, branches: tree.Expression, of_each: tree.Expression) -> Span | None:
        """Return where an expression of each branch of a set reads an answer."""
        reads = [
            part.span
            for part in walk(of_each)
            if isinstance(part, tree.Field) and part.text in _REVEALED
        ]
        return reads[0] if reads and self._may_be_unfinished(branches) else None

    def _may_be_unfinished(self, branches: tree.Expression) -> bool:
        """Return whether a set certainly takes branches from those that may not have finished."""
        match ungroup(branches):
            case tree.Name(text="active" | "alive" | "opened"):
                return True
            case tree.Name(text=name) if name in self._lets:
                value = self._lets[name]
                if isinstance(value, tree.Open | tree.Sample):
                    return isinstance(value, tree.Open)
                return self._may_be_unfinished(value)
            case tree.FilterSet(branches=base, condition=condition):
                mentions_end = any(
                    isinstance(part, tree.Field) and part.text == ".finished"
                    for part in walk(condition)
                )
                return not mentions_end and self._may_be_unfinished(base)
            case (
                tree.SortSet(branches=base)
                | tree.OnceSet(branches=base)
                | tree.TakeFirst(branches=base)
            ):
                return self._may_be_unfinished(base)
        return False
