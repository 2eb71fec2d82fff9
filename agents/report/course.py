"""How a run went: its trajectory, what it cost, what its searches say of themselves."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from agents.report.records import Cost, Opening, Round
from agents.run.directory import RunDirectory
from agents.run.events import Event, minutes
from agents.run.records import Usage


def trajectory(run: RunDirectory) -> list[Round]:
    """The rounds that were played to their end, in order.

    Raises:
        InputError: a file of the run is damaged.
    """
    reviews = {each.candidate: each for each in run.reviews()}
    found = []
    for summary in run.summaries():
        best = reviews.get(summary.best) if summary.best is not None else None
        verdicts = Counter(
            reviews[name].verdict.value for name in summary.candidates if name in reviews
        )
        found.append(
            Round(
                round=summary.round,
                best=summary.best,
                objective=summary.objective,
                gain=None if best is None else best.baseline_gain,
                verdicts=dict(sorted(verdicts.items())),
                usage=summary.usage,
            )
        )
    return found


def beginning(rounds: Sequence[Round]) -> float:
    """The objective before the first round: that of the best baseline.

    Args:
        rounds: at least one.
    """
    found = (each.objective - each.gain.value for each in rounds if each.gain is not None)
    return next(found, rounds[0].objective)


def cost(run: RunDirectory, log: list[Event]) -> Cost:
    """What it cost so far."""
    summaries = run.summaries()
    ending = run.ending
    usage = sum((each.usage for each in summaries), Usage())
    return Cost(
        rounds=len(summaries),
        candidates=sum(len(each.candidates) for each in summaries),
        usage=usage if ending is None else ending.usage,
        minutes=round(minutes(log), 2),
    )


def diagnostics(run: RunDirectory) -> dict[str, list[dict[str, Any]]]:
    """By proposer, what it says of its search in each round, the round with it."""
    found: dict[str, list[dict[str, Any]]] = {}
    for summary in run.summaries():
        for proposer, says in summary.search.items():
            found.setdefault(proposer, []).append({"round": summary.round, **says})
    return found


def openings(log: list[Event]) -> list[Opening]:
    """When held-out recordings were opened, and for which programs."""
    return [
        Opening(at=each.at, programs=[str(name) for name in each.data.get("programs", [])])
        for each in log
        if each.kind == "opened"
    ]
