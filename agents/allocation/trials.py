"""The trials of a run, as they lie in its directory."""

from agents.allocation.proposers import Seen
from agents.loop.filing import all_filed, candidates_before
from agents.run.directory import RunDirectory
from store.pipelines.records import Trial


def trial_place(candidate: str) -> str:
    """Where the trial of a candidate stands."""
    return f"candidates/{candidate}/trial.json"


def trial(run: RunDirectory, candidate: str) -> Trial | None:
    """What a candidate came to; ``None`` where it was not played."""
    place = trial_place(candidate)
    return run.read(place, Trial) if run.has(place) else None


def tried(run: RunDirectory, before: int | None = None) -> dict[str, Trial]:
    """The trials of a run by candidate, in order.

    Args:
        run: whose.
        before: of the rounds before this one; of all that are over by default.
    """
    number = len(run.summaries()) + 1 if before is None else before
    found = {name: trial(run, name) for name in candidates_before(run, number)}
    return {name: each for name, each in found.items() if each is not None}


def seen(run: RunDirectory, number: int) -> list[Seen]:
    """The trials before a round, as proposers see them."""
    return [Seen(each.choices, each.score, each.cost) for each in tried(run, number).values()]


def guidelines(run: RunDirectory, number: int | None = None) -> list[str]:
    """The guidelines that were written last, before a round or by now."""
    last = len(run.summaries()) if number is None else number - 1
    for before in range(last, 0, -1):
        for each in all_filed(run, before):
            written = each.search.get("guidelines")
            if written:
                return [str(line) for line in written]
    return []
