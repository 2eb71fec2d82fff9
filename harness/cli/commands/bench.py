"""``rheostat bench``: how fast CMC is played, and how much of that is the price of deciding."""

from pathlib import Path

import click

from harness.cli.declarations import command, output_options
from harness.cli.options import betas_option, on_option, seeds_option
from harness.cli.output import Output
from harness.cli.parameter_types import FilePath, WholeNumber


@command(
    "bench",
    plays=True,
    examples=[
        ("rheostat bench --on sample/search/*.recording", "Measure the speed on this machine."),
        (
            "rheostat bench --on r.recording --seeds 10 --skip plain",
            "Run fewer seeds and skip a contender.",
        ),
        ("rheostat bench --on r.recording --json -o bench.json", "Write all figures as JSON."),
    ],
)
@on_option
@betas_option
@seeds_option(100)
@click.option(
    "--slow-seeds", metavar="N", type=WholeNumber(1, 100_000), default=1, show_default=True,
    help="Seeds for the interpreter and for plain Python; their episodes are compared.",
)  # fmt: skip
@click.option(
    "--repeats", metavar="N", type=WholeNumber(1, 100), default=3, show_default=True,
    help="Runs of each fast contender; the fastest one counts.",
)  # fmt: skip
@click.option(
    "--skip", multiple=True, type=click.Choice(("minimal", "interpreter", "plain")),
    help="Leave out a contender.",
)  # fmt: skip
@click.option(
    "--foreign", metavar="FILE", type=FilePath(dir_okay=False),
    help="Also time this controller in another language; it must make the decisions of CMC.",
)  # fmt: skip
@output_options
def bench(
    out: Output,
    on: tuple[Path, ...],
    beta: str,
    seeds: int,
    slow_seeds: int,
    repeats: int,
    skip: tuple[str, ...],
    foreign: Path | None,
) -> None:
    """Measure how fast each engine plays CMC on the same episodes.

    The contenders are: a compiled pass that reads as many answers but makes no decisions; the
    compiled engine; the interpreter; CMC in plain Python with scipy; and, with --foreign, a
    controller in Python in the sandbox. Each runs in its own process on one core. Times are
    processor times; the wall-clock time shown next to them includes the processes of the sandbox.
    Episodes that several contenders play are compared, and the command fails if any differ.

    Args:
        out: Where to write the result, and in which format.
        on: The recordings to replay.
        beta: Values of β as typed: a list, or a range ``first:last:step``.
        seeds: Number of seeds of the fast contenders.
        slow_seeds: Number of seeds of the interpreter and of plain Python.
        repeats: Runs of each fast contender.
        skip: Names of contenders to leave out.
        foreign: A controller in another language to time as well; ``None`` for none.
    """
    from harness.bench import CONTENDER_NAMES, report
    from harness.bench.report import run_bench
    from harness.cli import console
    from harness.cli.output import OutputFormat
    from harness.errors import NegativeResult
    from harness.request.ranges import parse_betas
    from harness.request.recordings import open_recordings

    paths = [named.recording.path for named in open_recordings(on)]
    values = parse_betas(beta)
    with console.progress("measuring", len(CONTENDER_NAMES)) as advance:
        results = run_bench(
            paths, values, seeds=max(seeds, slow_seeds), slow_seeds=slow_seeds, repeats=repeats,
            skip=skip, foreign=foreign, advance=advance,
        )  # fmt: skip
    if out.form is OutputFormat.CSV:
        out.table(report.standings_table(results))
    else:
        out.document(results, report.format_bench_report(results))
    if results.differing:
        raise NegativeResult(results.differing[0])
