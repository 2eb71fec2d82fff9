"""One session of a run: starts it or goes on with it, until it ends, waits, or is left."""

import time
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from typing import Any, NamedTuple

from langchain_core.runnables import RunnableConfig
from langgraph.types import Command

from agents.loop.accounts import Accounts
from agents.loop.graph import STEPS_PER_ROUND, LoopGraph, build_graph, open_checkpoints
from agents.loop.interruption import catch_interrupts
from agents.loop.state import ApprovalAnswer, LoopContext, LoopState, RunFinisher
from agents.loop.task import TaskFactory
from agents.run.directory import RunDirectory
from agents.run.events import Event, EventLog
from harness.errors import InputError

POLL_SECONDS = 0.5
"""Seconds between two looks for a decision."""


class SessionStatus(Enum):
    """How a session ended."""

    ENDED = "ended"
    """The run is over."""
    WAITING = "waiting"
    """It waits for a person, and nobody waits with it."""


class SessionResult(NamedTuple):
    """What a session came to."""

    end: SessionStatus
    candidate: str | None
    """The one that was selected, or that waits."""


class SessionOptions(NamedTuple):
    """How a session goes about its work; what comes out does not depend on it."""

    workers: int
    wait: bool = True
    """Whether it stays while a person is waited for."""
    checkpoints: str | None = None
    """The URL of a database for the graph's state, in place of the run's own."""
    listen: Callable[[Event], None] = lambda event: None
    """Is told of every event."""
    sleep: Callable[[float], None] = time.sleep


def run_session(
    run: RunDirectory,
    opener: TaskFactory,
    finish: RunFinisher,
    options: SessionOptions,
) -> SessionResult:
    """Run a session. It holds the run for as long as it lasts.

    Args:
        run: the run, new or begun.
        opener: opens what it works on.
        finish: writes the winner and the report.
        options: how to go about it.

    Raises:
        ExternalError: another process holds the run.
        InputError: and `StoreError`: a recording is not what it was.
        KeyboardInterrupt: it was interrupted; the event ``left`` is in the log.
    """
    with run.locked():
        number = 1 + sum(each.kind in ("started", "resumed") for each in run.events())
        log = EventLog(run.events_path, number, options.listen)
        log.add("started" if number == 1 else "resumed")
        try:
            return _run_locked(run, opener, finish, options, log)
        except KeyboardInterrupt:
            log.add("left", "interrupted")
            raise
        except Exception as problem:
            _drop_notes(problem)
            with suppress(OSError):  # the log may be what fails
                log.add("failed", f"{type(problem).__name__}: {problem}")
            raise


def _drop_notes(problem: Exception) -> None:
    """Take out what LangGraph notes of the node that an exception came from, for its developers."""
    notes = getattr(problem, "__notes__", [])
    notes[:] = [each for each in notes if not each.startswith("During task with name")]


def _run_locked(
    run: RunDirectory,
    opener: TaskFactory,
    finish: RunFinisher,
    options: SessionOptions,
    log: EventLog,
) -> SessionResult:
    request = run.request
    with (
        open_checkpoints(run, options.checkpoints) as saver,
        opener(run, options.workers) as task,
        catch_interrupts() as asked,
    ):
        context = LoopContext(run, request, task, log, Accounts(run), asked, finish)
        loop, config = build_graph(saver), _config(run)
        given = _graph_input(loop, config, context)
        while True:
            waits = _run_graph(loop, given, config, context)
            if waits is None:
                ending = run.ending
                return SessionResult(
                    SessionStatus.ENDED, None if ending is None else ending.selected
                )
            answer = _wait_for_decision(run, waits, options, log, context.accounts)
            if answer is None:
                return SessionResult(SessionStatus.WAITING, waits)
            given = Command(resume=answer)


def _config(run: RunDirectory) -> RunnableConfig:
    request = run.request
    place = run.path / "thread"
    name = place.read_text() if place.is_file() else str(run.path.resolve())
    # Every round has its own steps and, for each candidate that fails, two for each repair.
    # What people reject is judged again.
    again = 4 * request.per_round * (len(request.proposers) + 1)
    steps = (request.caps.rounds + 1) * (STEPS_PER_ROUND + 2 * request.repairs + again) + 100
    return {"configurable": {"thread_id": name}, "recursion_limit": steps}


def _graph_input(
    loop: LoopGraph, config: RunnableConfig, context: LoopContext
) -> "LoopState | Command[Any] | None":
    """Return the input of the graph: a start, nothing if it stopped inside, or a new round.

    Raises:
        InputError: the run has begun, and the state of its loop is not to be found.
    """
    snapshot, run = loop.get_state(config), context.run
    if snapshot.next == ("approve",) and snapshot.values.get("reason"):
        caps, rounds = context.request.caps, snapshot.values["round"]
        if not context.accounts.reached(caps, rounds):  # the cap that ended it was raised
            more: LoopState = {"reason": "", "offered": None, "answered": None}
            loop.update_state(config, more, as_node="archive")
        return None
    # Not `next`: it leaves out nodes whose outcome is kept already, and a kill may fall just there.
    if snapshot.tasks:
        return None
    if snapshot.values:
        return {"reason": ""}  # it ended before, and a cap was raised
    if (run.path / "rounds").exists():
        raise InputError(
            f"{run.path}: the state of its loop is not here",
            hint="give the --checkpoints that it was begun with",
        )
    return {"round": 0, "best": None, "slots": [], "reason": ""}


def _run_graph(
    loop: LoopGraph,
    given: "LoopState | Command[Any] | None",
    config: RunnableConfig,
    context: LoopContext,
) -> str | None:
    """Run the graph until its end, or until it waits; return the candidate that waits."""
    for _ in loop.stream(given, config, context=context, durability="sync", stream_mode="updates"):
        pass
    waiting = loop.get_state(config).interrupts
    return str(waiting[0].value["candidate"]) if waiting else None


def _wait_for_decision(
    run: RunDirectory, candidate: str, options: SessionOptions, log: EventLog, accounts: Accounts
) -> ApprovalAnswer | None:
    """Return the decision about a candidate; ``None`` if the session does not wait."""
    decision = run.decision(candidate)
    if decision is None:
        log.add("waiting", f"{candidate} waits for a person", candidate=candidate)
    began = time.monotonic()
    while decision is None:
        if not options.wait:
            log.add("left", f"{candidate} waits for a person", candidate=candidate)
            return None
        options.sleep(POLL_SECONDS)
        decision = run.decision(candidate)
    accounts.waited(time.monotonic() - began)
    return {"candidate": candidate, "approved": decision.approved}
