"""Proposers: whoever puts programs forward. One small protocol, one file each.

A proposer is given a brief and a bench, and nothing else: the bench plays programs over the search
set and counts what that costs. It never meets a recording, a gold answer or anything held out.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from agents.feedback.brief import Brief
from agents.run.records import Proposal, ResourceUsage
from agents.search.bench_protocol import Bench


class ProposalBatch(NamedTuple):
    """What a proposer gives in a round."""

    proposals: Sequence[Proposal]
    usage: ResourceUsage = ResourceUsage()
    """What it cost beside evaluations, which the bench counts."""
    search: Mapping[str, Any] = MappingProxyType({})
    """What it says of its own search, for the log."""
    state: bytes | None = None
    """What it wants to find again in the next round."""


class Proposer(Protocol):
    """Puts programs forward."""

    @property
    def name(self) -> str:
        """As ``--proposer`` takes it."""
        ...

    def propose(self, brief: Brief, bench: Bench) -> ProposalBatch:
        """Return the programs of this round; none is an answer too."""
        ...

    def repair(
        self, brief: Brief, failed: Proposal, diagnostics: str, bench: Bench
    ) -> ProposalBatch:
        """One program in place of one that did not check; none gives it up.

        Args:
            brief: the round's.
            failed: the program that did not check.
            diagnostics: the checker's messages, whole.
            bench: the round's.
        """
        ...
