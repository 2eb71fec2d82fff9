"""``rheostat propose``: a person's program for a run."""

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
    "file", metavar="FILE", type=FilePath(dir_okay=False), help="A controller, in Rheo or Python."
)
@click.option("--words", default="", metavar="TEXT", help="What is new about it, and why.")
def propose(directory: Path, file: Path, words: str) -> None:
    """Puts a program of your own into a run, from any terminal.

    It is checked at once. The next round replays and reviews it like any other, and proposers may
    build on it.
    """
    from agents.loop.inbox import put
    from agents.run.directory import open_run
    from agents.run.records import Language
    from harness.cli import console
    from harness.errors import InputError
    from harness.request.controllers import load_playable
    from sandbox.registered import refuse_unwalled

    run = open_run(directory)
    python = file.suffix == Language.PYTHON.suffix
    program = load_playable(str(file) if python or file.suffix == ".rheo" else f"./{file}")
    ending = run.ending
    if ending is not None:
        raise InputError(
            f"{directory}: has ended: {ending.reason}",
            hint=f"rheostat discover --run {directory} --resume, with a cap raised, goes on;"
            " propose it then",
        )
    if python:
        refuse_unwalled()
    language = Language.PYTHON if python else Language.RHEO
    if not put(run, program.source.text, words, language):
        console.say(f"{file}: is in the run already")
        return
    rounds = run.request.caps.rounds
    begun = sum(each.kind == "round" for each in run.events())
    resume = f"rheostat discover --run {directory} --resume"
    if begun >= rounds:
        console.say(f"{program.label}: is in the run, whose last round has begun")
        console.hint(f"{resume} --rounds {rounds + 1} takes it up, once the run is over")
        return
    after = "" if run.is_held else f", once {resume} goes on"
    console.say(f"{program.label}: the next round takes it up, if no cap ends the run{after}")
