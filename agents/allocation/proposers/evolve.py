"""The proposer ``evolve``: changes the best trials so far, one small change at a time."""

from agents.allocation.moves import changed
from agents.allocation.proposers import Suggested, Suggestions, TrialBench, fresh

BEGINNING = 8
"""Trials at random before any is changed."""

PARENTS = 5
"""The best trials, of which two are drawn and the better is changed."""

TRIES = 50
"""Changes that are drawn for each trial, until one is new."""


class Evolve:
    """See the module."""

    name = "evolve"

    def suggest(self, bench: TrialBench) -> Suggestions:
        """See `agents.allocation.proposers.TrialProposer`."""
        found: dict[object, Suggested] = {}
        begun = len(bench.seen)
        for place in range(bench.most):
            made = self._changed(bench, found) if begun + place >= BEGINNING else None
            if made is None:
                drawn = fresh(bench)
                made = None if drawn is None else Suggested(drawn, "drawn at random")
            if made is not None:
                found.setdefault(made.choices, made)
        return Suggestions(list(found.values()))

    def _changed(self, bench: TrialBench, found: dict[object, Suggested]) -> Suggested | None:
        met = {each.choices for each in bench.seen} | found.keys()
        best = sorted(bench.seen, key=lambda each: (-each.score, each.cost))[:PARENTS]
        if not best:
            return None
        for _ in range(TRIES):
            pair = [bench.random.randrange(len(best)) for _ in range(2)]
            parent = best[min(pair)].choices
            made = changed(bench.space, parent, bench.random)
            if bench.random.random() < 0.3:
                made = changed(bench.space, made, bench.random)
            if bench.space.recorded is not None and made not in met:
                near = bench.space.nearest(made, frozenset(each.choices for each in bench.seen))
                made = near or made
            if made not in met and bench.space.affords(made):
                number = next(at for at, each in enumerate(bench.seen, 1) if each.choices == parent)
                return Suggested(made, f"a change of trial {number}")
        return None
