"""The state of an episode in a compiled program: where everything is kept while it runs."""

from collections.abc import Iterator
from contextlib import contextmanager

from dsl import tree
from dsl.builtins import INTERVAL_SIGNALS, SIGNALS
from dsl.checker import CheckedProgram
from dsl.compiler.emitter import Emitter
from dsl.compiler.memory_layout import StateWord
from dsl.interpreter.running import running_lines
from dsl.traversal import walk

ACTIVE, FINISHED, PRUNED = "0", "1", "2"
NONE = "-1"
"""No answer."""

NO_VALUE = "0x7FF8000000000000"
"""What a signal has before its first value, if the program can tell: not a number, as no recorded
value is."""


def named_signals(checked: CheckedProgram) -> list[str]:
    """Return the signals that a program needs besides those of the format itself, in order."""
    return sorted(checked.needs.signals - frozenset(SIGNALS))


class StateUses:
    """What of the state a program reads, so that nothing else need be kept up."""

    def __init__(self, checked: CheckedProgram):
        nodes = list(walk(checked.program))
        fields = {node.text for node in nodes if isinstance(node, tree.Field)}
        names = {node.text for node in nodes if isinstance(node, tree.Name)}
        self.streak = ".streak" in fields
        self.changes = ".changes" in fields
        self.tokens = ".tokens" in fields
        self.age = ".age" in fields
        self.seen = ".seen" in fields or any(isinstance(node, tree.Probe) for node in nodes)
        self.sample = any(isinstance(node, tree.Sample) for node in nodes)
        self.prune = any(isinstance(node, tree.Prune) for node in nodes)
        # Running values read signals interval by interval, and need no latest value.
        lines = {node for line in running_lines(checked.program) for node in walk(line)}
        latest = {node.text for node in nodes if isinstance(node, tree.Field) and node not in lines}
        read = [signal for signal in SIGNALS if f".{signal}" in latest]
        self.interval_signals = [signal for signal in read if signal in INTERVAL_SIGNALS]
        """Those of the format itself, per interval: the latest follows from the depth."""
        self.signals = [signal for signal in read if signal not in INTERVAL_SIGNALS]
        """Those of the format itself, per probe."""
        self.named_signals = [name for name in named_signals(checked) if f".{name}" in latest]
        self.marked_signals = frozenset(self.named_signals) | {
            node.field.text.removeprefix(".") for node in nodes if isinstance(node, tree.Fallback)
        }
        """The signals of which it matters whether they have a value."""
        self.finished_votes = "finished" in names


class FinishedVotes:
    """Slots of the votes of the finished branches, which are kept up as they finish.

    Args:
        emit: the function.
    """

    def __init__(self, emit: Emitter):
        self.distinct = emit.slot("i64")
        self.winner = emit.slot("i64")
        self.first = emit.slot("i64")
        self.second = emit.slot("i64")
        self.confidence = emit.slot("double")
        self.confidence_count = emit.slot("i64")
        """How many branches had finished when the confidence was computed."""

    def clear(self, emit: Emitter) -> None:
        """Emit the votes before any branch has finished."""
        for slot in (self.distinct, self.first, self.second, self.confidence_count):
            emit.store("i64", "0", slot)
        emit.store("i64", NONE, self.winner)
        emit.store("double", "0.0", self.confidence)


class EpisodeState:
    """The slots and arrays of one episode, as values in the function under construction.

    Args:
        emit: the function; its only argument is ``%words``.
        uses: what the program reads.
        charges: whether the charges of each branch are kept.
    """

    def __init__(self, emit: Emitter, uses: StateUses, *, charges: bool = False):
        self.emit = emit
        self.uses = uses
        self.arrays = 0
        """How many arrays of N words have been laid out in the working memory."""
        self._scratch = self.word(StateWord.SCRATCH, "ptr")
        self.size = self.word(StateWord.BRANCHES)
        self.width = self.word(StateWord.WIDTH)
        self.interval = self.word(StateWord.INTERVAL)
        self.budget = self.word(StateWord.BUDGET)
        self.probe_cost = self.word(StateWord.PROBE_COST)
        self.answers = self.word(StateWord.ANSWERS, "ptr")
        self.probes = self.word(StateWord.PROBES, "ptr")
        self.chain_tokens = self.word(StateWord.TOKENS, "ptr")
        self._votes = self.word(StateWord.VOTES, "ptr")
        self._answer_count = self.word(StateWord.ANSWER_COUNT)
        self.vote_array_count = 0
        """How many arrays of votes have been laid out."""
        self.vote_arrays = [self.vote_array() for _ in range(5)]
        """Votes, order of first sight, marks; votes of the finished, their order of first sight."""
        # By branch
        self.row = self.array()
        self.last = self.array()
        self.chain = self.array()
        self.depth = self.array()
        self.answer = self.array()
        self.status = self.array()
        self.seen = self.array()
        self.streak = self.array()
        self.changes = self.array()
        self.tokens = self.array()
        self.born = self.array()
        self.charges = self.array() if charges else None
        """Tokens charged on each branch, with its probes."""
        self.signal = {name: self.array() for name in (*uses.signals, *uses.named_signals)}
        self.shows_from = self.array() if uses.sample and uses.interval_signals else None
        """How many of its intervals a branch does not show, if that is not none of them."""
        # Lists of branches
        self.active = self.array()
        self.finished = self.array()
        self.alive = self.array()
        self.all = self.array()
        self.marks = self.array()
        # By episode
        self.opened = emit.slot("i64")
        self.active_count = emit.slot("i64")
        self.finished_count = emit.slot("i64")
        self.pruned_count = emit.slot("i64")
        self.alive_opened = emit.slot("i64")
        """How many branches had been opened when the list of those alive was made."""
        self.alive_pruned = emit.slot("i64")
        """How many had been pruned then."""
        self.spent = emit.slot("i64")
        self.sequential = emit.slot("i64")
        self.rounds = emit.slot("i64")
        self.steps = emit.slot("i64")
        self.stopped = emit.slot("i64")
        self.draws = emit.slot("i64")
        self.draw_state = emit.slot("i64")
        self.result = emit.slot("i32")
        self.line = emit.slot("i64")
        self.finished_votes = FinishedVotes(emit)

    def lay_out_lists(self) -> None:
        """Emit what lists of branches hold in every episode."""
        emit = self.emit
        with emit.loop(self.size) as index:
            emit.store_element("i32", emit.op(f"trunc i64 {index} to i32"), self.all, index)
            emit.store_element("i8", "0", self.marks, index)

    def word(self, word: int, kind: str = "i64") -> str:
        """Return a word of the argument."""
        return self.emit.load(kind, self.emit.element("i64", "%words", str(int(word))))

    def array(self) -> str:
        """Return a new array of N words in the working memory."""
        offset = self.emit.op(f"mul i64 {self.size}, {self.arrays}")
        self.arrays += 1
        return self.emit.element("i64", self._scratch, offset)

    def vote_array(self) -> str:
        """Return a new array of a word for each answer, in the memory of votes."""
        offset = self.emit.op(f"mul i64 {self._answer_count}, {self.vote_array_count}")
        self.vote_array_count += 1
        return self.emit.element("i64", self._votes, offset)

    def begin(self, deal: str, seed_state: str) -> None:
        """Emit the start of an episode: nothing is opened or spent."""
        emit = self.emit
        self.deal = deal
        for slot in (
            self.opened, self.active_count, self.finished_count, self.pruned_count,
            self.alive_opened, self.alive_pruned, self.spent, self.sequential, self.rounds,
            self.steps, self.stopped, self.draws, self.line,
        ):  # fmt: skip
            emit.store("i64", "0", slot)
        self.finished_votes.clear(emit)
        emit.store("i32", NONE, self.result)
        emit.store("i64", seed_state, self.draw_state)

    def end(self) -> None:
        """Emit the end of an episode, which resets the votes of the finished branches."""
        if not self.uses.finished_votes:
            return
        emit = self.emit
        with emit.loop(emit.load("i64", self.finished_count)) as index:
            branch = self.member(self.finished, index)
            answer = self.answer_of(branch)
            emit.store_element("i64", "0", self.vote_arrays[3], answer)

    def member(self, members: str, index: str) -> str:
        """Return a member of a set, as a 64-bit index."""
        narrow = self.emit.load_element("i32", members, index)
        return self.emit.op(f"zext i32 {narrow} to i64")

    def answer_of(self, branch: str) -> str:
        """Return the latest revealed answer of a branch, as a 64-bit number."""
        narrow = self.emit.load_element("i32", self.answer, branch)
        return self.emit.op(f"sext i32 {narrow} to i64")

    @contextmanager
    def if_active(self, branch: str) -> Iterator[None]:
        """Guard what is emitted inside by whether a branch is active."""
        status = self.emit.load_element("i64", self.status, branch)
        with self.emit.when(self.emit.op(f"icmp eq i64 {status}, {ACTIVE}")):
            yield

    def append_if(self, condition: str, members: str, count: str, branch: str) -> None:
        """Append a branch to a list if a condition holds, without a jump, which often goes wrong.

        Args:
            condition: an ``i1`` value.
            members: the list, with room for one more.
            count: slot with the length of the list.
            branch: index of the branch.
        """
        emit = self.emit
        position = emit.load("i64", count)
        emit.store_element("i32", emit.op(f"trunc i64 {branch} to i32"), members, position)
        emit.bump(count, emit.op(f"zext i1 {condition} to i64"))

    def append(self, members: str, count: str, branch: str) -> None:
        """Append a branch to a list whose length is in a slot.

        Args:
            members: the list.
            count: slot with the length of the list.
            branch: index of the branch.
        """
        emit = self.emit
        position = emit.load("i64", count)
        emit.store_element("i32", emit.op(f"trunc i64 {branch} to i32"), members, position)
        emit.store("i64", emit.op(f"add i64 {position}, 1"), count)
