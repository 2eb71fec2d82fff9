"""The interface between the loop and what a run works on: controllers, or allocations.

The loop owns rounds, proposals, reviews, approvals and caps. What a proposal is played on, who
proposes, and what a candidate is worth belong to the task.
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
    """What one proposer is sent: its place in a round, or a candidate to mend."""

    round: int
    slot: str
    proposer: str
    mend: str | None
    tries: int
    allowance: int
    """Programs that it may play."""
    tokens: int | None
    """That language models may take; ``None`` for any number."""
    usd: float | None
    """Dollars that they may cost, likewise."""


class LoopServices(NamedTuple):
    """What the loop lends to a task while it works."""

    log: EventLog
    accounts: Accounts
    interruption: Interruption


class SlotResult(NamedTuple):
    """What came of a slot."""

    proposed: ProposalBatch
    played: Sequence[str] = ()
    """What was played for the first time meanwhile, as `source_mark` names it."""
    withheld: str = ""
    """Why a call of a language model was not made; empty where all were."""


class SearchTask(Protocol):
    """What a run works on."""

    def brief(self, number: int) -> None:
        """Write the brief of a round."""
        ...

    def propose(self, slot: Slot, services: LoopServices) -> SlotResult:
        """Lets the slot's proposer propose, or mend."""
        ...

    def can_repair(self, proposer: str) -> bool:
        """Whether a proposer may mend what does not check."""
        ...

    def checked(self, draft: Draft, number: int) -> Draft:
        """Return the draft with what is wrong with it.

        Args:
            draft: as it was proposed.
            number: the round.
        """
        ...

    def play(self, draft: Draft) -> None:
        """Plays a draft that is sound; what was played before is not played again."""
        ...

    def tune(self, number: int, candidates: Sequence[str], services: LoopServices) -> str | None:
        """Make one more candidate of the round's best; return its name where it did."""
        ...

    def review(
        self, draft: Draft, number: int, best: Incumbent | None, earlier: Mapping[str, str]
    ) -> Review:
        """Return what a candidate is worth; see `agents.search.review.review_candidate`."""
        ...

    def select(self, best: str | None) -> str | None:
        """Select the winner; ``best`` is the best so far, which the task may keep."""
        ...

    @property
    def floor(self) -> float:
        """The objective that the first best candidate had to beat."""
        ...


TaskFactory: TypeAlias = Callable[[RunDirectory, int], AbstractContextManager[SearchTask]]
"""Opens the task of a run for the length of a session, given how many processes may play."""
