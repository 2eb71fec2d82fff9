"""One piece of an evaluation, and how many of them are played side by side.

A job is one program at one setting over one recording. It says all that its outcome depends on and
nothing else, so it can be played in any process, in any order, and kept under a digest of itself.
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

from dsl.checker import Checked
from dsl.program import load
from dsl.source import Source
from harness.engines import Rules, Setting
from harness.engines.choose import NAMES, THREADED, engine, foreign_engine
from harness.errors import InputError, SurroundingsError
from harness.mdp.environment import Environment, environment
from harness.mdp.episodes import Episodes
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


class Errand(NamedTuple):
    """A job, and where to find what it names."""

    job: Job
    path: Path
    """The recording's file."""
    source: Source
    """The program's text."""
    engine: str
    """The engine's name for `harness.engines.choose`."""


class Means(NamedTuple):
    """With what jobs are played; outcomes do not depend on it."""

    workers: int = 1
    """The most threads or processes at work."""
    objects: Path | None = None
    """Where compiled programs are kept, ``None`` to keep none."""
    cluster: str | None = None
    """The address of a Ray cluster that plays, ``None`` for this machine."""


class Done(NamedTuple):
    """One errand's outcome."""

    place: int
    """The errand's place among those given."""
    episodes: Episodes


def play(errand: Errand, means: Means = Means()) -> Episodes:  # noqa: B008 - it is immutable
    """Plays one job.

    Raises:
        InputError: the recording lacks what the program needs, or is not the one that it was; or
            a program in another language failed.
        StoreError: it cannot be read.
        SurroundingsError: what plays programs in that language cannot be had.
    """
    job = errand.job
    setting, rules = Setting(job.beta, job.knobs), Rules(job.budget, job.probe_cost)
    world = _world(errand.path, job.recording)
    if errand.engine not in NAMES:
        return foreign_engine(errand.engine).play(errand.source, setting, world, job.seeds, rules)
    return engine(errand.engine, means.workers, means.objects).play(
        _checked(errand.source.text, errand.source.name),
        setting,
        world,
        job.seeds,
        rules,
    )


def play_all(errands: Sequence[Errand], means: Means) -> Generator[Done, None, None]:
    """Plays many jobs, by several threads or processes; yields each as it is done.

    Closing the iterator, or interrupting it, ends the processes and gives up what is unfinished.

    Raises:
        InputError: and `StoreError`, from `play`.
        SurroundingsError: a process ended before its work.
    """
    workers = min(means.workers, len(errands))
    if workers <= 1 or all(errand.engine in THREADED for errand in errands):
        for index, errand in enumerate(errands):
            yield Done(index, play(errand, means))
        return
    with _processes(workers) as pool:
        places: dict[Future[Episodes], int] = {
            pool.submit(play, errand): index for index, errand in enumerate(errands)
        }
        try:
            for future in as_completed(places):
                yield Done(places.pop(future), future.result())
        except BrokenProcessPool as problem:
            raise SurroundingsError(
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
def _checked(text: str, name: str) -> Checked:
    return load(Source(text, name))


@lru_cache(maxsize=8)
def _world(path: Path, digest: str) -> Environment:
    recording = open_recording(path)
    if recording.digest != digest:
        raise InputError(f"{path}: was replaced by another recording meanwhile; start again")
    return environment(recording)
