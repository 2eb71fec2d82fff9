"""The proposers ``random`` and ``evolve``: random allocations, and mutations of the best.

``random`` is the baseline that other proposers are compared with.
"""

from agents.allocation.choices import mutate_choices
from agents.allocation.proposers import SuggestionBatch, TrialBench, TrialSuggestion, draw_untried

INITIAL_RANDOM_TRIALS = 8
"""Random trials before mutations begin."""

PARENTS = 5
"""Best trials, of which two are drawn and the better is mutated."""

MAX_MUTATIONS = 50
"""Mutations to draw for each trial, until one is new."""


class EvolveTrialProposer:
    """Proposer ``evolve``; see the module docstring."""

    name = "evolve"

    def suggest(self, bench: TrialBench) -> SuggestionBatch:
        """See `agents.allocation.proposers.TrialProposer`."""
        found: dict[object, TrialSuggestion] = {}
        begun = len(bench.seen)
        for place in range(bench.most):
            made = self._changed(bench, found) if begun + place >= INITIAL_RANDOM_TRIALS else None
            if made is None:
                drawn = draw_untried(bench)
                made = None if drawn is None else TrialSuggestion(drawn, "drawn at random")
            if made is not None:
                found.setdefault(made.choices, made)
        return SuggestionBatch(list(found.values()))

    def _changed(
        self, bench: TrialBench, found: dict[object, TrialSuggestion]
    ) -> TrialSuggestion | None:
        met = {each.choices for each in bench.seen} | found.keys()
        best = sorted(bench.seen, key=lambda each: (-each.score, each.cost))[:PARENTS]
        if not best:
            return None
        for _ in range(MAX_MUTATIONS):
            pair = [bench.random.randrange(len(best)) for _ in range(2)]
            parent = best[min(pair)].choices
            made = mutate_choices(bench.space, parent, bench.random)
            if bench.random.random() < 0.3:
                made = mutate_choices(bench.space, made, bench.random)
            if bench.space.recorded is not None and made not in met:
                near = bench.space.nearest(made, frozenset(each.choices for each in bench.seen))
                made = near or made
            if made not in met and bench.space.affords(made):
                number = next(at for at, each in enumerate(bench.seen, 1) if each.choices == parent)
                return TrialSuggestion(made, f"a change of trial {number}")
        return None


class RandomTrialProposer:
    """Proposer ``random``; see the module docstring."""

    name = "random"

    def suggest(self, bench: TrialBench) -> SuggestionBatch:
        """See `agents.allocation.proposers.TrialProposer`."""
        found = {}
        for _ in range(bench.most):
            drawn = draw_untried(bench)
            if drawn is not None:
                found[drawn] = TrialSuggestion(drawn, "drawn at random")
        return SuggestionBatch(list(found.values()))
