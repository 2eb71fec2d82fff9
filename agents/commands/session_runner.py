"""Run a session from the command line: print its progress and its result."""

from collections.abc import Mapping

import msgspec

from agents.chat.settings import ChatSettings
from agents.commands.progress import ProgressReporter
from agents.commands.report_support import report_services
from agents.external_agents.settings import AgentSettings
from agents.loop.accounts import Accounts
from agents.loop.discovery_task import discovery_task_factory
from agents.loop.session import SessionOptions, SessionStatus, run_session
from agents.loop.state import RunFinisher
from agents.loop.task import TaskFactory
from agents.proposers.registry import ProposerResources, build_proposers
from agents.report.card import export_controller
from agents.report.records import RunReport
from agents.report.terminal import format_terminal_summary
from agents.report.writer import write_report
from agents.run.directory import RunDirectory
from agents.run.records import Decision, Ending
from harness.cli import console
from harness.cli.output import Output, output_width
from harness.errors import ExternalError
from harness.settings import GeneralSettings, load


class SessionDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Outcome of a session, as a JSON document."""

    waiting: str | None = None
    """The candidate that waits for a reviewer."""
    ending: Ending | None = None
    report: RunReport | None = None


def is_run_over(run: RunDirectory, out: Output) -> bool:
    """Return whether a run has ended and its limits leave nothing to do; print why."""
    ending = run.ending
    if ending is None or run.is_held:
        return False
    reason = Accounts(run).reached(run.request.caps, ending.rounds)
    if not reason:
        return False
    console.info(f"{run.path}: has ended, and there is nothing left to do: {reason}")
    console.hint("raise a limit, such as --rounds, to continue; rheostat report shows the result")
    out.document(SessionDocument(ending=ending), "")
    return True


def run_to_end(
    run: RunDirectory,
    opener: TaskFactory,
    finish: RunFinisher,
    out: Output,
    wait: bool,
    checkpoints: str | None,
    flags: Mapping[str, object],
) -> bool:
    """Run a session and report its events; ``False`` if it waits for a reviewer.

    Args:
        run: Run directory.
        opener: Opens the task of the run.
        finish: Writes the winner.
        out: Output of the command.
        wait: Whether to wait for a reviewer, instead of ending the session.
        checkpoints: URL of a database for the state of the loop; ``None`` for the run directory.
        flags: Options that override settings; ``None`` if an option was not given.
    """
    progress = ProgressReporter(run)
    threads = load(GeneralSettings, flags=flags).threads
    command = run.request.command
    try:
        outcome = run_session(
            run, opener, finish, SessionOptions(threads, wait, checkpoints, progress.handle)
        )
    except (KeyboardInterrupt, OSError, ExternalError) as stopped:
        if "--resume" not in (getattr(stopped, "hint", None) or ""):
            stopped.add_note(f"resume with rheostat {command} --run {run.path} --resume")
        raise
    finally:
        progress.close()
    if outcome.end is SessionStatus.WAITING:
        console.info(f"{run.path}: {outcome.candidate} waits for review")
        console.hint(f"run rheostat approve {run.path} {outcome.candidate}, then use --resume")
        out.document(SessionDocument(waiting=outcome.candidate), "")
        return False
    return True


def run_discovery(
    run: RunDirectory,
    out: Output,
    *,
    wait: bool,
    checkpoints: str | None,
    settings: ChatSettings,
    agent: AgentSettings,
    before: RunDirectory | None,
    flags: Mapping[str, object],
    cluster: str | None = None,
) -> None:
    """Run a session of a discovery until it ends or waits, and print the result.

    Args:
        run: Run directory.
        out: Output of the command.
        wait: Whether to wait for a reviewer, instead of ending the session.
        checkpoints: URL of a database for the state of the loop; ``None`` for the run directory.
        settings: Settings of model calls.
        agent: Settings of agents.
        before: Run whose model replies are replayed; ``None`` to call models.
        flags: Options that override settings; ``None`` if an option was not given.
        cluster: Address of a Ray cluster that plays programs; ``None`` for local processes.
    """

    def finish(run: RunDirectory, candidate: str | None, decision: Decision | None) -> None:
        if candidate is not None:
            export_controller(run, candidate, decision)

    resources = ProposerResources(run, run.request.asking, settings, before, agent)
    opener = discovery_task_factory(build_proposers(run.request.proposers, resources), cluster)
    if not run_to_end(run, opener, finish, out, wait, checkpoints, flags):
        return
    # Held-out recordings stay closed: the run can continue, and `rheostat report` opens them.
    report = write_report(run, held_out=False, services=report_services(flags))
    document = SessionDocument(ending=run.ending, report=report)
    out.document(document, format_terminal_summary(run, output_width(out), report=report))
