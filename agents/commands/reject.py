"""``rheostat reject``: says no to a candidate that waits."""

from pathlib import Path

import click

from harness.cli.declare import FilePath, command


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
    from agents.commands.deciding import decide
    from harness.cli import console

    console.say(decide(directory, candidate, approved=False, note=note, by=by))
