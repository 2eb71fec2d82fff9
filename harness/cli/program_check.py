"""Check programs: find, read and report."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

from dsl import library
from dsl.allocation import AllocationAnalysis, analyse_allocation, is_allocation
from dsl.allocation.findings import collect_allocation_findings
from dsl.diagnostics import Severity, coloured_style, plain_style, render, sort_diagnostics
from dsl.findings import FileFindings, collect_findings
from dsl.program import Analysis, UnreadableProgram, analyse_program
from dsl.source import Source
from dsl.vocabulary import nearest
from harness.errors import InputError
from harness.escaping import escape_block
from harness.messages import did_you_mean, format_count
from harness.request.foreign import find_language
from harness.request.misplaced import refuse_misplaced
from store.file_kinds import PROGRAMS
from store.messages import describe_missing

STDIN = Path("-")
"""The path of standard input."""

MAX_MESSAGES = 50
"""The most messages about one program; the rest is counted."""


def read_program(path: Path) -> Source:
    """Read a program from a file, from stdin, or from the library if no file has that name.

    Raises:
        InputError: It is not UTF-8 text, or there is neither a file nor a controller of that name.
        OSError: It cannot be read.
    """
    if path != STDIN and not path.exists() and not path.is_symlink():
        return _from_library(path)
    if path != STDIN:
        refuse_misplaced(path, PROGRAMS, "a program")
    data = sys.stdin.buffer.read() if path == STDIN else path.read_bytes()
    name = "<stdin>" if path == STDIN else str(path)
    try:
        return Source(data.decode("utf-8"), name)
    except UnicodeDecodeError as error:
        raise InputError(str(UnreadableProgram(Path(name), error.start))) from None


def _from_library(path: Path) -> Source:
    name = str(path)
    if name in library.NAMES:
        return library.load_source(name)
    near = nearest(path.name.removesuffix(".rheo"), library.NAMES)
    raise InputError(
        f"{path}: {describe_missing('program')}; the library has no controller of that name either",
        hint=did_you_mean(f"the library's {near}") if near else None,
    )


class ForeignCheck(NamedTuple):
    """The result of the checker of another language than Rheo."""

    text: str
    findings: FileFindings

    @property
    def errors(self) -> int:
        """How many errors there are; there are no warnings."""
        return len(self.findings.diagnostics)


ProgramCheck: TypeAlias = Analysis | AllocationAnalysis | ForeignCheck
"""The result of a check, in any form and language."""


def check_source(source: Source) -> ProgramCheck:
    """Check a text; it is an allocation if it begins with that keyword."""
    language = find_language(source.name)
    if language is not None:
        messages = language.render_errors(source.text, source.name)
        return ForeignCheck(messages, language.findings(source.text, source.name))
    return analyse_allocation(source) if is_allocation(source) else analyse_program(source)


def check_against_pipeline(checks: Sequence[ProgramCheck], path: Path) -> list[ProgramCheck]:
    """Return the results of checks, with what does not fit a pipeline.

    Raises:
        InputError: One of them is a controller.
        StoreError: The pipeline cannot be read.
    """
    from harness.allocation.budget import check_fit
    from store.pipelines.pipeline_file import read_pipeline

    pipeline = read_pipeline(path).pipeline
    compared: list[ProgramCheck] = []
    for one in checks:
        if not isinstance(one, AllocationAnalysis):
            name = one.findings.file if isinstance(one, ForeignCheck) else one.source.name
            raise InputError(
                f"{name}: is a controller, but --on checks allocations against a pipeline",
                hint="use rheostat sweep --on to play controllers over recordings",
            )
        compared.append(check_fit(one, pipeline))
    return compared


def as_findings(check: ProgramCheck) -> FileFindings:
    """Return the outcome of a check as records, for JSON."""
    if isinstance(check, ForeignCheck):
        return check.findings
    if isinstance(check, AllocationAnalysis):
        return collect_allocation_findings(check)
    return collect_findings(check)


def format_messages(checks: Sequence[ProgramCheck], *, colour: bool) -> str:
    """Return every message about every program, in the order of the sources."""
    return "\n\n".join(messages for one in checks if (messages := _messages(one, colour=colour)))


def _messages(analysis: ProgramCheck, *, colour: bool) -> str:
    if isinstance(analysis, ForeignCheck):
        return escape_block(analysis.text)
    style = coloured_style if colour else plain_style
    diagnostics = sort_diagnostics(analysis.diagnostics)
    rendered = [render(analysis.source, one, style) for one in diagnostics[:MAX_MESSAGES]]
    if len(diagnostics) > MAX_MESSAGES:
        rendered.append(
            f"{analysis.source.name}: {len(diagnostics) - MAX_MESSAGES} more; fix these first"
        )
    return "\n\n".join(rendered)


def is_accepted(analysis: ProgramCheck, *, strict: bool) -> bool:
    """Return whether a program passes; with ``strict``, warnings fail it."""
    if isinstance(analysis, ForeignCheck):
        return analysis.findings.sound
    return not any(strict or one.is_error for one in analysis.diagnostics)


def summarise(checks: Sequence[ProgramCheck]) -> str:
    """Return one line with the number of programs, errors and warnings."""
    severities = [one.severity for analysis in _rheo(checks) for one in analysis.diagnostics]
    errors, warnings = severities.count(Severity.ERROR), severities.count(Severity.WARNING)
    errors += sum(one.errors for one in checks if isinstance(one, ForeignCheck))
    counts = [
        format_count(number, word)
        for number, word in ((errors, "error"), (warnings, "warning"))
        if number
    ]
    where = format_count(len(checks), "program")
    if not counts:
        return f"{where} checked: no problems found"
    return f"{where} checked: {' and '.join(counts)}"


def suggest_reading(checks: Sequence[ProgramCheck]) -> str:
    """Return where to read more about the first message, preferably an error."""
    diagnostics = [
        one for analysis in _rheo(checks) for one in sort_diagnostics(analysis.diagnostics)
    ]
    if not diagnostics:
        return "see `rheostat explain python-controllers` for what a controller may use"
    first = min(diagnostics, key=lambda one: not one.is_error)
    return f"see rheostat explain {first.code} for details"


def _rheo(checks: Sequence[ProgramCheck]) -> list[Analysis | AllocationAnalysis]:
    return [one for one in checks if not isinstance(one, ForeignCheck)]
