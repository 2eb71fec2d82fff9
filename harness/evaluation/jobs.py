"""Jobs: play one controller at one setting over one recording, many in parallel.

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
from harness.request.option_names import name_option
from harness.request.plan import Plan, RheoPlan
from harness.settings import GeneralSettings
from store.lifetime import begin_worker_process
from store.reader import open_recording

FORMAT = 1
"""Increase this when the format or the meaning of a job's outcome changes."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the outcome depends on, by content."""

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
        """Return the digest that identifies the job."""
        return sha256(msgspec.json.encode((FORMAT, self), order="deterministic")).hexdigest()


class JobRequest(NamedTuple):
    """A job, and the file and program that it names."""

    job: Job
    path: Path
    """The recording's file."""
    source: Source
    """The program's text."""
    engine: str
    """The engine's name for `harness.engines.catalog`."""


class ExecutionOptions(NamedTuple):
    """Resources for playing jobs; outcomes do not depend on them."""

    workers: int = 1
    """The most threads or processes."""
    objects: Path | None = None
    """The directory for compiled programs, ``None`` to keep none."""
    cluster: str | None = None
    """The address of a Ray cluster that plays, ``None`` for this machine."""


def execution_options(chosen: GeneralSettings, *, keep: bool = True) -> ExecutionOptions:
    """Return the resources for jobs on this machine, from the settings.

    Args:
        chosen: The settings.
        keep: Whether to keep compiled programs in the cache directory.
    """
    return ExecutionOptions(chosen.threads, chosen.cache_dir / "objects" if keep else None)


class JobResult(NamedTuple):
    """The outcome of one job."""

    position: int
    """The index of the job in the sequence."""
    episodes: EpisodeArrays


def play_job(
    job_request: JobRequest,
    options: ExecutionOptions = ExecutionOptions(),  # noqa: B008 - it is immutable
) -> EpisodeArrays:
    """Play one job.

    Raises:
        InputError: The recording lacks what the program needs, or is not the one that it was; or a
            program in another language failed.
        StoreError: The recording cannot be read.
        ExternalError: The runtime of the program's language is not available.
    """
    job = job_request.job
    setting, rules = (
        ControllerSetting(job.beta, job.knobs),
        EpisodeRules(job.budget, job.probe_cost),
    )
    replay_environment = _replay_environment(job_request.path, job.recording)
    if job_request.engine not in ENGINE_NAMES:
        return get_foreign_engine(job_request.engine).play(
            job_request.source, setting, replay_environment, job.seeds, rules
        )
    return get_engine(job_request.engine, options.workers, options.objects).play(
        _checked(job_request.source.text, job_request.source.name),
        setting,
        replay_environment,
        job.seeds,
        rules,
    )


def play_jobs(
    job_requests: Sequence[JobRequest], options: ExecutionOptions
) -> Generator[JobResult, None, None]:
    """Play many jobs, with several threads or processes; yield each as it completes.

    Closing the iterator, or interrupting it, ends the processes and cancels unfinished jobs.

    Raises:
        InputError: From `play_job`.
        StoreError: From `play_job`.
        ExternalError: A process ended before its work was complete.
    """
    workers = min(options.workers, len(job_requests))
    if workers <= 1 or all(job_request.engine in THREADED_ENGINES for job_request in job_requests):
        for index, job_request in enumerate(job_requests):
            yield JobResult(index, play_job(job_request, options))
        return
    with _processes(workers) as pool:
        indexes: dict[Future[EpisodeArrays], int] = {
            pool.submit(play_job, job_request): index
            for index, job_request in enumerate(job_requests)
        }
        try:
            for future in as_completed(indexes):
                yield JobResult(indexes.pop(future), future.result())
        except BrokenProcessPool as problem:
            raise ExternalError(
                "a process that played episodes was killed, perhaps because memory ran out",
                hint=f"completed work is kept; use {name_option('threads', 1)} to need the least"
                " memory",
            ) from problem


@contextmanager
def _processes(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Provide a pool whose processes end with the block, at once if an exception leaves it."""
    # A spawned process inherits no lock and no thread, unlike a forked one.
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
        raise InputError(f"{path}: was replaced while the command ran; run it again")
    return load_replay_environment(recording)


def play_plan(
    plan: Plan,
    replay_environment: ReplayEnvironment,
    seeds: Sequence[int],
    engine: ReplayEngine,
    counts: LineCounts | None = None,
) -> EpisodeArrays:
    """Play every question under every seed with a controller in any language.

    Args:
        plan: The controller and its setting.
        replay_environment: The recording.
        seeds: Seeds of every question.
        engine: The engine for a Rheo program; another language has its own.
        counts: Counts of each source line, added to in place; ``None`` to count nothing.

    Returns:
        The results of all episodes.

    Raises:
        InputError: The recording lacks something that the program needs, or an episode failed.
        SettingsError: The setting does not fit the program.
        ExternalError: The runtime of the program's language is not available.
    """
    if isinstance(plan, RheoPlan):
        return engine.play(
            plan.program.checked, plan.setting, replay_environment, seeds, plan.rules, counts
        )
    player = get_foreign_engine(plan.program.engine)
    return player.play(
        plan.program.source, plan.setting, replay_environment, seeds, plan.rules, counts
    )
