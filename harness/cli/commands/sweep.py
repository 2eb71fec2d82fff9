"""``rheostat sweep``: controllers over recordings, across β and settings."""

from pathlib import Path

import click

from harness.cli.declarations import command, output_options, setting_option
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
from harness.cli.parameter_types import FilePath


@command(
    "sweep",
    plays=True,
    examples=[
        ("rheostat sweep cmc --on sample/search/*.recording", "Sweep beta over recordings."),
        (
            "rheostat sweep asc esc --on r.recording --set n=1,4,16,64 --set esc.n=16,64",
            "Set values of knobs, for all controllers and for one.",
        ),
        (
            "rheostat sweep cmc mine.rheo --on r.recording --seeds 10 --plot frontier.svg",
            "Use fewer seeds, and plot the frontier.",
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
    help="Plot accuracy over tokens below the table. [default: on a terminal]",
)
@click.option(
    "--plot",
    metavar="FILE.svg",
    type=FilePath(dir_okay=False),
    help="Write a plot of accuracy over tokens as SVG.",
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
    """Replay controllers over recordings, at every beta.

    The 95 % intervals are bootstrapped over questions. Differences are paired by question: a point
    is compared with the first controller's point of the nearest cost. Results are cached by
    content: nothing is played twice, and an interrupted sweep resumes where it stopped.

    Args:
        out: Where to write the result, and in which format.
        controllers: Rheo files, or names of library controllers; differences are to the first.
        on: The recordings to replay.
        beta: Values of β as typed: a list, or a range ``first:last:step``.
        settings: Knobs to set, each as ``[CONTROLLER.]KNOB=VALUES``.
        seeds: Number of seeds for each question; they are 0 to ``seeds - 1``.
        budget: Most tokens of an episode; ``None`` for no limit.
        kappa: Cost of a probe in tokens.
        frontier: Whether to plot accuracy over tokens in the terminal.
        plot: File for a plot; ``None`` for none.
        engine: Name of the engine that plays the episodes.
        ray_address: Ray cluster as typed; used with the engine ``ray`` only.
        keep: Whether to reuse and store results.
        threads: Most threads; ``None`` to read the setting.
        cache_dir: Directory of cached results; ``None`` to read the setting.
    """
    from harness.cli import console, grid_run, sweep_output
    from harness.evaluation.point_warnings import describe_single_point
    from harness.evaluation.sweep import build_rows

    sweep_output.refuse_unwritable(out, plot)
    grid = grid_run.prepare_grid(
        controllers, on, beta, settings,
        seeds=seeds, budget=budget, kappa=kappa, engine=engine_name(engine),
    )  # fmt: skip
    swept = grid_run.play_with_progress(
        grid, "sweeping", keep=keep, flags={"threads": threads, "cache_dir": cache_dir},
        cluster=cluster_address(engine, ray_address),
    )  # fmt: skip
    rows = build_rows(grid, swept.played)
    console.warn_all(describe_single_point(grid, rows))
    sweep_output.write_sweep(out, grid, rows, complete=swept.complete, frontier=frontier)
    if not swept.complete:
        raise sweep_output.describe_interruption(grid, swept, cached=keep)
    if plot is not None:
        sweep_output.write_plot(rows, plot)
