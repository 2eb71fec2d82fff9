"""What a check of an allocation finds, as the records of `dsl.findings`."""

from dsl.allocation import AllocationAnalysis
from dsl.findings import FileFindings, list_findings


def collect_allocation_findings(analysis: AllocationAnalysis) -> FileFindings:
    """Return the outcome of a check as records; the fields of controllers are empty."""
    return FileFindings(
        file=analysis.source.name,
        sound=analysis.checked is not None,
        controller=None,
        diagnostics=list_findings(analysis.source, analysis.diagnostics),
        signals=[],
        probes=False,
        knobs=[],
        schedule=[],
        allocation=analysis.program.name.text if analysis.program else None,
    )
