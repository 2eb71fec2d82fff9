"""Compare a program with its parent, as descriptions and as a line diff.

Both programs are formatted canonically and without comments first, so only changes of meaning are
shown.
"""

from collections import Counter
from collections.abc import Mapping
from difflib import unified_diff
from typing import NamedTuple

from agents.feedback.statement_diff import (
    ChangeKind,
    ProgramChange,
    ProgramElement,
    diff_statements,
)
from agents.run.records import ControllerLanguage
from dsl import tree
from dsl.checker import CheckedProgram
from dsl.checker.symbols import free_knobs, schedule_lines
from dsl.formatter import print_tree
from dsl.program import analyse_program
from dsl.schedule import evaluate
from dsl.source import Source
from harness.messages import format_count

MAX_LINES = 40
"""Maximum lines of a unified diff."""

SUMMARY_CHANGES = 4
"""Changes that a summary lists."""


class ProgramDifference(NamedTuple):
    """Difference between a program and its parent."""

    headline: str
    """Kinds of change, for example ``adds 1 rule; changes 3 knobs``."""
    details: tuple[str, ...]
    """Each change on one line, for example ``n 4..32 → 2..40``."""
    lines: tuple[str, ...]
    """Unified diff without the file header."""
    left_out: int
    """Number of diff lines left out."""

    @property
    def summary(self) -> str:
        """Return one line with the first few changes."""
        listed = self.details[:SUMMARY_CHANGES]
        more = len(self.details) - len(listed)
        tail = f" and {more} more" if more else ""
        return f"{self.headline}: {', '.join(listed)}{tail}" if listed else self.headline


class _ParsedSource(NamedTuple):
    text: str
    """Canonical source if it parses."""
    source: Source
    program: tree.Program | None
    checked: CheckedProgram | None


class _ElementDescription(NamedTuple):
    """Description of a named element."""

    summary: str
    full_text: str = ""
    """Full text of the element, if it is more than the description."""


def diff_programs(
    parent: str,
    child: str,
    most: int = MAX_LINES,
    *,
    language: ControllerLanguage = ControllerLanguage.RHEO,
) -> ProgramDifference:
    """Compare a program with its parent.

    Args:
        parent: Source text of the parent; it need not be sound.
        child: Source text of the child; it need not be sound.
        most: Maximum lines of the unified diff.
        language: Language of the child; for anything but Rheo, only lines are compared.
    """
    if language is not ControllerLanguage.RHEO:
        return _diff_lines(parent, child, most)
    old, new = _read(parent), _read(child)
    lines = _unified(old.text, new.text)
    left_out = max(0, len(lines) - most)
    if old.program is None or new.program is None:
        headline = "its parent cannot be read" if old.program is None else "it cannot be read"
        return ProgramDifference(headline, (), tuple(lines[:most]), left_out)
    changes = [
        *diff_statements(old.program, old.source, new.program, new.source),
        *_cap_changes(old, new),
        *_diff_elements(ProgramElement.KNOB, _knobs(old), _knobs(new)),
        *_diff_elements(ProgramElement.CELL, _cells(old), _cells(new)),
        *_diff_elements(ProgramElement.NEED, _needs(old), _needs(new)),
    ]
    if changes:
        headline = _headline(changes)
    else:
        headline = "only its name or title differs" if lines else "it is the same program"
    details = tuple(change.text for change in changes)
    return ProgramDifference(headline, details, tuple(lines[:most]), left_out)


def _unified(old: str, new: str) -> list[str]:
    """Return the lines of a unified diff without the file header."""
    return list(unified_diff(old.splitlines(), new.splitlines(), n=1, lineterm=""))[2:]


def _diff_lines(parent: str, child: str, most: int) -> ProgramDifference:
    lines = _unified(parent, child)
    signs = Counter(line[:1] for line in lines)
    parts = [
        f"{verb} {format_count(signs[sign], 'line')}"
        for sign, verb in (("+", ChangeKind.ADDS.value), ("-", ChangeKind.REMOVES.value))
        if signs[sign]
    ]
    headline = "; ".join(parts) or "it is the same program"
    return ProgramDifference(headline, (), tuple(lines[:most]), max(0, len(lines) - most))


def _read(text: str) -> _ParsedSource:
    analysis = analyse_program(Source(text))
    if analysis.program is None:
        return _ParsedSource(text, analysis.source, None, None)
    canonical = print_tree(analysis.program)
    canonical_analysis = analyse_program(Source(canonical))
    return _ParsedSource(
        canonical, canonical_analysis.source, canonical_analysis.program, canonical_analysis.checked
    )


def _headline(changes: list[ProgramChange]) -> str:
    """Count the changes of each kind, additions first."""
    parts = []
    for kind in ChangeKind:
        counts = Counter(change.element for change in changes if change.kind is kind)
        phrases = [
            format_count(counts[element], element.value)
            for element in ProgramElement
            if counts[element]
        ]
        if phrases:
            parts.append(f"{kind.value} {', '.join(phrases)}")
    return "; ".join(parts)


def _diff_elements(
    element: ProgramElement,
    old: Mapping[str, _ElementDescription],
    new: Mapping[str, _ElementDescription],
) -> list[ProgramChange]:
    changes = [
        ProgramChange(ChangeKind.CHANGES, element, _describe_change(name, old[name], new[name]))
        for name in new
        if name in old and old[name] != new[name]
    ]
    for kind, present, absent in ((ChangeKind.ADDS, new, old), (ChangeKind.REMOVES, old, new)):
        mark = "+" if kind is ChangeKind.ADDS else "-"
        changes += [
            ProgramChange(kind, element, f"{mark}{name} {present[name].summary}".rstrip())
            for name in present
            if name not in absent
        ]
    return changes


def _describe_change(name: str, old: _ElementDescription, new: _ElementDescription) -> str:
    if old.summary == new.summary:
        return f"{name} {new.summary} by a different formula"
    return f"{name} {old.summary} → {new.summary}"


def _needs(parsed: _ParsedSource) -> dict[str, _ElementDescription]:
    assert parsed.program is not None
    return {need.text: _ElementDescription("") for need in parsed.program.needs}


def _cells(parsed: _ParsedSource) -> dict[str, _ElementDescription]:
    assert parsed.program is not None
    return {
        cell.name.text: _ElementDescription(f"= {_cell_value(parsed.source, cell)}")
        for section in parsed.program.sections
        if isinstance(section, tree.Memory | tree.EachBranch)
        for cell in section.items
    }


def _cell_value(source: Source, cell: tree.Cell) -> str:
    value = _text(source, cell.value)
    match cell:
        case tree.RunningValue(following=following):
            return f"{value} then {_text(source, following)}"
        case tree.BranchWindow(following=following):
            return f"{value} of {_text(source, following)}"
    return value


def _cap_changes(old: _ParsedSource, new: _ParsedSource) -> list[ProgramChange]:
    before, after = _cap(old), _cap(new)
    if before == after:
        return []
    return [ProgramChange(ChangeKind.CHANGES, ProgramElement.CAP, f"step {before} → {after}")]


def _cap(parsed: _ParsedSource) -> str:
    assert parsed.program is not None
    for section in parsed.program.sections:
        if isinstance(section, tree.Step):
            return "without a cap" if section.cap is None else _at_most(parsed.source, section.cap)
    return "left out"


def _at_most(source: Source, cap: tree.Expression) -> str:
    return f"at most {_text(source, cap)}"


def _knobs(parsed: _ParsedSource) -> dict[str, _ElementDescription]:
    """Describe each knob: its ends if it follows β, else its default and range."""
    assert parsed.program is not None
    descriptions = {
        name: _ElementDescription(
            f"{_text(parsed.source, knob.default)} in {_text(parsed.source, knob.low)}.."
            f"{_text(parsed.source, knob.high)}"
        )
        for name, knob in free_knobs(parsed.program).items()
    }
    schedules = (
        [evaluate(parsed.checked, beta) for beta in (0.0, 0.5, 1.0)] if parsed.checked else []
    )
    for name, line in schedule_lines(parsed.program).items():
        text = _text(parsed.source, line.value)
        values = [_number(knobs[name]) for knobs in schedules]
        constant = len(set(values)) == 1
        ends = values[0] if constant else f"{values[0]}..{values[-1]}" if values else text
        descriptions[name] = _ElementDescription(ends, f"{line.direction.value} {text}")
    return descriptions


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.4g}"


def _text(source: Source, node: tree.Node) -> str:
    return " ".join(source.excerpt(node.span).split())
