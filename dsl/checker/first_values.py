"""Find signals that a program may read before their first value, without a value to take instead.

What a signal belongs to, a branch, a probe or an interval, is known only when a recording is
opened. A branch that has finished has all of its values, so a signal may be read alone only of such
branches: of `finished`, of what `sample` opened, after `.finished and`, and so on. Signals that the
format itself defines are 0 before their first value and are not looked at. A running value skips
an interval without a value, so it reads signals alone too.
"""

from collections import Counter
from collections.abc import Iterator

from dsl import tree
from dsl.builtins import SIGNALS
from dsl.checker.scope import Scope
from dsl.traversal import children, ungroup, walk


def check_first_values(scope: Scope, program: tree.Program) -> None:
    """Report every named signal that is read alone where it may have no value yet."""
    for field in find_early_reads(program):
        scope.error(
            "RH214",
            f"`{field.text}` may have no value yet",
            field.span,
            "the branch may not have finished",
            help=f"write the value to take instead, in parentheses: `({field.text} else 0.0)`; or"
            " read it of `finished` only",
        )


def find_early_reads(program: tree.Program) -> list[tree.Field]:
    """Return every read of a named signal that may have no value yet, and states none."""
    names = {f".{word.text}" for word in program.needs if word.text not in SIGNALS}
    return list(_EarlyReads(program, names).find()) if names else []


def bare_signals(scope: Scope, program: tree.Program) -> frozenset[str]:
    """Return the named signals that are somewhere read without a value to take instead."""
    covered = {node.field for node in walk(program) if isinstance(node, tree.Fallback)}
    running = set(_running_reads(program))
    read = {
        node.text.removeprefix(".")
        for node in walk(program)
        if isinstance(node, tree.Field) and node not in covered and node not in running
    }
    return frozenset(read & scope.needs.keys()) - frozenset(SIGNALS)


def interval_signals(scope: Scope, program: tree.Program) -> frozenset[str]:
    """Return the named signals that running values and branch windows read."""
    read = {field.text.removeprefix(".") for field in _running_reads(program)}
    return frozenset(read & scope.needs.keys()) - frozenset(SIGNALS)


def _running_reads(program: tree.Program) -> Iterator[tree.Field]:
    """Yield the fields in what running values and branch windows become."""
    for line in walk(program):
        if isinstance(line, tree.RunningValue | tree.BranchWindow):
            yield from (node for node in walk(line.following) if isinstance(node, tree.Field))


class _EarlyReads:
    """Finds reads of signals of branches that may not have finished.

    Args:
        program: the program, which is sound otherwise.
        names: the signals, with their dots.
    """

    def __init__(self, program: tree.Program, names: set[str]):
        self._program = program
        self._names = names
        lets = [node for node in walk(program) if isinstance(node, tree.Let)]
        times = Counter(node.name.text for node in lets)
        self._lets = {node.name.text: node.value for node in lets if times[node.name.text] == 1}

    def find(self) -> Iterator[tree.Field]:
        """Yield each such read."""
        yield from self._reads(self._program, finished=False)

    def _reads(self, node: tree.Node, *, finished: bool) -> Iterator[tree.Field]:
        """Yield the reads in a node.

        Args:
            node: the node.
            finished: whether a dot in it refers to a branch that has certainly finished.
        """
        if isinstance(node, tree.Field):
            if node.text in self._names and not finished:
                yield node
            return
        for part, is_finished in self._parts(node, finished=finished):
            yield from self._reads(part, finished=is_finished)

    def _parts(self, node: tree.Node, *, finished: bool) -> Iterator[tuple[tree.Node, bool]]:
        """Yield the parts of a node, and whether a dot there refers to a finished branch."""
        match node:
            case tree.RunningValue() | tree.BranchWindow():
                return  # skipped at an interval that has no value
            case tree.Fallback(otherwise=otherwise):
                yield otherwise, finished
            case tree.Binary(operator="and" | "or" as operator, left=left, right=right):
                yield left, finished
                yield right, finished or _shows_end(left, holds=operator == "and")
            case tree.Conditional(condition=test, then=then, otherwise=otherwise):
                yield test, finished
                yield then, finished or _shows_end(test, holds=True)
                yield otherwise, finished or _shows_end(test, holds=False)
            case tree.If(condition=test, then=body, otherwise=rest):
                yield test, finished
                yield body, finished or _shows_end(test, holds=True)
                if rest is not None:
                    yield rest, finished or _shows_end(test, holds=False)
            case tree.Call():
                yield from self._arguments(node, finished=finished)
            case (
                tree.FilterSet(branches=branches, condition=inner)
                | tree.SortSet(branches=branches, key=inner)
                | tree.Update(branches=branches, body=inner)
            ):
                yield branches, finished
                yield inner, self._is_finished(branches, finished=finished)
            case tree.Advance(branches=branches, burst=burst):
                yield branches, finished
                if burst is not None:
                    yield burst, self._is_finished(branches, finished=finished)
            case _:
                yield from ((child, finished) for child in children(node))

    def _arguments(self, call: tree.Call, *, finished: bool) -> Iterator[tuple[tree.Node, bool]]:
        voters = call.arguments[0] if call.arguments else None
        for argument in call.arguments:
            match argument:
                case tree.PerBranch(value=value, branches=branches):
                    inside = self._is_finished(branches, finished=finished)
                    # `rank` computes the value of the branch outside too.
                    yield value, inside and (finished or call.function.text != "rank")
                    yield branches, finished
                case tree.KeywordArgument(value=value):
                    known = voters is not None and not isinstance(
                        voters, tree.PerBranch | tree.KeywordArgument
                    )
                    yield value, known and self._is_finished(voters, finished=finished)
                case _:
                    yield argument, finished

    def _is_finished(self, branches: tree.Node | None, *, finished: bool) -> bool:
        """Return whether every branch of a set has certainly finished.

        Args:
            branches: the set.
            finished: whether a dot around it refers to a branch that has.
        """
        match ungroup(branches) if isinstance(branches, tree.Group) else branches:
            case tree.CurrentBranch():
                return finished
            case tree.Name(text="finished"):
                return True
            case tree.Name(text=name) if name in self._lets:
                value = self._lets[name]
                return isinstance(value, tree.Sample) or self._is_finished(value, finished=False)
            case tree.FilterSet(branches=base, condition=condition):
                ends = _shows_end(condition, holds=True)
                return ends or self._is_finished(base, finished=finished)
            case tree.ExcludeSet(branches=base, without=without):
                pair = (_name(base), _name(without))
                return pair == ("alive", "active") or self._is_finished(base, finished=finished)
            case (
                tree.SortSet(branches=base)
                | tree.OnceSet(branches=base)
                | tree.TakeFirst(branches=base)
            ):
                return self._is_finished(base, finished=finished)
            case tree.Conditional(then=then, otherwise=otherwise):
                return all(self._is_finished(one, finished=finished) for one in (then, otherwise))
        return False


def _name(expression: tree.Expression) -> str | None:
    inner = ungroup(expression)
    return inner.text if isinstance(inner, tree.Name) else None


def _shows_end(condition: tree.Expression, *, holds: bool) -> bool:
    """Return whether the branch of the dot has finished if a condition holds, or does not hold."""
    match ungroup(condition):
        case tree.Field(text=".finished"):
            return holds
        case tree.Unary(operator="not", operand=operand):
            return _shows_end(operand, holds=not holds)
        case tree.Binary(operator="and" | "or" as operator, left=left, right=right):
            sides = [_shows_end(side, holds=holds) for side in (left, right)]
            return any(sides) if holds == (operator == "and") else all(sides)
    return False
