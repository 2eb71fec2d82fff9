"""The sandbox as an engine: play a Python controller over a whole recording.

It returns what `harness.engines` returns, for a `Script` instead of a checked program. If an
episode fails there are no figures, since those of a controller that fails sometimes mean nothing.
"""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial

from dsl.episode import Answer
from harness.engines import ControllerSetting, EpisodeFailed, EpisodeRules, LineCounts
from harness.errors import ExternalError, InputError
from harness.mdp.environment import ReplayEnvironment
from harness.mdp.episodes import EpisodeArrays, empty_episodes
from harness.mdp.replay import Replay
from sandbox.faults import ControllerError, Fault, Reason, one_line
from sandbox.host.interfaces import WorkerLauncher, WorkerLost
from sandbox.host.lean_replay import LeanReplay
from sandbox.host.pool import EpisodeLimits, EpisodeTask, WorkerEpisodeResult, WorkerPool
from sandbox.host.tracks import PoolTracks
from sandbox.python.controller import MOST_TURNS
from sandbox.python.guards import LAST
from sandbox.script import Script, find_read_attributes, require_admitted


class SandboxEngine:
    """Play in workers that stay warm from one play to the next.

    Args:
        place: Launcher of workers, in containers or as plain processes.
        workers: Number of workers.
        terms: Limits of an episode.
    """

    name = "sandbox 1"
    """Outcomes do not depend on the launcher, so it is not part of the name."""

    def __init__(
        self,
        launcher: WorkerLauncher,
        *,
        workers: int = 1,
        terms: EpisodeLimits = EpisodeLimits(),  # noqa: B008 - it is immutable
    ):
        self._launcher = launcher
        self._workers = workers
        self._terms = terms
        self._pool: WorkerPool | None = None
        self._loaded = ("", False)

    def __enter__(self) -> "SandboxEngine":
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def play(
        self,
        script: Script,
        setting: ControllerSetting,
        replay_environment: ReplayEnvironment,
        seeds: Sequence[int],
        rules: EpisodeRules = EpisodeRules(),  # noqa: B008 - it is immutable
        counts: LineCounts | None = None,
    ) -> EpisodeArrays:
        """Play all episodes, as `harness.engines.ReplayEngine.play` does.

        Args:
            script: The controller.
            setting: β; there are no knobs.
            replay_environment: The recording.
            seeds: Seeds of every question.
            rules: Budget and cost of a probe.
            counts: Counts of each source line, added to in place; ``None`` to count nothing.

        Raises:
            InputError: The policy does not admit the script.
            EpisodeFailed: An episode failed.
            ExternalError: No worker can be started.
        """
        if setting.knobs:
            raise InputError(f"{script.name}: a controller in Python has no knobs to set")
        require_admitted(script)
        tasks = _make_tasks(script, setting, replay_environment, seeds, rules)
        episodes = empty_episodes(len(replay_environment.branch_pools), len(seeds))
        try:
            pool = self._warm(script, counting=counts is not None)
            with _rare_collections():
                for ended in pool.play(tasks):
                    cell = divmod(ended.task_index, len(seeds))
                    where = f"question {cell[0] + 1}, seed {seeds[cell[1]]}"
                    _refuse_fault(script, ended.fault, where)
                    _enter(episodes, cell, ended, replay_environment)
                    if counts is not None:
                        _count(counts, ended)
        except BaseException:
            # Workers that hold episodes of an abandoned play cannot be reused.
            self.close()
            raise
        return episodes

    def trace(self, script: Script, beta: float | None, replay: Replay) -> None:
        """Play one episode in the caller's replay, which may record a trace.

        Args:
            script: The controller.
            beta: The value of β; ``None`` for a controller without it.
            replay: A new episode over a recorded question.

        Raises:
            InputError: The policy does not admit the script.
            EpisodeFailed: The episode failed.
            ExternalError: No worker can be started.
        """
        require_admitted(script)
        # An episode of a lost worker is restarted unless it was alone, which this one is.
        [ended] = self._warm(script, counting=False).play([EpisodeTask(lambda: replay, beta)])
        _refuse_fault(script, ended.fault, f"seed {replay.episode.seed}")

    def close(self) -> None:
        """End the workers. They are started again when needed."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def _warm(self, script: Script, *, counting: bool) -> WorkerPool:
        """Return workers with this controller loaded, reusing earlier ones if possible."""
        if self._pool is None or self._loaded != (script.text, counting):
            self.close()
            try:
                self._pool = WorkerPool(
                    self._launcher,
                    script.text,
                    workers=self._workers,
                    terms=self._terms,
                    counting=counting,
                )
            except ControllerError as failed:
                _refuse_fault(script, failed.fault, "before the first episode")
                raise
            except WorkerLost as lost:
                raise ExternalError(f"a worker does not start: {lost.fault.text}") from lost
            self._loaded = (script.text, counting)
        return self._pool


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Let the garbage collector run rarely; held episodes, which it would visit, have no cycles."""
    before = gc.get_threshold()
    gc.set_threshold(max(before[0], _GARBAGE_THRESHOLD) if before[0] else 0, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


_GARBAGE_THRESHOLD = 50_000
"""New objects between two runs of the garbage collector."""


def _count(counts: LineCounts, ended: WorkerEpisodeResult) -> None:
    """Add the line counts of one episode. A worker may report anything."""
    for line, runs in ended.lines.items():
        if 0 < line < len(counts.runs):
            counts.runs[line] += max(0, min(runs, MOST_TURNS))
    for line, tokens in ended.tokens.items():
        if 0 < line < len(counts.tokens):
            counts.tokens[line] += tokens


def _enter(
    episodes: EpisodeArrays,
    cell: tuple[int, int],
    ended: WorkerEpisodeResult,
    replay_environment: ReplayEnvironment,
) -> None:
    question, _ = cell
    replay, last = ended.replay, ended.last
    assert isinstance(last, Answer)
    end = last.stopped or last.origin
    line = ended.lines.get(LAST, 0) if end is None else end.line
    episodes.right[cell] = replay.answer == replay_environment.gold[question]
    episodes.answer[cell] = replay_environment.word(question, replay.answer)
    episodes.tokens[cell] = replay.spent
    episodes.sequential[cell] = replay.sequential
    episodes.rounds[cell] = ended.rounds
    episodes.line[cell] = max(0, min(line, _MOST_LINE))


_HELD_POOLS = 64
"""Branch pools that are kept for further seeds: more than a worker plays at once."""

_MOST_LINE = 1 << 30
"""Clip a reported count to the array's range."""


def _make_tasks(
    script: Script,
    setting: ControllerSetting,
    replay_environment: ReplayEnvironment,
    seeds: Sequence[int],
    rules: EpisodeRules,
) -> list[EpisodeTask]:
    """List the episodes of a play, question by question, each with all seeds.

    Args:
        script: The controller; what it may read decides what a replay reveals.
        setting: β.
        replay_environment: The recording.
        seeds: Seeds of every question.
        rules: Budget and cost of a probe.
    """
    reads = find_read_attributes(script.text)

    @lru_cache(maxsize=_HELD_POOLS)
    def tracks(question: int) -> PoolTracks:
        endings = "cut_off" in reads
        return PoolTracks(replay_environment.pool(question, endings=endings), reads)

    def begin(question: int, seed: int) -> Replay:
        return LeanReplay(
            tracks(question),
            seed=seed,
            question=question,
            budget=rules.budget,
            probe_cost=rules.probe_cost,
        )

    return [
        EpisodeTask(partial(begin, question, seed), setting.beta)
        for question in range(len(replay_environment.branch_pools))
        for seed in seeds
    ]


def _refuse_fault(script: Script, fault: Fault | None, where: str) -> None:
    """Raise for a fault, with its location in the script.

    Raises:
        EpisodeFailed: There is a fault.
    """
    if fault is not None:
        location = f":{fault.line}:{fault.column}" if fault.line > 0 else ""
        before = f"{script.name}{location}: {fault.reason.value}: "
        # What follows the name of an exception comes from the controller itself.
        text = one_line(fault.text)
        summary = text.partition(":")[0] if fault.reason is Reason.RAISED else text
        raise EpisodeFailed(f"{before}{text} ({where})", f"{before}{summary} ({where})")
