"""Allocations, the second form of Rheo: what each stage of a pipeline is given, as it follows β."""

from typing import NamedTuple

from dsl.allocation import tree
from dsl.allocation.checker import (
    CheckedAllocation,
    ResolvedAllocation,
    ResolvedStage,
    check_allocation,
)
from dsl.allocation.parser import parse_allocation
from dsl.diagnostics import Diagnostic, DslError
from dsl.source import Source, is_allocation

__all__ = [
    "AllocationAnalysis",
    "CheckedAllocation",
    "ResolvedAllocation",
    "ResolvedStage",
    "analyse_allocation",
    "is_allocation",
    "load_allocation",
]


class AllocationAnalysis(NamedTuple):
    """The outcome of an analysis: the parsed and checked program, and its diagnostics."""

    source: Source
    program: tree.Allocation | None
    checked: CheckedAllocation | None
    diagnostics: list[Diagnostic]


def analyse_allocation(source: Source) -> AllocationAnalysis:
    """Parse and check a text. Never raises: errors are part of the result."""
    parsed = parse_allocation(source)
    if parsed.program is None:
        return AllocationAnalysis(source, None, None, parsed.diagnostics)
    checked, scope = check_allocation(parsed.program, source)
    return AllocationAnalysis(source, parsed.program, checked, scope.diagnostics)


def load_allocation(source: Source) -> CheckedAllocation:
    """Check a text and raise if it has errors.

    Raises:
        DslError: it is not; the message shows its errors.
    """
    analysis = analyse_allocation(source)
    if analysis.checked is None:
        raise DslError(
            source, [diagnostic for diagnostic in analysis.diagnostics if diagnostic.is_error]
        )
    return analysis.checked
