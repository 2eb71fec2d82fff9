"""Analyse one point of a program: what each line did, and what hindsight shows.

The compiled engine counts lines of Rheo and computes hindsight. Episodes of controllers in other
languages are traced for it one by one, which is slow, so fewer episodes are used for hindsight.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.search.arena import Arena
from agents.search.measurements import SearchSubset
from dsl.compiler.objects import ObjectCache
from harness.engines import LineCounts, empty_counts
from harness.engines.compiled import CompiledEngine
from harness.evaluation.jobs import play_plan
from harness.explanation.episode_trace import EpisodeTrace, trace_episode
from harness.mdp.environment import ReplayEnvironment, load_replay_environment
from harness.mdp.episodes import EpisodeArrays
from harness.mdp.hindsight import (
    Hindsight,
    HindsightArrays,
    analyse_hindsight,
    empty_hindsight,
    sum_hindsight,
)
from harness.mdp.ledger import BarrierRecord
from harness.request.plan import ForeignPlan, Plan, RheoPlan
from store.reader import Recording

SEEDS = range(4)
"""Seeds under which lines are counted."""

HINDSIGHT_EPISODES = 60
"""Maximum number of hindsight episodes, under the first seed, spread over all questions."""

HINDSIGHT_STATEMENTS = 60_000
"""Fewer episodes for a program that runs many statements, but at least `HINDSIGHT_LEAST`."""

HINDSIGHT_LEAST = 8


class AnalyzedRecording(NamedTuple):
    """One recording and its shown questions."""

    label: str
    recording: Recording
    replay_environment: ReplayEnvironment
    shown_environment: ReplayEnvironment
    """The recording with the shown questions only."""
    positions: tuple[int, ...]
    """Indices of the shown questions in the recording."""


class EpisodeKey(NamedTuple):
    """Key of one episode of one point."""

    stage: int
    position: int
    """Index of the question in its recording."""
    seed: int


class HindsightSample(NamedTuple):
    """One episode in hindsight."""

    key: EpisodeKey
    hindsight: Hindsight


class PointAnalysis(NamedTuple):
    """One point of a program over the shown part of the search set."""

    plan: Plan
    episodes: Sequence[EpisodeArrays]
    """By recording: array (shown questions, `SEEDS`)."""
    counts: LineCounts
    ended: NDArray[np.int64]
    """Array (lines + 1,): episodes that each line ended."""
    right: NDArray[np.int64]
    """Array (lines + 1,): episodes that each line ended with the right answer."""
    hindsight_samples: Sequence[HindsightSample]

    @property
    def tokens(self) -> int:
        """Total tokens of all episodes."""
        return sum(int(episode.tokens.sum()) for episode in self.episodes)

    @property
    def played(self) -> int:
        """Number of episodes."""
        return sum(episode.right.size for episode in self.episodes)

    @property
    def hindsight(self) -> Hindsight:
        """Hindsight of the episodes that are used for it."""
        return sum_hindsight([sample.hindsight for sample in self.hindsight_samples])


def open_shown_recordings(arena: Arena, subset: SearchSubset) -> list[AnalyzedRecording]:
    """Open the shown recordings for replay.

    Raises:
        StoreError: a recording cannot be read.
    """
    recordings = []
    for index, mask in zip(subset.recordings, subset.questions, strict=True):
        label, recording = arena.recordings[index]
        replay_environment = load_replay_environment(recording)
        positions = tuple(np.flatnonzero(mask).tolist())
        part = ReplayEnvironment(
            [replay_environment.branch_pools[position] for position in positions],
            [replay_environment.gold[position] for position in positions],
            digest=replay_environment.digest,
            name=replay_environment.name,
        )
        recordings.append(AnalyzedRecording(label, recording, replay_environment, part, positions))
    return recordings


class PointAnalyzer:
    """Analyse points of programs over the same recordings.

    Args:
        recordings: Shown recordings, from `open_shown_recordings`.
    """

    def __init__(self, recordings: Sequence[AnalyzedRecording]):
        self.stages = recordings
        self._engine = CompiledEngine(ObjectCache(), threads=1)

    def analyze(self, plan: Plan) -> PointAnalysis:
        """Play one point.

        Raises:
            InputError: A recording lacks something that the program needs.
        """
        counts = empty_counts(plan.program.source)
        episodes = [
            play_plan(plan, recording.shown_environment, SEEDS, self._engine, counts)
            for recording in self.stages
        ]
        right = np.concatenate([episode.right.ravel() for episode in episodes])
        last_lines = np.concatenate([episode.line.ravel() for episode in episodes])
        size = plan.program.source.lines + 1
        statements = int(counts.runs.sum()) // max(right.size, 1) + 1
        return PointAnalysis(
            plan=plan,
            episodes=episodes,
            counts=counts,
            ended=np.bincount(last_lines, minlength=size),
            right=np.bincount(last_lines[right], minlength=size),
            hindsight_samples=self._sample_hindsight(plan, self._select_episodes(statements)),
        )

    def trace(self, plan: Plan, key: EpisodeKey) -> EpisodeTrace:
        """Trace one episode with every decision in it."""
        return trace_episode(
            plan, self.stages[key.stage].replay_environment, key.position, key.seed
        )

    def _select_episodes(self, statements: int) -> list[EpisodeKey]:
        """Select the episodes that are used for hindsight.

        Args:
            statements: Approximate number of statements that one episode runs.
        """
        keys = [
            EpisodeKey(stage, position, SEEDS[0])
            for stage, recording in enumerate(self.stages)
            for position in recording.positions
        ]
        most = max(HINDSIGHT_LEAST, min(HINDSIGHT_EPISODES, HINDSIGHT_STATEMENTS // statements))
        count = min(most, len(keys))
        return [keys[index * len(keys) // count] for index in range(count)]

    def _sample_hindsight(self, plan: Plan, keys: Sequence[EpisodeKey]) -> list[HindsightSample]:
        if isinstance(plan, ForeignPlan):
            traces = [self.trace(plan, key) for key in keys]
            return [
                HindsightSample(key, analyse_hindsight(list_barriers(trace), trace.answer))
                for key, trace in zip(keys, traces, strict=True)
            ]
        computed = {
            stage: self._compute_hindsight(plan, self.stages[stage].replay_environment)
            for stage in {key.stage for key in keys}
        }
        return [HindsightSample(key, computed[key.stage].at((key.position, 0))) for key in keys]

    def _compute_hindsight(self, plan: RheoPlan, environment: ReplayEnvironment) -> HindsightArrays:
        """Compute the hindsight of every question of a recording under the first seed.

        The whole recording is played: draws of a program depend on the position of a question.
        """
        hindsight = empty_hindsight(len(environment.branch_pools), 1)
        self._engine.play(
            plan.program.checked, plan.setting, environment, SEEDS[:1], plan.rules, None, hindsight
        )
        return hindsight


def list_barriers(trace: EpisodeTrace) -> list[BarrierRecord]:
    """List the barriers of an episode's trace for hindsight."""
    return [
        BarrierRecord(
            barrier.verb, barrier.actions, barrier.exhausted, barrier.spent, barrier.sequential
        )
        for barrier in trace.barriers
    ]
