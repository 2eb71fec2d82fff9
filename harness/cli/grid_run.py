"""Parse the arguments of commands that play a whole grid, and play it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.cli import console
from harness.engines import EpisodeRules
from harness.evaluation.grid import Grid, build_grid
from harness.evaluation.jobs import execution_options
from harness.evaluation.point_warnings import describe_idle, describe_shortages
from harness.evaluation.result_cache import ResultCache
from harness.evaluation.sweep import SweepResult, play_grid
from harness.request.assignments import expand_assignments
from harness.request.controllers import load_programs
from harness.request.ranges import parse_betas
from harness.request.recordings import open_recordings
from harness.settings import GeneralSettings, load


def prepare_grid(
    controllers: Sequence[str],
    on: Sequence[Path],
    beta: str,
    settings: Sequence[str],
    *,
    seeds: int,
    budget: int | None,
    kappa: int,
    engine: str,
    curves: bool = False,
) -> Grid:
    """Check all arguments before anything is played.

    Args:
        controllers: Files, or names of the library.
        on: Paths of recordings.
        beta: Values of β, as typed.
        settings: Values of knobs, as typed.
        seeds: How many seeds, from 0.
        budget: Tokens of an episode; ``None`` for no limit.
        kappa: Cost of a probe in tokens.
        engine: Name of the engine.
        curves: Whether to play a program without a schedule, whose width is not set, at several
            widths.

    Raises:
        InputError: An argument is invalid.
        StoreError: A recording cannot be used.
    """
    programs = load_programs(controllers)
    choices = expand_assignments(programs, settings)
    values = parse_betas(beta)
    grid = build_grid(
        programs,
        choices,
        values,
        open_recordings(on),
        seeds=seeds,
        rules=EpisodeRules(budget, kappa),
        engine_name=engine,
        curves=curves,
    )
    console.warn_all(describe_shortages(grid))
    return grid


def play_with_progress(
    grid: Grid,
    what: str,
    *,
    keep: bool,
    flags: Mapping[str, object],
    cluster: str | None = None,
) -> SweepResult:
    """Play a grid with a progress bar, and warn of results that could not be cached.

    Args:
        grid: The grid to play.
        what: A short name of the work.
        keep: Whether to use and keep cached results.
        flags: The settings ``threads`` and ``cache_dir`` as typed, ``None`` if not used.
        cluster: Address of a Ray cluster; ``None`` for this machine.
    """
    chosen = load(GeneralSettings, flags=flags)
    results = ResultCache(chosen.cache_dir) if keep else None
    how = execution_options(chosen, keep=keep)._replace(cluster=cluster)
    with console.progress(what, len(grid.cells)) as advance:
        swept = play_grid(grid, results, options=how, advance=advance)
    if swept.cache_error is not None:
        reason = (swept.cache_error.strerror or str(swept.cache_error)).lower()
        console.warn(f"{chosen.cache_dir}: results cannot be cached there: {reason}")
    console.warn_all(describe_idle(grid, swept.played))
    return swept
