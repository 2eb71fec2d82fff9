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
        suggestions: dict[object, TrialSuggestion] = {}
        observed = len(bench.trials)
        for index in range(bench.most):
            suggestion = (
                self._mutate(bench, suggestions)
                if observed + index >= INITIAL_RANDOM_TRIALS
                else None
            )
            if suggestion is None:
                choices = draw_untried(bench)
                suggestion = (
                    None if choices is None else TrialSuggestion(choices, "drawn at random")
                )
            if suggestion is not None:
                suggestions.setdefault(suggestion.choices, suggestion)
        return SuggestionBatch(list(suggestions.values()))

    def _mutate(
        self, bench: TrialBench, suggestions: dict[object, TrialSuggestion]
    ) -> TrialSuggestion | None:
        tried = {trial.choices for trial in bench.trials} | suggestions.keys()
        best = sorted(bench.trials, key=lambda trial: (-trial.value, trial.cost))[:PARENTS]
        if not best:
            return None
        for _ in range(MAX_MUTATIONS):
            pair = [bench.random.randrange(len(best)) for _ in range(2)]
            parent = best[min(pair)].choices
            choices = mutate_choices(bench.space, parent, bench.random)
            if bench.random.random() < 0.3:
                choices = mutate_choices(bench.space, choices, bench.random)
            if bench.space.recorded is not None and choices not in tried:
                nearest = bench.space.nearest(
                    choices, frozenset(trial.choices for trial in bench.trials)
                )
                choices = nearest or choices
            if choices not in tried and bench.space.affords(choices):
                number = next(
                    number
                    for number, trial in enumerate(bench.trials, 1)
                    if trial.choices == parent
                )
                return TrialSuggestion(choices, f"a change of trial {number}")
        return None


class RandomTrialProposer:
    """Proposer ``random``; see the module docstring."""

    name = "random"

    def suggest(self, bench: TrialBench) -> SuggestionBatch:
        """See `agents.allocation.proposers.TrialProposer`."""
        suggestions = {}
        for _ in range(bench.most):
            choices = draw_untried(bench)
            if choices is not None:
                suggestions[choices] = TrialSuggestion(choices, "drawn at random")
        return SuggestionBatch(list(suggestions.values()))
