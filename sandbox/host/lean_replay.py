"""A replay for controllers in other processes, which sends what a branch shows and keeps no view.

Most verbs advance branches whose every answer was revealed. What such a branch shows depends only
on how far it has come, so it is computed and encoded once for all seeds, and such a verb takes a
few additions for each branch. Every other verb is performed by `harness.mdp.replay.Replay`, after
the branches that it names have caught up.
"""

from collections.abc import Sequence

import msgspec

from dsl.episode import Advance, AnyVerb, BranchView, Open, Outcome, Probe, Prune, Status
from harness.mdp.replay import BranchPool, Replay, ReplayChain, permute_branches
from sandbox.worker.messages import decode_branch, encode, encode_branch


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
    """

    def __init__(self, chain: ReplayChain, interval: int):
        self._chain = chain
        self._interval = interval
        self.last_depth = len(chain.probes) + 1
        """The depth at which it finishes."""
        self.last_charge = max(0, chain.tokens - interval * len(chain.probes))
        """The charge of the last interval, which reveals the final answer without a probe."""
        self.encoded: list[msgspec.Raw] = []
        """What it shows at depth 1, 2 …, as far as any episode has come."""
        self._has_signals = bool(chain.signals) or any(
            values is not None for values in (chain.entropy, chain.logprob, chain.top_logprob)
        )
        self._replay: _ChainReplay | None = None
        self._streak = self._changes = 0  # at the last depth of `encoded`

    def encode_state(self, depth: int) -> msgspec.Raw:
        """Return what the chain shows at a depth."""
        encoded = self.encoded
        if not self._has_signals:
            self._encode_answers(min(depth, self.last_depth - 1))
        while len(encoded) < depth:
            if self._replay is None:
                self._replay = _ChainReplay(self._chain, self._interval)
            encoded.append(self._replay.encode_state(len(encoded) + 1))
        return encoded[depth - 1]

    def _encode_answers(self, depth: int) -> None:
        """Encode states up to a depth at which nothing but answers was recorded."""
        probes, encoded, interval = self._chain.probes, self.encoded, self._interval
        for before in range(len(encoded), depth):
            answer, now = probes[before], before + 1
            if before > 0:
                if answer == probes[before - 1]:
                    self._streak += 1
                else:
                    self._streak = 0
                    self._changes += 1
            shown = (now, now * interval, answer, self._streak, self._changes, now)
            encoded.append(msgspec.Raw(encode(shown)))


class PoolTracks:
    """The tracks of a branch pool, created when a chain is advanced first.

    Args:
        branch_pool: The recorded branches.
    """

    def __init__(self, branch_pool: BranchPool):
        self.branch_pool = branch_pool
        self._tracks: list[ChainTrack | None] = [None] * len(branch_pool.chains)

    def track(self, chain: int) -> ChainTrack:
        """Return the track of a chain, by its recorded position."""
        track = self._tracks[chain]
        if track is None:
            pool = self.branch_pool
            self._tracks[chain] = track = ChainTrack(pool.chains[chain], pool.interval)
        return track


class LeanReplay(Replay):
    """One episode over one recorded question.

    Args:
        tracks: The tracks of the recorded branches.
        seed: Determines the order of the branches and every random draw.
        question: The question's position in its recording.
        budget: B in tokens, ``None`` for no limit.
        probe_cost: κ in tokens, the cost of one PROBE.
    """

    def __init__(
        self,
        tracks: PoolTracks,
        *,
        seed: int,
        question: int = 0,
        budget: int | None = None,
        probe_cost: int = 0,
    ):
        pool = tracks.branch_pool
        super().__init__(
            pool,
            seed=seed,
            question=question,
            budget=budget,
            probe_cost=probe_cost,
            apart=True,
        )
        self._order = permute_branches(len(pool.chains), seed)
        self._pool_tracks = tracks
        self._tracks: list[ChainTrack] = []  # of the opened branches
        self._depths: list[int] = []  # of the opened branches; only right while they are on track
        self._on_track: set[int] = set()  # active branches whose every answer was revealed
        self._behind: set[int] = set()  # branches whose view does not show their depth yet
        self._last_states: tuple[msgspec.Raw, ...] = ()

    @property
    def last_states(self) -> tuple[msgspec.Raw, ...]:
        """What the branches of the last outcome show after it, encoded."""
        return self._last_states

    def perform(self, verb: AnyVerb) -> Outcome:
        """Perform one verb; see `Replay.perform`.

        Args:
            verb: The verb. It was decoded from a message, so its fields have the declared types.

        Raises:
            Inadmissible: The verb is refused.
            BudgetSpent: Not even the first action is affordable.
            NotProbed: An `Open` on a recording without probes.
        """
        if type(verb) is Advance and self._is_on_track(verb) and self._advance_on_track(verb):
            return Outcome(verb.branches, exhausted=False)
        if isinstance(verb, Advance | Probe | Prune):
            self._catch_up(verb.branches)
        outcome = super().perform(verb)
        views = self._state.branches
        self._follow(verb, views[len(self._tracks) :])
        self._last_states = tuple([encode_branch(views[index]) for index in outcome.branches])
        return outcome

    def _is_on_track(self, verb: Advance) -> bool:
        """Whether a verb is admissible and all of its branches are on track."""
        branches = verb.branches
        return (
            verb.look
            and not self.ended
            and len(verb.bursts) == len(branches) == len(set(branches))
            and min(verb.bursts, default=0) > 0
            and self._on_track.issuperset(branches)
        )

    def _advance_on_track(self, verb: Advance) -> bool:
        """Perform a verb whose branches are on track; return False if the budget may end in it."""
        tracks, depths, step = self._tracks, self._depths, self._interval + self._probe_cost
        total = longest = 0
        reached: list[int] = []
        ended: list[int] = []
        states: list[msgspec.Raw] = []
        for index, burst in zip(verb.branches, verb.bursts, strict=True):
            track, before = tracks[index], depths[index]
            depth, charge = before + burst, burst * step
            if depth >= track.last_depth:
                depth = track.last_depth
                charge = (depth - 1 - before) * step + track.last_charge
                ended.append(index)
            total += charge
            if charge > longest:
                longest = charge
            reached.append(depth)
            known = track.encoded
            states.append(known[depth - 1] if depth <= len(known) else track.encode_state(depth))
        state = self._state
        # Each action needs an interval and its probe to be affordable, also one that costs less.
        if state.spent + total + step > self._ledger.budget:
            return False
        state.spent += total
        state.sequential += longest
        for index, depth in zip(verb.branches, reached, strict=True):
            depths[index] = depth
        self._behind.update(verb.branches)
        self._on_track.difference_update(ended)
        for index in ended:
            state.branches[index].status = Status.FINISHED
            state.active.remove(index)
            state.finished.append(index)
        self._last_states = tuple(states)
        return True

    def _catch_up(self, branches: Sequence[int]) -> None:
        """Let the views of branches show their depth, for a verb that `Replay` performs."""
        for index in self._behind.intersection(branches):
            shown = decode_branch(self._tracks[index].encode_state(self._depths[index]))
            view = self._state.branches[index]
            view.depth, view.tokens, view.answer = shown.depth, shown.tokens, shown.answer
            view.streak, view.changes = shown.streak, shown.changes
            view.revealed, view.cut_off = shown.revealed, shown.cut_off
            view.entropy, view.logprob = shown.entropy, shown.logprob
            view.top_logprob, view.signals = shown.top_logprob, shown.signals
        self._behind.difference_update(branches)

    def _follow(self, verb: AnyVerb, opened: Sequence[BranchView]) -> None:
        """Note which branches are on track after a verb that `Replay` performed.

        Args:
            verb: The verb.
            opened: The branches that it opened.
        """
        for view in opened:
            self._tracks.append(self._pool_tracks.track(self._order[view.index]))
            self._depths.append(view.depth)
            if view.status is Status.ACTIVE and view.revealed == view.depth:
                self._on_track.add(view.index)
        if isinstance(verb, Advance | Probe | Prune):
            self._on_track.difference_update(verb.branches)
