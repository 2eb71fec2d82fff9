"""Findings of a check as plain records, for programs that read them as JSON.

Lines and columns count from 1, columns in characters; offsets count characters from 0. New fields
may be added; existing fields never change their meaning.
"""

from collections.abc import Sequence

import msgspec

from dsl import tree
from dsl.checker import CheckedProgram
from dsl.checker.schedule_directions import prove_directions
from dsl.checker.symbols import free_knobs, knob_type
from dsl.diagnostics import Diagnostic, Mark, sort_diagnostics
from dsl.operations import Number, evaluate_expression
from dsl.program import Analysis
from dsl.source import Source, Span


class SourceLocation(msgspec.Struct, frozen=True):
    """A position in the source."""

    line: int
    column: int
    offset: int


class LabelledRange(msgspec.Struct, frozen=True):
    """A labelled range of source; the end is exclusive."""

    start: SourceLocation
    end: SourceLocation
    label: str


class Replacement(msgspec.Struct, frozen=True):
    """An edit that fixes the program: replace the range with ``text``."""

    start: SourceLocation
    end: SourceLocation
    text: str


class Finding(msgspec.Struct, frozen=True):
    """One diagnostic."""

    code: str
    severity: str
    message: str
    start: SourceLocation
    end: SourceLocation
    label: str
    also: list[LabelledRange]
    help: str | None
    edit: Replacement | None


class FreeKnob(msgspec.Struct, frozen=True):
    """A free knob with its default and its range, both ends included."""

    name: str
    kind: str
    default: Number
    low: Number
    high: Number


class ScheduledKnob(msgspec.Struct, frozen=True):
    """A knob that follows from beta, and the outcome of the proof of its direction."""

    name: str
    kind: str
    direction: str
    outcome: str
    low: Number
    high: Number


class FileFindings(msgspec.Struct, frozen=True):
    """The findings of one file. The fields after the diagnostics describe a controller.

    They are empty if there are errors, and for an allocation, whose name is the last field.
    """

    file: str
    sound: bool
    controller: str | None
    diagnostics: list[Finding]
    signals: list[str]
    """The optional signals that a recording must hold."""
    probes: bool
    """Whether the controller probes branches."""
    knobs: list[FreeKnob]
    schedule: list[ScheduledKnob]
    allocation: str | None = None


def collect_findings(analysis: Analysis) -> FileFindings:
    """Return the outcome of a check as records."""
    source, checked = analysis.source, analysis.checked
    return FileFindings(
        file=source.name,
        sound=checked is not None,
        controller=analysis.program.name.text if analysis.program else None,
        diagnostics=list_findings(source, analysis.diagnostics),
        signals=sorted(checked.needs.signals) if checked else [],
        probes=checked.needs.probes if checked else False,
        knobs=_knobs(checked) if checked else [],
        schedule=_schedule(checked) if checked else [],
    )


def list_findings(source: Source, diagnostics: Sequence[Diagnostic]) -> list[Finding]:
    """Return diagnostics as records, in the order of the source."""
    return [_finding(source, one) for one in sort_diagnostics(diagnostics)]


def _location(source: Source, offset: int) -> SourceLocation:
    line, column = source.position(offset)
    return SourceLocation(line, column, offset)


def _finding(source: Source, diagnostic: Diagnostic) -> Finding:
    def locations(span: Span) -> tuple[SourceLocation, SourceLocation]:
        return _location(source, span.start), _location(source, span.end)

    def labelled(mark: Mark) -> LabelledRange:
        return LabelledRange(*locations(mark.span), mark.label)

    start, end = locations(diagnostic.mark.span)
    edit = (
        None
        if diagnostic.edit is None
        else Replacement(*locations(diagnostic.edit.span), diagnostic.edit.text)
    )
    return Finding(
        diagnostic.code,
        diagnostic.severity.value,
        diagnostic.message,
        start,
        end,
        diagnostic.mark.label,
        [labelled(mark) for mark in diagnostic.also],
        diagnostic.help,
        edit,
    )


def _knobs(checked: CheckedProgram) -> list[FreeKnob]:
    knobs: list[FreeKnob] = []
    names: dict[str, Number] = {}
    for name, knob in free_knobs(checked.program).items():
        default, low, high = (
            evaluate_expression(part, checked.types, names)
            for part in (knob.default, knob.low, knob.high)
        )
        names[name] = default
        knobs.append(
            FreeKnob(name, knob_type(knob, checked.types).name.lower(), default, low, high)
        )
    return knobs


def _schedule(checked: CheckedProgram) -> list[ScheduledKnob]:
    return [
        ScheduledKnob(
            verdict.name,
            _kind(checked, verdict.line),
            verdict.line.direction.value,
            verdict.outcome.value,
            verdict.low,
            verdict.high,
        )
        for verdict in prove_directions(checked.program, checked.types)
    ]


def _kind(checked: CheckedProgram, line: tree.Scheduled) -> str:
    return checked.types[line.value].name.lower()
