"""The proposer ``random``: programs drawn at random from the space that `evolve` searches.

It is the baseline of the search itself: what it finds with as many evaluations, luck finds.
"""

from collections.abc import Sequence

from agents.evolution.starting_programs import free_schedule_knobs
from agents.feedback.brief import Brief
from agents.proposers import ProposalBatch
from agents.run.records import Proposal
from agents.search.bench_protocol import Bench
from agents.search.measurements import ProgramScore
from agents.variation import generate, hoist_invariants
from dsl.formatter import print_tree

BATCH = 40
"""Programs that are played at a time."""

CLOSE_EVALUATIONS = 6
"""Of these, programs that are looked at closely: as many as `evolve` does."""


class RandomProposer:
    """See the module."""

    name = "random"

    def propose(self, brief: Brief, bench: Bench) -> ProposalBatch:
        """See `agents.proposers.Proposer`."""
        found: list[tuple[float, str]] = []
        tried = 0
        while bench.allowance > 0 and not bench.is_out_of_time():
            count = min(BATCH, max(1, bench.allowance - CLOSE_EVALUATIONS))
            sources = [print_tree(hoist_invariants(generate(bench.random))) for _ in range(count)]
            if bench.free_knobs:
                sources = [free_schedule_knobs(each) for each in sources]
            tried += len(sources)
            first = _rank(sources, bench.play(sources))[:CLOSE_EVALUATIONS]
            chosen = [source for _, source in first]
            found += _rank(chosen, bench.play(chosen, thorough=True))
            bench.report("drawn", tried=tried)
        best = sorted(dict.fromkeys(found), key=lambda each: -each[0])[: bench.most]
        proposals = [Proposal(source=source, words="drawn at random") for _, source in best]
        return ProposalBatch(proposals, search={"tried": tried, "looked at closely": len(found)})

    def repair(
        self, brief: Brief, failed: Proposal, diagnostics: str, bench: Bench
    ) -> ProposalBatch:
        """Its programs check by construction, so there is nothing to mend."""
        return ProposalBatch(())


def _rank(sources: Sequence[str], worths: Sequence[ProgramScore | None]) -> list[tuple[float, str]]:
    """Those that could be played and whose cost rises with β, the best first."""
    found = [
        (worth.score, source)
        for source, worth in zip(sources, worths, strict=True)
        if worth is not None and worth.steady
    ]
    return sorted(found, key=lambda each: -each[0])
