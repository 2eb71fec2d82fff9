"""State of the graph: small and plain. Everything else is in the run directory."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypedDict

from agents.loop.accounts import Accounts
from agents.loop.interruption import Interruption
from agents.loop.task import LoopServices, SearchTask
from agents.run.directory import RunDirectory
from agents.run.events import EventLog
from agents.run.records import Decision, Request


class ApprovalAnswer(TypedDict):
    """Decision of a reviewer, as it passes through the graph."""

    candidate: str
    approved: bool


class LoopState(TypedDict, total=False):
    """State that the graph stores between nodes."""

    round: int
    """The current round, from 1; 0 before the first."""
    candidates: list[str]
    """Names of the candidates of the current round, in order."""
    unsound: dict[str, int]
    """Candidates that do not check, with the number of programs written for each so far."""
    best: str | None
    """The candidate that is the best so far."""
    challenger: str | None
    """The candidate that replaces it, if there is one."""
    offered: str | None
    """The candidate that waits for a reviewer."""
    answered: ApprovalAnswer | None
    """The last decision of a reviewer."""
    slots: Annotated[list[str], operator.add]
    """Slots that are done, over all rounds, in order of completion."""
    reason: str
    """Why the run ends; empty while it continues."""


RunFinisher = Callable[[RunDirectory, str | None, Decision | None], None]
"""Writes the winner, its card and the report."""


@dataclass(frozen=True)
class LoopContext:
    """Context of the nodes, built for each session and never stored."""

    run: RunDirectory
    request: Request
    task: SearchTask
    log: EventLog
    accounts: Accounts
    interruption: Interruption
    finish: RunFinisher

    @property
    def services(self) -> LoopServices:
        """Services for the task."""
        return LoopServices(self.log, self.accounts, self.interruption)
