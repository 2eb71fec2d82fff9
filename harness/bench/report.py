"""Run the contenders one process at a time, compare their results, and build the report.

Results are compared cell by cell, so a fast contender that computes something else is reported as
differing.
"""

import multiprocessing
import platform
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import msgspec

from dsl.compiler.native import detect_machine, version
from harness.bench import (
    CONTENDER_NAMES,
    SLOW_CONTENDERS,
    ContenderMeasurement,
    ContenderName,
    ContenderTask,
)
from harness.bench.contenders import measure_contender
from harness.errors import ExternalError
from harness.presentation.table import Column, Table
from store.lifetime import end_with_parent


class ContenderRow(msgspec.Struct, frozen=True, kw_only=True):
    """One contender in the report."""

    contender: ContenderName
    episodes: int
    reads: int
    seconds: float
    """CPU seconds at the best repeat."""
    elapsed: float | None
    """Wall-clock seconds at the best repeat; ``None`` if not measured."""
    ns_per_read: float
    ratio: float | None
    """Ratio of the time for one read to that of the minimal pass; ``None`` without that pass."""
    peak_mb: float
    """Peak memory of its process, in units of 10⁶ bytes."""


class BenchReport(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the benchmark."""

    machine: dict[str, str]
    standings: list[ContenderRow]
    compile_ms: float | None
    """From the checked program to code that can be called, in milliseconds."""
    differing: list[str]
    """Descriptions of the cells in which contenders differ; empty if none do."""
    measured: list[ContenderMeasurement]
    """All that was measured."""


def run_bench(
    recordings: Sequence[Path],
    betas: Sequence[float],
    *,
    seeds: int,
    slow_seeds: int,
    repeats: int,
    skip: Sequence[str] = (),
    foreign: Path | None = None,
    advance: Callable[[int], None] = lambda done: None,
) -> BenchReport:
    """Run the contenders.

    Args:
        recordings: The recordings to play over.
        betas: The values of β.
        seeds: How many seeds the fast contenders play, from 0.
        slow_seeds: How many seeds the slow contenders play, and how many are compared.
        repeats: How often fast contenders play everything.
        skip: Contenders to leave out.
        foreign: A controller in another language that is equivalent to CMC.
        advance: Called after each contender.

    Raises:
        StoreError: A recording cannot be read.
        InputError: The controller in another language cannot be used.
        ExternalError: A contender lacks something, or its process was killed.
    """
    measured: dict[ContenderName, ContenderMeasurement] = {}
    for name in CONTENDER_NAMES:
        if name not in skip and (name != "foreign" or foreign is not None):
            slow = name in SLOW_CONTENDERS
            task = ContenderTask(
                contender=name,
                recordings=tuple(recordings),
                betas=tuple(betas),
                seeds=slow_seeds if slow else seeds,
                compared=slow_seeds,
                foreign=foreign,
                repeats=1 if slow else repeats,
            )
            measured[name] = _measure_in_process(task)
        advance(1)
    return build_report(measured)


def build_report(measured: Mapping[ContenderName, ContenderMeasurement]) -> BenchReport:
    """Build the report of several measurements."""
    minimal = measured.get("minimal")
    compiled = measured.get("compiled")
    parts = compiled and compiled.compilation
    return BenchReport(
        machine=_machine(),
        standings=[_standing(measurement, minimal) for measurement in measured.values()],
        compile_ms=1000 * (parts.translate + parts.generate + parts.load) if parts else None,
        differing=find_differing_cells(
            [measurement for measurement in measured.values() if measurement.cells]
        ),
        measured=list(measured.values()),
    )


def find_differing_cells(measured: Sequence[ContenderMeasurement]) -> list[str]:
    """Return descriptions of the cells in which contenders differ from the first of them."""
    differing = []
    for other in measured[1:]:
        first = measured[0]
        for one, two in zip(first.cells, other.cells, strict=True):
            if one != two:
                differing.append(
                    f"{other.contender} differs from {first.contender} on recording"
                    f" {one.recording[:12]} at beta {one.beta:g}: {two.accuracy} % at {two.cost}"
                    f" tokens instead of {one.accuracy} % at {one.cost}"
                )
    return differing


def _standing(measured: ContenderMeasurement, minimal: ContenderMeasurement | None) -> ContenderRow:
    return ContenderRow(
        contender=measured.contender,
        episodes=measured.episodes,
        reads=measured.reads,
        seconds=min(measured.seconds),
        elapsed=min(measured.elapsed, default=None),
        ns_per_read=measured.per_read,
        ratio=measured.per_read / minimal.per_read if minimal and minimal.per_read else None,
        peak_mb=measured.peak / 1e6,
    )


def _measure_in_process(task: ContenderTask) -> ContenderMeasurement:
    """Run a task in a new process."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=end_with_parent) as pool:
        try:
            return pool.submit(measure_contender, task).result()
        except BrokenProcessPool as problem:
            raise ExternalError(
                f"the process of the contender {task.contender} was killed, perhaps because"
                " memory ran out"
            ) from problem


def _machine() -> dict[str, str]:
    return {
        "processor": detect_machine().cpu,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "compiler": version(),
    }


def standings_table(report: BenchReport) -> Table:
    """Return a row for each contender."""
    return Table(
        [
            Column("contender"),
            Column("episodes"),
            Column("reads"),
            Column("seconds", decimals=2),
            Column("elapsed", decimals=2),
            Column("ns_per_read", "ns/read", decimals=2),
            Column("ratio", "to minimal", decimals=2),
            Column("peak_mb", "peak MB", decimals=0),
        ],
        [
            (
                standing.contender, standing.episodes, standing.reads, standing.seconds,
                standing.elapsed, standing.ns_per_read, standing.ratio, standing.peak_mb,
            )
            for standing in report.standings
        ],
    )  # fmt: skip


def format_bench_report(report: BenchReport) -> str:
    """Return the whole report as text."""
    lines = [
        " · ".join(report.machine.values()),
        "",
        standings_table(report).text().rstrip("\n"),
        "",
    ]
    if report.compile_ms is not None:
        lines.append(f"Compiling CMC takes {report.compile_ms:.0f} ms of processor time.")
    compared = [measurement.contender for measurement in report.measured if measurement.cells]
    if len(compared) > 1 and not report.differing:
        lines.append(f"Equal, episode by episode: {', '.join(compared)}.")
    return "\n".join([*lines, *report.differing])
