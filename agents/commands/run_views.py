"""``rheostat runs`` and ``rheostat report``: commands that show runs and their results."""

from pathlib import Path

import click

from harness.cli.declarations import command, output_options, setting_option
from harness.cli.output import Output, OutputFormat
from harness.cli.parameter_types import FilePath, WholeNumber


@command(
    "runs",
    examples=[
        ("rheostat runs", "List the runs in the working directory, or in runs/."),
        ("rheostat runs elsewhere --json", "List the runs in elsewhere/, as JSON."),
    ],
)
@click.argument(
    "directory",
    metavar="[DIR]",
    required=False,
    type=FilePath(file_okay=False),
    help="A run, or a directory of runs. [default: the working directory, or runs/ in it]",
)
@output_options  # fmt: skip
def runs(out: Output, directory: Path | None) -> None:
    """List runs with their state, best candidate and spending.

    A run is at work, waits for approval, is stopped (use --resume to continue it), has ended, or is
    damaged: it has files that cannot be read.
    """
    from agents.commands.run_table import build_run_table
    from agents.run.directory import find_runs
    from harness.errors import InputError
    from store.messages import describe_missing

    is_given = directory is not None
    directory = directory or Path()
    if not directory.exists():
        raise InputError(f"{directory}: {describe_missing('run or directory of runs')}")
    runs_found = find_runs(directory)
    if not runs_found and not is_given:
        runs_found = find_runs(directory / "runs")
    if not runs_found:
        below = (
            [path for path in directory.iterdir() if find_runs(path)] if directory.is_dir() else []
        )
        hint = "create one with `rheostat discover --run DIR`"
        if below:
            hint = f"there are runs one level below: rheostat runs {min(below)}"
        raise InputError(f"{directory}: no runs found", hint=hint)
    out.table(build_run_table(runs_found, for_terminal=out.form is OutputFormat.PEOPLE))


@command(
    "report",
    examples=[
        ("rheostat report runs/first", "Write runs/first/report.md and report.html."),
        (
            "rheostat report runs/first --no-held-out -o elsewhere",
            "Write to another directory, without opening held-out data.",
        ),
        ("rheostat report runs/first --json", "Write the report as JSON."),
    ],
)
@click.argument(
    "directory", metavar="RUN", type=FilePath(file_okay=False), help="Directory of the run."
)
@click.option(
    "--open-held-out/--no-held-out",
    "held_out",
    default=None,
    help="Open the held-out data. [default: if the run has ended with a controller]",
)
@click.option(
    "--seeds",
    metavar="N",
    type=WholeNumber(1, 100_000),
    default=100,
    show_default=True,
    help="Play every question with the seeds 0 to N - 1.",
)
@click.option(
    "-o",
    "--output",
    "into",
    metavar="DIR",
    type=FilePath(file_okay=False),
    help="Write to DIR. [default: the run's directory]",
)
@click.option(
    "--base-url",
    metavar="URL",
    help="Server that plays the held-out questions of a run of trials. [default: the run's]",
)
@click.option("--json", "as_json", is_flag=True, help="Write a single JSON document.")
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
    """Compare the winner of a run with baselines and the library.

    All of them are played over the search set and over the held-out data, which only this command
    opens. The report is written as Markdown, HTML and JSON, and a summary is printed. A run that is
    active or waits for review is reported up to its current state.

    For a run of trials, the report shows the best allocation, the guidelines, the score over
    trials, and the saturation of each stage; the held-out data is opened by default if that needs
    no model calls.

    Args:
        directory: Directory of the run.
        held_out: Whether to open the held-out data; ``None`` for the default.
        seeds: Number of seeds for each question; they are 0 to ``seeds - 1``.
        into: Directory for the files; ``None`` for that of the run.
        base_url: Server that plays held-out questions of a run of trials; ``None`` for the run's.
        as_json: Whether to print one JSON document instead of a summary.
        threads: Most threads; ``None`` to read the setting.
        cache_dir: Directory of cached results; ``None`` to read the setting.

    Raises:
        InputError: The run or its held-out data cannot be used, or an option does not apply.
    """
    from agents.commands.report_support import report_allocation_run, report_discovery_run
    from agents.report.writer import HTML, MARKDOWN
    from agents.run.directory import open_run
    from harness.cli import console
    from harness.cli.output import Output, OutputFormat
    from harness.errors import InputError

    run = open_run(directory)
    out = Output(OutputFormat.JSON if as_json else OutputFormat.PEOPLE)
    if run.request.allocation is not None:
        report_allocation_run(run, into, out, held_out, base_url)
    elif base_url is not None:
        raise InputError(
            "--base-url: applies to a run of trials, but this one searches for controllers"
        )
    else:
        flags = {"threads": threads, "cache_dir": cache_dir}
        report_discovery_run(run, into, out, held_out, seeds, flags)
    target = into or directory
    console.info(f"wrote {target / MARKDOWN} and {target / HTML}")
