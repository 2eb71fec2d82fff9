"""The interface between the loop and the task of a run: controllers, or allocations.

The loop handles rounds, proposals, reviews, approvals and limits. The task plays proposals, has the
proposers, and reviews candidates.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol, TypeAlias, TypedDict

from agents.loop.accounts import Accounts
from agents.loop.interruption import Interruption
from agents.proposers import ProposalBatch
from agents.run.directory import RunDirectory
from agents.run.events import EventLog
from agents.run.records import Draft, Review
from agents.search.review import Incumbent


class Slot(TypedDict):
    """Input of one call of a proposer: a slot in a round, or a candidate to repair."""

    round: int
    slot: str
    proposer: str
    mend: str | None
    """Candidate to repair; ``None`` to propose."""
    tries: int
    """Number of the present try, from 1."""
    allowance: int
    """Maximum number of programs to play."""
    tokens: int | None
    """Maximum number of tokens of language models; ``None`` for no limit."""
    usd: float | None
    """Maximum cost of language models, in dollars; ``None`` for no limit."""


class LoopServices(NamedTuple):
    """Services of the loop that a task may use."""

    log: EventLog
    accounts: Accounts
    interruption: Interruption


class SlotResult(NamedTuple):
    """Result of a slot."""

    proposed: ProposalBatch
    played: Sequence[str] = ()
    """Marks (`source_mark`) of what was played for the first time."""
    withheld: str = ""
    """Why a model call was not made; empty if all were."""


class SearchTask(Protocol):
    """What a run works on."""

    def brief(self, number: int) -> None:
        """Write the brief of a round."""
        ...

    def propose(self, slot: Slot, services: LoopServices) -> SlotResult:
        """Have the slot's proposer propose, or repair a candidate."""
        ...

    def can_repair(self, proposer: str) -> bool:
        """Return whether a proposer can repair a candidate that does not check."""
        ...

    def check(self, draft: Draft, number: int) -> Draft:
        """Return the draft with the diagnostics of the checker.

        Args:
            draft: Candidate as it was proposed.
            number: Round number, from 1.
        """
        ...

    def play(self, draft: Draft) -> None:
        """Play a draft that checks; stored results are not computed again."""
        ...

    def tune(self, number: int, candidates: Sequence[str], services: LoopServices) -> str | None:
        """Derive one more candidate from the round's best.

        Args:
            number: Round number, from 1.
            candidates: Names of the candidates of the round.
            services: Services of the loop.

        Returns:
            The name of the new candidate; ``None`` if there is none.
        """
        ...

    def review(
        self, draft: Draft, number: int, best: Incumbent | None, earlier: Mapping[str, str]
    ) -> Review:
        """Review a candidate; see `agents.search.review.review_candidate`.

        Args:
            draft: Candidate that was played, or that does not check.
            number: Round number, from 1.
            best: Best candidate so far; ``None`` if there is none.
            earlier: Names of earlier candidates, by digest of their source.
        """
        ...

    def select(self, best: str | None) -> str | None:
        """Select the winner, given the best so far."""
        ...

    @property
    def floor(self) -> float:
        """Objective that the first best candidate has to beat."""
        ...


TaskFactory: TypeAlias = Callable[[RunDirectory, int], AbstractContextManager[SearchTask]]
"""Opens the task of a run for the length of a session, given how many processes may play."""
