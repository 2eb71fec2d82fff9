"""From what was typed to what was played, for the commands that play a whole grid."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.cli import console
from harness.cli.point_warnings import warn_of_idle, warn_of_shortages
from harness.engines import EpisodeRules
from harness.evaluation.grid import Grid
from harness.evaluation.jobs import ExecutionOptions
from harness.evaluation.result_cache import ResultCache
from harness.evaluation.sweep import SweepResult, play_grid
from harness.request.assignments import KnobValues, expand_assignments
from harness.request.controllers import Playable, RheoController, load_programs
from harness.request.ranges import parse_betas
from harness.request.recordings import NamedRecording, branch_counts, open_recordings
from harness.request.widths import default_widths
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
    """Check everything that was typed, before anything is played.

    Args:
        controllers: files, or names of the library.
        on: paths of recordings.
        beta: values of beta, as typed.
        settings: values of knobs, as typed.
        seeds: how many seeds, from 0 on.
        budget: tokens of an episode.
        kappa: what a probe costs.
        engine: the name of what plays.
        curves: whether a program without a schedule, whose width was not set, is played at several
            widths.

    Raises:
        InputError: and `StoreError`, with what is wrong.
    """
    programs = load_programs(controllers)
    choices = expand_assignments(programs, settings)
    values = parse_betas(beta)
    recordings = open_recordings(on)
    if curves:
        choices = _with_widths(programs, choices, recordings)
    grid = Grid(
        programs,
        choices,
        values,
        recordings,
        seeds=seeds,
        rules=EpisodeRules(budget, kappa),
        engine_name=engine,
    )
    grid.refuse_unmet_needs()
    warn_of_shortages(grid)
    return grid


def _with_widths(
    programs: Sequence[Playable],
    choices: Sequence[list[KnobValues]],
    recordings: Sequence[NamedRecording],
) -> list[list[KnobValues]]:
    """Return the settings, at several widths where a program would have a single point."""
    most = min(branch_counts(each.recording)[0] for each in recordings)
    return [
        [setting for each in chosen for setting in default_widths(program, each, most)]
        if isinstance(program, RheoController)
        else chosen
        for program, chosen in zip(programs, choices, strict=True)
    ]


def play_with_progress(
    grid: Grid,
    what: str,
    *,
    keep: bool,
    flags: Mapping[str, object],
    cluster: str | None = None,
) -> SweepResult:
    """Play a grid behind a progress bar, and say what it could not keep.

    Args:
        grid: what to play.
        what: the work, in a word.
        keep: whether to use and keep results.
        flags: the settings ``threads`` and ``cache_dir`` as typed, ``None`` where they were not.
        cluster: the address of a Ray cluster that plays; ``None`` for this machine.
    """
    chosen = load(GeneralSettings, flags=flags)
    results = ResultCache(chosen.cache_dir) if keep else None
    how = execution_options(chosen, keep=keep)._replace(cluster=cluster)
    with console.progress(what, len(grid.cells)) as advance:
        swept = play_grid(grid, results, options=how, advance=advance)
    if swept.cache_error is not None:
        reason = (swept.cache_error.strerror or str(swept.cache_error)).lower()
        console.warn(f"{chosen.cache_dir}: results cannot be kept there: {reason}")
    warn_of_idle(grid, swept.played)
    return swept


def execution_options(chosen: GeneralSettings, *, keep: bool = True) -> ExecutionOptions:
    """With what jobs are played, by the settings."""
    return ExecutionOptions(chosen.threads, chosen.cache_dir / "objects" if keep else None)
