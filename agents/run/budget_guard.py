"""Budget of a caller of language models, and when it must stop."""

from typing import Protocol

from agents.run.records import ResourceUsage


class BudgetGuard(Protocol):
    """Budget and interrupts of a caller of language models."""

    def affords(self, most: ResourceUsage) -> bool:
        """Return whether a call fits the remaining budget, given its maximum cost.

        If it does not, the run ends for that reason.
        """
        ...

    def charge(self, used: ResourceUsage) -> None:
        """Subtract the cost of a call from the remaining budget."""
        ...

    def check_interrupt(self) -> None:
        """Stop the work if that was requested.

        Raises:
            KeyboardInterrupt: A stop was requested.
        """
        ...

    def is_out_of_time(self) -> bool:
        """Return whether a limit was reached, so that the caller should finish."""
        ...

    def report(self, message: str, **data: object) -> None:
        """Write progress to the event log."""
        ...
