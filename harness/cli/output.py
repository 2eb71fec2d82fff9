"""The only writer of stdout: data, and nothing else.

A command writes each result once and complete: text, a table, or one JSON document (keys sorted,
two spaces, a final line feed; equal results give equal bytes). With ``-o FILE`` the same goes to a
file, which is written atomically.
"""

import contextlib
import errno
import io
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import IO, NamedTuple

from harness.errors import ExternalError, InputError
from harness.escaping import escape_block, escape_line, escape_styled
from harness.presentation import terminal
from harness.presentation.json_document import encode_document
from harness.presentation.table import Table
from store.errors import attribute_os_errors
from store.files import replace_file

STDOUT = "standard output"
"""The file name in an `OSError` from writing to stdout."""

_WIDEST = 10_000
"""A width that no table exceeds."""


class OutputFormat(Enum):
    """The formats of a result."""

    PEOPLE = "people"
    """A rendered table on a terminal, aligned text elsewhere."""
    JSON = "json"
    CSV = "csv"


class Output(NamedTuple):
    """The destination and format of a command's result, from `output_options`."""

    form: OutputFormat = OutputFormat.PEOPLE
    path: Path | None = None
    """``None`` for stdout."""

    @property
    def is_drawn(self) -> bool:
        """Whether tables are drawn on a terminal, whose width limits them."""
        is_stdout = self.form is OutputFormat.PEOPLE and self.path is None
        return is_stdout and terminal.is_coloured(sys.stdout)

    def table(self, table: Table, **about: object) -> None:
        """Write a table.

        Args:
            table: The rows.
            about: Fields of the JSON document besides ``rows``, such as digests; without any, the
                document is the list of rows itself.
        """
        match self.form:
            case OutputFormat.JSON:
                records = table.records()
                self._data(encode_document({**about, "rows": records} if about else records))
            case OutputFormat.CSV:
                self._data(_for_stdout(table.csv()) if self.path is None else table.csv())
            case OutputFormat.PEOPLE if self.is_drawn:
                _text(_render_table(table))
            case OutputFormat.PEOPLE:
                self.text(table.text())

    def document(self, value: object, text: str) -> None:
        """Write a result that is not a table: ``value`` as JSON, ``text`` for people.

        Raises:
            InputError: The format is CSV.
        """
        if self.form is OutputFormat.CSV:
            raise InputError(
                "this result is not a table, so it cannot be written as CSV",
                hint="use --json" if self.path is None else "name a .json file, or use --json",
            )
        if self.form is OutputFormat.JSON:
            self._data(encode_document(value))
        else:
            self.text(text)

    def text(self, text: str, *, styled: bool = False) -> None:
        """Write text for people, with untrusted control sequences escaped.

        Args:
            text: The text; a final line feed is added if there is none.
            styled: Whether it contains rheostat's own colours, which stay.
        """
        text = escape_styled(text) if styled else escape_block(text)
        text = text if text.endswith("\n") or not text else text + "\n"
        if self.path is None:
            _text(text)
        else:
            self._data(text)

    def _data(self, text: str) -> None:
        """Write UTF-8 in any locale: data has one encoding."""
        payload = text.encode("utf-8", "surrogateescape")
        if self.path is None:
            _bytes(payload)
        else:
            with atomic_file(self.path) as file:
                file.write(payload)


def output_width(out: Output) -> int | None:
    """Return the width of lines for people: that of a terminal, or ``None``."""
    on_terminal = out.path is None and terminal.is_terminal(sys.stdout)
    return terminal.width() if on_terminal else None


def emit_text(text: str, *, styled: bool = False) -> None:
    """Write text to stdout, ended by a line feed; see `Output.text`."""
    Output().text(text, styled=styled)


def emit_paths(paths: Iterable[Path]) -> None:
    """Write file names to stdout, one per line."""
    emit_text("\n".join(escape_line(str(path)) for path in paths))


def emit_utf8(text: str) -> None:
    """Write a program or a diff to stdout, in UTF-8 in any locale.

    On a terminal, control sequences are escaped; in a pipe, the text is unchanged.
    """
    _bytes(_for_stdout(text).encode("utf-8", "surrogateescape"))


@contextlib.contextmanager
def atomic_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that appears under ``path`` complete, or not at all.

    An existing file is replaced at the end; a link is followed; anything but a regular file
    (``/dev/stdout``, a named pipe) is written directly.

    Raises:
        InputError: ``path`` is a directory, or its parent does not exist.
        OSError: The file cannot be written; the error names ``path``.
    """
    with attribute_os_errors(path):
        target = _target(path)
        if target.exists() and not stat.S_ISREG(target.stat().st_mode):
            with target.open("wb") as file:
                yield file
            return
        with replace_file(target) as file:
            yield file


def refuse_unwritable(path: Path) -> None:
    """Raise, before any work, if a result could not be written to ``path``.

    Raises:
        InputError: ``path`` is a directory, or its parent does not exist.
        OSError: The file cannot be written; the error names ``path``.
    """
    with attribute_os_errors(path):
        target = _target(path)
        is_special = target.exists() and not stat.S_ISREG(target.stat().st_mode)
        # Check the directory: files are replaced, not written to.
        if not os.access(target if is_special else target.parent, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _target(path: Path) -> Path:
    """Return the file that a path resolves to."""
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise InputError(f"{path}: is a directory", hint="name a file inside it")
    if not target.parent.is_dir():
        raise InputError(
            f"{path}: the directory {target.parent} does not exist", hint="create it first"
        )
    return target


def flush() -> None:
    """Flush stdout, so that a full disk or a closed pipe is noticed in time."""
    with _named_stdout():
        if sys.stdout is not None and not sys.stdout.closed:
            sys.stdout.flush()


def discard_stdout() -> None:
    """Redirect stdout to nowhere, so that the interpreter does not fail at exit."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def tolerate_narrow_encodings() -> None:
    """Escape text that the locale cannot encode, instead of failing."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _for_stdout(data: str) -> str:
    """Return data unchanged for a pipe; for a terminal, with control sequences escaped."""
    return escape_block(data) if terminal.is_terminal(sys.stdout) else data


def _render_table(table: Table) -> str:
    from rich.console import Console

    written = io.StringIO()
    rich_table = table.rich(terminal.width())
    # If a table cannot fit, let the terminal wrap it instead of rich.
    console = Console(
        file=written, force_terminal=True, width=_WIDEST, highlight=False, emoji=False
    )
    console.print(rich_table)
    return written.getvalue()


def _text(text: str) -> None:
    with _named_stdout():
        _stdout().write(text)
        _stdout().flush()


def _bytes(payload: bytes) -> None:
    with _named_stdout():
        _stdout().flush()
        _stdout().buffer.write(payload)
        _stdout().flush()


def _stdout() -> io.TextIOWrapper:
    if sys.stdout is None or sys.stdout.closed:
        raise ExternalError("standard output is closed, so the result cannot be written")
    # The interpreter opens stdout as text; replacements in tests have the same methods.
    return sys.stdout  # type: ignore[return-value]


@contextlib.contextmanager
def _named_stdout() -> Iterator[None]:
    """Add the destination to a failed write: the system's error does not have it."""
    try:
        yield
    except OSError as problem:
        problem.filename = STDOUT
        raise
