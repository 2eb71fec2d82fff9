"""One point of a program looked at closely: what each line did, and what hindsight shows.

Lines of Rheo are counted by the compiled engine. Hindsight is read off episodes that are traced one
by one, which takes its time, so it is read off fewer of them.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.feedback.vote_history import trace_votes
from agents.search.arena import Arena
from agents.search.measurements import SearchSubset
from dsl.compiler.objects import ObjectCache
from harness.engines import LineCounts, empty_counts
from harness.engines.compiled import CompiledEngine
from harness.evaluation.jobs import play_plan
from harness.explanation.episode_trace import EpisodeTrace, trace_episode
from harness.explanation.hindsight import Hindsight, analyse_hindsight, sum_hindsight
from harness.mdp.environment import ReplayEnvironment, load_replay_environment
from harness.mdp.episodes import EpisodeArrays
from harness.mdp.ledger import BarrierRecord
from harness.request.plan import Plan
from store.reader import Recording

SEEDS = range(4)
"""Under which lines are counted."""

HINDSIGHT_EPISODES = 60
"""At most so many, under the first seed, evenly over the questions of all recordings."""

HINDSIGHT_STATEMENTS = 60_000
"""Of a program that runs many statements, fewer episodes, but at least `HINDSIGHT_LEAST`."""

HINDSIGHT_LEAST = 8


class AnalyzedRecording(NamedTuple):
    """One recording, and the questions of it that are shown."""

    label: str
    recording: Recording
    replay_environment: ReplayEnvironment
    shown: ReplayEnvironment
    """The same with the shown questions alone."""
    positions: tuple[int, ...]
    """Where those stand in the recording."""


class EpisodeKey(NamedTuple):
    """One episode of one point, by its place."""

    stage: int
    position: int
    """Of the question in its recording."""
    seed: int


class HindsightSample(NamedTuple):
    """An episode in hindsight."""

    spot: EpisodeKey
    hindsight: Hindsight
    held: float
    """The leader's part of the votes when it was settled; 0 where it never was."""


class PointAnalysis(NamedTuple):
    """One point of a program over all that is shown."""

    plan: Plan
    episodes: Sequence[EpisodeArrays]
    """By stage: (shown questions, `SEEDS`)."""
    counts: LineCounts
    ended: NDArray[np.int64]
    """(lines + 1,) episodes that each line ended."""
    right: NDArray[np.int64]
    """(lines + 1,) those of them that were right."""
    seen: Sequence[HindsightSample]

    @property
    def tokens(self) -> int:
        """Of all episodes."""
        return sum(int(each.tokens.sum()) for each in self.episodes)

    @property
    def played(self) -> int:
        """How many episodes there were."""
        return sum(each.right.size for each in self.episodes)

    @property
    def hindsight(self) -> Hindsight:
        """Of all episodes that were seen."""
        return sum_hindsight([each.hindsight for each in self.seen])


def open_shown_recordings(arena: Arena, shown: SearchSubset) -> list[AnalyzedRecording]:
    """The recordings that are shown, ready for replay.

    Raises:
        StoreError: a recording cannot be read.
    """
    found = []
    for place, mask in zip(shown.recordings, shown.questions, strict=True):
        label, recording = arena.recordings[place]
        replay_environment = load_replay_environment(recording)
        positions = tuple(np.flatnonzero(mask).tolist())
        part = ReplayEnvironment(
            [replay_environment.branch_pools[at] for at in positions],
            [replay_environment.gold[at] for at in positions],
            digest=replay_environment.digest,
            name=replay_environment.name,
        )
        found.append(AnalyzedRecording(label, recording, replay_environment, part, positions))
    return found


class PointAnalyzer:
    """Looks at points of programs over the same stages.

    Args:
        at: what `open_shown_recordings` gave.
    """

    def __init__(self, at: Sequence[AnalyzedRecording]):
        self.stages = at
        self._engine = CompiledEngine(ObjectCache(), threads=1)

    def look(self, plan: Plan) -> PointAnalysis:
        """Plays one point.

        Raises:
            InputError: a recording lacks something that the program needs.
        """
        counts = empty_counts(plan.program.source)
        episodes = [
            play_plan(plan, each.shown, SEEDS, self._engine, counts) for each in self.stages
        ]
        right = np.concatenate([each.right.ravel() for each in episodes])
        line = np.concatenate([each.line.ravel() for each in episodes])
        size = plan.program.source.lines + 1
        statements = int(counts.runs.sum()) // max(right.size, 1) + 1
        return PointAnalysis(
            plan=plan,
            episodes=episodes,
            counts=counts,
            ended=np.bincount(line, minlength=size),
            right=np.bincount(line[right], minlength=size),
            seen=[self._seen(plan, spot) for spot in self._spots(statements)],
        )

    def trace(self, plan: Plan, spot: EpisodeKey) -> EpisodeTrace:
        """One episode with all that led to it."""
        return trace_episode(
            plan, self.stages[spot.stage].replay_environment, spot.position, spot.seed
        )

    def _spots(self, statements: int) -> list[EpisodeKey]:
        """The episodes that are seen in hindsight.

        Args:
            statements: that one episode runs, about.
        """
        every = [
            EpisodeKey(stage, position, SEEDS[0])
            for stage, each in enumerate(self.stages)
            for position in each.positions
        ]
        most = max(HINDSIGHT_LEAST, min(HINDSIGHT_EPISODES, HINDSIGHT_STATEMENTS // statements))
        count = min(most, len(every))
        return [every[place * len(every) // count] for place in range(count)]

    def _seen(self, plan: Plan, spot: EpisodeKey) -> HindsightSample:
        found = self.trace(plan, spot)
        went = trace_votes(found)
        held = 0.0 if went.settled is None else went.lead[went.settled] / went.voters[went.settled]
        return HindsightSample(spot, analyse_hindsight(list_barriers(found), found.answer), held)


def list_barriers(found: EpisodeTrace) -> list[BarrierRecord]:
    """The trace of an episode, as hindsight reads it."""
    return [
        BarrierRecord(each.verb, each.actions, each.exhausted, each.spent, each.sequential)
        for each in found.barriers
    ]
