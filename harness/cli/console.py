"""The only writer of stderr: messages for people, never data.

A missing or broken stderr is not an error, so all output is best effort.
"""

import contextlib
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import IO

from harness.escaping import escape_block, escape_line
from harness.presentation import terminal
from harness.presentation.progress_bar import Advance, draw_progress, ignore_progress

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


def warn_all(texts: Iterable[str]) -> None:
    """Print several warnings, one on each line."""
    for text in texts:
        warn(text)


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
        yield ignore_progress
        return
    from rich.console import Console

    console = Console(stderr=True, no_color=not terminal.is_coloured(sys.stderr))
    with draw_progress(console, what, total, more) as advance:
        yield advance


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
