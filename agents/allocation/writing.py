"""Writes what a run of trials ends with: the winner, its card, the report."""

from pathlib import Path

from agents.allocation.held_out_page import held_out_blocks
from agents.allocation.reading import text_of
from agents.allocation.report_page import blocks
from agents.allocation.result import given
from agents.allocation.told import AllocationResult, HeldOutTold, amount
from agents.allocation.trials import trial
from agents.report.html import html
from agents.report.markdown import markdown
from agents.report.writing import FIGURES, HTML, MARKDOWN
from agents.run.directory import RunDirectory
from agents.run.records import Decision
from agents.run.wording import several
from harness.allocation.environment import Environment
from harness.allocation.space import Space


def write_card(
    run: RunDirectory,
    environment: Environment,
    candidate: str,
    decision: Decision | None,
    held_out: HeldOutTold | None = None,
) -> None:
    """Writes the winner as ``selected.rheo``, and its card as ``selected.md``.

    Args:
        run: the run.
        environment: what played it.
        candidate: the winner.
        decision: what a person said of it.
        held_out: what came of the questions that are held out, where a report says it.
    """
    asked, found = run.request.allocation, trial(run, candidate)
    assert asked is not None
    assert found is not None
    pipeline = environment.pipeline
    text = text_of(pipeline, asked.budget, found.choices, "selected")
    space = Space(pipeline, float("inf"), governed=environment.governed)
    lines = [
        f"# {candidate}\n",
        f"The best allocation found for the pipeline {pipeline.name} within a budget of"
        f" {asked.budget:g}: {100 * found.score:.2f} % on {len(found.answered)} questions, for"
        f" {found.cost:.4g} units.\n"
        if pipeline.unit.value == "compute"
        else f"The best allocation found for the pipeline {pipeline.name} within a budget of"
        f" {asked.budget:g} dollars for a thousand questions: {100 * found.score:.2f} % on"
        f" {len(found.answered)} questions, for {found.cost:.4g}.\n",
        "| stage | is given | costs |",
        "| --- | --- | ---: |",
    ]
    lines += [
        f"| {each.stage} | {amount(each)} | {each.cost:.4g} |"
        for each in given(space, found.choices)
    ]
    lines.append(f"\nPlayed by the {environment.kind} of pipeline `{asked.digest}`.\n")
    if decision is not None:
        said = f": {decision.note}" if decision.note else ""
        lines.append(f"Approved by {decision.by or 'a person'}{said}.\n")
    if held_out is None and asked.held_out is not None:
        lines.append(
            f"{several(asked.held_out.questions, 'question')} are held out, and were not opened by"
            " the search: `rheostat report` opens them.\n"
        )
    if held_out is not None:
        lines.append(markdown(held_out_blocks(held_out)))
    run.write_text("selected.rheo", text)
    run.write_text("selected.md", "\n".join(lines))


def write_trial_report(
    run: RunDirectory, found: AllocationResult, directory: Path | None = None
) -> None:
    """Writes the report of a run: Markdown, one page of HTML, and the figures as JSON.

    Args:
        run: the run.
        found: what it came to.
        directory: where to; the run's own by default.
    """
    into = run if directory is None else RunDirectory(directory)
    told = blocks(found)
    into.write_text(MARKDOWN, markdown(told))
    into.write_text(HTML, html(told))
    into.write(FIGURES, found)
