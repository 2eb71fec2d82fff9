"""Votes in a compiled program: functions of a set of branches."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from dsl import tree
from dsl.beta import beta_confidence_real
from dsl.compiler import numbers, vote_kernels
from dsl.compiler.branch_sets import BranchSet
from dsl.compiler.shared_votes import CountedVotes, SharedVotes, VoteGroup
from dsl.traversal import ungroup

if TYPE_CHECKING:
    from dsl.compiler.expressions import ExpressionEmitter

Kernel = Callable[..., Any]

_COUNTED_EACH_TIME = frozenset({"runner_up", "entropy", "dirichlet_confidence"})
"""What the votes of `finished` that are kept up do not give."""


class _VoteCall(NamedTuple):
    """What is asked about the votes of a set."""

    name: str
    """The function."""
    branches: tree.Expression
    weight: tree.Expression | None
    """The weight of each branch, if votes have weights."""
    answer: tree.Expression | None
    """The answer that is asked about, if any."""
    level: str
    """What the result is compared with, if that is all that it is for; else empty."""


class _Voters(NamedTuple):
    """The branches that vote."""

    members: BranchSet
    weights: str
    """The weight of each member; empty if votes have none."""


class _Tally(NamedTuple):
    """Votes that are counted."""

    distinct: str
    size: str
    """How many answers there are."""
    votes: str
    leader: Callable[[], str]
    """Emits the position of the leader."""


class VoteEmitter:
    """Emits the functions of sets of one program.

    Args:
        expressions: its expressions.
        shared: its calls that count the same votes.
    """

    def __init__(self, expressions: "ExpressionEmitter", shared: SharedVotes):
        self._expressions = expressions
        self._emit = expressions.emit
        self.shared = shared

    def begin(self) -> None:
        """Emit the start of an episode."""
        self.shared.begin()

    def end(self) -> None:
        """Emit the end of an episode, after which all votes are 0."""
        for counted in self.shared.counted():
            self._clear(counted)

    def _clear(self, counted: CountedVotes) -> None:
        size = self._emit.load("i64", counted.size)
        self._kernel(vote_kernels.clear, counted.distinct, size, counted.votes, counted.marks)

    def _kernel(self, kernel: Kernel, *arguments: str) -> str:
        return self._expressions.library.call(self._emit, kernel, *arguments)

    def _kept(self, kernel: Kernel, *arguments: str) -> str:
        """Call a kernel of reals unless its result is kept."""
        return self._expressions.kept_results.call(self._emit, kernel, *arguments)

    def of_set(self, name: str, node: tree.Call, level: str = "") -> str:
        """Emit a call of a function of a set.

        Args:
            name: the function.
            node: the call.
            level: a real with which the result is compared, if that is all that it is for. Then
                another value that is on the same side of it will do.
        """
        expressions = self._expressions
        plain = [
            a for a in node.arguments if not isinstance(a, tree.KeywordArgument | tree.PerBranch)
        ]
        weights = [a.value for a in node.arguments if isinstance(a, tree.KeywordArgument)]
        if name in {"count", "empty"}:
            count = expressions.sets.count(plain[0])
            return count if name == "count" else self._emit.op(f"icmp eq i64 {count}, 0")
        answer = plain[1] if len(plain) == 2 else None
        branches = ungroup(plain[0])
        finished = isinstance(branches, tree.Name) and branches.text == "finished"
        if finished and not weights and name not in _COUNTED_EACH_TIME:
            return self._of_finished(name, answer)
        group = self.shared.group(node)
        call = _VoteCall(name, plain[0], weights[0] if weights else None, answer, level)
        if group.counted is None:
            return self._counted_alone(call, group)
        candidate = None if answer is None else expressions.value(answer)
        return self._read(call, self._counted_once(call, group), candidate)

    def _of_finished(self, name: str, answer: tree.Expression | None) -> str:
        """Return the votes of the finished branches, which are kept up as they finish."""
        emit, state = self._emit, self._expressions.state
        first = emit.load("i64", state.finished_votes.first)
        second = emit.load("i64", state.finished_votes.second)
        count = emit.load("i64", state.finished_count)
        if answer is not None:
            candidate = self._expressions.value(answer)
            first = self._kernel(vote_kernels.votes_of, candidate, state.vote_arrays[3])
        match name:
            case "winner":
                return emit.load("i64", state.finished_votes.winner)
            case "votes":
                return first
            case "total":
                return count
            case "distinct":
                return emit.load("i64", state.finished_votes.distinct)
            case "confidence" if answer is None:
                return self._confidence_of_finished(count, first, second)
            case "confidence":
                return self._kernel(vote_kernels.confidence, count, first, second)
        widen = self._expressions.widen
        all_votes = widen(count)
        share = self._kernel(vote_kernels.share, widen(first), all_votes)
        if name == "share":
            return share
        return self._less(share, self._kernel(vote_kernels.share, widen(second), all_votes))

    def _confidence_of_finished(self, count: str, first: str, second: str) -> str:
        """Return the confidence in the leader, computed again only after a branch has finished."""
        emit, state = self._emit, self._expressions.state
        known = emit.load("i64", state.finished_votes.confidence_count)
        with emit.when(emit.op(f"icmp ne i64 {known}, {count}")):
            confidence = self._kernel(vote_kernels.confidence, count, first, second)
            emit.store("double", confidence, state.finished_votes.confidence)
            emit.store("i64", count, state.finished_votes.confidence_count)
        return emit.load("double", state.finished_votes.confidence)

    def _less(self, a: str, b: str) -> str:
        return numbers.real_number(self._emit, "-", a, b)

    def _counted_alone(self, call: _VoteCall, group: VoteGroup) -> str:
        """Emit a function of votes that are counted for it alone."""
        if call.name == "winner" and call.weight is None:
            return self._winner(call.branches, group)
        votes, distinct, marks = self._expressions.state.vote_arrays[:3]
        voters = self._voters(call)
        candidate = None if call.answer is None else self._expressions.value(call.answer)
        count = self._tally(voters, votes, distinct, marks)
        leader = vote_kernels.leader if call.weight is None else vote_kernels.leader_weighted
        tally = _Tally(
            distinct, count, votes, lambda: self._kernel(leader, distinct, count, votes, "-1")
        )
        result = self._read(call, tally, candidate)
        self._kernel(vote_kernels.clear, distinct, count, votes, marks)
        return result

    def _counted_once(self, call: _VoteCall, group: VoteGroup) -> _Tally:
        """Emit votes that are counted unless a call before has done it."""
        emit, counted, known = self._emit, group.counted, group.known
        assert counted is not None
        assert known is not None
        with emit.when(emit.op(f"xor i1 {emit.load('i1', known)}, true")):
            voters = self._voters(call)
            self._clear(counted)
            count = self._tally(voters, counted.votes, counted.distinct, counted.marks)
            kernel = vote_kernels.leader if call.weight is None else vote_kernels.leader_weighted
            leader = self._kernel(kernel, counted.distinct, count, counted.votes, "-1")
            emit.store("i64", count, counted.size)
            emit.store("i64", leader, counted.leader)
            emit.store("i1", "true", known)
        count, leader = emit.load("i64", counted.size), emit.load("i64", counted.leader)
        return _Tally(counted.distinct, count, counted.votes, lambda: leader)

    def _winner(self, node: tree.Expression, group: VoteGroup) -> str:
        """Emit a winner without weights; the last one is likely to have most votes again."""
        emit, state, known = self._emit, self._expressions.state, group.known

        def count() -> None:
            members = self._expressions.sets.members(node)
            winner = self._kernel(
                vote_kernels.winner, members.pointer, members.size, state.answer,
                *state.vote_arrays[:2], emit.load("i64", group.winner),
            )  # fmt: skip
            emit.store("i64", winner, group.winner)

        if known is None:
            count()
        else:
            with emit.when(emit.op(f"xor i1 {emit.load('i1', known)}, true")):
                count()
                emit.store("i1", "true", known)
        return emit.load("i64", group.winner)

    def _voters(self, call: _VoteCall) -> _Voters:
        """Emit the branches that vote, and the weight of each."""
        expressions, weight, weights = self._expressions, call.weight, ""
        members = expressions.sets.members(call.branches)
        if weight is not None:
            weights = expressions.state.array()
            expressions.sets.of_each(
                members,
                lambda index, _: self._emit.store_element(
                    "double", expressions.real(weight), weights, index
                ),
            )
        return _Voters(members, weights)

    def _tally(self, voters: _Voters, votes: str, distinct: str, marks: str) -> str:
        """Emit the count of votes; return the number of answers.

        Args:
            voters: the branches.
            votes: array of votes, all 0.
            distinct: array of answers.
            marks: array of marks, all 0.
        """
        members, answers = voters.members, self._expressions.state.answer
        if not voters.weights:
            return self._kernel(
                vote_kernels.tally, members.pointer, members.size, answers, votes, distinct
            )
        return self._kernel(
            vote_kernels.tally_weighted, members.pointer, members.size, answers, voters.weights,
            votes, marks, distinct,
        )  # fmt: skip

    def _read(self, call: _VoteCall, tally: _Tally, candidate: str | None) -> str:
        """Emit a function of votes that are counted.

        Args:
            call: the function.
            tally: the votes.
            candidate: the answer that is asked about, if any.
        """
        if call.weight is None:
            return self._read_votes(call.name, tally, candidate)
        return self._read_weighted(call, tally, candidate)

    def _read_votes(self, name: str, tally: _Tally, candidate: str | None) -> str:
        kernel, widen = self._kernel, self._expressions.widen
        distinct, count, votes, find_leader = tally
        if name == "distinct":
            return count
        if name == "total":
            return kernel(vote_kernels.total_count, distinct, count, votes)
        if name == "entropy":
            return kernel(vote_kernels.entropy, distinct, count, votes)
        leader = find_leader()
        if name == "winner":
            return kernel(vote_kernels.answer_at, distinct, leader)
        first = (
            kernel(vote_kernels.votes_at, distinct, leader, votes)
            if candidate is None
            else kernel(vote_kernels.votes_of, candidate, votes)
        )
        if name == "votes":
            return first
        if name == "share":
            all_votes = kernel(vote_kernels.total, distinct, count, votes)
            return kernel(vote_kernels.share, widen(first), all_votes)
        second = kernel(vote_kernels.leader, distinct, count, votes, leader)
        if name == "runner_up":
            return kernel(vote_kernels.answer_at, distinct, second)
        trailing = kernel(vote_kernels.votes_at, distinct, second, votes)
        if name == "confidence":
            return kernel(vote_kernels.confidence, count, first, trailing)
        if name == "dirichlet_confidence":
            return self._dirichlet(
                count,
                lambda: kernel(vote_kernels.confidence, count, first, trailing),
                lambda: kernel(vote_kernels.dirichlet_confidence, distinct, count, votes, leader),
            )
        all_votes = kernel(vote_kernels.total, distinct, count, votes)
        share = kernel(vote_kernels.share, widen(first), all_votes)
        return self._less(share, kernel(vote_kernels.share, widen(trailing), all_votes))

    def _read_weighted(self, call: _VoteCall, tally: _Tally, candidate: str | None) -> str:
        kernel, name = self._kernel, call.name
        distinct, count, votes, find_leader = tally
        if name == "total":
            return kernel(vote_kernels.total_weighted, distinct, count, votes)
        if name == "entropy":
            return kernel(vote_kernels.entropy_weighted, distinct, count, votes)
        leader = find_leader()
        if name == "winner":
            return kernel(vote_kernels.answer_at, distinct, leader)
        first = (
            kernel(vote_kernels.votes_at_weighted, distinct, leader, votes)
            if candidate is None
            else kernel(vote_kernels.votes_of_weighted, candidate, votes)
        )
        if name == "votes":
            return first
        if name == "share":
            all_votes = kernel(vote_kernels.total_weighted, distinct, count, votes)
            return kernel(vote_kernels.share, first, all_votes)
        second = kernel(vote_kernels.leader_weighted, distinct, count, votes, leader)
        if name == "runner_up":
            return kernel(vote_kernels.answer_at, distinct, second)
        trailing = kernel(vote_kernels.votes_at_weighted, distinct, second, votes)
        if name == "confidence":
            return self._expressions.choose(
                self._emit.op(f"icmp eq i64 {count}, 0"),
                "double",
                lambda: "0.0",
                lambda: self._confidence(first, trailing, call.level),
            )
        if name == "dirichlet_confidence":
            return self._dirichlet(
                count,
                lambda: kernel(vote_kernels.confidence_weighted, count, first, trailing),
                lambda: kernel(
                    vote_kernels.dirichlet_confidence_weighted, distinct, count, votes, leader
                ),
            )
        all_votes = kernel(vote_kernels.total_weighted, distinct, count, votes)
        share = kernel(vote_kernels.share, first, all_votes)
        return self._less(share, kernel(vote_kernels.share, trailing, all_votes))

    def _confidence(self, first: str, second: str, level: str) -> str:
        """Emit the confidence in weighted votes, or what compares with a level in the same way.

        Args:
            first: votes of the leader.
            second: votes of the runner-up.
            level: what it is compared with; empty if the confidence itself is needed.
        """
        if not level:
            return self._kept(beta_confidence_real, first, second)
        bound = self._kernel(vote_kernels.bound_confidence, first, second, level)
        return self._expressions.choose(
            self._emit.op(f"fcmp oeq double {bound}, {level}"),
            "double",
            lambda: self._kept(beta_confidence_real, first, second),
            lambda: bound,
        )

    def _dirichlet(self, count: str, few: Callable[[], str], many: Callable[[], str]) -> str:
        """Emit the confidence among all answers: that of two where there are no more.

        Args:
            count: how many answers there are.
            few: emits the confidence of two answers or fewer.
            many: emits that of three or more.
        """
        has_few = self._emit.op(f"icmp slt i64 {count}, 3")
        return self._expressions.choose(has_few, "double", few, many)
