"""The one owner of stderr: talk for people, never data.

A missing or broken stderr is no reason to fail, so everything here is best effort.
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
"""Tells a progress bar how many more of its units are done."""

_RED = "\x1b[1;31m"
_YELLOW = "\x1b[1;33m"
_CYAN = "\x1b[36m"
_RESET = "\x1b[0m"


def info(text: str) -> None:
    """Print a plain line."""
    _write("", "", escape_line(text))


def say_block(text: str) -> None:
    """Print text that is laid out in lines already."""
    _write("", "", escape_block(text))


def page(text: str) -> None:
    """A text that is drawn already, such as a help page; its escape sequences are kept."""
    _send(f"{text}\n")


def warn(text: str) -> None:
    """Warn about something that does not stop the work, on one line."""
    _write("warning: ", _YELLOW, escape_line(text))


def error(text: str, *, rendered: bool = False) -> None:
    """Report what a command ends with, on one line.

    Args:
        text: the sentence. A line break in it comes from what it quotes, and is written out: a
            file's name must not be able to forge a line of ours.
        rendered: whether the text is laid out in lines already, such as a checker's messages.
    """
    _write("error: ", _RED, escape_block(text) if rendered else escape_line(text))


def hint(text: str) -> None:
    """Say what to do about the error above it, on one line."""
    _write("hint: ", _CYAN, escape_line(text))


def show_traceback(problem: BaseException) -> None:
    """The whole traceback, for whoever asked for it."""
    _write("", "", escape_block("".join(traceback.format_exception(problem)).rstrip("\n")))


@contextlib.contextmanager
def progress(
    what: str, total: int | None = None, more: Callable[[], str] | None = None
) -> Iterator[Advance]:
    """Show how far the work is while stderr is a terminal, and nothing otherwise.

    Args:
        what: the work, in a word or two.
        total: how many units it has; ``None`` where nobody knows.
        more: says what else there is to see; it is asked at every redrawing, in another thread.

    Yields:
        A function that takes the number of units done since the last call. It may be called from
        any thread.
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
    """Return a column that says what the work itself has to say."""
    from rich.progress import ProgressColumn
    from rich.text import Text

    class More(ProgressColumn):
        def render(self, task: object) -> Text:
            return Text(escape_line(more()))

    return More()


def log_everything() -> None:
    """Show what libraries and rooms log, from DEBUG up: the meaning of ``-v``."""
    import logging

    class Escaped(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return escape_block(super().format(record))

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Escaped("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.DEBUG, handlers=[handler])


def log_nothing() -> None:
    """Keep libraries' log lines off stderr: what matters is said as a warning or an error."""
    import logging

    logging.getLogger().addHandler(logging.NullHandler())


def _ignore(done: int) -> None:
    """Stand in for a progress bar that nobody would see."""


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
