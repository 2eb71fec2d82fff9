"""``rheostat propose``: a person's controller or allocation for a run."""

from pathlib import Path

import click

from harness.cli.declare import FilePath, command


@command(
    "propose",
    examples=[
        ("rheostat propose runs/first mine.rheo", "The next round takes it up."),
        (
            'rheostat propose runs/first mine.rheo --words "stops on two that agree"',
            "Says what is new about it.",
        ),
    ],
)
@click.argument("directory", metavar="RUN", type=FilePath(file_okay=False), help="A run.")
@click.argument(
    "file",
    metavar="FILE",
    type=FilePath(dir_okay=False),
    help="A controller, in Rheo or Python, or an allocation, whichever the run looks for.",
)
@click.option("--words", default="", metavar="TEXT", help="What is new about it, and why.")
@click.option(
    "--beta",
    metavar="B",
    type=click.FloatRange(0, 1),
    help="Where to take an allocation that follows beta.",
)
def propose(directory: Path, file: Path, words: str, beta: float | None) -> None:
    """Puts a controller or an allocation of your own into a run, from any terminal.

    It is checked at once, an allocation against the run's pipeline and budget too. The next round
    plays and reviews it like any other, and proposers may build on it.
    """
    from agents.commands.proposing import put_allocation, put_controller
    from agents.run.directory import open_run
    from harness.errors import InputError

    run = open_run(directory)
    asked = run.request.allocation
    if asked is not None:
        put_allocation(run, asked, file, words, beta)
    elif beta is not None:
        raise InputError("--beta: is of an allocation, and this run looks for controllers")
    else:
        put_controller(run, file, words)
