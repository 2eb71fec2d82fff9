"""``rheostat runs``: the runs below a directory."""

from pathlib import Path

import click

from harness.cli.declare import FilePath, command, output_options
from harness.cli.output import Form, Output


@command(
    "runs",
    examples=[
        ("rheostat runs", "Lists the runs in the working directory."),
        ("rheostat runs runs --json", "Those below runs/, for a program."),
    ],
)
@click.argument(
    "directory",
    metavar="[DIR]",
    default=".",
    type=FilePath(file_okay=False),
    help="A run, or a directory of runs.",
)
@output_options  # fmt: skip
def runs(out: Output, directory: Path) -> None:
    """Lists runs: what each is doing, its best candidate, and what it has spent.

    A run that is neither at work nor over is *stopped*, and goes on with --resume.
    """
    from agents.commands.listing import table
    from agents.run.directory import runs_in
    from harness.errors import InputError

    found = runs_in(directory)
    if not found:
        below = (
            [each for each in directory.iterdir() if runs_in(each)] if directory.is_dir() else []
        )
        hint = "`rheostat discover --run DIR` makes one"
        if below:
            hint = f"there are some one level below: rheostat runs {min(below)}"
        raise InputError(f"{directory}: there is no run here", hint=hint)
    out.table(table(found, people=out.form is Form.PEOPLE))
