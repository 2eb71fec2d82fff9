"""Play whole programs in separate processes with time limits.

A process that takes too long is killed and replaced, and a process whose parent is gone ends
itself.
"""

import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import pebble

from agents.run.records import ControllerLanguage
from agents.search.measurements import ProgramMeasurement
from agents.search.programs import choose_points
from dsl.compiler.objects import ObjectCache
from dsl.diagnostics import DslError
from dsl.schedule import SettingsError
from harness.engines import ControllerSetting, EpisodeFailed, EpisodeRules
from harness.engines.compiled import CompiledEngine
from harness.errors import ExternalError, RheostatError
from harness.evaluation.jobs import play_plan
from harness.mdp.environment import ReplayEnvironment, load_replay_environment
from harness.mdp.episodes import EpisodeArrays
from harness.request.controllers import Playable, parse_playable
from harness.request.option_names import name_option
from harness.request.plan import make_plan
from store.errors import StoreError
from store.lifetime import begin_worker_process
from store.reader import open_recording

SECONDS = 60.0
"""Time limit of one program over one recording."""

FOREIGN_SECONDS = 900.0
"""Time limit in languages other than Rheo, which are not compiled."""

Knobs = Mapping[str, int | float]


class TransientFailure(str):
    """Reason of a failure that a machine caused; a retry may succeed."""

    __slots__ = ()


class PlayTask(NamedTuple):
    """One program to play over one recording."""

    source: str
    path: Path
    digest: str
    """Digest and path of the recording."""
    betas: tuple[float, ...]
    seeds: int
    rules: EpisodeRules
    settings: tuple[Knobs, ...] = ()
    """Settings for free knobs; by default they are spread over their ranges."""
    language: ControllerLanguage = ControllerLanguage.RHEO
    first_seed: int = 0

    @property
    def seconds(self) -> float:
        """Return the time limit."""
        return SECONDS if self.language is ControllerLanguage.RHEO else FOREIGN_SECONDS


class TaskPlayer(Protocol):
    """Anything that plays tasks, locally or on a cluster."""

    def play(self, tasks: Sequence[PlayTask]) -> "Iterator[ProgramMeasurement | str]":
        """Yield the outcome of each task in order: a measurement, or a failure reason."""
        ...

    def close(self) -> None:
        """Release the resources of the player."""
        ...


class ProcessPlayers:
    """Play tasks in processes.

    Args:
        workers: Number of processes.
        seconds: Time limit of a task, instead of its own `PlayTask.seconds`.
    """

    def __init__(self, workers: int, seconds: float | None = None):
        # A fresh process inherits no lock, no thread and no open database.
        context = multiprocessing.get_context("spawn")
        self._pool = pebble.ProcessPool(workers, context=context, initializer=begin_worker_process)
        self._seconds = seconds

    def play(self, tasks: Sequence[PlayTask]) -> "Iterator[ProgramMeasurement | str]":
        """Yield the outcome of each task in order: a measurement, or a failure reason."""
        limits = [self._seconds or task.seconds for task in tasks]
        futures = [
            self._pool.schedule(_play, (task,), timeout=limit)
            for task, limit in zip(tasks, limits, strict=True)
        ]
        try:
            for future, limit in zip(futures, limits, strict=True):
                try:
                    yield future.result()
                except TimeoutError:
                    yield TransientFailure(f"it takes longer than {limit:g} seconds a recording")
                except pebble.ProcessExpired as problem:
                    yield TransientFailure(f"the process that played it ended: {problem}")
                except CancelledError as problem:
                    raise ExternalError("the player processes were stopped") from problem
                except BrokenProcessPool as problem:
                    raise ExternalError(
                        "the player processes keep ending, perhaps because memory is short",
                        hint=f"use {name_option('threads', 1)} to need the least, and"
                        f" {name_option('resume')} to continue",
                    ) from problem
        finally:
            for future in futures:
                future.cancel()  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """End the processes at once."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()


@contextmanager
def players(workers: int, cluster: str | None = None) -> Iterator[TaskPlayer]:
    """Open player processes for a block, or players on a Ray cluster at an address."""
    pool: TaskPlayer
    if cluster is None:
        pool = ProcessPlayers(workers)
    else:
        from agents.search.cluster import ClusterPlayers

        pool = ClusterPlayers(cluster, workers)
    try:
        yield pool
    finally:
        pool.close()


def _play(task: PlayTask) -> ProgramMeasurement | str:
    try:
        program = _program(task.source, task.language)
        replay_environment = _replay_environment(task.path, task.digest)
        return _measured(
            program, choose_points(program, task.betas, task.settings), replay_environment, task
        )
    except DslError:
        return "it has errors"
    except EpisodeFailed as problem:
        return problem.reason
    except ExternalError as problem:
        return TransientFailure(str(problem))
    except (RheostatError, SettingsError, StoreError) as problem:
        return str(problem)


def _measured(
    program: Playable,
    settings: Sequence[ControllerSetting],
    replay_environment: ReplayEnvironment,
    task: PlayTask,
) -> ProgramMeasurement:
    right, tokens, sequential = [], [], []
    for setting in settings:
        episodes = _episodes(program, setting, replay_environment, task)
        right.append(episodes.right.sum(axis=1, dtype=np.int64))
        tokens.append(episodes.tokens.sum(axis=1))
        sequential.append(episodes.sequential.sum(axis=1))
    return ProgramMeasurement(np.array(right), np.array(tokens), np.array(sequential), task.seeds)


def _episodes(
    program: Playable,
    setting: ControllerSetting,
    replay_environment: ReplayEnvironment,
    task: PlayTask,
) -> EpisodeArrays:
    return play_plan(
        make_plan(program, setting, task.rules),
        replay_environment,
        range(task.first_seed, task.first_seed + task.seeds),
        _engine(),
    )


@lru_cache(maxsize=1)
def _engine() -> CompiledEngine:
    return CompiledEngine(ObjectCache(), threads=1)


@lru_cache(maxsize=32)
def _program(text: str, language: ControllerLanguage) -> Playable:
    return parse_playable(text, f"candidate{language.suffix}")


@lru_cache(maxsize=64)
def _replay_environment(path: Path, digest: str) -> ReplayEnvironment:
    recording = open_recording(path)
    if recording.digest != digest:
        raise RheostatError(f"{path}: the recording changed since the run began")
    return load_replay_environment(recording)
