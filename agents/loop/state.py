"""The state of the graph: small and plain. Everything else stands in the run's directory."""

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
    """What a person decided, as it comes through the graph."""

    candidate: str
    approved: bool


class LoopState(TypedDict, total=False):
    """What the graph keeps between nodes."""

    round: int
    """The present round, from 1; 0 before the first."""
    candidates: list[str]
    """Of the present round, in order."""
    unsound: dict[str, int]
    """Those that do not check, with the programs that were written for each so far."""
    best: str | None
    """The candidate that is the best so far."""
    challenger: str | None
    """The candidate that is to take its place, if there is one."""
    offered: str | None
    """The candidate that waits for a person."""
    answered: ApprovalAnswer | None
    slots: Annotated[list[str], operator.add]
    """The slots that proposed, over all rounds, as they came in."""
    reason: str
    """Why the run ends; empty while it goes on."""


RunFinisher = Callable[[RunDirectory, str | None, Decision | None], None]
"""Writes the winner, its card and the report."""


@dataclass(frozen=True)
class LoopContext:
    """What nodes work with; it is made anew in every session and never kept."""

    run: RunDirectory
    request: Request
    task: SearchTask
    log: EventLog
    accounts: Accounts
    interruption: Interruption
    finish: RunFinisher

    @property
    def services(self) -> LoopServices:
        """What a task is lent."""
        return LoopServices(self.log, self.accounts, self.interruption)
