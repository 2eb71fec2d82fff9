"""Write a report: Markdown, one page of HTML, and the figures as JSON."""

import errno
import os
from pathlib import Path

from agents.report.body import build_blocks
from agents.report.computation import SEEDS, compute_report
from agents.report.evaluation import ReportServices
from agents.report.html import render_html
from agents.report.markdown import render_markdown
from agents.report.records import RunReport
from agents.run.directory import RunDirectory

MARKDOWN, HTML, FIGURES = "report.md", "report.html", "report.json"


def write_report(
    run: RunDirectory,
    *,
    directory: Path | None = None,
    seeds: int = SEEDS,
    held_out: bool | None = None,
    services: ReportServices = ReportServices(),  # noqa: B008 - it is immutable
) -> RunReport:
    """Compute and write the report of a run; each file is written atomically.

    Args:
        run: Run directory.
        directory: Output directory, created if missing; the run's own by default.
        seeds: Number of permutations under which every controller is played.
        held_out: Whether to open held-out recordings; see
            `agents.report.computation.compute_report`.
        services: Services for playing programs.

    Returns:
        The computed report.

    Raises:
        InputError: The report cannot be computed; see `agents.report.computation.compute_report`.
        OSError: A file cannot be written.
    """
    target = directory or run.path
    _refuse_unwritable(target)
    report = compute_report(run, seeds=seeds, held_out=held_out, services=services)
    into = RunDirectory(target)
    blocks = build_blocks(report)
    pages = {MARKDOWN: render_markdown(blocks), HTML: render_html(blocks)}
    for name, text in pages.items():
        into.write_text(name, text)
    into.write(FIGURES, report)
    return report


def _refuse_unwritable(directory: Path) -> None:
    """Check that a directory is writable before the work is done.

    Raises:
        OSError: The directory is not writable; the message names it.
    """
    existing = next(
        parent for parent in (directory, *directory.absolute().parents) if parent.exists()
    )
    if not os.access(existing, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(existing))
