"""Hindsight of compiled episodes: the arrays that `harness.mdp.hindsight` has from traces."""

from dsl.compiler import hindsight_kernels
from dsl.compiler.kernels import KernelLibrary
from dsl.compiler.memory_layout import StateWord
from dsl.compiler.state import NONE, EpisodeState


class HindsightEmitter:
    """Emits what keeps hindsight up during an episode, and its results.

    Args:
        state: the state of the episode, which keeps the charges of branches.
        library: the kernels of the program.
    """

    def __init__(self, state: EpisodeState, library: KernelLibrary):
        self._state = state
        self._emit = state.emit
        self._library = library
        self._leader = state.emit.slot("i64")
        self._leads_since = state.emit.slot("i64")
        """Tokens charged when the leader last changed."""

    def begin(self) -> None:
        """Emit the start of an episode: no answer leads."""
        self._emit.store("i64", NONE, self._leader)
        self._emit.store("i64", "0", self._leads_since)

    def end_barrier(self) -> None:
        """Emit the end of a barrier that did something: the leader may have changed."""
        emit, state = self._emit, self._state
        before = emit.load("i64", self._leader)
        leader = self._library.call(
            emit, hindsight_kernels.leading_answer, emit.load("i64", state.opened), state.status,
            state.answer, state.vote_arrays[0],
        )  # fmt: skip
        since, spent = emit.load("i64", self._leads_since), emit.load("i64", state.spent)
        is_same = emit.op(f"icmp eq i64 {leader}, {before}")
        emit.store("i64", emit.select(is_same, "i64", since, spent), self._leads_since)
        emit.store("i64", leader, self._leader)

    def store_results(self, episode: str) -> None:
        """Emit the end of an episode that has its answer."""
        emit, state = self._emit, self._state
        spent = emit.load("i64", state.spent)
        answer = emit.op(f"sext i32 {emit.load('i32', state.result)} to i64")
        is_answered = emit.op(f"icmp ne i64 {answer}, {NONE}")
        leads = emit.op(f"icmp eq i64 {answer}, {emit.load('i64', self._leader)}")
        is_settled = emit.op(f"and i1 {leads}, {is_answered}")
        after = emit.op(f"sub i64 {spent}, {emit.load('i64', self._leads_since)}")
        pruned = self._library.call(
            emit, hindsight_kernels.sum_pruned, emit.load("i64", state.opened), state.status,
            self._charges,
        )  # fmt: skip
        agreeing = emit.select(is_answered, "i64", self._sum_voting(answer), "0")
        uncounted = emit.op(f"sub i64 {emit.op(f'sub i64 {spent}, {pruned}')}, {agreeing}")
        for word, value in (
            (StateWord.OUT_SETTLED, emit.op(f"zext i1 {is_settled} to i64")),
            (StateWord.OUT_AFTER_SETTLED, emit.select(is_settled, "i64", after, "0")),
            (StateWord.OUT_PRUNED, pruned),
            (StateWord.OUT_UNCOUNTED, uncounted),
            (StateWord.OUT_SILENT, self._sum_voting(NONE)),
            (StateWord.OUT_AGREEING, agreeing),
        ):
            emit.store_element("i64", value, state.word(word, "ptr"), episode)

    def _sum_voting(self, answer: str) -> str:
        emit, state = self._emit, self._state
        return self._library.call(
            emit, hindsight_kernels.sum_voting, emit.load("i64", state.opened), state.status,
            state.answer, self._charges, answer,
        )  # fmt: skip

    @property
    def _charges(self) -> str:
        assert self._state.charges is not None
        return self._state.charges
