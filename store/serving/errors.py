"""What can go wrong with a server, each in one sentence that names its address.

``exit_code`` and ``hint`` are what the command line shows of an error that it does not know.
"""

from typing import ClassVar


class ServingError(Exception):
    """A failure of the server.

    Args:
        problem: what is wrong, without the address and without a full stop.
        address: the server's base URL, or the offline engine's name.
        hint: what to do about it, if the problem does not include that.
    """

    exit_code: ClassVar[int] = 3

    def __init__(self, problem: str, *, address: str, hint: str | None = None):
        super().__init__(f"{address}: {problem}")
        self.problem = problem
        self.address = address
        self.hint = hint

    def add_subject(self, subject: str) -> None:
        """Name what the failed request was about: ``question 'q7', branch 3``."""
        self.problem = f"{subject}: {self.problem}"
        self.args = (f"{self.address}: {self.problem}",)


class Unreachable(ServingError):
    """The server is unreachable, busy or stalled; a retry may succeed.

    Args:
        wait: seconds that the server asks clients to wait, if it does.
    """

    def __init__(
        self, problem: str, *, address: str, hint: str | None = None, wait: float | None = None
    ):
        super().__init__(problem, address=address, hint=hint)
        self.wait = wait


class Refused(ServingError):
    """The server rejects the request; a retry would fail again."""

    exit_code: ClassVar[int] = 2


class InconsistentResponse(ServingError):
    """The reply is well formed but does not match the request; it is discarded."""


def first_failure(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the failure of the first of many tasks to fail, which made all others be cancelled."""
    first = group.exceptions[0]
    return first_failure(first) if isinstance(first, BaseExceptionGroup) else first
