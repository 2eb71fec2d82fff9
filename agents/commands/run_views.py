"""``rheostat runs`` and ``rheostat report``: commands that show runs."""

from pathlib import Path

import click

from harness.cli.declarations import FilePath, WholeNumber, command, output_options, setting_option
from harness.cli.output import Output, OutputFormat


@command(
    "runs",
    examples=[
        ("rheostat runs", "Lists the runs in the working directory, or below runs/."),
        ("rheostat runs elsewhere --json", "Those below elsewhere/, for a program."),
    ],
)
@click.argument(
    "directory",
    metavar="[DIR]",
    required=False,
    type=FilePath(file_okay=False),
    help="A run, or a directory of runs. Default: the working directory, or runs/ in it.",
)
@output_options  # fmt: skip
def runs(out: Output, directory: Path | None) -> None:
    """Lists runs: what each is doing, its best candidate, and what it has spent.

    A run that is neither at work nor over is *stopped*, and goes on with --resume.
    """
    from agents.commands.run_table import build_run_table
    from agents.run.directory import find_runs
    from harness.errors import InputError

    given = directory is not None
    directory = directory or Path()
    found = find_runs(directory)
    if not found and not given:
        found = find_runs(directory / "runs")
    if not found:
        below = (
            [each for each in directory.iterdir() if find_runs(each)] if directory.is_dir() else []
        )
        hint = "`rheostat discover --run DIR` makes one"
        if below:
            hint = f"there are some one level below: rheostat runs {min(below)}"
        raise InputError(f"{directory}: there is no run here", hint=hint)
    out.table(build_run_table(found, people=out.form is OutputFormat.PEOPLE))


@command(
    "report",
    examples=[
        ("rheostat report runs/first", "Writes runs/first/report.md and report.html."),
        ("rheostat report runs/first --no-held-out -o elsewhere", "Elsewhere, and held-out shut."),
        ("rheostat report runs/first --json", "All of it for a program."),
    ],
)
@click.argument("directory", metavar="RUN", type=FilePath(file_okay=False), help="A run.")
@click.option(
    "--open-held-out/--no-held-out",
    "held_out",
    default=None,
    help="Open what was held out; by default, if the run has ended with a controller.",
)
@click.option(
    "--seeds",
    metavar="N",
    type=WholeNumber(1, 100_000),
    default=100,
    show_default=True,
    help="Play every question under the seeds 0 to N - 1.",
)
@click.option(
    "-o",
    "--output",
    "into",
    metavar="DIR",
    type=FilePath(file_okay=False),
    help="Write into DIR and not into the run.",
)
@click.option(
    "--base-url",
    metavar="URL",
    help="Of a server that plays what a run of trials held out. Default: the run's.",
)
@click.option("--json", "as_json", is_flag=True, help="Show one JSON document.")
@setting_option("threads")
@setting_option("cache_dir")
def report(
    directory: Path,
    held_out: bool | None,
    seeds: int,
    into: Path | None,
    base_url: str | None,
    as_json: bool,
    threads: int | None,
    cache_dir: Path | None,
) -> None:
    """Holds the winner of a run against the baselines and the published controller.

    Everyone is played over the search set and, which happens nowhere else, over what was held out.
    The report is written as Markdown, as one page of HTML, and as JSON; a summary is shown. A run
    that still goes on, or waits, is reported as far as it came. Of a run of trials it holds the
    best allocation, the guidelines, score over trials, and the saturation of each stage; what it
    held out is opened by default where that costs no call of a model.
    """
    from agents.commands.report_support import report_services
    from agents.report.terminal import format_terminal_summary
    from agents.report.writer import HTML, MARKDOWN, write_report
    from agents.run.directory import open_run
    from harness.cli import console
    from harness.cli.output import Output, OutputFormat, output_width
    from harness.errors import InputError

    run = open_run(directory)
    if run.request.allocation is None and base_url is not None:
        raise InputError("--base-url: is of a run of trials, and this one looks for controllers")
    if run.request.allocation is not None:
        from agents.commands.report_support import report_allocation_run

        report_allocation_run(
            run,
            into,
            Output(OutputFormat.JSON if as_json else OutputFormat.PEOPLE),
            held_out,
            base_url,
        )
        console.info(f"wrote {(into or directory) / MARKDOWN} and {(into or directory) / HTML}")
        return
    flags = {"threads": threads, "cache_dir": cache_dir}
    found = write_report(
        run, directory=into, seeds=seeds, held_out=held_out, hands=report_services(flags)
    )
    out = Output(OutputFormat.JSON if as_json else OutputFormat.PEOPLE)
    out.document(
        found, "" if as_json else format_terminal_summary(run, output_width(out), report=found)
    )
    where = into or directory
    console.info(f"wrote {where / MARKDOWN} and {where / HTML}")
