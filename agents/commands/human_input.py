"""``rheostat approve``, ``reject`` and ``propose``: commands by which people act on a run."""

from pathlib import Path

import click

from harness.cli.declarations import FilePath, command


@command(
    "approve",
    examples=[
        ("rheostat approve runs/first r003-2", "Lets it count."),
        (
            'rheostat approve runs/first r003-2 --note "short, and it says why it stops"',
            "The note is kept, and the next brief tells it.",
        ),
    ],
)
@click.argument("directory", metavar="RUN", type=FilePath(file_okay=False), help="A run.")
@click.argument("candidate", metavar="CANDIDATE", help="The one that waits, such as r003-2.")
@click.option("--note", default="", metavar="TEXT", help="Why; the next brief tells it.")
@click.option("--by", metavar="NAME", help="Who decides; the login name by default.")
def approve(directory: Path, candidate: str, note: str, by: str | None) -> None:
    """Approves a candidate that waits for a person, from any terminal.

    A run that is at work goes on at once; one that was left goes on when it is resumed.
    """
    from agents.commands.decisions import decide
    from harness.cli import console

    console.info(decide(directory, candidate, approved=True, note=note, by=by))


@command(
    "reject",
    examples=[
        ("rheostat reject runs/first r003-2", "Puts it aside."),
        (
            'rheostat reject runs/first r003-2 --note "one model alone gains by it"',
            "The note is kept, and the next brief tells it.",
        ),
    ],
)
@click.argument("directory", metavar="RUN", type=FilePath(file_okay=False), help="A run.")
@click.argument("candidate", metavar="CANDIDATE", help="The one that waits, such as r003-2.")
@click.option("--note", default="", metavar="TEXT", help="Why; the next brief tells it.")
@click.option("--by", metavar="NAME", help="Who decides; the login name by default.")
def reject(directory: Path, candidate: str, note: str, by: str | None) -> None:
    """Rejects a candidate that waits for a person, from any terminal.

    It is neither selected nor built upon, and the run looks for another.
    """
    from agents.commands.decisions import decide
    from harness.cli import console

    console.info(decide(directory, candidate, approved=False, note=note, by=by))


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
    from agents.commands.proposal_submission import submit_allocation, submit_controller
    from agents.run.directory import open_run
    from harness.errors import InputError

    run = open_run(directory)
    asked = run.request.allocation
    if asked is not None:
        submit_allocation(run, asked, file, words, beta)
    elif beta is not None:
        raise InputError("--beta: is of an allocation, and this run looks for controllers")
    else:
        submit_controller(run, file, words)
