"""Runs the contenders, one process after the other, and compares what they computed."""

import multiprocessing
import platform
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import msgspec

from dsl.compiler.native import machine, version
from harness.bench import NAMES, SLOW, Measured, Name, Task
from harness.bench.contenders import measure
from harness.errors import SurroundingsError
from store.lifetime import end_with_parent


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One contender among the others."""

    contender: Name
    episodes: int
    reads: int
    seconds: float
    """Of the processor, at the best repeat."""
    elapsed: float | None
    """Of the clock, likewise; ``None`` where nobody looked at it."""
    ns_per_read: float
    ratio: float | None
    """Of the time for one read to that of the minimal pass; ``None`` without that."""
    peak_mb: float
    """The most memory that its process held, in units of 10⁶ bytes."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the benchmark."""

    machine: dict[str, str]
    standings: list[Standing]
    compile_ms: float | None
    """From the checked program to code that can be called, in milliseconds."""
    differing: list[str]
    """The cells in which contenders differ, in words; empty where all is well."""
    measured: list[Measured]
    """All that was measured."""


def run(
    recordings: Sequence[Path],
    betas: Sequence[float],
    *,
    seeds: int,
    slow_seeds: int,
    repeats: int,
    skip: Sequence[str] = (),
    foreign: Path | None = None,
    advance: Callable[[int], None] = lambda done: None,
) -> Report:
    """Runs the contenders.

    Args:
        recordings: the files to play over.
        betas: the values of β.
        seeds: the fast contenders play the seeds from 0 to below this.
        slow_seeds: the slow ones, and what is compared: below this.
        repeats: how often fast contenders play everything.
        skip: contenders to leave out.
        foreign: a controller in another language that plays as CMC does.
        advance: is told of each contender that is done.

    Raises:
        StoreError: a recording cannot be read.
        InputError: the controller in another language cannot be used.
        SurroundingsError: a contender lacks something, or its process was ended.
    """
    measured: dict[Name, Measured] = {}
    for name in NAMES:
        if name not in skip and (name != "foreign" or foreign is not None):
            slow = name in SLOW
            task = Task(
                contender=name,
                recordings=tuple(recordings),
                betas=tuple(betas),
                seeds=slow_seeds if slow else seeds,
                compared=slow_seeds,
                foreign=foreign,
                repeats=1 if slow else repeats,
            )
            measured[name] = _alone(task)
        advance(1)
    return report(measured)


def report(measured: Mapping[Name, Measured]) -> Report:
    """Puts what was measured side by side."""
    minimal = measured.get("minimal")
    compiled = measured.get("compiled")
    parts = compiled and compiled.compilation
    return Report(
        machine=_machine(),
        standings=[_standing(each, minimal) for each in measured.values()],
        compile_ms=1000 * (parts.translate + parts.generate + parts.load) if parts else None,
        differing=differences([each for each in measured.values() if each.cells]),
        measured=list(measured.values()),
    )


def differences(measured: Sequence[Measured]) -> list[str]:
    """The cells in which contenders differ from the first of them."""
    found = []
    for other in measured[1:]:
        first = measured[0]
        for one, two in zip(first.cells, other.cells, strict=True):
            if one != two:
                found.append(
                    f"{other.contender} differs from {first.contender} on recording"
                    f" {one.recording[:12]} at beta {one.beta:g}: {two.accuracy} % at {two.cost}"
                    f" tokens instead of {one.accuracy} % at {one.cost}"
                )
    return found


def _standing(measured: Measured, minimal: Measured | None) -> Standing:
    return Standing(
        contender=measured.contender,
        episodes=measured.episodes,
        reads=measured.reads,
        seconds=min(measured.seconds),
        elapsed=min(measured.elapsed, default=None),
        ns_per_read=measured.per_read,
        ratio=measured.per_read / minimal.per_read if minimal and minimal.per_read else None,
        peak_mb=measured.peak / 1e6,
    )


def _alone(task: Task) -> Measured:
    """Does a task in a fresh process."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=end_with_parent) as pool:
        try:
            return pool.submit(measure, task).result()
        except BrokenProcessPool as problem:
            raise SurroundingsError(
                f"the process of the contender {task.contender} was ended from outside, perhaps for"
                " want of memory"
            ) from problem


def _machine() -> dict[str, str]:
    return {
        "processor": machine().cpu,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "compiler": version(),
    }
