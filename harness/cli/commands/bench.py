"""``rheostat bench``: how fast CMC is played, and how much of that is the price of deciding."""

from pathlib import Path

import click

from harness.cli.declarations import FilePath, WholeNumber, command, output_options
from harness.cli.options import betas_option, on_option, seeds_option
from harness.cli.output import Output


@command(
    "bench",
    plays=True,
    examples=[
        ("rheostat bench --on sample/search/*.recording", "Measures on this machine."),
        ("rheostat bench --on r.recording --seeds 10 --skip plain", "A shorter run."),
        ("rheostat bench --on r.recording --json -o bench.json", "Every figure, for a machine."),
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
    help="How often the fast contenders play; the least time counts.",
)  # fmt: skip
@click.option(
    "--skip", multiple=True, type=click.Choice(("minimal", "interpreter", "plain")),
    help="Leave a contender out.",
)  # fmt: skip
@click.option(
    "--foreign", metavar="FILE", type=FilePath(dir_okay=False),
    help="A controller in another language that plays as CMC does.",
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
    """Plays the library's CMC in several ways over the same cells, and tells what each takes.

    The contenders: a compiled pass that reads as much and decides nothing; the compiled engine; the
    interpreter; CMC in plain Python with scipy; and, with --foreign, a controller in Python in the
    sandbox. Each runs in a process of its own on one core. Times are of the processor; what the
    clock says beside them counts the sandbox's own processes too. All episodes that several play
    are compared; where one differs, the command fails.
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
        found = run_bench(
            paths, values, seeds=max(seeds, slow_seeds), slow_seeds=slow_seeds, repeats=repeats,
            skip=skip, foreign=foreign, advance=advance,
        )  # fmt: skip
    if out.form is OutputFormat.CSV:
        out.table(report.standings_table(found))
    else:
        out.document(found, report.format_bench_report(found))
    if found.differing:
        raise NegativeResult(found.differing[0])
