"""A session of a run: starts or resumes it, until it ends, waits or is interrupted."""

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
from agents.run.texts import read_run_text
from harness.errors import InputError

POLL_SECONDS = 0.5
"""Seconds between two checks for a decision."""


class SessionStatus(Enum):
    """How a session ended."""

    ENDED = "ended"
    """The run is over."""
    WAITING = "waiting"
    """It waits for a reviewer, and the session does not wait with it."""


class SessionResult(NamedTuple):
    """Outcome of a session."""

    end: SessionStatus
    candidate: str | None
    """The candidate that was selected, or that waits for a decision."""


class SessionOptions(NamedTuple):
    """Options of a session; the results of the run do not depend on them."""

    workers: int
    wait: bool = True
    """Whether the session waits for a reviewer, instead of ending."""
    checkpoints: str | None = None
    """URL of a database for the graph's state; ``None`` for the run's own."""
    listen: Callable[[Event], None] = lambda event: None
    """Called with every event."""
    sleep: Callable[[float], None] = time.sleep


def run_session(
    run: RunDirectory,
    opener: TaskFactory,
    finish: RunFinisher,
    options: SessionOptions,
) -> SessionResult:
    """Run a session. It locks the run until it ends.

    Args:
        run: Directory of a new run, or of one to resume.
        opener: Opens the task of the run.
        finish: Writes the winner and the report.
        options: Options of the session.

    Raises:
        ExternalError: Another process has locked the run.
        InputError: A recording or a file of the run has changed.
        StoreError: A recording cannot be read.
        KeyboardInterrupt: The session was interrupted; the event ``left`` is in the log.
    """
    with run.locked():
        number = 1 + sum(event.kind in ("started", "resumed") for event in run.events())
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
    """Remove the notes that LangGraph adds to an exception about the node it came from."""
    notes = getattr(problem, "__notes__", [])
    notes[:] = [note for note in notes if not note.startswith("During task with name")]


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
        catch_interrupts() as interruption,
    ):
        context = LoopContext(run, request, task, log, Accounts(run), interruption, finish)
        loop, config = build_graph(saver), _config(run)
        graph_input = _graph_input(loop, config, context)
        while True:
            candidate = _run_graph(loop, graph_input, config, context)
            if candidate is None:
                ending = run.ending
                return SessionResult(
                    SessionStatus.ENDED, None if ending is None else ending.selected
                )
            answer = _wait_for_decision(run, candidate, options, log, context.accounts)
            if answer is None:
                return SessionResult(SessionStatus.WAITING, candidate)
            graph_input = Command(resume=answer)


def _config(run: RunDirectory) -> RunnableConfig:
    request = run.request
    path = run.path / "thread"
    name = read_run_text(path) if path.is_file() else str(run.path.resolve())
    # Every round has its own steps and, for each candidate that fails, two for each repair. A
    # rejection offers another candidate.
    offers = 4 * request.per_round * (len(request.proposers) + 1)
    steps = (request.caps.rounds + 1) * (STEPS_PER_ROUND + 2 * request.repairs + offers) + 100
    return {"configurable": {"thread_id": name}, "recursion_limit": steps}


def _graph_input(
    loop: LoopGraph, config: RunnableConfig, context: LoopContext
) -> "LoopState | Command[Any] | None":
    """Return the input of the graph: a start, ``None`` if it stopped inside, or a new round.

    Raises:
        InputError: The run has started, and the state of its loop is missing.
    """
    snapshot, run = loop.get_state(config), context.run
    if snapshot.next == ("approve",) and snapshot.values.get("reason"):
        caps, rounds = context.request.caps, snapshot.values["round"]
        if not context.accounts.find_reached_limit(
            caps, rounds
        ):  # the limit that ended it was raised
            update: LoopState = {"reason": "", "offered": None, "answered": None}
            loop.update_state(config, update, as_node="archive")
        return None
    # Not `next`: it omits nodes whose result is stored already, and a kill can come at that time.
    if snapshot.tasks:
        return None
    if snapshot.values:
        return {"reason": ""}  # it ended before, and a limit was raised
    if (run.path / "rounds").exists():
        raise InputError(
            f"{run.path}: the state of its loop was not found",
            hint="give the --checkpoints that it was started with",
        )
    return {"round": 0, "best": None, "slots": [], "reason": ""}


def _run_graph(
    loop: LoopGraph,
    graph_input: "LoopState | Command[Any] | None",
    config: RunnableConfig,
    context: LoopContext,
) -> str | None:
    """Run the graph until it ends or waits; return the candidate that waits."""
    for _ in loop.stream(
        graph_input, config, context=context, durability="sync", stream_mode="updates"
    ):
        pass
    waiting = loop.get_state(config).interrupts
    return str(waiting[0].value["candidate"]) if waiting else None


def _wait_for_decision(
    run: RunDirectory, candidate: str, options: SessionOptions, log: EventLog, accounts: Accounts
) -> ApprovalAnswer | None:
    """Wait for the decision about a candidate; ``None`` if the session does not wait."""
    decision = run.decision(candidate)
    if decision is None:
        log.add("waiting", f"{candidate} waits for review", candidate=candidate)
    began = time.monotonic()
    while decision is None:
        if not options.wait:
            log.add("left", f"{candidate} waits for review", candidate=candidate)
            return None
        options.sleep(POLL_SECONDS)
        decision = run.decision(candidate)
    accounts.add_waiting_time(time.monotonic() - began)
    return {"candidate": candidate, "approved": decision.approved}
