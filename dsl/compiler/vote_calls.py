"""Votes in a compiled program: functions of a set of branches."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dsl import tree
from dsl.beta import beta_confidence_real
from dsl.compiler import numbers, vote_kernels
from dsl.traversal import ungroup

if TYPE_CHECKING:
    from dsl.compiler.expressions import ExpressionEmitter

Kernel = Callable[..., Any]

_COUNTED_ANEW = frozenset({"runner_up", "entropy", "dirichlet_confidence"})
"""What the votes of `finished` that are kept up do not give."""


class VoteEmitter:
    """Emits the functions of sets of one program.

    Args:
        expressions: its expressions.
    """

    def __init__(self, expressions: "ExpressionEmitter"):
        self._expressions = expressions
        self._emit = expressions.emit

    def _kernel(self, kernel: Kernel, *arguments: str) -> str:
        return self._expressions.library.call(self._emit, kernel, *arguments)

    def _kept(self, kernel: Kernel, *arguments: str) -> str:
        """Call a kernel of reals unless its result is kept."""
        return self._expressions.kept_results.call(self._emit, kernel, *arguments)

    def of_set(self, name: str, node: tree.Call) -> str:
        """Emit a call of a function of a set.

        Args:
            name: the function.
            node: the call.
        """
        expressions = self._expressions
        plain = [
            a for a in node.arguments if not isinstance(a, tree.KeywordArgument | tree.PerBranch)
        ]
        weights = [a.value for a in node.arguments if isinstance(a, tree.KeywordArgument)]
        if name in {"count", "empty"}:
            count = expressions.sets.members(plain[0]).size
            return count if name == "count" else self._emit.op(f"icmp eq i64 {count}, 0")
        answer = plain[1] if len(plain) == 2 else None
        branches = ungroup(plain[0])
        finished = isinstance(branches, tree.Name) and branches.text == "finished"
        if finished and not weights and name not in _COUNTED_ANEW:
            return self._of_finished(name, answer)
        if weights:
            return self._weighted(name, plain[0], answer, weights[0])
        return self._unweighted(name, plain[0], answer)

    def _of_finished(self, name: str, answer: tree.Expression | None) -> str:
        """Return the votes of the finished branches, which are kept up as they finish."""
        emit, state = self._emit, self._expressions.state
        first = emit.load("i64", state.finished_first)
        second = emit.load("i64", state.finished_second)
        count = emit.load("i64", state.finished_count)
        if answer is not None:
            candidate = self._expressions.value(answer)
            first = self._kernel(vote_kernels.votes_of, candidate, state.vote_arrays[3])
        match name:
            case "winner":
                return emit.load("i64", state.finished_winner)
            case "votes":
                return first
            case "total":
                return count
            case "distinct":
                return emit.load("i64", state.finished_distinct)
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
        known = emit.load("i64", state.confidence_count)
        with emit.when(emit.op(f"icmp ne i64 {known}, {count}")):
            confidence = self._kernel(vote_kernels.confidence, count, first, second)
            emit.store("double", confidence, state.finished_confidence)
            emit.store("i64", count, state.confidence_count)
        return emit.load("double", state.finished_confidence)

    def _less(self, a: str, b: str) -> str:
        return numbers.real_number(self._emit, "-", a, b)

    def _unweighted(self, name: str, node: tree.Expression, answer: tree.Expression | None) -> str:
        expressions, state = self._expressions, self._expressions.state
        members = expressions.sets.members(node)
        candidate = None if answer is None else expressions.value(answer)
        votes, distinct, marks = state.vote_arrays[:3]
        count = self._kernel(
            vote_kernels.tally, members.pointer, members.size, state.answer, votes, distinct
        )
        result = self._read_votes(name, distinct, count, votes, candidate)
        self._kernel(vote_kernels.clear, distinct, count, votes, marks)
        return result

    def _read_votes(
        self, name: str, distinct: str, count: str, votes: str, candidate: str | None
    ) -> str:
        kernel, widen = self._kernel, self._expressions.widen
        if name == "distinct":
            return count
        if name == "total":
            return kernel(vote_kernels.total_count, distinct, count, votes)
        if name == "entropy":
            return kernel(vote_kernels.entropy, distinct, count, votes)
        leader = kernel(vote_kernels.leader, distinct, count, votes, "-1")
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

    def _weighted(
        self, name: str, node: tree.Expression, answer: tree.Expression | None,
        weight: tree.Expression,
    ) -> str:  # fmt: skip
        expressions, state = self._expressions, self._expressions.state
        members = expressions.sets.members(node)
        weights = state.array()
        expressions.sets.of_each(
            members,
            lambda index, _: self._emit.store_element(
                "double", expressions.real(weight), weights, index
            ),
        )
        candidate = None if answer is None else expressions.value(answer)
        votes, distinct, marks = state.vote_arrays[:3]
        count = self._kernel(
            vote_kernels.tally_weighted, members.pointer, members.size, state.answer, weights,
            votes, marks, distinct,
        )  # fmt: skip
        result = self._read_weighted(name, distinct, count, votes, candidate)
        self._kernel(vote_kernels.clear, distinct, count, votes, marks)
        return result

    def _read_weighted(
        self, name: str, distinct: str, count: str, votes: str, candidate: str | None
    ) -> str:
        kernel = self._kernel
        if name == "total":
            return kernel(vote_kernels.total_weighted, distinct, count, votes)
        if name == "entropy":
            return kernel(vote_kernels.entropy_weighted, distinct, count, votes)
        leader = kernel(vote_kernels.leader_weighted, distinct, count, votes, "-1")
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
                lambda: self._kept(beta_confidence_real, first, trailing),
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

    def _dirichlet(self, count: str, few: Callable[[], str], many: Callable[[], str]) -> str:
        """Emit the confidence among all answers: that of two where there are no more.

        Args:
            count: how many answers there are.
            few: emits the confidence of two answers or fewer.
            many: emits that of three or more.
        """
        has_few = self._emit.op(f"icmp slt i64 {count}, 3")
        return self._expressions.choose(has_few, "double", few, many)
