"""The only writer of stderr: messages for people, never data.

A missing or broken stderr is not an error, so all output is best effort.
"""

import contextlib
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING

from harness.escaping import escape_block, escape_line
from harness.presentation import terminal

if TYPE_CHECKING:
    from rich.progress import ProgressColumn

Advance = Callable[[int], None]
"""Advances a progress bar by a number of units."""

_RED = "\x1b[1;31m"
_YELLOW = "\x1b[1;33m"
_CYAN = "\x1b[36m"
_RESET = "\x1b[0m"


def info(text: str) -> None:
    """Print a plain line."""
    _write("", "", escape_line(text))


def say_block(text: str) -> None:
    """Print text that already has line breaks."""
    _write("", "", escape_block(text))


def page(text: str) -> None:
    """Print rendered text, such as a help page, with its escape sequences."""
    _send(f"{text}\n")


def warn(text: str) -> None:
    """Print a warning about something that does not stop the work, on one line."""
    _write("warning: ", _YELLOW, escape_line(text))


def error(text: str, *, rendered: bool = False) -> None:
    """Print the error that ends a command, on one line.

    Args:
        text: The message. Line breaks in it come from quoted input and are escaped: a file's name
            must not be able to forge a line of output.
        rendered: Whether the text is already laid out in lines, such as a checker's messages.
    """
    _write("error: ", _RED, escape_block(text) if rendered else escape_line(text))


def hint(text: str) -> None:
    """Print a hint about the error above it, on one line."""
    _write("hint: ", _CYAN, escape_line(text))


def show_traceback(problem: BaseException) -> None:
    """Print the whole traceback."""
    _write("", "", escape_block("".join(traceback.format_exception(problem)).rstrip("\n")))


@contextlib.contextmanager
def progress(
    what: str, total: int | None = None, more: Callable[[], str] | None = None
) -> Iterator[Advance]:
    """Show progress while stderr is a terminal, and nothing otherwise.

    Args:
        what: A short name of the work.
        total: How many units it has; ``None`` if unknown.
        more: Returns additional status text; called at every refresh, in another thread.

    Yields:
        A function that takes the number of units completed since the last call. It may be called
        from any thread.
    """
    if not terminal.is_terminal(sys.stderr):
        yield _ignore
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True, no_color=not terminal.is_coloured(sys.stderr))
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        *([TimeRemainingColumn()] if more is None else [_more_column(more)]),
        console=console,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=True,
    ) as bar:
        task = bar.add_task(escape_line(what), total=total)
        yield lambda done: bar.advance(task, done)


def _more_column(more: Callable[[], str]) -> "ProgressColumn":
    """Return a column with the work's own status text."""
    from rich.progress import ProgressColumn
    from rich.text import Text

    class More(ProgressColumn):
        def render(self, task: object) -> Text:
            return Text(escape_line(more()))

    return More()


def log_everything() -> None:
    """Show log records of libraries and packages, from DEBUG: the meaning of ``-v``."""
    import logging

    class Escaped(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return escape_block(super().format(record))

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Escaped("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.DEBUG, handlers=[handler])


def log_nothing() -> None:
    """Hide log records of libraries: rheostat reports what matters itself."""
    import logging

    logging.getLogger().addHandler(logging.NullHandler())


def _ignore(done: int) -> None:
    """Do nothing, in place of a progress bar that is not shown."""


def _write(label: str, style: str, text: str) -> None:
    if label and terminal.is_coloured(sys.stderr):
        label = f"{style}{label}{_RESET}"
    _send(f"{label}{text}\n")


def _send(text: str) -> None:
    stream: IO[str] | None = sys.stderr
    if stream is None:
        return
    with contextlib.suppress(OSError, ValueError):
        stream.write(text)
        stream.flush()
