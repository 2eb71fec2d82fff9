"""Proposers: whoever puts programs forward. One small protocol, one file each.

A proposer is given a brief and a bench, and nothing else: the bench plays programs over the search
set and counts what that costs. It never meets a recording, a gold answer or anything held out.
"""

from collections.abc import Mapping, Sequence
from random import Random
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from agents.feedback.brief import Brief
from agents.run.records import ControllerLanguage, Proposal, ResourceUsage
from agents.search.measurements import ProgramScore


class ProposalBatch(NamedTuple):
    """What a proposer gives in a round."""

    proposals: Sequence[Proposal]
    usage: ResourceUsage = ResourceUsage()
    """What it cost beside evaluations, which the bench counts."""
    search: Mapping[str, Any] = MappingProxyType({})
    """What it says of its own search, for the log."""
    state: bytes | None = None
    """What it wants to find again in the next round."""


class BudgetGuard(Protocol):
    """What whoever asks language models may spend, and whom it heeds."""

    def affords(self, most: ResourceUsage) -> bool:
        """Whether a call may be made, by what it and those before it may cost at the most.

        Where it may not, that is the run's reason to end.
        """
        ...

    def charge(self, used: ResourceUsage) -> None:
        """Takes what a call did cost out of what is left."""
        ...

    def heed(self) -> None:
        """Gives up the work, where somebody asked for it.

        Raises:
            KeyboardInterrupt: somebody asked.
        """
        ...

    def is_out_of_time(self) -> bool:
        """Whether a cap was reached meanwhile, so that it should come to its end."""
        ...

    def tell(self, says: str, **data: object) -> None:
        """Puts progress into the event log."""
        ...


class Bench(BudgetGuard, Protocol):
    """What a proposer may do: play programs over what this round shows it of the search set."""

    @property
    def random(self) -> Random:
        """The round's source of chance, the proposer's own."""
        ...

    @property
    def state(self) -> bytes | None:
        """What the proposer left in the round before, ``None`` in its first."""
        ...

    @property
    def allowance(self) -> int:
        """Programs that it may still play in this round."""
        ...

    @property
    def most(self) -> int:
        """The most programs that it may put forward."""
        ...

    @property
    def tries(self) -> int:
        """Programs that it may write for each that it puts forward, until one checks."""
        ...

    @property
    def free_knobs(self) -> bool:
        """Whether programs are to have free knobs in place of a schedule."""
        ...

    @property
    def labels(self) -> Sequence[str]:
        """The recordings that the round shows, ``model/benchmark``, in the order of `Worth`."""
        ...

    @property
    def language(self) -> ControllerLanguage:
        """What language models and agents are to write in."""
        ...

    def profile(
        self, source: str, beta: float, language: ControllerLanguage = ControllerLanguage.RHEO
    ) -> str:
        """A program with what each line does at one β, as text; takes one of the allowance.

        Raises:
            InputError: it cannot be played, or none is left.
        """
        ...

    def play(
        self,
        sources: Sequence[str],
        *,
        closely: bool = False,
        language: ControllerLanguage = ControllerLanguage.RHEO,
    ) -> "list[ProgramScore | None]":
        """Plays programs, in order; ``None`` where one does not check or cannot be played.

        Each program that was not played so before takes one of the allowance; those beyond it are
        not played and give ``None``.

        Args:
            sources: the programs.
            closely: under as many seeds as a review, and at every β, which tells apart what a
                first look does not; else under few seeds and at every second β.
            language: that they are written in.
        """
        ...


class Proposer(Protocol):
    """Puts programs forward."""

    @property
    def name(self) -> str:
        """As ``--proposer`` takes it."""
        ...

    def propose(self, brief: Brief, bench: Bench) -> ProposalBatch:
        """The programs of this round; none is an answer too."""
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
