"""A sweep: play every cell of a grid or read it from the cache, and build the rows."""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from fractions import Fraction
from typing import NamedTuple

import msgspec
import numpy as np

from harness.evaluation.bootstrap import RESAMPLES, SEED, Floats, interval, resample
from harness.evaluation.grid import Grid, GridCell
from harness.evaluation.jobs import ExecutionOptions, JobRequest, JobResult, play_jobs
from harness.evaluation.result_cache import ResultCache
from harness.evaluation.scores import (
    CellEpisodes,
    RecordingScope,
    build_strata,
    compute_means,
    list_scopes,
    publish_figures,
    scope_cells,
)
from harness.mdp.episodes import EpisodeArrays


class SweepRow(msgspec.Struct, frozen=True, kw_only=True):
    """One controller at one setting over one recording, or over all (``recording`` is ``mean``)."""

    controller: str
    recording: str
    beta: float | None
    settings: dict[str, int | float]
    """The value of every free knob."""
    accuracy: float
    """Percent, rounded as published figures."""
    cost: int
    """Tokens for each question, truncated as published figures."""
    sequential: int
    """Tokens on the critical path for each question."""
    episodes: int
    accuracy_low: float
    accuracy_high: float
    """The interval of 95 %, in percent."""
    difference: float | None
    """In percentage points, relative to the first controller at its nearest cost; ``None`` if that
    controller has not been played completely.
    """
    difference_low: float | None
    difference_high: float | None
    width: int | None = None
    """The most branches of a question that it can open, if its knobs determine that: what they
    request, as far as branches were recorded. ``None`` also if recordings differ in it.
    """
    width_requested: int | None = None
    """How many branches its knobs request."""


class SweepResult(NamedTuple):
    """The result of playing a grid."""

    played: CellEpisodes
    complete: bool
    """False if it was interrupted: some cells are missing."""
    reused: int
    """How many cells came from the cache."""
    cache_error: OSError | None
    """The reason why results could not be cached, if any."""


def play_grid(
    grid: Grid,
    results: ResultCache | None,
    *,
    options: ExecutionOptions = ExecutionOptions(),  # noqa: B008 - it is immutable
    advance: Callable[[int], None] = lambda done: None,
) -> SweepResult:
    """Play the cells that are not cached, and cache them.

    Ctrl-C ends the sweep early and keeps what is done.

    Args:
        grid: The grid to play.
        results: The cache; ``None`` to use none.
        options: Workers, or a cluster.
        advance: Called with the number of cells completed since the last call.

    Raises:
        InputError: A recording cannot be played.
        StoreError: A recording cannot be read.
        ExternalError: A process ended before its work was complete.
    """
    played: dict[GridCell, EpisodeArrays] = {}
    cache_error: OSError | None = None
    reused = 0
    try:
        for cell in grid.cells if results is not None else ():
            cached = results.find(grid.job_request(cell).job) if results is not None else None
            if cached is not None:
                played[cell] = cached
                reused += 1
                advance(1)
        missing = [cell for cell in grid.cells if cell not in played]
        job_requests = [grid.job_request(cell) for cell in missing]
        with closing(_run_jobs(job_requests, options)) as outcomes:
            for index, episodes in outcomes:
                played[missing[index]] = episodes
                advance(1)
                if results is None or cache_error is not None:
                    continue
                try:
                    results.keep(job_requests[index].job, episodes)
                except OSError as problem:
                    cache_error = problem
    except KeyboardInterrupt:
        return SweepResult(played, complete=False, reused=reused, cache_error=cache_error)
    return SweepResult(played, complete=True, reused=reused, cache_error=cache_error)


def _run_jobs(
    job_requests: Sequence[JobRequest], options: ExecutionOptions
) -> Generator[JobResult, None, None]:
    """Play jobs here or over a cluster; the outcomes are the same."""
    if options.cluster is None:
        return play_jobs(job_requests, options)
    from harness.evaluation.cluster import play_jobs_on_cluster

    return play_jobs_on_cluster(job_requests, options.cluster, options.workers)


def build_rows(grid: Grid, played: CellEpisodes) -> list[SweepRow]:
    """Return a row for each point on each recording, and on all together, as far as played."""
    rows: dict[tuple[int, int], SweepRow] = {}
    all_scopes = list_scopes(grid.recordings)
    for order, scope in enumerate(all_scopes):
        for point, row in _rows_of(grid, played, scope).items():
            rows[point, order] = row
    by_controller = {
        point: grid.programs.index(grid_point.program)
        for point, grid_point in enumerate(grid.points)
    }
    keys = sorted(rows, key=lambda key: (by_controller[key[0]], key[1], key[0]))
    return [rows[key] for key in keys]


def find_nearest_cost(cost: Fraction, others: Sequence[Fraction]) -> int:
    """Return the index of the nearest cost by ratio; of equals, the cheaper, then the first."""
    return min(range(len(others)), key=lambda index: (_ratio(cost, others[index]), others[index]))


def _ratio(one: Fraction, other: Fraction) -> Fraction:
    low, high = sorted((max(one, Fraction(1)), max(other, Fraction(1))))
    return high / low


def _rows_of(grid: Grid, played: CellEpisodes, scope: RecordingScope) -> dict[int, SweepRow]:
    """Return the rows of one scope, by point."""
    points = [
        point
        for point in range(len(grid.points))
        if all(cell in played for cell in scope_cells(scope, point))
    ]
    if not points:
        return {}
    exact = {point: compute_means(played, scope, point) for point in points}
    samples = resample(build_strata(played, grid.recordings, scope, points, "right"))
    column = {point: samples[:, index] for index, point in enumerate(points)}
    first = [
        point
        for point, grid_point in enumerate(grid.points)
        if grid_point.program is grid.programs[0]
    ]
    complete = all(point in exact for point in first)
    rows = {}
    for point in points:
        reference = None
        if complete:
            costs = [exact[other].cost for other in first]
            reference = first[find_nearest_cost(exact[point].cost, costs)]
        difference = (
            None if reference is None else exact[point].accuracy - exact[reference].accuracy
        )
        spread = None if reference is None else column[point] - column[reference]
        rows[point] = _row(grid, played, scope, point, column[point], difference, spread)
    return rows


def _row(
    grid: Grid,
    played: CellEpisodes,
    scope: RecordingScope,
    point: int,
    accuracies: Floats,
    difference: Fraction | None,
    differences: Floats | None,
) -> SweepRow:
    grid_point = grid.points[point]
    figures = publish_figures(played, scope, point)
    requested, width = grid.widths[point], grid.opened(point, scope.recordings)
    # A minimum is not a width, unless it exceeds what was recorded.
    hidden = width is None and requested is not None and not requested.exact
    around = interval(accuracies)
    paired = None if differences is None else interval(differences)
    return SweepRow(
        controller=grid_point.program.label,
        recording=scope.label,
        beta=grid_point.beta,
        settings=dict(grid_point.knobs),
        **figures._asdict(),
        accuracy_low=percent(around.low),
        accuracy_high=percent(around.high),
        difference=None if difference is None else percent(difference),
        difference_low=None if paired is None else percent(paired.low),
        difference_high=None if paired is None else percent(paired.high),
        width=width,
        width_requested=None if requested is None or hidden else requested.branches,
    )


def percent(share: float | Fraction | np.float64) -> float:
    """Return a share in percent with two decimals; never a negative zero."""
    return round(float(share * 100), 2) + 0.0


class SweepOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """The inputs of results, by content."""

    engine: str
    seeds: int
    """The number of seeds, from 0."""
    budget: int | None
    kappa: int
    resamples: int = RESAMPLES
    resample_seed: int = SEED
    controllers: list[dict[str, str]]
    """Label, origin and digest of each program."""
    recordings: list[dict[str, str]]
    """Label, path and digest of each recording."""


def describe_sweep_origin(grid: Grid) -> SweepOrigin:
    """Describe the inputs of a grid's results."""
    return SweepOrigin(
        engine=grid.engine,
        seeds=len(grid.seeds),
        budget=grid.rules.budget,
        kappa=grid.rules.probe_cost,
        controllers=[
            {"controller": program.label, "origin": program.origin, "digest": program.digest}
            for program in grid.programs
        ],
        recordings=[
            {"recording": label, "path": str(recording.path), "digest": recording.digest}
            for label, recording in grid.recordings
        ],
    )
