"""From what was typed to what was played, for the commands that play a whole grid."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.cli import console
from harness.cli.settings import Settings, load
from harness.engines import Rules
from harness.evaluation.grid import Grid, spelt
from harness.evaluation.jobs import Means
from harness.evaluation.results import Results
from harness.evaluation.scores import Played
from harness.evaluation.sweep import Swept, play_grid
from harness.request.assignments import combinations
from harness.request.controllers import load_programs
from harness.request.ranges import betas
from harness.request.recordings import open_recordings

_IDLE = 5
"""How many points that did nothing are named."""


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
) -> Grid:
    """Checks everything that was typed, before anything is played.

    Raises:
        InputError: and `StoreError`, with what is wrong.
    """
    programs = load_programs(controllers)
    choices = combinations(programs, settings)
    values = betas(beta)
    grid = Grid(
        programs,
        choices,
        values,
        open_recordings(on),
        seeds=seeds,
        rules=Rules(budget, kappa),
        engine_name=engine,
    )
    grid.refuse_unmet_needs()
    return grid


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


def warn_of_idle(grid: Grid, played: Played) -> None:
    """Says which points did nothing on a recording: their rows look like results and are none."""
    idle: dict[int, list[str]] = {}
    for cell, episodes in played.items():
        if not episodes.tokens.any():
            idle.setdefault(cell.point, []).append(grid.recordings[cell.recording].label)
    for number in sorted(idle)[:_IDLE]:
        point, labels = grid.points[number], idle[number]
        beta = "" if point.beta is None else f" beta={point.beta!r}"
        where = "" if len(labels) == len(grid.recordings) else f" on {', '.join(labels)}"
        name = f"{point.program.label} {spelt(point.knobs)}".rstrip()
        console.warn(f"{name}{beta}{where}: no episode took any action, all ended at 0 tokens")
    if len(idle) > _IDLE:
        console.warn(f"{len(idle) - _IDLE} more did nothing either")


def means(chosen: Settings, *, keep: bool = True) -> Means:
    """With what jobs are played, by the settings."""
    return Means(chosen.threads, chosen.cache_dir / "objects" if keep else None)
