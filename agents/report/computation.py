"""Compute the figures of a report, once, from a run and its recordings."""

from agents.report.controllers import list_entrants
from agents.report.evaluation import ReportServices, compute_side, evaluate_side
from agents.report.held_out import open_held_out
from agents.report.records import RunPhase, RunReport, Side
from agents.report.run_history import (
    RunStatus,
    build_trajectory,
    collect_diagnostics,
    compare_proposers,
    compute_cost,
    determine_status,
    estimate_carry_over,
    list_openings,
)
from agents.report.winner import analyze_winner
from agents.run.directory import RunDirectory
from agents.search.arena import reopen_recordings

SEEDS = 100
"""Number of shuffles that a report plays, as in a published sweep."""


def compute_report(
    run: RunDirectory,
    *,
    seeds: int = SEEDS,
    held_out: bool | None = None,
    thorough: bool = True,
    services: ReportServices = ReportServices(),  # noqa: B008 - it is immutable
) -> RunReport:
    """Compute the report of a run in any phase.

    Args:
        run: Run directory; nothing is written except log events for opened held-out recordings.
        seeds: Number of shuffles under which every controller is played.
        held_out: Whether to open held-out recordings; by default if there are any, the run has
            ended, and it selected a controller.
        thorough: Whether to profile the winner.
        services: Services for playing programs.

    Raises:
        InputError: A recording changed since the run began, a baseline cannot be read, or a file of
            the run is damaged.
        StoreError: A recording cannot be read.
    """
    request = run.request
    now = determine_status(run, run.events())
    everyone = list_entrants(run, request, now.winner)
    recordings = reopen_recordings(request.search)
    playing = evaluate_side(
        everyone, recordings, request, seeds=seeds, what="the search set", services=services
    )
    search = compute_side(playing, request, _find_best_baseline(run))
    unseen: Side | None = None
    if _is_to_open(run, now, held_out):
        unknown = open_held_out(run, everyone)
        playing = evaluate_side(
            everyone, unknown, request, seeds=seeds, what="held out", services=services
        )
        unseen = compute_side(playing, request, search.best_baseline)
    close = thorough and now.winner is not None
    log = run.events()
    return RunReport(
        state=now.state,
        says=now.says,
        waiting=now.waiting,
        objective=request.objective,
        seeds=request.seeds,
        betas=request.betas,
        proposers=request.proposers,
        held_out=[each.label for each in request.held_out],
        profiles=request.profiles,
        controllers=[each.shown for each in everyone],
        search=search,
        unseen=unseen,
        opened=list_openings(log),
        trajectory=build_trajectory(run),
        cost=compute_cost(run, log),
        by_proposer=compare_proposers(run),
        carry_over=estimate_carry_over(run),
        decisions=run.decisions(),
        diagnostics=collect_diagnostics(run),
        winner=analyze_winner(run, request, now.winner, recordings, services)
        if close and now.winner is not None
        else None,
    )


def _is_to_open(run: RunDirectory, now: RunStatus, wanted: bool | None) -> bool:
    if wanted is not None:
        return wanted
    return bool(run.request.held_out) and now.state is RunPhase.ENDED and now.winner is not None


def _find_best_baseline(run: RunDirectory) -> str | None:
    """Return the baseline that the reviews compared candidates with."""
    gains = [each.baseline_gain for each in run.reviews()]
    found = next((each for each in gains if each is not None), None)
    return None if found is None else found.against
