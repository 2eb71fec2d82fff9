"""A proposer with scripted results that records its calls."""

from collections.abc import Sequence

from agents.feedback.brief import Brief
from agents.proposers import ProposalBatch
from agents.run.records import Proposal, ResourceUsage
from agents.search.bench_protocol import Bench


class Scripted:
    """Return the programs of each round in turn, and the repairs in turn."""

    name = "scripted"

    def __init__(
        self,
        rounds: Sequence[Sequence[str]],
        repairs: Sequence[str] = (),
        usage: ResourceUsage = ResourceUsage(),  # noqa: B008 - it is immutable
    ):
        self._rounds = rounds
        self._repairs = list(repairs)
        self._usage = usage
        self.briefs: list[Brief] = []
        self.failures: list[str] = []

    def propose(self, brief: Brief, bench: Bench) -> ProposalBatch:
        self.briefs.append(brief)
        index = brief.round - 1
        sources = self._rounds[index] if index < len(self._rounds) else []
        return ProposalBatch(
            [Proposal(source=source, words="as written") for source in sources], self._usage
        )

    def repair(
        self, brief: Brief, failed: Proposal, diagnostics: str, bench: Bench
    ) -> ProposalBatch:
        self.failures.append(diagnostics)
        sources = [self._repairs.pop(0)] if self._repairs else []
        return ProposalBatch([Proposal(source=source) for source in sources], self._usage)
