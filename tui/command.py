"""``rheostat tui``: the terminal app."""

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from harness.cli.declarations import SpreadingOption, command
from harness.cli.parameter_types import FilePath, WholeNumber
from harness.presentation.terminal import is_terminal


@command(
    "tui",
    examples=[
        ("rheostat tui runs", "Watch all runs in a directory."),
        ("rheostat tui runs/first", "Watch one run, and decide on its candidates."),
        ("rheostat tui mine.rheo --on a.recording", "Open a program in the workbench."),
        ("rheostat tui runs --serve", "Watch them in a browser, on this machine only."),
    ],
)
@click.argument(
    "path",
    metavar="[PATH]",
    type=FilePath(),
    default=Path("runs"),
    required=False,
    help="A run, a directory of runs, or a Rheo program. [default: runs]",
)
@click.option(
    "--on",
    cls=SpreadingOption,
    multiple=True,
    metavar="RECORDINGS...",
    type=FilePath(),
    help="Recordings for the workbench: all arguments up to the next option.",
)
@click.option("--serve", is_flag=True, help="Serve the app to a browser on this machine.")
@click.option(
    "--port",
    metavar="PORT",
    type=WholeNumber(1, 65_535),
    default=8765,
    show_default=True,
    help="Port for --serve.",
)
def tui(path: Path, on: tuple[Path, ...], serve: bool, port: int) -> None:
    """Open the terminal app.

    It shows runs while they happen, candidates and what their lines do, and single episodes step by
    step. You can approve, reject and write controllers. A run that is active in another terminal is
    not interrupted: the app writes only your decisions and proposals.

    Args:
        path: A run, a directory of runs, or a Rheo program.
        on: Recordings for the workbench.
        serve: Whether to serve the app to a browser instead of this terminal.
        port: Port for ``serve``.

    Raises:
        InputError: A path does not exist or is of another kind, or there is no terminal.
        UnreadableProgram: The program is not UTF-8 text.
    """
    from dsl.program import read_program_file
    from harness.errors import InputError
    from store.messages import describe_missing

    if not path.exists():
        missing = describe_missing("run or program")
        raise InputError(f"{path}: {missing}", hint="create runs with `rheostat discover`")
    if path.is_file() and path.suffix != ".rheo":
        raise InputError(f"{path}: is not a run, a directory of runs, or a Rheo program")
    if path.is_file():
        read_program_file(path)
    for recording in on:
        if not recording.exists():
            raise InputError(f"{recording}: {describe_missing('recording')}")
    if serve:
        _serve(path, on, port)
        return
    if not _has_terminal():
        raise InputError(
            "the app needs a terminal: stdin, stdout and stderr must all be terminals",
            hint="run it in a terminal without pipes, or use --serve for a browser; rheostat"
            " runs and rheostat report print the same information",
        )
    from tui.app import RheostatApp

    RheostatApp(path, on).run()


def _has_terminal() -> bool:
    """Whether there is a terminal for the app, or a driver of Textual's instead.

    The driver is named by `--serve`, whose server starts the app with pipes.
    """
    if os.environ.get("TEXTUAL_DRIVER"):
        return True
    streams = (sys.stdin, sys.stdout, sys.stderr)
    return all(map(is_terminal, streams)) and os.environ.get("TERM") != "dumb"


def _serve(path: Path, on: Sequence[Path], port: int) -> None:
    """Serve the app to a browser.

    Raises:
        ExternalError: the extra is not installed, or the port cannot be used.
    """
    from harness.cli import console
    from harness.errors import ExternalError
    from store.extras import install_command

    try:
        from tui.serving import AppServer
    except ModuleNotFoundError as problem:
        raise ExternalError(
            "--serve: textual-serve is not installed",
            hint=f"install rheostat with its extra: {install_command('serve')}",
        ) from problem
    # -P: a package in the working directory must not be taken for one of ours.
    python = [sys.executable, "-P", "-c", "from harness.cli.entry import run; run()"]
    words = [*python, "tui", str(path), *(["--on", *map(str, on)] if on else [])]
    server = AppServer(shlex.join(words), port)
    console.info(f"open {server.url}; press Ctrl-C to stop")
    server.run()
