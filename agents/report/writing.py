"""Writes a report: Markdown, one page of HTML, and the figures as JSON."""

import errno
import os
from pathlib import Path

from agents.report.figures import SEEDS, figures
from agents.report.html import html
from agents.report.markdown import markdown
from agents.report.pages import blocks
from agents.report.playing import Hands
from agents.report.records import Report
from agents.run.directory import RunDirectory

MARKDOWN, HTML, FIGURES = "report.md", "report.html", "report.json"


def write_report(
    run: RunDirectory,
    *,
    directory: Path | None = None,
    seeds: int = SEEDS,
    held_out: bool | None = None,
    hands: Hands = Hands(),  # noqa: B008 - it is immutable
) -> Report:
    """Computes the report of a run and writes it, each file whole or not at all.

    Args:
        run: the run.
        directory: where to; the run's own by default. It is made where it is not there.
        seeds: shuffles under which everyone is played.
        held_out: whether to open what was held out; see `agents.report.figures.figures`.
        hands: with what to play.

    Returns:
        What was computed.

    Raises:
        InputError: see `agents.report.figures.figures`.
        OSError: the surroundings refuse.
    """
    target = directory or run.path
    _refuse_unwritable(target)
    report = figures(run, seeds=seeds, held_out=held_out, hands=hands)
    into = RunDirectory(target)
    told = blocks(report)
    pages = {MARKDOWN: markdown(told), HTML: html(told)}
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
