"""The one owner of stdout: data, and nothing else.

A command writes each result once and whole: text, a table, or one JSON document (keys sorted, two
spaces, a line feed at the end; equal results give equal bytes). With ``-o FILE`` the same goes to
a file, which appears complete or not at all.
"""

import contextlib
import errno
import io
import json
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import IO, NamedTuple

from harness.errors import ExternalError, InputError
from harness.escaping import escape_block, escape_json, escape_line, escape_styled
from harness.presentation import terminal
from harness.presentation.table import Table
from store.errors import attribute_os_errors
from store.files import replace_file

STDOUT = "standard output"
"""The file name in an `OSError` that comes of writing to stdout."""

_WIDEST = 10_000
"""Columns that no table needs."""


class OutputFormat(Enum):
    """The faces of a result."""

    PEOPLE = "people"
    """A drawn table on a terminal, aligned text elsewhere."""
    JSON = "json"
    CSV = "csv"


class Output(NamedTuple):
    """Where a command's result goes and in which form; made by ``declare.output_options``."""

    form: OutputFormat = OutputFormat.PEOPLE
    path: Path | None = None
    """``None`` for stdout."""

    def table(self, table: Table, **about: object) -> None:
        """Write a table.

        Args:
            table: the rows.
            about: what JSON has beside ``rows``, such as digests; without any, the document is
                the list of rows itself.
        """
        match self.form:
            case OutputFormat.JSON:
                self._data(_json({**about, "rows": table.records()} if about else table.records()))
            case OutputFormat.CSV:
                self._data(_for_stdout(table.csv()) if self.path is None else table.csv())
            case OutputFormat.PEOPLE if self.path is None and terminal.is_coloured(sys.stdout):
                _text(_drawn(table))
            case OutputFormat.PEOPLE:
                self.text(table.text())

    def document(self, value: object, text: str) -> None:
        """Write a result that is no table: ``value`` as JSON, ``text`` for people.

        Raises:
            InputError: CSV was asked for.
        """
        if self.form is OutputFormat.CSV:
            raise InputError(
                "this result is not a table and cannot be CSV",
                hint="use --json" if self.path is None else "name a .json file, or give --json",
            )
        if self.form is OutputFormat.JSON:
            self._data(_json(value))
        else:
            self.text(text)

    def text(self, text: str, *, styled: bool = False) -> None:
        """Write text for people, without what could steer a terminal.

        Args:
            text: a last line feed is added where there is none.
            styled: whether it holds colours of our own, which stay.
        """
        text = escape_styled(text) if styled else escape_block(text)
        text = text if text.endswith("\n") or not text else text + "\n"
        if self.path is None:
            _text(text)
        else:
            self._data(text)

    def _data(self, text: str) -> None:
        """Write UTF-8, whatever the locale says: data has one encoding."""
        payload = text.encode("utf-8", "surrogateescape")
        if self.path is None:
            _bytes(payload)
        else:
            with atomic_file(self.path) as file:
                file.write(payload)


def output_width(out: Output) -> int | None:
    """Where lines for people are to end: at the edge of a terminal, and nowhere else."""
    seen = out.path is None and terminal.is_terminal(sys.stdout)
    return terminal.width() if seen else None


def emit_text(text: str, *, styled: bool = False) -> None:
    """Write text to stdout, ended by a line feed; see `Output.text`."""
    Output().text(text, styled=styled)


def emit_paths(paths: Iterable[Path]) -> None:
    """Write the names of files to stdout, one a line."""
    emit_text("\n".join(escape_line(str(path)) for path in paths))


def emit_utf8(text: str) -> None:
    """Write a program or a diff to stdout, in UTF-8 whatever the locale says.

    A pipe gets it as it is, a terminal without what could steer it.
    """
    _bytes(_for_stdout(text).encode("utf-8", "surrogateescape"))


@contextlib.contextmanager
def atomic_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that appears under ``path`` complete, or not at all.

    What is there already is replaced at the end; a link is followed; something that is no regular
    file (``/dev/stdout``, a named pipe) is written as it goes.

    Raises:
        InputError: ``path`` is a directory, or lies in none.
        OSError: the surroundings refuse; it names ``path``.
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
    """Raise before the work is done where its result could not be written to ``path``.

    Raises:
        InputError: ``path`` is a directory, or lies in none.
        OSError: it may not be written; it names ``path``.
    """
    with attribute_os_errors(path):
        target = _target(path)
        taken = target.exists() and not stat.S_ISREG(target.stat().st_mode)
        # A file is replaced, not written to, so that its directory is what counts.
        if not os.access(target if taken else target.parent, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _target(path: Path) -> Path:
    """Return the file that a path leads to."""
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise InputError(f"{path}: is a directory", hint="name a file in it")
    if not target.parent.is_dir():
        raise InputError(f"{path}: there is no directory {target.parent}", hint="make it first")
    return target


def flush() -> None:
    """Send what is still buffered, so that a full disk or a closed pipe is noticed in time."""
    with _named_stdout():
        if sys.stdout is not None and not sys.stdout.closed:
            sys.stdout.flush()


def discard_stdout() -> None:
    """Points stdout nowhere, so that the interpreter does not complain at its end."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def tolerate_narrow_encodings() -> None:
    """Let text that the locale cannot show come out escaped instead of failing."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _for_stdout(data: str) -> str:
    """Data as it is for a pipe; for a terminal, without what could steer it."""
    return escape_block(data) if terminal.is_terminal(sys.stdout) else data


def _json(value: object) -> str:
    import msgspec

    try:
        encoded = msgspec.json.encode(value, enc_hook=_plain, order="sorted")
    except UnicodeEncodeError:  # msgspec has no form for a byte of a file's name that is no UTF-8
        plain = msgspec.to_builtins(value, enc_hook=_plain, str_keys=True)
        return json.dumps(plain, indent=2, sort_keys=True) + "\n"
    return escape_json(msgspec.json.format(encoded, indent=2).decode()) + "\n"


def _plain(value: object) -> object:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise NotImplementedError(f"{type(value).__name__} has no JSON form")


def _drawn(table: Table) -> str:
    from rich.console import Console

    written = io.StringIO()
    drawn = table.rich(terminal.width())
    # A table that no shortening makes fit is better wrapped by the terminal than by rich.
    console = Console(
        file=written, force_terminal=True, width=_WIDEST, highlight=False, emoji=False
    )
    console.print(drawn)
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
        raise ExternalError("standard output is closed, so there is nowhere to write to")
    # The interpreter opens it so, and what stands in for it in tests has the same methods.
    return sys.stdout  # type: ignore[return-value]


@contextlib.contextmanager
def _named_stdout() -> Iterator[None]:
    """Say where a failed write was meant to go: the system's error does not."""
    try:
        yield
    except OSError as problem:
        problem.filename = STDOUT
        raise
