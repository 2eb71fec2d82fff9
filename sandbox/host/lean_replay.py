"""A replay for controllers in other processes, which sends what a branch shows and keeps no view.

Most verbs open branches, or advance branches whose every answer was revealed. What such a branch
shows depends only on how far it has come, so such a verb takes a few additions for each branch, and
what it reveals is sent by column. Every other verb is performed by `harness.mdp.replay.Replay`,
after the branches that it names have caught up.
"""

from collections.abc import Iterator, Sequence
from itertools import islice, repeat
from operator import length_hint
from typing import cast

import msgspec

from dsl.episode import Advance, AnyVerb, BranchView, Open, Outcome, Probe, Prune, Status
from harness.mdp.replay import Replay, permute_branches
from sandbox.host.tracks import ChainTrack, PoolTracks
from sandbox.python.columns import RevealedColumns, RevealedEnd
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
        # Each reads the next answer of an opened branch while it is on track.
        self._readers: list[Iterator[str]] = []
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
            if self._is_on_track(verb) and (
                self._advance_freely(verb) or self._advance_within_budget(verb)
            ):
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
        opened, step = len(self._tracks), self._step
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
        state, opened = self._state, len(self._tracks)
        tracks = [self._pool_tracks.track(chain) for chain in self._order[opened : opened + count]]
        indices = range(opened, opened + count)
        self._tracks += tracks
        readers = [iter(track.answers) for track in tracks]
        self._readers += readers
        self._on_track.update(indices)
        state.branches += map(BranchView, indices)
        state.active += indices
        state.spent += count * self._step
        state.sequential += self._step
        zeros = (0,) * count if self._pool_tracks.shows_counts else ()
        self.last_columns = RevealedColumns(
            tuple([next(reader) for reader in readers]), zeros, zeros
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

    def _advance_freely(self, verb: Advance) -> bool:
        """Perform a verb in which the budget cannot end; return False if another way has to.

        The branches are on track, and the verb is admissible.
        """
        branches, bursts, step = verb.branches, verb.bursts, self._step
        pool_tracks, state = self._pool_tracks, self._state
        intervals = sum(bursts)
        most = intervals * max(step, pool_tracks.most_last_charge)
        if (
            pool_tracks.shows_counts
            or pool_tracks.shows_signals
            or state.spent + most + step > self._ledger.budget
        ):
            return False
        longest_burst = max(bursts)
        left = self._skip_answers(branches, bursts) if longest_burst > 1 else {}
        readers = map(self._readers.__getitem__, branches)
        shown: list[str | None] = list(map(next, readers, repeat(None)))
        ends: dict[int, RevealedEnd] = {}
        total, longest = intervals * step, longest_burst * step
        if None in shown:
            charges = [burst * step for burst in bursts]
            for position in [p for p, answer in enumerate(shown) if answer is None]:
                track = self._tracks[branches[position]]
                shown[position], ends[position] = track.final, track.end
                charges[position] = left.get(position, 0) * step + track.last_charge
            total, longest = sum(charges), max(charges)
        state.spent += total
        state.sequential += longest
        self.last_columns = RevealedColumns(tuple(cast("list[str]", shown)), (), (), ends)
        for position in ends:
            self._finish(branches[position])
        return True

    def _skip_answers(self, branches: Sequence[int], bursts: Sequence[int]) -> dict[int, int]:
        """Skip all answers but the last one of bursts of more than one interval.

        Args:
            branches: The branches of a verb.
            bursts: Their bursts.

        Returns:
            How many answers before the end each of these branches had, by position.
        """
        left = {}
        for position, burst in enumerate(bursts):
            if burst > 1:
                reader = self._readers[branches[position]]
                left[position] = length_hint(reader)
                skipped = min(burst - 1, left[position])
                next(islice(reader, skipped, skipped), None)
        return left

    def _advance_within_budget(self, verb: Advance) -> bool:
        """Perform a verb whose branches are on track; return False if the budget may end in it."""
        branches = verb.branches
        depths = [self._find_depth(index) for index in branches]
        reached = [depth + burst for depth, burst in zip(depths, verb.bursts, strict=True)]
        ends = self._find_ends(branches, reached)
        charges = self._charge(branches, depths, reached, ends)
        state = self._state
        # Each action needs an interval and its probe to be affordable, also one that costs less.
        if state.spent + sum(charges) + self._step > self._ledger.budget:
            return False
        state.spent += sum(charges)
        state.sequential += max(charges)
        self._show(branches, reached, ends)
        for index, depth in zip(branches, reached, strict=True):
            self._readers[index] = iter(self._tracks[index].answers[depth:])
        for position in ends:
            self._finish(branches[position])
        return True

    def _find_depth(self, index: int) -> int:
        """Return the depth of a branch that is on track."""
        return self._tracks[index].last_depth - 1 - length_hint(self._readers[index])

    def _find_ends(self, branches: Sequence[int], reached: list[int]) -> dict[int, RevealedEnd]:
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

    def _charge(
        self,
        branches: Sequence[int],
        depths: list[int],
        reached: list[int],
        ends: dict[int, RevealedEnd],
    ) -> list[int]:
        """Return the tokens that an advance charges for each of its branches.

        Args:
            branches: The branches of the verb.
            depths: Their depths before it.
            reached: Their depths after it.
            ends: The branches that end, by position.
        """
        charges = []
        for position, (before, depth) in enumerate(zip(depths, reached, strict=True)):
            last = self._tracks[branches[position]].last_charge if position in ends else self._step
            charges.append((depth - before - 1) * self._step + last)
        return charges

    def _show(
        self, branches: Sequence[int], reached: list[int], ends: dict[int, RevealedEnd]
    ) -> None:
        """Store what an advance has revealed.

        Args:
            branches: Its branches.
            reached: Their depths after it.
            ends: The branches that end, by position.
        """
        shown = [(self._tracks[i], depth) for i, depth in zip(branches, reached, strict=True)]
        if self._pool_tracks.shows_signals:
            self.last_columns = None
            self.last_states = tuple([track.encode_state(depth) for track, depth in shown])
            return
        answers = tuple([track.find_answer(depth) for track, depth in shown])
        if self._pool_tracks.shows_counts:
            streaks = tuple([track.streaks[depth - 1] for track, depth in shown])
            changes = tuple([track.changes[depth - 1] for track, depth in shown])
            self.last_columns = RevealedColumns(answers, streaks, changes, ends)
        else:
            self.last_columns = RevealedColumns(answers, (), (), ends)

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
            self._tracks[index].catch_up(self._state.branches[index], self._find_depth(index))

    def _follow(self, verb: AnyVerb, opened: Sequence[BranchView]) -> None:
        """Note which branches are on track after a verb that `Replay` performed.

        Args:
            verb: The verb.
            opened: The branches that it opened.
        """
        for view in opened:
            track = self._pool_tracks.track(self._order[view.index])
            self._tracks.append(track)
            self._readers.append(iter(track.answers[view.depth :]))
            if view.status is Status.ACTIVE and view.revealed == view.depth:
                self._on_track.add(view.index)
        if isinstance(verb, Advance | Probe):
            self._on_track.difference_update(verb.branches)
