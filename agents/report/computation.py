"""Compute the figures of a report, once, from a run and its recordings."""

from collections.abc import Sequence
from functools import partial

from agents.report.controllers import Entrant, list_entrants
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
    read_cross_validation,
)
from agents.report.winner import analyze_winner
from agents.run.directory import RunDirectory
from agents.run.records import Request
from agents.search.arena import reopen_recordings
from harness.request.recordings import NamedRecording

SEEDS = 100
"""Number of permutations that a report plays, as a sweep does."""


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
        seeds: Number of permutations under which every controller is played.
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
    status = determine_status(run, run.events())
    entrants = list_entrants(run, request, status.winner)
    recordings = reopen_recordings(request.search)
    evaluate = partial(_evaluate, entrants, request, seeds=seeds, services=services)
    search = evaluate(recordings, "the search set", _find_best_baseline(run))
    unseen: Side | None = None
    if _should_open(run, status, held_out):
        unseen = evaluate(open_held_out(run, entrants), "held out", search.best_baseline)
    name = status.winner if thorough else None
    winner = None if name is None else analyze_winner(run, request, name, recordings, services)
    log = run.events()
    return RunReport(
        state=status.state,
        says=status.description,
        waiting=status.waiting,
        objective=request.objective,
        seeds=request.seeds,
        betas=request.betas,
        proposers=request.proposers,
        held_out=[recording.label for recording in request.held_out],
        profiles=request.profiles,
        controllers=[entrant.record for entrant in entrants],
        search=search,
        unseen=unseen,
        opened=list_openings(log),
        trajectory=build_trajectory(run),
        cost=compute_cost(run, log),
        by_proposer=compare_proposers(run),
        carry_over=estimate_carry_over(run),
        cross_validation=read_cross_validation(run),
        decisions=run.decisions(),
        diagnostics=collect_diagnostics(run),
        winner=winner,
    )


def _evaluate(
    entrants: Sequence[Entrant],
    request: Request,
    recordings: Sequence[NamedRecording],
    label: str,
    best_baseline: str | None,
    *,
    seeds: int,
    services: ReportServices,
) -> Side:
    """Play the controllers on one side of a report, and compute its figures."""
    played = evaluate_side(
        entrants, recordings, request, seeds=seeds, label=label, services=services
    )
    return compute_side(played, request, best_baseline)


def _should_open(run: RunDirectory, status: RunStatus, requested: bool | None) -> bool:
    if requested is not None:
        return requested
    return (
        bool(run.request.held_out) and status.state is RunPhase.ENDED and status.winner is not None
    )


def _find_best_baseline(run: RunDirectory) -> str | None:
    """Return the baseline that the reviews compared candidates with."""
    gains = [review.baseline_gain for review in run.reviews()]
    gain = next((gain for gain in gains if gain is not None), None)
    return None if gain is None else gain.against
