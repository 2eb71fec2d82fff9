"""What a caller of language models may spend, and when it must stop."""

from typing import Protocol

from agents.run.records import ResourceUsage


class BudgetGuard(Protocol):
    """What whoever asks language models may spend, and whom it heeds."""

    def affords(self, most: ResourceUsage) -> bool:
        """Whether a call may be made, by what it and those before it may cost at the most.

        Where it may not, that is the run's reason to end.
        """
        ...

    def charge(self, used: ResourceUsage) -> None:
        """Take what a call did cost out of what is left."""
        ...

    def check_interrupt(self) -> None:
        """Stop the work, where somebody asked for it.

        Raises:
            KeyboardInterrupt: somebody asked.
        """
        ...

    def is_out_of_time(self) -> bool:
        """Whether a cap was reached meanwhile, so that it should come to its end."""
        ...

    def tell(self, says: str, **data: object) -> None:
        """Put progress into the event log."""
        ...
