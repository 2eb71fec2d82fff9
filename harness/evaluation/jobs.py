"""Jobs: one controller at one setting over one recording, and how many are played in parallel.

A job names everything that its outcome depends on and nothing else, so it can be played in any
process, in any order, and cached under a digest of itself. `play_plan` plays a controller in any
language in the current process.
"""

import multiprocessing
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

from dsl.checker import CheckedProgram
from dsl.program import load_checked_program
from dsl.source import Source
from harness.engines import ControllerSetting, EpisodeRules, LineCounts, ReplayEngine
from harness.engines.catalog import ENGINE_NAMES, THREADED_ENGINES, get_engine, get_foreign_engine
from harness.errors import ExternalError, InputError
from harness.mdp.environment import ReplayEnvironment, load_replay_environment
from harness.mdp.episodes import EpisodeArrays
from harness.request.plan import Plan, RheoPlan
from store.lifetime import begin_worker_process
from store.reader import open_recording

FORMAT = 1
"""Raised when a job's outcome is kept in another way, or means something else."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """All that the outcome depends on, by content."""

    recording: str
    """The recording's digest."""
    program: str
    """SHA-256 of the program's text."""
    knobs: dict[str, int | float]
    """The value of every free knob, set or by default."""
    beta: float | None
    seeds: tuple[int, ...]
    budget: int | None
    probe_cost: int
    engine: str
    """The engine's name and version."""

    @property
    def digest(self) -> str:
        """The job's name by content."""
        return sha256(msgspec.json.encode((FORMAT, self), order="deterministic")).hexdigest()


class JobRequest(NamedTuple):
    """A job, and where to find what it names."""

    job: Job
    path: Path
    """The recording's file."""
    source: Source
    """The program's text."""
    engine: str
    """The engine's name for `harness.engines.catalog`."""


class ExecutionOptions(NamedTuple):
    """With what jobs are played; outcomes do not depend on it."""

    workers: int = 1
    """The most threads or processes at work."""
    objects: Path | None = None
    """Where compiled programs are kept, ``None`` to keep none."""
    cluster: str | None = None
    """The address of a Ray cluster that plays, ``None`` for this machine."""


class JobResult(NamedTuple):
    """One errand's outcome."""

    place: int
    """The errand's place among those given."""
    episodes: EpisodeArrays


def play_job(errand: JobRequest, means: ExecutionOptions = ExecutionOptions()) -> EpisodeArrays:  # noqa: B008 - it is immutable
    """Plays one job.

    Raises:
        InputError: the recording lacks what the program needs, or is not the one that it was; or
            a program in another language failed.
        StoreError: it cannot be read.
        ExternalError: what plays programs in that language cannot be had.
    """
    job = errand.job
    setting, rules = (
        ControllerSetting(job.beta, job.knobs),
        EpisodeRules(job.budget, job.probe_cost),
    )
    replay_environment = _replay_environment(errand.path, job.recording)
    if errand.engine not in ENGINE_NAMES:
        return get_foreign_engine(errand.engine).play(
            errand.source, setting, replay_environment, job.seeds, rules
        )
    return get_engine(errand.engine, means.workers, means.objects).play(
        _checked(errand.source.text, errand.source.name),
        setting,
        replay_environment,
        job.seeds,
        rules,
    )


def play_jobs(
    errands: Sequence[JobRequest], means: ExecutionOptions
) -> Generator[JobResult, None, None]:
    """Plays many jobs, by several threads or processes; yields each as it is done.

    Closing the iterator, or interrupting it, ends the processes and gives up what is unfinished.

    Raises:
        InputError: and `StoreError`, from `play_job`.
        ExternalError: a process ended before its work.
    """
    workers = min(means.workers, len(errands))
    if workers <= 1 or all(errand.engine in THREADED_ENGINES for errand in errands):
        for index, errand in enumerate(errands):
            yield JobResult(index, play_job(errand, means))
        return
    with _processes(workers) as pool:
        places: dict[Future[EpisodeArrays], int] = {
            pool.submit(play_job, errand): index for index, errand in enumerate(errands)
        }
        try:
            for future in as_completed(places):
                yield JobResult(places.pop(future), future.result())
        except BrokenProcessPool as problem:
            raise ExternalError(
                "a process that played episodes was ended from outside, perhaps for want of memory",
                hint="what was done is kept; --threads 1 needs the least memory",
            ) from problem


@contextmanager
def _processes(workers: int) -> Iterator[ProcessPoolExecutor]:
    """A pool whose processes end with the block, at once if it is left by an exception."""
    # A fresh process inherits no lock and no thread, unlike a forked one.
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=begin_worker_process)
    try:
        yield pool
    except BaseException:
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@lru_cache(maxsize=64)
def _checked(text: str, name: str) -> CheckedProgram:
    return load_checked_program(Source(text, name))


@lru_cache(maxsize=8)
def _replay_environment(path: Path, digest: str) -> ReplayEnvironment:
    recording = open_recording(path)
    if recording.digest != digest:
        raise InputError(f"{path}: was replaced by another recording meanwhile; start again")
    return load_replay_environment(recording)


def play_plan(
    plan: Plan,
    replay_environment: ReplayEnvironment,
    seeds: Sequence[int],
    engine: ReplayEngine,
    counts: LineCounts | None = None,
) -> EpisodeArrays:
    """The ends of all episodes.

    Args:
        plan: the controller and its setting.
        replay_environment: the recording.
        seeds: of every question.
        engine: what plays a program of Rheo; another language has its own.
        counts: what each line did is added to it, where given.

    Raises:
        InputError: the recording lacks something that the program needs, or an episode failed.
        SettingsError: the setting does not go with the program.
        ExternalError: what plays programs in that language cannot be had.
    """
    if isinstance(plan, RheoPlan):
        return engine.play(
            plan.program.checked, plan.setting, replay_environment, seeds, plan.rules, counts
        )
    player = get_foreign_engine(plan.program.engine)
    return player.play(
        plan.program.source, plan.setting, replay_environment, seeds, plan.rules, counts
    )
