"""Find programs without progress: steps that change no branches, and branches never opened.

Only certain cases are reported. A step may be idle: verbs under a condition that may become true
count as progress. A program that answers with its own texts instead of votes needs none.
"""

from collections import Counter
from collections.abc import Iterator

from dsl import tree
from dsl.checker.scope import Scope
from dsl.checker.symbols import Role
from dsl.operations import evaluate_expression
from dsl.source import Span
from dsl.traversal import ungroup, walk

_ACTS = (tree.Open, tree.Sample, tree.Advance, tree.Probe, tree.Prune)
_ENDED = {"finished", "pruned"}


def check_progress(scope: Scope, program: tree.Program) -> None:
    """Warn of verbs without effect, programs that open no branch, and steps without progress."""
    live = _Live(scope, program)
    _check_effects(scope, live, program)
    if not _answers_with_votes(scope, program):
        return
    start = next((s for s in program.sections if isinstance(s, tree.Start)), None)
    step = next((s for s in program.sections if isinstance(s, tree.Step)), None)
    bodies = [section.body for section in (start, step) if section is not None]
    verbs = [verb for body in bodies for verb in live.verbs(body)]
    if not any(isinstance(verb, tree.Open | tree.Sample) for verb in verbs):
        scope.warning(
            "RH508",
            "no branch is ever opened, so there is no vote",
            program.name.span,
            help="open branches in `start` with `open 8`, or run them to their end with `sample 8`",
        )
        return
    if step is not None:
        _check_step(scope, live, step, verbs)


def _check_effects(scope: Scope, live: "_Live", program: tree.Program) -> None:
    """Warn of verbs whose own condition keeps only branches that have ended."""
    for node in walk(program):
        if not isinstance(node, tree.Advance | tree.Probe | tree.Prune):
            continue
        found = live.ended_part(node.branches)
        told = {
            diagnostic.mark.span.start
            for diagnostic in scope.diagnostics
            if diagnostic.code == "RH706"
        }
        if found is None or any(node.span.start <= start < node.span.end for start in told):
            continue
        part, state = found
        word = "prune" if isinstance(node, tree.Prune) else "probe"
        if isinstance(node, tree.Advance):
            word = "advance" if node.look else "extend"
        scope.warning(
            "RH706",
            f"`{word}` has no effect on branches that are {state}",
            part.span,
            f"selects branches that are {state}",
            help=(
                "to leave branches out of a vote, filter its set: `winner(alive where …)`"
                if word == "prune"
                else "verbs act on the active branches of a set and skip the others"
            ),
        )


def _check_step(scope: Scope, live: "_Live", step: tree.Step, verbs: list[tree.Verb]) -> None:
    head = Span(step.span.start, step.span.start + len("step"))
    # What was reported of the step already is the reason, where there is one.
    if any(
        diagnostic.code in {"RH504", "RH706", "RH708"}
        and step.span.start <= diagnostic.mark.span.start < step.span.end
        for diagnostic in scope.diagnostics
    ):
        return
    inside = list(live.verbs(step.body))
    answers = any(isinstance(node, tree.Answer) for node in walk(step.body))
    if answers and live.leaves(step.body):
        return
    opens = any(isinstance(verb, tree.Open) for verb in verbs)
    if any(isinstance(verb, tree.Open | tree.Sample) for verb in inside):
        return
    if not inside:
        scope.warning(
            "RH507",
            "no step makes progress: none advances, samples, probes or prunes a branch",
            head,
            "every step does the same as the one before",
            help=(
                "continue branches, for example with `advance active`; or move the "
                "statements to `finally` and remove the section"
            ),
        )
    elif not opens:
        scope.warning(
            "RH507",
            "no step makes progress: no branch is ever active",
            head,
            "no active branches",
            help="`sample` runs branches to their end; to advance them step by step, use `open 8`",
        )


def _answers_with_votes(scope: Scope, program: tree.Program) -> bool:
    """Return whether an answer comes from branches, directly or by way of a name."""
    named: dict[str, list[tree.Expression]] = {}
    for node in walk(program):
        if isinstance(node, tree.Assign | tree.Let) and not isinstance(
            node.value, tree.Open | tree.Sample
        ):
            named.setdefault(node.name.text, []).append(node.value)
    waiting = [
        choice for node in walk(program) if isinstance(node, tree.Answer) for choice in node.choices
    ]
    visited: set[str] = set()
    while waiting:
        inner = ungroup(waiting.pop())
        match inner:
            case tree.Call():
                return True
            case tree.Field():
                return True
            case tree.Conditional(then=then, otherwise=otherwise):
                waiting += [then, otherwise]
            case tree.Name(text=name) if name not in visited:
                visited.add(name)
                symbol = scope.symbols.get(inner)
                if symbol is not None and symbol.role in {Role.MEMORY, Role.LET}:
                    waiting += named.get(name, [])
            case _:
                pass
    return False


class _Live:
    """Finds the verbs that can run and act, as far as the text alone decides it."""

    def __init__(self, scope: Scope, program: tree.Program):
        self._scope = scope
        lets = [node for node in walk(program) if isinstance(node, tree.Let)]
        times = Counter(node.name.text for node in lets)
        self._lets = {
            node.name.text: node.value
            for node in lets
            if times[node.name.text] == 1 and not isinstance(node.value, tree.Open | tree.Sample)
        }

    def verbs(self, block: tree.Block) -> Iterator[tree.Verb]:
        """Return the verbs of a block that can run and may act on a branch."""
        for statement in block.statements:
            yield from self._of(statement)
            if self._leaves(statement):
                return

    def leaves(self, block: tree.Block) -> bool:
        """Return whether a block is always left by `answer` or `stop`."""
        return any(self._leaves(statement) for statement in block.statements)

    def known(self, expression: tree.Expression) -> int | float | None:
        """Return the value of an expression without names, draws and branches, else ``None``."""
        plain = (
            tree.Number,
            tree.BooleanLiteral,
            tree.Group,
            tree.Unary,
            tree.Binary,
            tree.Conditional,
        )
        if all(isinstance(node, plain) for node in walk(expression)):
            return evaluate_expression(expression, self._scope.types, {})
        return None

    def _of(self, statement: tree.Statement) -> Iterator[tree.Verb]:
        if isinstance(statement, tree.Let):
            if isinstance(statement.value, tree.Open | tree.Sample):
                yield from self._of(statement.value)
        elif isinstance(statement, tree.If):
            known = self.known(statement.condition)
            if known is None or known:
                yield from self.verbs(statement.then)
            if not known and statement.otherwise is not None:
                yield from self._otherwise(statement.otherwise)
        elif isinstance(statement, _ACTS) and self._may_act(statement):
            yield statement

    def _otherwise(self, otherwise: tree.Block | tree.If) -> Iterator[tree.Verb]:
        if isinstance(otherwise, tree.If):
            yield from self._of(otherwise)
        else:
            yield from self.verbs(otherwise)

    def _leaves(self, statement: tree.Statement | tree.Block) -> bool:
        match statement:
            case tree.Answer() | tree.Stop():
                return True
            case tree.Block():
                return self.leaves(statement)
            case tree.If(condition=condition, then=then, otherwise=otherwise):
                known = self.known(condition)
                second = otherwise is not None and self._leaves(otherwise)
                if known is None:
                    return self.leaves(then) and second
                return self.leaves(then) if known else second
        return False

    def _may_act(self, verb: tree.Verb) -> bool:
        match verb:
            case tree.Open(count=count) | tree.Sample(count=count):
                known = self.known(count)
                return known is None or known > 0
            case tree.Advance(branches=branches, burst=burst):
                known = None if burst is None else self.known(burst)
                return (known is None or known > 0) and self._may_hold_active(branches)
            case tree.Probe(branches=branches) | tree.Prune(branches=branches):
                return self._may_hold_active(branches)
        return True

    def _may_hold_active(self, branches: tree.Expression) -> bool:
        """Return whether a set can have an active branch."""
        inner = ungroup(branches)
        match inner:
            case tree.Name(text=name):
                named = self._lets.get(name)
                return name not in _ENDED if named is None else self._may_hold_active(named)
            case tree.FilterSet(branches=base, condition=condition):
                return self._may_hold_active(base) and not self._excludes_active(condition)
            case tree.SortSet(branches=base) | tree.OnceSet(branches=base):
                return self._may_hold_active(base)
            case tree.TakeFirst(count=count, branches=base):
                known = self.known(count)
                return (known is None or known > 0) and self._may_hold_active(base)
            case tree.ExcludeSet(branches=base, without=without):
                gone = ungroup(without)
                all_gone = isinstance(gone, tree.Name) and gone.text in {
                    "active", "alive", "opened",
                }  # fmt: skip
                return not all_gone and self._may_hold_active(base)
        return True

    def ended_part(self, branches: tree.Expression) -> tuple[tree.Expression, str] | None:
        """Return what limits a set to branches that have ended, and how they ended."""
        inner = ungroup(branches)
        match inner:
            case tree.Name(text=name):
                named = self._lets.get(name)
                if named is not None and self.ended_part(named) is not None:
                    return inner, "finished or pruned"
                return (inner, name) if name in _ENDED else None
            case tree.FilterSet(branches=base, condition=condition):
                for part in _conjuncts(condition):
                    if isinstance(part, tree.Field) and part.text.removeprefix(".") in _ENDED:
                        return part, part.text.removeprefix(".")
                return self.ended_part(base)
            case (
                tree.SortSet(branches=base)
                | tree.OnceSet(branches=base)
                | tree.TakeFirst(branches=base)
            ):
                return self.ended_part(base)
            case tree.ExcludeSet(branches=base, without=without):
                gone = ungroup(without)
                if isinstance(gone, tree.Name) and gone.text == "active":
                    return inner, "finished or pruned"
                return self.ended_part(base)
        return None

    def _excludes_active(self, condition: tree.Expression) -> bool:
        """Return whether a condition is false for every active branch."""
        inner = ungroup(condition)
        match inner:
            case tree.Binary(operator="and", left=left, right=right):
                return self._excludes_active(left) or self._excludes_active(right)
            case tree.Binary(operator="or", left=left, right=right):
                return self._excludes_active(left) and self._excludes_active(right)
            case tree.Field(text=text):
                return text.removeprefix(".") in _ENDED
        known = self.known(inner)
        return known is not None and not known


def _conjuncts(condition: tree.Expression) -> Iterator[tree.Expression]:
    """Yield the parts of a condition that must all hold."""
    inner = ungroup(condition)
    if isinstance(inner, tree.Binary) and inner.operator == "and":
        yield from _conjuncts(inner.left)
        yield from _conjuncts(inner.right)
    else:
        yield inner
