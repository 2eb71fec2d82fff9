"""``rheostat tui``: the terminal app."""

import shlex
import sys
from pathlib import Path

import click

from harness.cli.declare import FilePath, Spreading, Whole, command


@command(
    "tui",
    examples=[
        ("rheostat tui runs", "Watches all runs in a directory."),
        ("rheostat tui runs/first", "Watches one run, and waits for your word with it."),
        ("rheostat tui mine.rheo --on a.recording", "Opens a program in the workbench."),
        ("rheostat tui runs --serve", "The same in a browser, on this machine alone."),
    ],
)
@click.argument(
    "place",
    metavar="[PLACE]",
    type=FilePath(),
    default=Path("runs"),
    required=False,
    help="A run, a directory of runs, or a program of Rheo. Default: runs.",
)
@click.option(
    "--on",
    cls=Spreading,
    multiple=True,
    metavar="RECORDINGS...",
    type=FilePath(),
    help="Recordings that the workbench plays on, every word up to the next option.",
)
@click.option("--serve", is_flag=True, help="Serve it to a browser on this machine.")
@click.option(
    "--port", type=Whole(1, 65_535), default=8000, show_default=True, help="Where it is served."
)  # fmt: skip
def tui(place: Path, on: tuple[Path, ...], serve: bool, port: int) -> None:
    """Opens the terminal app.

    It shows runs while they happen, candidates and what their lines do, single episodes step by
    step, and lets you approve, reject, and write controllers. It only reads runs: one that is at
    work in another terminal goes on as before.
    """
    from harness.cli import console
    from harness.errors import InputError, SurroundingsError

    if not place.exists():
        raise InputError(f"{place}: there is nothing", hint="rheostat discover makes runs")
    if place.is_file() and place.suffix != ".rheo":
        raise InputError(f"{place}: is no run, no directory of runs, and no program of Rheo")
    for each in on:
        if not each.exists():
            raise InputError(f"{each}: there is no such recording")
    if serve:
        try:
            from textual_serve.server import Server
        except ImportError as problem:
            from store.extras import install_command

            raise SurroundingsError(
                "--serve: textual-serve is not installed",
                hint=f"install rheostat with its extra: {install_command('serve')}",
            ) from problem
        words = [
            sys.executable,
            "-c",
            "from harness.cli.entry import run; run()",
            "tui",
            str(place),
        ]
        words += ["--on", *map(str, on)] if on else []
        console.say(f"http://localhost:{port} shows it; Ctrl-C ends it")
        Server(shlex.join(words), host="localhost", port=port, title="rheostat").serve()
        return
    from tui.app import RheostatApp

    RheostatApp(place, on).run()
