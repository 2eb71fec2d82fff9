"""History of a run: its trajectory, cost, search diagnostics, openings and status.

Everything is read from the run directory and its event log.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from agents.report.carry_over import estimate_kept_share
from agents.report.records import CarryOver, Cost, Opening, ProposerResult, Round, RunPhase
from agents.run.directory import CROSS_VALIDATION, RunDirectory
from agents.run.events import Event, count_minutes
from agents.run.records import START_PROPOSER, CrossValidation, ResourceUsage, Review


def build_trajectory(run: RunDirectory) -> list[Round]:
    """List the completed rounds in order.

    Raises:
        InputError: a file of the run is damaged.
    """
    reviews = {review.candidate: review for review in run.reviews()}
    rounds = []
    for summary in run.summaries():
        best = reviews.get(summary.best) if summary.best is not None else None
        verdicts = Counter(
            reviews[name].verdict.value for name in summary.candidates if name in reviews
        )
        rounds.append(
            Round(
                round=summary.round,
                best=summary.best,
                objective=summary.objective,
                gain=None if best is None else best.baseline_gain,
                verdicts=dict(sorted(verdicts.items())),
                usage=summary.usage,
            )
        )
    return rounds


def get_initial_objective(rounds: Sequence[Round]) -> float:
    """Return the objective before the first round, which is that of the best baseline.

    Args:
        rounds: Rounds of the run, at least one.
    """
    floors = (
        summary.objective - summary.gain.value for summary in rounds if summary.gain is not None
    )
    return next(floors, rounds[0].objective)


def compute_cost(run: RunDirectory, log: list[Event]) -> Cost:
    """Compute the cost of a run so far."""
    summaries = run.summaries()
    ending = run.ending
    usage = sum((summary.usage for summary in summaries), ResourceUsage())
    return Cost(
        rounds=len(summaries),
        candidates=sum(len(summary.candidates) for summary in summaries),
        usage=usage if ending is None else ending.usage,
        minutes=round(count_minutes(log), 2),
    )


def compare_proposers(run: RunDirectory) -> list[ProposerResult]:
    """Compare the proposers of a run: what each brought, and what its rounds cost.

    A round belongs to the proposers of its candidates, or else to those that searched in it. The
    cost of a round that several share is counted for the first.

    Raises:
        InputError: A file of the run is damaged.
    """
    reviews = {review.candidate: review for review in run.reviews()}
    rounds: dict[str, int] = {}
    usage: dict[str, ResourceUsage] = {}
    candidates: dict[str, list[Review]] = {}
    for summary in run.summaries():
        proposed = [run.draft(name).proposer for name in summary.candidates]
        names = list(dict.fromkeys([*summary.search, *proposed]))
        for name, candidate in zip(proposed, summary.candidates, strict=True):
            candidates.setdefault(name, []).append(reviews[candidate])
        names.sort(key=lambda name: name == START_PROPOSER)  # it pays for nothing
        for index, name in enumerate(names):
            rounds[name] = rounds.get(name, 0) + 1
            cost = summary.usage if index == 0 else ResourceUsage()
            usage[name] = usage.get(name, ResourceUsage()) + cost
    return [
        _proposer_result(name, count, candidates.get(name, []), usage[name])
        for name, count in rounds.items()
    ]


def _proposer_result(
    name: str, rounds: int, reviews: Sequence[Review], usage: ResourceUsage
) -> ProposerResult:
    scored = [review for review in reviews if review.objective is not None]
    best = max(scored, key=lambda review: review.objective or 0.0, default=None)
    return ProposerResult(
        proposer=name,
        rounds=rounds,
        candidates=len(reviews),
        best=None if best is None else best.candidate,
        objective=None if best is None else best.objective,
        gain=None if best is None else best.baseline_gain,
        usage=usage,
    )


def estimate_carry_over(run: RunDirectory) -> CarryOver | None:
    """Estimate the part of a gain that holds on questions and recordings outside of a round.

    Returns:
        The estimate, or ``None`` if no review knows both gains.

    Raises:
        InputError: A file of the run is damaged.
    """
    pairs = [
        (review.shown_gain, review.withheld_gain)
        for review in run.reviews()
        if review.shown_gain is not None and review.withheld_gain is not None
    ]
    if not pairs:
        return None
    kept = estimate_kept_share(np.array(pairs))
    return CarryOver(candidates=len(pairs), share=kept.share, low=kept.low, high=kept.high)


def read_cross_validation(run: RunDirectory) -> CrossValidation | None:
    """Read the gains where the choice of the winner did not look; ``None`` before the choice.

    Raises:
        InputError: The file is damaged.
    """
    return run.read(CROSS_VALIDATION, CrossValidation) if run.has(CROSS_VALIDATION) else None


def collect_diagnostics(run: RunDirectory) -> dict[str, list[dict[str, Any]]]:
    """Collect search diagnostics by proposer and round."""
    diagnostics: dict[str, list[dict[str, Any]]] = {}
    for summary in run.summaries():
        for proposer, figures in summary.search.items():
            diagnostics.setdefault(proposer, []).append({"round": summary.round, **figures})
    return diagnostics


def list_openings(log: list[Event]) -> list[Opening]:
    """List when held-out recordings were opened, and for which programs."""
    return [
        Opening(at=event.at, programs=[str(name) for name in event.data.get("programs", [])])
        for event in log
        if event.kind == "opened"
    ]


class RunStatus(NamedTuple):
    """Status of a run."""

    state: RunPhase
    description: str
    waiting: str | None
    """The candidate that waits for a decision."""
    winner: str | None
    """The selected candidate; while the run continues, the best so far."""


def determine_status(run: RunDirectory, log: list[Event]) -> RunStatus:
    """Determine the status of a run.

    Args:
        run: Run directory.
        log: Events of the run.

    Raises:
        InputError: A file of the run is damaged.
    """
    ending, is_active = run.ending, run.is_held
    if (
        ending is not None and not is_active
    ):  # a resumed run still holds the end of its previous session
        return RunStatus(RunPhase.ENDED, ending.reason, None, ending.selected)
    best = _best_so_far(run)
    waiting = run.waiting
    if waiting is not None:
        return RunStatus(RunPhase.WAITING, f"it waits for a decision on {waiting}", waiting, best)
    if is_active:
        return RunStatus(RunPhase.AT_WORK, "it is running", None, best)
    return RunStatus(RunPhase.STOPPED, "it stopped before its end", None, best)


def _best_so_far(run: RunDirectory) -> str | None:
    summaries = run.summaries()
    best = summaries[-1].best if summaries else None
    decision = run.decision(best) if best is not None else None
    return None if decision is not None and not decision.approved else best
