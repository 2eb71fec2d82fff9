"""From what was typed to what was played, for the commands that play a whole grid."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.cli import console
from harness.cli.point_warnings import warn_of_idle, warn_of_shortages
from harness.cli.settings import Settings, load
from harness.engines import Rules
from harness.evaluation.grid import Grid
from harness.evaluation.jobs import Means
from harness.evaluation.results import Results
from harness.evaluation.sweep import Swept, play_grid
from harness.request.assignments import Knobs, combinations
from harness.request.controllers import Playable, Program, load_programs
from harness.request.ranges import betas
from harness.request.recordings import Named, branch_counts, open_recordings
from harness.request.widths import default_widths


def prepared(
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
    """Checks everything that was typed, before anything is played.

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
    choices = combinations(programs, settings)
    values = betas(beta)
    recordings = open_recordings(on)
    if curves:
        choices = _with_widths(programs, choices, recordings)
    grid = Grid(
        programs,
        choices,
        values,
        recordings,
        seeds=seeds,
        rules=Rules(budget, kappa),
        engine_name=engine,
    )
    grid.refuse_unmet_needs()
    warn_of_shortages(grid)
    return grid


def _with_widths(
    programs: Sequence[Playable], choices: Sequence[list[Knobs]], recordings: Sequence[Named]
) -> list[list[Knobs]]:
    """The settings, at several widths where a program would have a single point."""
    most = min(branch_counts(each.recording)[0] for each in recordings)
    return [
        [setting for each in chosen for setting in default_widths(program, each, most)]
        if isinstance(program, Program)
        else chosen
        for program, chosen in zip(programs, choices, strict=True)
    ]


def played(
    grid: Grid,
    what: str,
    *,
    keep: bool,
    flags: Mapping[str, object],
    cluster: str | None = None,
) -> Swept:
    """Plays a grid behind a progress bar, and says what it could not keep.

    Args:
        grid: what to play.
        what: the work, in a word.
        keep: whether to use and keep results.
        flags: the settings ``threads`` and ``cache_dir`` as typed, ``None`` where they were not.
        cluster: the address of a Ray cluster that plays; ``None`` for this machine.
    """
    chosen = load(Settings, flags=flags)
    results = Results(chosen.cache_dir) if keep else None
    how = means(chosen, keep=keep)._replace(cluster=cluster)
    with console.progress(what, len(grid.cells)) as advance:
        swept = play_grid(grid, results, means=how, advance=advance)
    if swept.unkept is not None:
        reason = (swept.unkept.strerror or str(swept.unkept)).lower()
        console.warn(f"{chosen.cache_dir}: results cannot be kept there: {reason}")
    warn_of_idle(grid, swept.played)
    return swept


def means(chosen: Settings, *, keep: bool = True) -> Means:
    """With what jobs are played, by the settings."""
    return Means(chosen.threads, chosen.cache_dir / "objects" if keep else None)
