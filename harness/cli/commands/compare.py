"""``rheostat compare``: two controllers, one against the other."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli import shell_completion
from harness.cli.declarations import command, output_options, setting_option
from harness.cli.options import (
    betas_option,
    cluster_address,
    engine_name,
    grid_engine_option,
    keep_option,
    on_option,
    rules_options,
    seeds_option,
    set_option,
)
from harness.cli.output import Output

if TYPE_CHECKING:
    from harness.evaluation.grid import Grid
    from harness.evaluation.scores import CellEpisodes


@command(
    "compare",
    plays=True,
    examples=[
        (
            "rheostat compare cmc esc --set esc.n=16,32,64 --on sample/search/*.recording",
            "Show what esc would spend for the accuracy of cmc.",
        ),
        ("rheostat compare mine.rheo cmc --on r.recording --json", "Write the comparison as JSON."),
    ],
)
@click.argument(
    "controller",
    metavar="A",
    help="The challenger: a Rheo file, or the name of a library controller.",
    shell_complete=shell_completion.complete_controllers,
)
@click.argument(
    "baseline",
    metavar="B",
    help="The baseline: a Rheo file, or the name of a library controller.",
    shell_complete=shell_completion.complete_controllers,
)
@on_option
@betas_option
@set_option
@seeds_option(100)
@rules_options
@grid_engine_option
@keep_option
@setting_option("threads")
@setting_option("cache_dir")
@output_options
def compare(
    out: Output,
    controller: str,
    baseline: str,
    on: tuple[Path, ...],
    beta: str,
    settings: tuple[str, ...],
    seeds: int,
    budget: int | None,
    kappa: int,
    engine: str,
    ray_address: str,
    keep: bool,
    threads: int | None,
    cache_dir: Path | None,
) -> None:
    """Compare two controllers at equal accuracy, cost and overall.

    For each point of A, the tokens that B needs for the same accuracy and B's accuracy at the same
    cost are shown. A summary follows: the mean ratio of tokens, the mean accuracy between the
    lowest-cost and the highest-cost point of B, and the questions on which the two differ. B needs
    several points, from --beta or from --set.

    Args:
        out: Where to write the result, and in which format.
        controller: The challenger: a Rheo file, or the name of a library controller.
        baseline: The baseline: a Rheo file, or the name of a library controller.
        on: The recordings to replay.
        beta: Values of β as typed: a list, or a range ``first:last:step``.
        settings: Knobs to set, each as ``[CONTROLLER.]KNOB=VALUES``.
        seeds: Number of seeds for each question; they are 0 to ``seeds - 1``.
        budget: Most tokens of an episode; ``None`` for no limit.
        kappa: Cost of a probe in tokens.
        engine: Name of the engine that plays the episodes.
        ray_address: Ray cluster as typed; used with the engine ``ray`` only.
        keep: Whether to reuse and store results.
        threads: Most threads; ``None`` to read the setting.
        cache_dir: Directory of cached results; ``None`` to read the setting.
    """
    from harness.cli.grid_run import play_with_progress, prepare_grid
    from harness.cli.sweep_output import describe_interruption, refuse_unwritable

    refuse_unwritable(out)
    grid = prepare_grid(
        (controller, baseline), on, beta, settings,
        seeds=seeds, budget=budget, kappa=kappa, engine=engine_name(engine), curves=True,
    )  # fmt: skip
    swept = play_with_progress(
        grid, "playing", keep=keep, flags={"threads": threads, "cache_dir": cache_dir},
        cluster=cluster_address(engine, ray_address),
    )  # fmt: skip
    if not swept.complete:
        raise describe_interruption(grid, swept, cached=keep)
    _write_comparisons(out, grid, swept.played)


def _write_comparisons(out: Output, grid: "Grid", played: "CellEpisodes") -> None:
    from harness.cli.output import OutputFormat, output_width
    from harness.evaluation.comparison import compare_controllers
    from harness.evaluation.sweep import describe_sweep_origin
    from harness.pages import sweep_page

    comparisons = compare_controllers(grid, played)
    if out.form is OutputFormat.CSV:
        out.table(sweep_page.matches_table(comparisons))
    else:
        width = output_width(out)
        pages = "\n".join(
            sweep_page.format_comparison(comparison, width) for comparison in comparisons
        )
        out.document({"what": describe_sweep_origin(grid), "comparisons": comparisons}, pages)
