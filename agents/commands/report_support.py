"""The work of ``rheostat report``: services, and the reports of both kinds of runs."""

from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from agents.allocation.held_out_evaluation import evaluate_held_out
from agents.allocation.report_files import write_allocation_card, write_trial_report
from agents.allocation.report_pages import format_summary
from agents.allocation.results import compute_result
from agents.allocation.run_trials import open_run_environment, run_playback_options
from agents.report.evaluation import ReportServices
from agents.report.terminal import format_terminal_summary
from agents.report.writer import write_report
from agents.run.directory import RunDirectory
from harness.cli import console
from harness.cli.output import Output, OutputFormat, output_width
from harness.evaluation.jobs import execution_options
from harness.evaluation.result_cache import ResultCache
from harness.settings import GeneralSettings, load


def report_discovery_run(
    run: RunDirectory,
    into: Path | None,
    out: Output,
    held_out: bool | None,
    seeds: int,
    flags: Mapping[str, object],
) -> None:
    """Write the report of a run that searches for controllers, and print a summary.

    Args:
        run: Run directory.
        into: Output directory; ``None`` for the run's own.
        out: Output of the command.
        held_out: Whether to open the held-out recordings; ``None`` for the default.
        seeds: Number of seeds for each question; they are 0 to ``seeds - 1``.
        flags: Options ``threads`` and ``cache_dir``; ``None`` if an option was not given.

    Raises:
        InputError: A recording cannot be used or has changed.
    """
    document = write_report(
        run, directory=into, seeds=seeds, held_out=held_out, services=report_services(flags)
    )
    text = ""
    if out.form is OutputFormat.PEOPLE:
        text = format_terminal_summary(run, output_width(out), report=document)
    out.document(document, text)


def report_services(flags: Mapping[str, object]) -> ReportServices:
    """Build the services that play the programs of a report.

    Args:
        flags: Options ``threads`` and ``cache_dir``; ``None`` if an option was not given.
    """
    chosen = load(GeneralSettings, flags=flags)
    return ReportServices(
        ResultCache(chosen.cache_dir), execution_options(chosen), console.progress, console.warn
    )


def report_allocation_run(
    run: RunDirectory, into: Path | None, out: Output, held_out: bool | None, base_url: str | None
) -> None:
    """Write the report of a run of trials so far, and print a summary.

    If the held-out questions are opened, the card of the winner has their results as well.

    Args:
        run: Run directory.
        into: Output directory; ``None`` for the run's own.
        out: Output of the command.
        held_out: Whether to open the held-out questions; see
            `agents.allocation.held_out_evaluation`.
        base_url: URL of the server that plays them; ``None`` for the run's own.

    Raises:
        InputError: A file of the run or of its pipeline has changed.
        StoreError: A file of the pipeline cannot be read.
        ExternalError: A server fails.
    """
    allocation = run.request.allocation
    assert allocation is not None
    environment = open_run_environment(allocation, run)
    result = compute_result(run, environment)
    playback = run_playback_options(allocation, run)
    if base_url is not None:
        playback = playback._replace(base_url=base_url)
    held_out_result = evaluate_held_out(run, environment, playback, result, held_out)
    result = replace(result, held_out=held_out_result)
    write_trial_report(run, result, into)
    opened = held_out_result is not None and held_out_result.unseen is not None
    if opened and into is None and run.card_path.is_file() and result.best is not None:
        candidate = result.best.candidate
        write_allocation_card(run, environment, candidate, run.decision(candidate), held_out_result)
    out.document(result, format_summary(result))
