"""Format files of programs: read, compare, write back."""

import difflib
import sys
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from dsl.diagnostics import DslError
from dsl.formatter import format_source
from dsl.source import Source, is_allocation
from harness.cli.output import atomic_file
from harness.errors import InputError
from harness.escaping import escape_line
from harness.request.misplaced import refuse_misplaced
from store.file_kinds import PROGRAMS

STDIN = Path("-")
"""The path of standard input."""


class FormattedProgram(NamedTuple):
    """A program before and after; line ends are line feeds in both."""

    path: Path
    before: str
    after: str
    crlf: bool
    """Whether the file's lines end in CRLF, which is kept."""
    problems: str = ""
    """Its rendered syntax errors; ``after`` equals ``before`` then."""

    @property
    def name(self) -> str:
        """The name in messages."""
        return "<stdin>" if self.path == STDIN else str(self.path)

    @property
    def changed(self) -> bool:
        """Whether formatting changes it."""
        return self.before != self.after

    def difference(self) -> str:
        """Return the change as a unified diff."""
        before, after = (list(StringIO(text, newline="\n")) for text in (self.before, self.after))
        name = escape_line(self.name)
        lines = difflib.unified_diff(before, after, name, f"{name} (formatted)")
        unended = "\n\\ No newline at end of file\n"
        return "".join(line if line.endswith("\n") else line + unended for line in lines)

    def write(self) -> None:
        """Write the result over the file, atomically; its permissions stay.

        Raises:
            OSError: The file cannot be written.
        """
        text = self.after.replace("\n", "\r\n") if self.crlf else self.after
        mode = self.path.stat().st_mode
        with atomic_file(self.path) as file:
            file.write(text.encode("utf-8"))
        self.path.chmod(mode)


def format_file(path: Path) -> FormattedProgram:
    """Read and format a program; write nothing.

    Raises:
        InputError: It is not UTF-8 text.
        OSError: It cannot be read.
    """
    if path != STDIN:
        refuse_misplaced(path, PROGRAMS, "a program")
    data = sys.stdin.buffer.read() if path == STDIN else path.read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        from dsl.program import UnreadableProgram  # with the checker, which formatting does without

        named = Path("<stdin>") if path == STDIN else path
        raise InputError(str(UnreadableProgram(named, error.start))) from None
    crlf = "\r\n" in text
    read = FormattedProgram(path, text.replace("\r\n", "\n"), "", crlf)
    try:
        source = Source(read.before, read.name)
        return read._replace(after=_format(source))
    except DslError as error:
        return read._replace(after=read.before, problems=str(error))


def _format(source: Source) -> str:
    if is_allocation(source):
        from dsl.allocation.formatting import format_allocation  # loads the checker

        return format_allocation(source)
    return format_source(source)
