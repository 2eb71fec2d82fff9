"""``rheostat approve``: says yes to a candidate that waits."""

from pathlib import Path

import click

from harness.cli.declare import FilePath, command


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
    from agents.commands.deciding import decide
    from harness.cli import console

    console.say(decide(directory, candidate, approved=True, note=note, by=by))
