"""A profile of a controller by source line, over all episodes of recordings, with hindsight.

An engine counts lines and computes hindsight. A controller in another language is played a second
time, with a trace.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

import msgspec
import numpy as np

from dsl.source import Source
from harness.engines import LineCounts, ReplayEngine, empty_counts
from harness.engines.catalog import get_foreign_engine
from harness.evaluation.jobs import play_plan
from harness.explanation.majority import MajorityComparison, compare_with_majority, split_by_winner
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
from harness.mdp.replay import Replay
from harness.request.plan import ForeignPlan, Plan, RheoPlan
from harness.request.recordings import NamedRecording

ALL = "all"
"""The recording name of the profile of several recordings together."""


class LineProfile(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the source."""

    line: int
    """Line number, from 1."""
    source: str
    runs: int
    """How often the first statement on it ran; 0 if no statement begins on it."""
    tokens: int
    """Tokens that the verbs on it were charged."""
    tokens_share: float
    """Its share of all tokens, in percent."""
    ended: int
    """Episodes that it ended: by its ``stop``, by a verb in which the budget ended, or else by its
    ``answer``."""
    right: int
    """How many of those episodes were correct."""
    right_share: float | None
    """Their share in percent; ``None`` if it ended none."""


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """One controller at one setting over one recording, or over all of them together."""

    recording: str
    episodes: int
    right: int
    tokens: int
    sequential: int
    unanswered: int
    """Episodes that reached the end of the program without an ``answer``: no line ended them."""
    lines: list[LineProfile]
    """Every line of the source, except the empty one after the last line feed."""
    hindsight: Hindsight
    majority: MajorityComparison


class _RecordingCounts(NamedTuple):
    """Counts over one recording."""

    episodes: EpisodeArrays
    counts: LineCounts
    hindsight: Hindsight
    duels: MajorityComparison


class _LineColumns(NamedTuple):
    """Counts by line; index 0 holds what no line accounts for."""

    runs: list[int]
    tokens: list[int]
    ended: list[int]
    right: list[int]


def profile_controller(
    plan: Plan,
    recordings: Sequence[NamedRecording],
    seeds: Sequence[int],
    engine: ReplayEngine,
    advance: Callable[[int], None] = lambda done: None,
) -> list[Profile]:
    """Play and count; return a profile for each recording, and one for all if there are several.

    Args:
        plan: The controller and its setting.
        recordings: The recordings to play over.
        seeds: Seeds of every question.
        engine: The engine for a Rheo program; another language has its own.
        advance: Called with the number of questions completed since the last call.

    Raises:
        InputError: A recording cannot be played.
        StoreError: A recording cannot be read.
        ExternalError: The runtime of a controller in another language is not available.
    """
    source = plan.program.source
    parts = [_part(plan, named, seeds, engine, advance) for named in recordings]
    profiles = [
        _profile(source, named.label, [part]) for named, part in zip(recordings, parts, strict=True)
    ]
    return profiles if len(profiles) == 1 else [*profiles, _profile(source, ALL, parts)]


def _part(
    plan: Plan,
    named: NamedRecording,
    seeds: Sequence[int],
    engine: ReplayEngine,
    advance: Callable[[int], None],
) -> _RecordingCounts:
    replay_environment = load_replay_environment(named.recording)
    counts = empty_counts(plan.program.source)
    hindsight = empty_hindsight(len(replay_environment.branch_pools), len(seeds))
    if isinstance(plan, RheoPlan):
        episodes = engine.play(
            plan.program.checked,
            plan.setting,
            replay_environment,
            seeds,
            plan.rules,
            counts,
            hindsight,
        )
        advance(len(replay_environment.branch_pools))
    else:
        episodes = play_plan(plan, replay_environment, seeds, engine, counts)
        _trace_foreign(plan, replay_environment, seeds, hindsight, advance)
    against = compare_with_majority(named.label, named.recording, episodes, seeds)
    return _RecordingCounts(episodes, counts, hindsight.total(), against)


def _trace_foreign(
    plan: ForeignPlan,
    replay_environment: ReplayEnvironment,
    seeds: Sequence[int],
    hindsight: HindsightArrays,
    advance: Callable[[int], None],
) -> None:
    """Fill in the hindsight of a controller in another language, from traces of its episodes."""
    player, source = get_foreign_engine(plan.program.engine), plan.program.source
    for question in range(len(replay_environment.branch_pools)):
        branch_pool = replay_environment.pool(question, endings=plan.reads_endings)
        for column, seed in enumerate(seeds):
            trace: list[BarrierRecord] = []
            replay = Replay(
                branch_pool,
                seed=seed,
                question=question,
                budget=plan.rules.budget,
                probe_cost=plan.rules.probe_cost,
                trace=trace,
            )
            player.trace(source, plan.beta, replay)
            hindsight.enter((question, column), analyse_hindsight(trace, replay.answer))
        advance(1)


def _profile(source: Source, label: str, parts: Sequence[_RecordingCounts]) -> Profile:
    right = np.concatenate([part.episodes.right.ravel() for part in parts])
    line = np.concatenate([part.episodes.line.ravel() for part in parts])
    size = source.lines + 1
    columns = _LineColumns(
        runs=np.sum([part.counts.runs for part in parts], axis=0).tolist(),
        tokens=np.sum([part.counts.tokens for part in parts], axis=0).tolist(),
        ended=np.bincount(line, minlength=size).tolist(),
        right=np.bincount(line[right], minlength=size).tolist(),
    )
    tokens = sum(int(part.episodes.tokens.sum()) for part in parts)
    differing = [comparison for part in parts for comparison in (*part.duels.lost, *part.duels.won)]
    return Profile(
        recording=label,
        episodes=right.size,
        right=int(right.sum()),
        tokens=tokens,
        sequential=sum(int(part.episodes.sequential.sum()) for part in parts),
        unanswered=columns.ended[0],
        lines=[
            _line(source, number, columns, tokens)
            for number in range(1, size)
            if number < size - 1 or source.line(number)
        ],
        hindsight=sum_hindsight([part.hindsight for part in parts]),
        majority=split_by_winner(differing, sum(part.duels.questions for part in parts)),
    )


def _line(source: Source, number: int, columns: _LineColumns, tokens: int) -> LineProfile:
    ended, right = columns.ended[number], columns.right[number]
    return LineProfile(
        line=number,
        source=source.line(number),
        runs=columns.runs[number],
        tokens=columns.tokens[number],
        tokens_share=percent_of(columns.tokens[number], tokens) or 0.0,
        ended=ended,
        right=right,
        right_share=percent_of(right, ended),
    )


def percent_of(part: int, total: int) -> float | None:
    """Return a part in percent; ``None`` if the whole is 0."""
    return float(Fraction(100 * part, total)) if total else None
