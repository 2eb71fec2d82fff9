"""``rheostat sweep``: controllers over recordings, across β and settings."""

from pathlib import Path

import click

from harness.cli.declarations import FilePath, command, output_options, setting_option
from harness.cli.options import (
    betas_option,
    cluster_address,
    controllers_argument,
    engine_name,
    grid_engine_option,
    keep_option,
    on_option,
    rules_options,
    seeds_option,
    set_option,
)
from harness.cli.output import Output


@command(
    "sweep",
    plays=True,
    examples=[
        ("rheostat sweep cmc --on sample/search/*.recording", "Sweeps beta over recordings."),
        (
            "rheostat sweep asc esc --on r.recording --set n=1,4,16,64 --set esc.n=16,64",
            "Takes values of knobs, for all controllers and for one.",
        ),
        (
            "rheostat sweep cmc mine.rheo --on r.recording --seeds 10 --plot frontier.svg",
            "Fewer shuffles, and a picture.",
        ),
    ],
)
@controllers_argument
@on_option
@betas_option
@set_option
@seeds_option(100)
@rules_options
@click.option(
    "--frontier/--no-frontier",
    default=None,
    help="Draw accuracy over tokens below the table; by default on a terminal.",
)
@click.option(
    "--plot",
    metavar="FILE.svg",
    type=FilePath(dir_okay=False),
    help="Write accuracy over tokens as SVG.",
)
@grid_engine_option
@keep_option
@setting_option("threads")
@setting_option("cache_dir")
@output_options  # fmt: skip
def sweep(
    out: Output,
    controllers: tuple[str, ...],
    on: tuple[Path, ...],
    beta: str,
    settings: tuple[str, ...],
    seeds: int,
    budget: int | None,
    kappa: int,
    frontier: bool | None,
    plot: Path | None,
    engine: str,
    ray_address: str,
    keep: bool,
    threads: int | None,
    cache_dir: Path | None,
) -> None:
    """Plays controllers over recordings, at every beta and setting, and tells what each is worth.

    Accuracy and tokens are made as published figures are. Intervals of 95 % are by bootstrap over
    questions; the difference is paired, to the first controller at its nearest cost. Results are
    kept by content: what was played once is not played again, and an interrupted sweep goes on
    where it stopped.
    """
    from harness.cli import sweep_output
    from harness.cli.grid_run import play_with_progress, prepare_grid
    from harness.cli.point_warnings import warn_of_single_point
    from harness.evaluation.sweep import build_rows

    sweep_output.refuse_unwritable(out, plot)
    grid = prepare_grid(
        controllers,
        on,
        beta,
        settings,
        seeds=seeds,
        budget=budget,
        kappa=kappa,
        engine=engine_name(engine),
    )
    flags = {"threads": threads, "cache_dir": cache_dir}
    swept = play_with_progress(
        grid, "sweeping", keep=keep, flags=flags, cluster=cluster_address(engine, ray_address)
    )
    found = build_rows(grid, swept.played)
    warn_of_single_point(grid, found)
    sweep_output.write_sweep(out, grid, found, complete=swept.complete, frontier=frontier)
    if not swept.complete:
        raise sweep_output.describe_interruption(grid, swept, kept=keep)
    if plot is not None:
        sweep_output.write_plot(found, plot)
