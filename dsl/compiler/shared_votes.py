"""Calls of a program that count the same votes: they share one count until something changes."""

from collections.abc import Iterator
from typing import NamedTuple

from dsl import tree
from dsl.builtins import VOTING
from dsl.checker import CheckedProgram, Role
from dsl.checker.symbols import Symbol
from dsl.compiler.expression_traits import has_free_dot, is_random
from dsl.compiler.state import NONE, EpisodeState
from dsl.traversal import children, is_equivalent, walk

STEPS = "steps"
"""The number of steps, among the names that a count depends on."""

_ASSIGNED = frozenset({Role.MEMORY, Role.LET, Role.FIELD})
"""The roles of names that statements give values to."""


class CountedVotes(NamedTuple):
    """Votes that stay counted for the next call, and what they amount to."""

    size: str
    """A slot: how many answers there are."""
    leader: str
    """A slot: the position of the leader among them."""
    votes: str
    distinct: str
    marks: str


class VoteGroup(NamedTuple):
    """Calls over equal sets with equal weights."""

    winner: str
    """A slot: the winner that was found last, which is likely to be the next one, too."""
    known: str | None
    """A slot: whether the last count still holds; none if no two calls can share it."""
    counted: CountedVotes | None
    """What they share, if more than the winner is asked for."""
    reads: frozenset[Symbol | str]
    """The names on which the count depends and that statements change."""


class _AlikeCalls(NamedTuple):
    """Calls over equal sets, before anything is emitted."""

    calls: list[tree.Call]
    names: tuple[Symbol, ...]


class SharedVotes:
    """The calls of one program that count votes, in groups.

    A call is one of a group that shares its count if it is computed repeatedly: a step has two of
    them outside of any loop over branches, or one inside of such a loop.

    Args:
        checked: the program.
        state: the state of the episode.
    """

    def __init__(self, checked: CheckedProgram, state: EpisodeState):
        self._emit = state.emit
        self._state = state
        self._symbols = checked.symbols
        self._groups: list[VoteGroup] = []
        self._by_call: dict[tree.Call, VoteGroup] = {}
        repeats = dict(_repeats(checked.program))
        for alike in self._alike(checked.program):
            is_shared = sum(repeats.get(call, 0) for call in alike.calls) > 1
            group = self._group(alike, is_shared and not _is_bound(alike.calls[0]))
            self._groups.append(group)
            self._by_call |= dict.fromkeys(alike.calls, group)

    def _alike(self, program: tree.Program) -> list[_AlikeCalls]:
        result: list[_AlikeCalls] = []
        for call in walk(program):
            if not isinstance(call, tree.Call) or call.function.text not in VOTING:
                continue
            names, voters = self._names(call), _voters(call)
            for alike in result:
                if alike.names == names and is_equivalent(_voters(alike.calls[0]), voters):
                    alike.calls.append(call)
                    break
            else:
                result.append(_AlikeCalls([call], names))
        return result

    def _names(self, call: tree.Call) -> tuple[Symbol, ...]:
        """Return the symbols of the names in the set and the weights of a call."""
        nodes = (node for part in _voters(call) for node in walk(part))
        return tuple(self._symbols[node] for node in nodes if node in self._symbols)

    def _group(self, alike: _AlikeCalls, is_shared: bool) -> VoteGroup:
        slot, array = self._emit.slot, self._state.vote_array
        winner = slot("i64")
        if not is_shared:
            return VoteGroup(winner, None, None, frozenset())
        counted = None
        is_weighted = len(_voters(alike.calls[0])) > 1
        if is_weighted or any(call.function.text != "winner" for call in alike.calls):
            counted = CountedVotes(slot("i64"), slot("i64"), array(), array(), array())
        reads: set[Symbol | str] = {name for name in alike.names if name.role in _ASSIGNED}
        if any(name.name in {"steps", ".age"} for name in alike.names):
            reads.add(STEPS)
        return VoteGroup(winner, slot("i1"), counted, frozenset(reads))

    def group(self, call: tree.Call) -> VoteGroup:
        """Return the group of a call."""
        return self._by_call[call]

    def begin(self) -> None:
        """Emit the start of an episode: nothing is counted."""
        for group in self._groups:
            self._emit.store("i64", NONE, group.winner)
            if group.known is not None:
                self._emit.store("i1", "false", group.known)
            if group.counted is not None:
                self._emit.store("i64", "0", group.counted.size)

    def counted(self) -> Iterator[CountedVotes]:
        """Yield the counts that an episode leaves behind."""
        return (group.counted for group in self._groups if group.counted is not None)

    def forget(self, changed: Symbol | str) -> None:
        """Emit that a name, or the number of `STEPS`, has another value."""
        for group in self._groups:
            if group.known is not None and changed in group.reads:
                self._emit.store("i1", "false", group.known)

    def forget_if(self, acted: str) -> None:
        """Emit the end of a verb, which has changed branches if it acted."""
        emit = self._emit
        for group in self._groups:
            if group.known is not None:
                known = emit.select(acted, "i1", "false", emit.load("i1", group.known))
                emit.store("i1", known, group.known)


def _voters(call: tree.Call) -> tuple[tree.Node, ...]:
    """Return the set of a call that counts votes, and its weights."""
    weights = [a for a in call.arguments if isinstance(a, tree.KeywordArgument)]
    others = [a for a in call.arguments if not isinstance(a, tree.KeywordArgument)]
    return (others[0], *weights)


def _is_bound(call: tree.Call) -> bool:
    """Return whether votes depend on the branch that a dot refers to, or on random numbers."""
    branches, *_ = _voters(call)
    return has_free_dot(branches) or any(map(is_random, _voters(call)))


def _repeats(program: tree.Program) -> Iterator[tuple[tree.Call, int]]:
    """Yield calls with how often they count: twice in loops over branches, else once in steps."""
    for section in program.sections:
        if isinstance(section, tree.Start | tree.Step | tree.Finally):
            yield from _repeats_in(section, 1 if isinstance(section, tree.Step) else 0)


def _repeats_in(node: tree.Node, times: int) -> Iterator[tuple[tree.Call, int]]:
    if isinstance(node, tree.Call):
        yield node, times
    for child in children(node):
        yield from _repeats_in(child, 2 if _is_of_each_branch(node, child) else times)


def _is_of_each_branch(node: tree.Node, part: tree.Node) -> bool:
    """Return whether a part of a node is computed for each branch of another part."""
    match node:
        case tree.Update():
            return part is node.body
        case tree.FilterSet() | tree.SortSet() | tree.PerBranch() | tree.Advance():
            return part is not node.branches
    return isinstance(part, tree.KeywordArgument)
