"""What recorded branches show at each depth, if every answer on the way is revealed.

That depends on nothing but the depth, so it is prepared once for all seeds.
"""

from collections.abc import Collection, Sequence
from itertools import pairwise

import msgspec

from dsl.episode import BranchView, Open
from harness.mdp.replay import BranchPool, Replay, ReplayChain
from sandbox.python.columns import RevealedEnd
from sandbox.worker.messages import decode_branch, encode_branch

_SIGNALS = frozenset({"entropy", "logprob", "top_logprob", "signal"})
"""The attributes of a branch that read its signals."""

_COUNTS = frozenset({"changes", "streak"})
"""The attributes of a branch that count its answers."""


class _ChainReplay(Replay):
    """A replay of one chain alone, without a budget, one interval after the other."""

    def __init__(self, chain: ReplayChain, interval: int):
        super().__init__(BranchPool([chain], interval), seed=0, apart=True)
        self.perform(Open(count=1))

    def encode_state(self, depth: int) -> msgspec.Raw:
        """Advance to a depth, which must not be below the last one; return what is shown there."""
        view = self.episode.branches[0]
        if depth > view.depth:
            self._run(view, depth - view.depth, look=True)
        return encode_branch(view)


class ChainTrack:
    """What one chain shows at each depth, if every answer on the way is revealed.

    Args:
        chain: The chain.
        interval: Δ in tokens.
        counts: Whether streaks and changes are needed before a view shows them.
    """

    def __init__(self, chain: ReplayChain, interval: int, *, counts: bool):
        self._chain = chain
        self._interval = interval
        self.answers = chain.probes
        """The answer at depth 1, 2 …, without the final one."""
        self.final = chain.final
        self.last_depth = len(chain.probes) + 1
        """The depth at which it finishes."""
        self.last_charge = max(0, chain.tokens - interval * len(chain.probes))
        """The charge of the last interval, which reveals the final answer without a probe."""
        self.end = RevealedEnd(
            self.last_depth, interval * len(chain.probes) + self.last_charge, chain.cut_off
        )
        self.streaks: Sequence[int] = ()
        """The streak at depth 1, 2 …, the last one included, if they are needed."""
        self.changes: Sequence[int] = ()
        """The changes at these depths, if they are needed."""
        if counts:
            self.streaks, self.changes = count_answers((*chain.probes, chain.final))
        self._encoded: list[msgspec.Raw] = []
        self._replay: _ChainReplay | None = None

    def find_answer(self, depth: int) -> str:
        """Return the answer that is revealed at a depth."""
        return self.answers[depth - 1] if depth < self.last_depth else self.final

    def encode_state(self, depth: int) -> msgspec.Raw:
        """Return all that the chain shows at a depth, its signals included."""
        encoded = self._encoded
        while len(encoded) < depth:
            if self._replay is None:
                self._replay = _ChainReplay(self._chain, self._interval)
            encoded.append(self._replay.encode_state(len(encoded) + 1))
        return encoded[depth - 1]

    def catch_up(self, view: BranchView, depth: int) -> None:
        """Let a view show the chain at a depth at which it is active."""
        shown = decode_branch(self.encode_state(depth))
        view.depth, view.tokens, view.answer = shown.depth, shown.tokens, shown.answer
        view.streak, view.changes = shown.streak, shown.changes
        view.revealed, view.cut_off = shown.revealed, shown.cut_off
        view.entropy, view.logprob = shown.entropy, shown.logprob
        view.top_logprob, view.signals = shown.top_logprob, shown.signals


class PoolTracks:
    """The tracks of a branch pool, created when a chain is opened first.

    Args:
        branch_pool: The recorded branches.
        reads: The attributes that the controller reads, of branches and of anything else.
    """

    def __init__(self, branch_pool: BranchPool, reads: Collection[str]):
        self.branch_pool = branch_pool
        self.shows_signals = not _SIGNALS.isdisjoint(reads) and _has_signals(branch_pool)
        """Whether the controller may read signals that were recorded."""
        self.shows_counts = not _COUNTS.isdisjoint(reads)
        """Whether the controller may read streaks or changes."""
        self.most_last_charge = max(
            (
                max(0, chain.tokens - branch_pool.interval * len(chain.probes))
                for chain in branch_pool.chains
            ),
            default=0,
        )
        """The most that the last interval of a branch is charged."""
        self._tracks: list[ChainTrack | None] = [None] * len(branch_pool.chains)

    def track(self, chain: int) -> ChainTrack:
        """Return the track of a chain, by its recorded position."""
        track = self._tracks[chain]
        if track is None:
            pool = self.branch_pool
            self._tracks[chain] = track = ChainTrack(
                pool.chains[chain], pool.interval, counts=self.shows_counts
            )
        return track


def _has_signals(branch_pool: BranchPool) -> bool:
    return any(
        chain.signals
        or any(values is not None for values in (chain.entropy, chain.logprob, chain.top_logprob))
        for chain in branch_pool.chains
    )


def count_answers(answers: Sequence[str]) -> tuple[list[int], list[int]]:
    """Return the streak and the changes of a branch after each of its answers."""
    streaks, changes = [0], [0]
    for before, answer in pairwise(answers):
        if answer == before:
            streaks.append(streaks[-1] + 1)
            changes.append(changes[-1])
        else:
            streaks.append(0)
            changes.append(changes[-1] + 1)
    return streaks, changes
