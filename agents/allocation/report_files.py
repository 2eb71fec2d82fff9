"""Write the output of an allocation run: the winner, its card, the report."""

from pathlib import Path

from agents.allocation.choices import format_allocation
from agents.allocation.report_pages import build_held_out_blocks, build_report_blocks
from agents.allocation.results import (
    AllocationResult,
    HeldOutResult,
    format_amount,
    list_stage_allocations,
)
from agents.allocation.run_trials import read_run_trial
from agents.report.html import render_html
from agents.report.markdown import render_markdown
from agents.report.writer import FIGURES, HTML, MARKDOWN
from agents.run.directory import RunDirectory
from agents.run.records import Decision
from harness.allocation.space import AllocationSpace
from harness.allocation.trial_environment import TrialEnvironment
from harness.messages import format_count


def write_allocation_card(
    run: RunDirectory,
    environment: TrialEnvironment,
    candidate: str,
    decision: Decision | None,
    held_out: HeldOutResult | None = None,
) -> None:
    """Write the winner as ``selected.rheo``, and its card as ``selected.md``.

    Args:
        run: Run directory.
        environment: Environment that played it.
        candidate: Name of the winner.
        decision: Decision of a reviewer, if there is one.
        held_out: Held-out result, if a report computed it.
    """
    request, trial = run.request.allocation, read_run_trial(run, candidate)
    assert request is not None
    assert trial is not None
    pipeline = environment.pipeline
    text = format_allocation(pipeline, request.budget, trial.choices, "selected")
    space = AllocationSpace(pipeline, float("inf"), governed=environment.governed)
    lines = [
        f"# {candidate}\n",
        f"The best allocation found for the pipeline {pipeline.name} within a budget of"
        f" {request.budget:g}: {100 * trial.score:.2f} % on {len(trial.answered)} questions, for"
        f" {trial.cost:.4g} units.\n"
        if pipeline.unit.value == "compute"
        else f"The best allocation found for the pipeline {pipeline.name} within a budget of"
        f" {request.budget:g} dollars for a thousand questions: {100 * trial.score:.2f} % on"
        f" {len(trial.answered)} questions, for {trial.cost:.4g}.\n",
        "| stage | allocation | cost |",
        "| --- | --- | ---: |",
    ]
    lines += [
        f"| {stage.stage} | {format_amount(stage)} | {stage.cost:.4g} |"
        for stage in list_stage_allocations(space, trial.choices)
    ]
    lines.append(f"\nPlayed by the {environment.kind} of pipeline `{request.digest}`.\n")
    if decision is not None:
        note = f": {decision.note}" if decision.note else ""
        lines.append(f"Approved by {decision.by or 'a reviewer'}{note}.\n")
    if held_out is None and request.held_out is not None:
        lines.append(
            f"{format_count(request.held_out.questions, 'question')} are held out, and"
            " were not opened by"
            " the search: `rheostat report` opens them.\n"
        )
    if held_out is not None:
        lines.append(render_markdown(build_held_out_blocks(held_out)))
    run.write_text("selected.rheo", text)
    run.write_text("selected.md", "\n".join(lines))


def write_trial_report(
    run: RunDirectory, result: AllocationResult, directory: Path | None = None
) -> None:
    """Write the report of a run: Markdown, one page of HTML, and the figures as JSON.

    Args:
        run: Run directory.
        result: Result of the run.
        directory: Output directory; the run's own by default.
    """
    output = run if directory is None else RunDirectory(directory)
    blocks = build_report_blocks(result)
    output.write_text(MARKDOWN, render_markdown(blocks))
    output.write_text(HTML, render_html(blocks))
    output.write(FIGURES, result)
