"""Proposers, which submit programs. One small protocol, one file each.

A proposer receives only a brief and a bench, which plays programs over the search set and accounts
for the cost. It has no access to recordings, gold answers or held-out data.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from agents.feedback.brief import Brief
from agents.run.records import Proposal, ResourceUsage
from agents.search.bench_protocol import Bench


class ProposalBatch(NamedTuple):
    """Output of a proposer in a round."""

    proposals: Sequence[Proposal]
    usage: ResourceUsage = ResourceUsage()
    """Cost besides evaluations, which the bench accounts for."""
    search: Mapping[str, Any] = MappingProxyType({})
    """Diagnostics for the event log."""
    state: bytes | None = None
    """State for the next round."""


class Proposer(Protocol):
    """Submits programs."""

    @property
    def name(self) -> str:
        """Name as ``--proposer`` takes it."""
        ...

    def propose(self, brief: Brief, bench: Bench) -> ProposalBatch:
        """Return the programs of this round; there may be none."""
        ...

    def repair(
        self, brief: Brief, failed: Proposal, diagnostics: str, bench: Bench
    ) -> ProposalBatch:
        """Return one repaired program, or none to give up.

        Args:
            brief: Brief of the round.
            failed: The program that did not check.
            diagnostics: The checker's messages in full.
            bench: Bench of the round.
        """
        ...
