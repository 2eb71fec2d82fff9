"""Writes a report: Markdown, one page of HTML, and the figures as JSON."""

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
    hands: ReportServices = ReportServices(),  # noqa: B008 - it is immutable
) -> RunReport:
    """Computes the report of a run and writes it, each file whole or not at all.

    Args:
        run: the run.
        directory: where to; the run's own by default. It is made where it is not there.
        seeds: shuffles under which everyone is played.
        held_out: whether to open what was held out; see `agents.report.computation.compute_report`.
        hands: with what to play.

    Returns:
        What was computed.

    Raises:
        InputError: see `agents.report.computation.compute_report`.
        OSError: the surroundings refuse.
    """
    target = directory or run.path
    _refuse_unwritable(target)
    report = compute_report(run, seeds=seeds, held_out=held_out, hands=hands)
    into = RunDirectory(target)
    told = build_blocks(report)
    pages = {MARKDOWN: render_markdown(told), HTML: render_html(told)}
    for name, text in pages.items():
        into.write_text(name, text)
    into.write(FIGURES, report)
    return report


def _refuse_unwritable(directory: Path) -> None:
    """Raises before the work is done where its result could not be written.

    Raises:
        OSError: it names the directory.
    """
    there = next(each for each in (directory, *directory.absolute().parents) if each.exists())
    if not os.access(there, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(there))
