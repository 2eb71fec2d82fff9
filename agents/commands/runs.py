"""``rheostat runs``: the runs below a directory."""

from pathlib import Path

import click

from harness.cli.declare import FilePath, command, output_options
from harness.cli.output import Form, Output


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
    from agents.commands.listing import table
    from agents.run.directory import runs_in
    from harness.errors import InputError

    given = directory is not None
    directory = directory or Path()
    found = runs_in(directory)
    if not found and not given:
        found = runs_in(directory / "runs")
    if not found:
        below = (
            [each for each in directory.iterdir() if runs_in(each)] if directory.is_dir() else []
        )
        hint = "`rheostat discover --run DIR` makes one"
        if below:
            hint = f"there are some one level below: rheostat runs {min(below)}"
        raise InputError(f"{directory}: there is no run here", hint=hint)
    out.table(table(found, people=out.form is Form.PEOPLE))
