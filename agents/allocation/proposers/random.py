"""The proposer ``random``: allocations at random, each tried once. What others are held against."""

from agents.allocation.proposers import Suggested, Suggestions, TrialBench, fresh


class Random:
    """See the module."""

    name = "random"

    def suggest(self, bench: TrialBench) -> Suggestions:
        """See `agents.allocation.proposers.TrialProposer`."""
        found = {}
        for _ in range(bench.most):
            drawn = fresh(bench)
            if drawn is not None:
                found[drawn] = Suggested(drawn, "drawn at random")
        return Suggestions(list(found.values()))
