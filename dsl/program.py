"""The entry point: from a file or a text to a checked program."""

from pathlib import Path
from typing import NamedTuple

from dsl import tree
from dsl.checker import CheckedProgram, check
from dsl.diagnostics import Diagnostic, DslError
from dsl.parser import Comment, parse
from dsl.source import Source


class Analysis(NamedTuple):
    """The outcome of an analysis: the parsed and checked program, and its diagnostics."""

    source: Source
    program: tree.Program | None
    """The syntax tree, where the text parses."""
    checked: CheckedProgram | None
    """The checked program, where there is no error."""
    diagnostics: list[Diagnostic]
    comments: list[Comment]


def analyse_program(source: Source) -> Analysis:
    """Parse and check a text. Never raises: errors are part of the result."""
    parsed = parse(source)
    if parsed.program is None:
        return Analysis(source, None, None, parsed.diagnostics, parsed.comments)
    checked, diagnostics = check(parsed.program, source)
    return Analysis(
        source, parsed.program, checked, parsed.diagnostics + diagnostics, parsed.comments
    )


def load_checked_program(source: Source) -> CheckedProgram:
    """Check a text and raise if it has errors.

    Raises:
        DslError: it is not; the message shows its errors, without its warnings.
    """
    analysis = analyse_program(source)
    if analysis.checked is None:
        raise DslError(source, [d for d in analysis.diagnostics if d.is_error])
    return analysis.checked


def read_program_file(path: Path) -> Source:
    """Read a program's file.

    Raises:
        UnreadableProgram: it is not UTF-8 text.
        OSError: the file cannot be read.
    """
    try:
        return Source(path.read_text(encoding="utf-8"), str(path))
    except UnicodeDecodeError as error:
        raise UnreadableProgram(path, error.start) from None


class UnreadableProgram(Exception):
    """A program's file is not text."""

    exit_code = 2
    """The exit status of a command that meets it: bad input."""

    def __init__(self, path: Path, offset: int):
        self.path = path
        super().__init__(f"{path}, byte {offset}: not valid UTF-8; a program is UTF-8 text")
