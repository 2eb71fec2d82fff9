"""Run a session from the command line: print its progress and its result."""

from collections.abc import Mapping
from contextlib import ExitStack

import msgspec

from agents.chat.settings import ChatSettings
from agents.commands.report_support import report_services
from agents.external_agents.settings import AgentSettings
from agents.formatting import format_gain
from agents.loop.accounts import Accounts
from agents.loop.session import SessionOptions, SessionStatus, run_session
from agents.loop.state import RunFinisher
from agents.loop.task import TaskFactory
from agents.report.records import RunReport
from agents.report.terminal import format_terminal_summary
from agents.report.writer import write_report
from agents.run.directory import RunDirectory
from agents.run.events import Event, PlayedPrograms, count_minutes
from agents.run.records import Ending, Gain, Request
from agents.setup.discovery_session import build_session
from harness.cli import console
from harness.cli.output import Output, output_width
from harness.errors import ExternalError
from harness.presentation.progress_bar import Advance
from harness.settings import GeneralSettings, load


class ProgressReporter:
    """Print the progress of a session from its events.

    Args:
        run: Run directory.
    """

    def __init__(self, run: RunDirectory):
        self._run = run
        self._bar = ExitStack()
        self._advance: Advance = lambda done: None
        self._played = PlayedPrograms()

    def handle(self, event: Event) -> None:
        """Handle one event."""
        match event.kind:
            case "started" | "resumed":
                labels = _subject(self._run.request)
                console.info(f"{self._run.path}: {event.kind}, on {labels}")
            case "round":
                self._played.count_new(event)
                self._show(event)
            case "searching":
                self._move(event)
            case "archived":
                self.close()
                self._round(event)
            case "waiting":
                self.close()
                console.info(self._waiting(str(event.candidate)))
                console.info(f"  rheostat approve {self._run.path} {event.candidate} --note …")
                console.info(f"  rheostat reject {self._run.path} {event.candidate} --note …")
            case "decided" | "capped":
                console.info(event.says)
            case _:
                pass

    def close(self) -> None:
        """Remove the bar."""
        self._bar.close()
        self._advance = lambda done: None

    def _show(self, event: Event) -> None:
        self.close()
        request = self._run.request
        if request.allocation is not None:
            return
        total = request.round_evaluations
        self._advance = self._bar.enter_context(console.progress(f"round {event.round}", total))

    def _move(self, event: Event) -> None:
        """Advance the bar by the programs played since the proposer's last event."""
        if event.data.get("problem"):
            console.info(f"round {event.round:>3}  {event.proposer}: {event.data['problem']}")
        if event.data.get("warning"):
            console.warn(f"{event.proposer}: {event.says}")
        self._advance(self._played.count_new(event))

    def _waiting(self, candidate: str) -> str:
        """Describe a candidate that waits: its gain and the path of its source."""
        gain = self._run.review(candidate).baseline_gain
        gains = ""
        if gain is not None:
            gains = f", {_format_gain(gain)}"
        source = self._run.source_path(candidate)
        return f"{candidate} waits for review{gains}: {source}"

    def _round(self, event: Event) -> None:
        summaries = self._run.summaries()
        used = sum(summary.usage.evaluations for summary in summaries)
        if self._run.request.allocation is not None:
            self._trials(event, used)
            return
        best = "no candidate beats the baselines yet"
        if event.candidate is not None:
            gain = self._run.review(event.candidate).baseline_gain
            best = f"best {event.candidate}: {summaries[-1].objective:.2f}"
            if gain is not None:
                best += f", {_format_gain(gain)}"
        spent = count_minutes(self._run.events())
        console.info(f"round {event.round:>3}  {best}  {used:,} programs, {spent:.1f} min")

    def _trials(self, event: Event, used: int) -> None:
        """Print a line if the latest trial is the best so far."""
        summary = self._run.summaries()[-1]
        if event.candidate not in summary.candidates:
            return
        review = self._run.review(str(event.candidate))
        console.info(f"trial {used:>3}  best {event.candidate}: {'; '.join(review.reasons)}")


def _format_gain(gain: Gain) -> str:
    return f"{format_gain(gain.value, gain.low, gain.high)} over {gain.against}"


def _subject(request: Request) -> str:
    """Describe what a run searches on."""
    allocation = request.allocation
    if allocation is None:
        return ", ".join(recording.label for recording in request.search)
    return f"{allocation.pipeline.name}, with a budget of {allocation.budget:g}"


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
    reason = Accounts(run).find_reached_limit(run.request.caps, ending.rounds)
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
    opener, finish = build_session(
        run, settings=settings, agent=agent, before=before, cluster=cluster
    )
    if not run_to_end(run, opener, finish, out, wait, checkpoints, flags):
        return
    # Held-out recordings stay closed: the run can continue, and `rheostat report` opens them.
    report = write_report(run, held_out=False, services=report_services(flags))
    document = SessionDocument(ending=run.ending, report=report)
    out.document(document, format_terminal_summary(run, output_width(out), report=report))
