"""Services and actions behind ``rheostat report``: threads, cache, progress; reports of trials."""

from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from agents.allocation.held_out_evaluation import evaluate_held_out
from agents.allocation.report_files import write_allocation_card, write_trial_report
from agents.allocation.report_pages import format_summary
from agents.allocation.results import compute_result
from agents.allocation.run_trials import open_run_environment, run_playback_options
from agents.report.evaluation import ReportServices
from agents.run.directory import RunDirectory
from harness.cli import console
from harness.cli.grid_run import execution_options
from harness.cli.output import Output
from harness.evaluation.result_cache import ResultCache
from harness.settings import GeneralSettings, load


def report_services(flags: Mapping[str, object]) -> ReportServices:
    """Return what a report is played with.

    Args:
        flags: the settings ``threads`` and ``cache_dir`` as typed, ``None`` where they were not.
    """
    chosen = load(GeneralSettings, flags=flags)
    return ReportServices(
        ResultCache(chosen.cache_dir), execution_options(chosen), console.progress, console.warn
    )


def report_allocation_run(
    run: RunDirectory, into: Path | None, out: Output, held_out: bool | None, base_url: str | None
) -> None:
    """Write the report of a run of trials so far, and show a summary.

    Where what was held out is opened, the winner's card says what came of it too.

    Args:
        run: the run.
        into: where to; the run's own directory by default.
        out: where the summary is shown.
        held_out: whether to open what was held out; see `agents.allocation.held_out_evaluation`.
        base_url: of the server that carries that out; the run's by default.

    Raises:
        InputError: and `StoreError`: a file of the run or of its pipeline is not what it was.
        ExternalError: a server does not play its part.
    """
    asked = run.request.allocation
    assert asked is not None
    where = open_run_environment(asked, run)
    found = compute_result(run, where)
    means = run_playback_options(asked, run)
    if base_url is not None:
        means = means._replace(base_url=base_url)
    told = evaluate_held_out(run, where, means, found, held_out)
    found = replace(found, held_out=told)
    write_trial_report(run, found, into)
    opened = told is not None and told.unseen is not None
    if opened and into is None and run.card_path.is_file() and found.best is not None:
        candidate = found.best.candidate
        write_allocation_card(run, where, candidate, run.decision(candidate), told)
    out.document(found, format_summary(found))
