"""A replay for controllers in other processes, which sends what a branch shows and keeps no view.

Most verbs open branches, or advance branches whose every answer was revealed. What such a branch
shows depends only on how far it has come, so such a verb takes a few additions for each branch, and
what it reveals is sent by column. Every other verb is performed by `harness.mdp.replay.Replay`,
after the branches that it names have caught up.
"""

from collections.abc import Sequence

import msgspec

from dsl.episode import Advance, AnyVerb, BranchView, Open, Outcome, Probe, Prune, Status
from harness.mdp.replay import Replay, permute_branches
from sandbox.host.tracks import ChainTrack, PoolTracks
from sandbox.python.columns import BranchEnd, RevealedColumns
from sandbox.worker.messages import encode_branch

_NOTHING = RevealedColumns()


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
        self._answers: list[Sequence[str]] = []  # of the opened branches, by depth
        self._depths: list[int] = []  # of the opened branches; only right while they are on track
        self._on_track: set[int] = set()  # active branches whose every answer was revealed
        self._step = pool.interval + probe_cost
        self.last_columns: RevealedColumns | None = None
        """What the last verb has revealed, by column; ``None`` if only `last_states` shows it."""
        self.last_states: tuple[msgspec.Raw, ...] = ()
        """What the branches of the last outcome show after it, encoded, without columns."""

    def perform(self, verb: AnyVerb) -> Outcome:
        """Perform one verb; see `Replay.perform`.

        Args:
            verb: The verb. It was decoded from a message, so its fields have the declared types.

        Raises:
            Inadmissible: The verb is refused.
            BudgetSpent: Not even the first action is affordable.
            NotProbed: An `Open` on a recording without probes.
        """
        if type(verb) is Advance:
            if self._is_on_track(verb) and self._advance_on_track(verb):
                return Outcome(verb.branches, exhausted=False)
        elif type(verb) is Open and self._is_openable(verb):
            return self._open_on_track(verb.count)
        return self._perform_with_views(verb)

    def _perform_with_views(self, verb: AnyVerb) -> Outcome:
        if isinstance(verb, Advance | Probe):
            self._catch_up(verb.branches)
        outcome = super().perform(verb)
        if isinstance(verb, Prune):
            # It reveals nothing, and what pruned branches show is read no more.
            self._on_track.difference_update(verb.branches)
            self.last_columns = _NOTHING
            return outcome
        views = self._state.branches
        self._follow(verb, views[len(self._tracks) :])
        self.last_columns = None
        self.last_states = tuple([encode_branch(views[index]) for index in outcome.branches])
        return outcome

    # Opening

    def _is_openable(self, verb: Open) -> bool:
        """Whether a verb is admissible, and opens branches that are on track."""
        opened, step = len(self._depths), self._step
        if (
            not verb.look
            or self.ended
            or not self._probed
            or self._pool_tracks.shows_signals
            or not 0 < verb.count <= len(self._order) - opened
            or self._state.spent + verb.count * step > self._ledger.budget
        ):
            return False
        return all(chain.probes for chain in self._chains[opened : opened + verb.count])

    def _open_on_track(self, count: int) -> Outcome:
        """Open branches that are on track."""
        state, opened = self._state, len(self._depths)
        tracks = [self._pool_tracks.track(chain) for chain in self._order[opened : opened + count]]
        indices = range(opened, opened + count)
        self._tracks += tracks
        self._answers += [track.answers for track in tracks]
        self._depths += [1] * count
        self._on_track.update(indices)
        state.branches += map(BranchView, indices)
        state.active += indices
        state.spent += count * self._step
        state.sequential += self._step
        zeros = (0,) * count if self._pool_tracks.shows_counts else ()
        self.last_columns = RevealedColumns(
            tuple([track.answers[0] for track in tracks]), zeros, zeros
        )
        return Outcome(tuple(indices), exhausted=False)

    # Advancing

    def _is_on_track(self, verb: Advance) -> bool:
        """Whether a verb is admissible and all of its branches are on track."""
        branches = verb.branches
        distinct = set(branches)
        return (
            verb.look
            and not self.ended
            and len(verb.bursts) == len(branches) == len(distinct) > 0
            and min(verb.bursts) > 0
            and self._on_track.issuperset(distinct)
        )

    def _advance_on_track(self, verb: Advance) -> bool:
        """Perform a verb whose branches are on track; return False if the budget may end in it."""
        branches, bursts, depths = verb.branches, verb.bursts, self._depths
        answers, ends = self._answers, {}
        reached = [depths[index] + burst for index, burst in zip(branches, bursts, strict=True)]
        try:
            shown = [
                answers[index][depth - 1] for index, depth in zip(branches, reached, strict=True)
            ]
            total, longest = sum(bursts) * self._step, max(bursts) * self._step
        except IndexError:
            ends = self._find_ends(branches, reached)
            shown = [
                self._tracks[index].final if position in ends else answers[index][depth - 1]
                for position, (index, depth) in enumerate(zip(branches, reached, strict=True))
            ]
            charges = self._charge(verb, reached, ends)
            total, longest = sum(charges), max(charges)
        state = self._state
        # Each action needs an interval and its probe to be affordable, also one that costs less.
        if state.spent + total + self._step > self._ledger.budget:
            return False
        state.spent += total
        state.sequential += longest
        self._show(branches, reached, shown, ends)
        for index, depth in zip(branches, reached, strict=True):
            depths[index] = depth
        for position in ends:
            self._finish(branches[position])
        return True

    def _find_ends(self, branches: Sequence[int], reached: list[int]) -> dict[int, BranchEnd]:
        """Return the branches that end, by position; set the depths at which they do.

        Args:
            branches: The branches of a verb.
            reached: The depths that they would reach without an end; changed in place.
        """
        ends = {}
        for position, index in enumerate(branches):
            end = self._tracks[index].end
            if reached[position] >= end.depth:
                reached[position] = end.depth
                ends[position] = end
        return ends

    def _charge(self, verb: Advance, reached: list[int], ends: dict[int, BranchEnd]) -> list[int]:
        """Return the tokens that an advance charges for each of its branches.

        Args:
            verb: The verb.
            reached: The depths that its branches reach.
            ends: The branches that end, by position.
        """
        charges = []
        for position, (index, depth) in enumerate(zip(verb.branches, reached, strict=True)):
            steps = depth - self._depths[index]
            last = self._tracks[index].last_charge if position in ends else self._step
            charges.append((steps - 1) * self._step + last)
        return charges

    def _show(
        self,
        branches: Sequence[int],
        reached: list[int],
        shown: list[str],
        ends: dict[int, BranchEnd],
    ) -> None:
        """Store what an advance has revealed.

        Args:
            branches: Its branches.
            reached: Their depths after it.
            shown: Their answers at these depths.
            ends: The branches that end, by position.
        """
        streaks: list[int] = []
        changes: list[int] = []
        if self._pool_tracks.shows_signals or self._pool_tracks.shows_counts:
            tracks = [self._tracks[index] for index in branches]
            if self._pool_tracks.shows_signals:
                states = [t.encode_state(d) for t, d in zip(tracks, reached, strict=True)]
                self.last_columns, self.last_states = None, tuple(states)
                return
            streaks = [t.streaks[d - 1] for t, d in zip(tracks, reached, strict=True)]
            changes = [t.changes[d - 1] for t, d in zip(tracks, reached, strict=True)]
        self.last_columns = RevealedColumns(tuple(shown), tuple(streaks), tuple(changes), ends)

    def _finish(self, index: int) -> None:
        state = self._state
        state.branches[index].status = Status.FINISHED
        state.active.remove(index)
        state.finished.append(index)
        self._on_track.discard(index)

    # Other verbs

    def _catch_up(self, branches: Sequence[int]) -> None:
        """Let the views of branches show their depth, for a verb that `Replay` performs."""
        for index in self._on_track.intersection(branches):
            self._tracks[index].catch_up(self._state.branches[index], self._depths[index])

    def _follow(self, verb: AnyVerb, opened: Sequence[BranchView]) -> None:
        """Note which branches are on track after a verb that `Replay` performed.

        Args:
            verb: The verb.
            opened: The branches that it opened.
        """
        for view in opened:
            track = self._pool_tracks.track(self._order[view.index])
            self._tracks.append(track)
            self._answers.append(track.answers)
            self._depths.append(view.depth)
            if view.status is Status.ACTIVE and view.revealed == view.depth:
                self._on_track.add(view.index)
        if isinstance(verb, Advance | Probe):
            self._on_track.difference_update(verb.branches)
