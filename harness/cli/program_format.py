"""Files of programs on their way through the formatter: read, compared, written back."""

import difflib
import sys
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from dsl.allocation import is_allocation
from dsl.allocation.formatting import format_allocation
from dsl.diagnostics import DslError
from dsl.formatter import format_source
from dsl.program import UnreadableProgram
from dsl.source import Source
from harness.cli.output import atomic_file
from harness.errors import InputError
from harness.escaping import escape_line
from harness.request.misplaced import refuse_misplaced
from store.file_kinds import PROGRAMS

STDIN = Path("-")
"""The path that stands for standard input."""


class FormattedProgram(NamedTuple):
    """A program before and after; line ends are line feeds in both."""

    path: Path
    before: str
    after: str
    crlf: bool
    """Whether the file's lines end in a carriage return too, which is kept."""
    problems: str = ""
    """Its rendered syntax errors; then ``after`` is as ``before``."""

    @property
    def name(self) -> str:
        """How messages speak of it."""
        return "<stdin>" if self.path == STDIN else str(self.path)

    @property
    def changed(self) -> bool:
        """Whether it was not formatted yet."""
        return self.before != self.after

    def difference(self) -> str:
        """What formatting changes, as a unified diff."""
        before, after = (list(StringIO(text, newline="\n")) for text in (self.before, self.after))
        name = escape_line(self.name)
        lines = difflib.unified_diff(before, after, name, f"{name} (formatted)")
        unended = "\n\\ No newline at end of file\n"
        return "".join(line if line.endswith("\n") else line + unended for line in lines)

    def write(self) -> None:
        """Write the result over the file, whole or not at all; its permissions stay.

        Raises:
            OSError: the surroundings refuse.
        """
        text = self.after.replace("\n", "\r\n") if self.crlf else self.after
        mode = self.path.stat().st_mode
        with atomic_file(self.path) as file:
            file.write(text.encode("utf-8"))
        self.path.chmod(mode)


def format_file(path: Path) -> FormattedProgram:
    """Read and format a program; nothing is written.

    Raises:
        InputError: it is not UTF-8 text.
        OSError: it cannot be read.
    """
    if path != STDIN:
        refuse_misplaced(path, PROGRAMS, "a program")
    data = sys.stdin.buffer.read() if path == STDIN else path.read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        named = Path("<stdin>") if path == STDIN else path
        raise InputError(str(UnreadableProgram(named, error.start))) from None
    crlf = "\r\n" in text
    read = FormattedProgram(path, text.replace("\r\n", "\n"), "", crlf)
    try:
        source = Source(read.before, read.name)
        written = format_allocation(source) if is_allocation(source) else format_source(source)
        return read._replace(after=written)
    except DslError as error:
        return read._replace(after=read.before, problems=str(error))
