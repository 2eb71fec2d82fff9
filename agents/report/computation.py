"""A report's figures: everything that is shown, computed once from a run and its recordings."""

from agents.report.controllers import list_entrants
from agents.report.evaluation import ReportServices, compute_side, evaluate_side
from agents.report.held_out import open_held_out
from agents.report.records import RunPhase, RunReport, Side
from agents.report.run_history import (
    RunStatus,
    build_trajectory,
    collect_diagnostics,
    compute_cost,
    determine_status,
    list_openings,
)
from agents.report.winner import analyze_winner
from agents.run.directory import RunDirectory
from agents.search.arena import reopen_recordings

SEEDS = 100
"""Shuffles that a report plays, as a published sweep does."""


def compute_report(
    run: RunDirectory,
    *,
    seeds: int = SEEDS,
    held_out: bool | None = None,
    closely: bool = True,
    hands: ReportServices = ReportServices(),  # noqa: B008 - it is immutable
) -> RunReport:
    """Computes what is shown of a run, wherever it stands.

    Args:
        run: the run; nothing is written to it but, in the event log, that what was held out was
            opened.
        seeds: shuffles under which everyone is played.
        held_out: whether to open what was held out; by default where there is something, the run
            has ended, and it selected a controller.
        closely: whether to profile the winner.
        hands: with what to play.

    Raises:
        InputError: a recording is another than when the run began, a baseline cannot be read, or a
            file of the run is damaged.
        StoreError: a recording cannot be read.
    """
    request = run.request
    now = determine_status(run, run.events())
    everyone = list_entrants(run, request, now.winner)
    recordings = reopen_recordings(request.search)
    playing = evaluate_side(
        everyone, recordings, request, seeds=seeds, what="the search set", hands=hands
    )
    search = compute_side(playing, request, _rival(run))
    unseen: Side | None = None
    if _is_to_open(run, now, held_out):
        unknown = open_held_out(run, everyone)
        playing = evaluate_side(
            everyone, unknown, request, seeds=seeds, what="held out", hands=hands
        )
        unseen = compute_side(playing, request, search.best_baseline)
    close = closely and now.winner is not None
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
        controllers=[each.shown for each in everyone],
        search=search,
        unseen=unseen,
        opened=list_openings(log),
        trajectory=build_trajectory(run),
        cost=compute_cost(run, log),
        decisions=run.decisions(),
        diagnostics=collect_diagnostics(run),
        winner=analyze_winner(run, request, now.winner, recordings, hands)
        if close and now.winner is not None
        else None,
    )


def _is_to_open(run: RunDirectory, now: RunStatus, wanted: bool | None) -> bool:
    if wanted is not None:
        return wanted
    return bool(run.request.held_out) and now.state is RunPhase.ENDED and now.winner is not None


def _rival(run: RunDirectory) -> str | None:
    """The baseline that the reviews held candidates against."""
    gains = [each.baseline_gain for each in run.reviews()]
    found = next((each for each in gains if each is not None), None)
    return None if found is None else found.against
