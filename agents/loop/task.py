"""The seam between the loop and what a run works on: controllers, or allocations.

The loop knows rounds, proposals, reviews, people and caps. On what a proposal is played, who
proposes, and what a candidate is worth, is the task's.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol, TypeAlias

from agents.loop.accounts import Accounts
from agents.loop.interruption import Interruption
from agents.loop.slots import Slot
from agents.proposers import Proposed
from agents.run.directory import RunDirectory
from agents.run.events import EventLog
from agents.run.records import Draft, Review
from agents.search.review import Rival


class Hands(NamedTuple):
    """What the loop lends to a task while it works."""

    log: EventLog
    accounts: Accounts
    interruption: Interruption


class Given(NamedTuple):
    """What came of a slot."""

    proposed: Proposed
    played: Sequence[str] = ()
    """What was played for the first time meanwhile, as `agents.loop.filing.mark` names it."""
    withheld: str = ""
    """Why a call of a language model was not made; empty where all were."""


class Task(Protocol):
    """What a run works on."""

    def brief(self, number: int) -> None:
        """Writes the brief of a round."""
        ...

    def propose(self, slot: Slot, hands: Hands) -> Given:
        """Lets the slot's proposer propose, or mend."""
        ...

    def mends(self, proposer: str) -> bool:
        """Whether a proposer may mend what does not check."""
        ...

    def checked(self, draft: Draft, number: int) -> Draft:
        """The draft with what is wrong with it.

        Args:
            draft: as it was proposed.
            number: the round.
        """
        ...

    def play(self, draft: Draft) -> None:
        """Plays a draft that is sound; what was played before is not played again."""
        ...

    def tune(self, number: int, candidates: Sequence[str], hands: Hands) -> str | None:
        """Makes one more candidate of the round's best; gives its name where it did."""
        ...

    def review(
        self, draft: Draft, number: int, best: Rival | None, earlier: Mapping[str, str]
    ) -> Review:
        """What a candidate is worth; see `agents.search.review.review`."""
        ...

    @property
    def floor(self) -> float:
        """The objective that the first best candidate had to beat."""
        ...


Opener: TypeAlias = Callable[[RunDirectory, int], AbstractContextManager[Task]]
"""Opens the task of a run for the length of a session, given how many processes may play."""
