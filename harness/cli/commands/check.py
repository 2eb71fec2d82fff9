"""``rheostat check``: what is wrong with programs."""

import sys
from pathlib import Path

import click

from harness.cli import completing
from harness.cli.declare import FilePath, command, document_options
from harness.cli.output import Output


@command(
    "check",
    examples=[
        ("rheostat check controller.rheo", "Checks a program."),
        ("rheostat check --strict *.rheo", "Counts warnings as errors, as CI should."),
        ("rheostat check --json - < controller.rheo", "Reads stdin; gives the findings as JSON."),
        ("rheostat check mine.py", "Holds a controller in Python to what it may say."),
        ("rheostat check cmc", "Checks a controller of the library."),
        ("rheostat check lean.rheo --on digits.toml", "Holds an allocation to a pipeline."),
    ],
)
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=FilePath(allow_dash=True),
    help="Programs (*.rheo, *.py), names of the library, or - for stdin.",
    shell_complete=completing.controllers,
)
@click.option(
    "--on",
    "pipeline",
    metavar="PIPELINE",
    type=FilePath(dir_okay=False),
    help="Hold allocations to this pipeline file: their stages, models, and cost at every beta.",
)
@click.option("--strict", is_flag=True, help="Let warnings fail the check too.")
@document_options
def check(out: Output, files: tuple[Path, ...], pipeline: Path | None, strict: bool) -> None:
    """Checks programs before anything runs.

    Names, types, flow, usage and the directions of schedules; of an allocation its budget, its
    stages and their ranges, and with --on whether it fits a pipeline. The messages are the result
    and go to stdout; each has a code that `rheostat explain` describes. The exit status is 1 if a
    program has errors.
    """
    from dsl.findings import findings
    from harness.cli import console, terminal
    from harness.cli.checking import (
        Elsewhere,
        checked,
        held_to,
        is_good,
        read_program,
        report,
        summary,
        where_to_read,
    )
    from harness.cli.output import Form
    from harness.errors import AnswerIsNo

    found = [checked(read_program(path)) for path in dict.fromkeys(files)]
    if pipeline is not None:
        found = held_to(found, pipeline)
    if out.form is Form.PEOPLE:
        colour = out.path is None and terminal.is_coloured(sys.stdout)
        out.text(report(found, colour=colour), styled=True)
    else:
        records = [one.found if isinstance(one, Elsewhere) else findings(one) for one in found]
        out.document(records, "")
    if not all(is_good(one, strict=strict) for one in found):
        raise AnswerIsNo(summary(found), hint=where_to_read(found))
    console.say(summary(found))
