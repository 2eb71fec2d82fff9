"""The proposer ``random``: random programs from the space that `evolve` searches.

It is the baseline of the search: what it finds with the same number of evaluations needs no search.
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
"""Programs that are generated and played per batch."""

CLOSE_EVALUATIONS = 6
"""Programs of a batch that are played closely: as many as in `evolve`."""


class RandomProposer:
    """Proposer ``random``; see the module docstring."""

    name = "random"

    def propose(self, brief: Brief, bench: Bench) -> ProposalBatch:
        """See `agents.proposers.Proposer`."""
        results: list[tuple[float, str]] = []
        tried = 0
        while bench.allowance > 0 and not bench.is_out_of_time():
            count = min(BATCH, max(1, bench.allowance - CLOSE_EVALUATIONS))
            sources = [print_tree(hoist_invariants(generate(bench.random))) for _ in range(count)]
            if bench.free_knobs:
                sources = [free_schedule_knobs(source) for source in sources]
            tried += len(sources)
            first = _rank(sources, bench.play(sources))[:CLOSE_EVALUATIONS]
            chosen = [source for _, source in first]
            results += _rank(chosen, bench.play(chosen, thorough=True))
            bench.report("drawn", tried=tried)
        best = sorted(dict.fromkeys(results), key=lambda result: -result[0])[: bench.most]
        proposals = [Proposal(source=source, words="drawn at random") for _, source in best]
        return ProposalBatch(proposals, search={"tried": tried, "looked at closely": len(results)})

    def repair(
        self, brief: Brief, failed: Proposal, diagnostics: str, bench: Bench
    ) -> ProposalBatch:
        """Return no program: random programs are sound by construction.

        Args:
            brief: Brief of the round.
            failed: The program that did not check.
            diagnostics: The checker's messages.
            bench: Bench of the round.
        """
        return ProposalBatch(())


def _rank(sources: Sequence[str], worths: Sequence[ProgramScore | None]) -> list[tuple[float, str]]:
    """Return score and source of the played programs whose cost rises with β, best first."""
    ranked = [
        (worth.score, source)
        for source, worth in zip(sources, worths, strict=True)
        if worth is not None and worth.steady
    ]
    return sorted(ranked, key=lambda result: -result[0])
