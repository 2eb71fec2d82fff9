"""The actions of the MDP in a compiled program: what `harness.mdp.replay` does, on arrays."""

from typing import NamedTuple

from dsl.compiler import numbers
from dsl.compiler.memory_layout import SignalScopeCode
from dsl.compiler.running import RunningTables
from dsl.compiler.state import ACTIVE, FINISHED, NO_VALUE, NONE, EpisodeState


class SignalColumns(NamedTuple):
    """Where the recorded values of a named signal are, as values in the function."""

    values: str
    counts: str
    scope: str


class BranchEmitter:
    """Emits the actions.

    Args:
        state: the state of the episode.
        word: the type of the recorded answers, ``i16`` or ``i32``.
        entropy: address of the values of that signal, if it is read.
        named: the named signals that are read.
        running: the running values, of which a branch that is opened has none.
    """

    def __init__(
        self,
        state: EpisodeState,
        word: str,
        entropy: str | None,
        named: dict[str, SignalColumns],
        running: RunningTables,
    ):
        self._named = named
        self._state = state
        self._running = running
        self._emit = state.emit
        self._word = word
        self._entropy = entropy

    def recorded(self, branch: str, index: str) -> str:
        """Emit a branch's recorded answer after ``index`` + 1 intervals, as a 64-bit number."""
        emit, state = self._emit, self._state
        row = emit.load_element("i64", state.row, branch)
        cell = emit.op(f"add i64 {row}, {index}")
        narrow = emit.load_element(self._word, state.answers, cell)
        return emit.op(f"sext {self._word} {narrow} to i64")

    def new(self, *, whole: bool) -> str:
        """Open the next branch of the order, at depth 1 or at its end; return its index."""
        emit, state = self._emit, self._state
        branch = emit.load("i64", state.opened)
        narrow = emit.load_element("i32", state.deal, branch)
        chain = emit.op(f"zext i32 {narrow} to i64")
        emit.store_element("i64", chain, state.chain, branch)
        emit.store_element("i64", emit.op(f"mul i64 {chain}, {state.width}"), state.row, branch)
        last = emit.load_element("i64", state.probes, chain)
        emit.store_element("i64", last, state.last, branch)
        depth = emit.op(f"add i64 {last}, 1") if whole else "1"
        emit.store_element("i64", depth, state.depth, branch)
        emit.store_element("i32", NONE, state.answer, branch)
        emit.store_element("i64", ACTIVE, state.status, branch)
        for array, used in (
            (state.seen, state.uses.seen),
            (state.streak, state.uses.streak),
            (state.changes, state.uses.changes),
            (state.tokens, state.uses.tokens),
        ):
            if used:
                emit.store_element("i64", "0", array, branch)
        if state.charges is not None:
            emit.store_element("i64", "0", state.charges, branch)
        if state.uses.age:
            emit.store_element("i64", emit.load("i64", state.steps), state.born, branch)
        for name, array in state.signal.items():
            first = NO_VALUE if name in state.uses.marked_signals else "0.0"
            emit.store_element("double", first, array, branch)
        if state.shows_from is not None:
            emit.store_element("i64", last if whole else "0", state.shows_from, branch)
        emit.bump(state.opened)
        self._running.enter(branch)
        return branch

    def pay(self, branch: str, tokens: str) -> None:
        """Charge tokens that were generated on a branch."""
        emit, state = self._emit, self._state
        self.charge(branch, tokens)
        if state.uses.tokens:
            emit.bump(emit.element("i64", state.tokens, branch), tokens)

    def charge(self, branch: str, tokens: str) -> None:
        """Charge tokens on a branch, whether they were generated or are the cost of probes."""
        emit, state = self._emit, self._state
        emit.bump(state.spent, tokens)
        if state.charges is not None:
            emit.bump(emit.element("i64", state.charges, branch), tokens)

    def reveal(self, branch: str, answer: str, depth: str) -> None:
        """Reveal an answer of a branch.

        Args:
            branch: index of the branch.
            answer: the answer number.
            depth: depth in intervals.
        """
        emit, state = self._emit, self._state
        if state.uses.streak or state.uses.changes:
            before = state.answer_of(branch)
            first = emit.op(f"icmp slt i64 {before}, 0")
            same = emit.op(f"icmp eq i64 {before}, {answer}")
            if state.uses.streak:
                pointer = emit.element("i64", state.streak, branch)
                longer = emit.op(f"add i64 {emit.load('i64', pointer)}, 1")
                streak = emit.select(same, "i64", longer, "0")
                emit.store("i64", streak, pointer)
            if state.uses.changes:
                pointer = emit.element("i64", state.changes, branch)
                unchanged = emit.op(f"or i1 {first}, {same}")
                by = emit.select(unchanged, "i64", "0", "1")
                emit.bump(pointer, by)
        emit.store_element("i32", emit.op(f"trunc i64 {answer} to i32"), state.answer, branch)
        if state.uses.seen:
            emit.store_element("i64", depth, state.seen, branch)

    @property
    def shows_intervals(self) -> bool:
        """Whether the program reads signals that may have to be stored at every interval."""
        return bool(self._named)

    def last_stretch(self, branch: str, last: str) -> str:
        """Return the tokens of a branch after its last probe.

        Args:
            branch: index of the branch.
            last: how many probes it has.
        """
        emit, state = self._emit, self._state
        chain = emit.load_element("i64", state.chain, branch)
        tokens = emit.load_element("i64", state.chain_tokens, chain)
        rest = emit.op(f"sub i64 {tokens}, {emit.op(f'mul i64 {state.interval}, {last}')}")
        return numbers.largest(emit, "i64", "0", rest)

    def reveal_intervals(self, branch: str, before: str, count: str, *, finishes: bool) -> None:
        """Reveal the answers of several intervals, which have probes, without charging for them.

        Args:
            branch: index of the branch.
            before: its depth before them.
            count: how many there are, at least 1 unless the branch finishes.
            finishes: whether the branch finishes after them, which reveals its final answer.
        """
        emit, state = self._emit, self._state
        if state.uses.streak or state.uses.changes:
            with emit.loop(count) as passed:
                index = emit.op(f"add i64 {before}, {passed}")
                self._show_probe(branch, index, emit.op(f"add i64 {index}, 1"))
            return
        depth = emit.op(f"add i64 {before}, {count}")
        index = emit.op(f"sub i64 {depth}, 1")
        if not finishes:
            self._show_probe(branch, index, depth)
        elif state.signal:
            with emit.when(emit.op(f"icmp sgt i64 {count}, 0")):
                self._show_probe(branch, index, depth)

    def probe(self, branch: str, depth: str) -> None:
        """Reveal the answer at a depth that has a probe, and charge for it."""
        self.charge(branch, self._state.probe_cost)
        self._show_probe(branch, self._emit.op(f"sub i64 {depth}, 1"), depth)

    def _show_probe(self, branch: str, index: str, depth: str) -> None:
        """Show what a probe at a depth reveals, which is recorded at an index."""
        emit, state = self._emit, self._state
        self.reveal(branch, self.recorded(branch, index), depth)
        if self._entropy is not None:
            row = emit.load_element("i64", state.row, branch)
            value = emit.load_element("double", self._entropy, emit.op(f"add i64 {row}, {index}"))
            emit.store_element("double", value, state.signal["entropy"], branch)
        self._show_named(branch, index, SignalScopeCode.PROBE)

    def show_interval(self, branch: str, index: str) -> None:
        """Show the signals of an interval just generated; the last stretch may have none."""
        self._show_named(branch, index, SignalScopeCode.INTERVAL)

    def _show_named(self, branch: str, index: str, scope: SignalScopeCode) -> None:
        """Show the values of named signals of a scope, if there are any at a position."""
        emit, state = self._emit, self._state
        for name, signal in self._named.items():
            is_meant = emit.op(f"icmp eq i64 {signal.scope}, {int(scope)}")
            chain = emit.load_element("i64", state.chain, branch)
            count = emit.load_element("i64", signal.counts, chain)
            in_range = emit.op(f"icmp slt i64 {index}, {count}")
            with emit.when(emit.op(f"and i1 {is_meant}, {in_range}")):
                row = emit.load_element("i64", state.row, branch)
                position = emit.op(f"add i64 {row}, {index}")
                value = emit.load_element("double", signal.values, position)
                emit.store_element("double", value, state.signal[name], branch)

    def finish(self, branch: str) -> None:
        """Emit the end of a branch, which reveals its final answer."""
        emit, state = self._emit, self._state
        last = emit.load_element("i64", state.last, branch)
        answer = self.recorded(branch, last)
        emit.store_element("i64", FINISHED, state.status, branch)
        self.reveal(branch, answer, emit.load_element("i64", state.depth, branch))
        self.show_interval(branch, last)
        self._show_named(branch, "0", SignalScopeCode.BRANCH)
        state.append(state.finished, state.finished_count, branch)
        if state.uses.finished_votes:
            self._vote(answer)

    def _vote(self, answer: str) -> None:
        """Keep up who leads among the finished branches, and by how much, as one more votes."""
        emit, state = self._emit, self._state
        votes, sight = state.vote_arrays[3], state.vote_arrays[4]
        pointer = emit.element("i64", votes, answer)
        before = emit.load("i64", pointer)
        mine = emit.op(f"add i64 {before}, 1")
        emit.store("i64", mine, pointer)
        with emit.when(emit.op(f"icmp eq i64 {before}, 0")):
            emit.store_element(
                "i64", emit.load("i64", state.finished_votes.distinct), sight, answer
            )
            emit.bump(state.finished_votes.distinct)
        winner = emit.load("i64", state.finished_votes.winner)
        first = emit.load("i64", state.finished_votes.first)
        is_winner = emit.op(f"icmp eq i64 {winner}, {answer}")
        more = emit.op(f"icmp sgt i64 {mine}, {first}")
        leads, trails, end_label = emit.label("leads"), emit.label("trails"), emit.label("end")
        emit.branch(emit.op(f"or i1 {is_winner}, {more}"), leads, trails)
        emit.start_block(leads)
        second = emit.load("i64", state.finished_votes.second)
        emit.store("i64", emit.select(is_winner, "i64", second, first), state.finished_votes.second)
        emit.store("i64", answer, state.finished_votes.winner)
        emit.store("i64", mine, state.finished_votes.first)
        emit.jump(end_label)
        emit.start_block(trails)
        second = emit.load("i64", state.finished_votes.second)
        larger = emit.op(f"icmp sgt i64 {mine}, {second}")
        emit.store("i64", emit.select(larger, "i64", mine, second), state.finished_votes.second)
        # On a tie the answer that was seen first leads.
        ties = emit.op(f"icmp eq i64 {mine}, {first}")
        earlier = emit.op(
            f"icmp slt i64 {emit.load_element('i64', sight, answer)},"
            f" {emit.load_element('i64', sight, winner)}"
        )
        with emit.when(emit.op(f"and i1 {ties}, {earlier}")):
            emit.store("i64", answer, state.finished_votes.winner)
        emit.start_block(end_label)

    def compact(self) -> None:
        """Take the branches that are no longer active off the list of active ones."""
        emit, state = self._emit, self._state
        count = emit.slot("i64")
        emit.store("i64", "0", count)
        with emit.loop(emit.load("i64", state.active_count)) as index:
            branch = state.member(state.active, index)
            status = emit.load_element("i64", state.status, branch)
            is_active = emit.op(f"icmp eq i64 {status}, {ACTIVE}")
            state.append_if(is_active, state.active, count, branch)
        emit.store("i64", emit.load("i64", count), state.active_count)
