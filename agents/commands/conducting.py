"""Runs a session behind a command line: says what happens, and shows the end."""

from collections.abc import Mapping

import msgspec

from agents.chat.settings import ChatSettings
from agents.commands.progress import Narrator
from agents.commands.reporting import hands
from agents.loop.accounts import Accounts
from agents.loop.discovery import discovery
from agents.loop.session import End, Manner, session
from agents.loop.state import Finish
from agents.loop.task import Opener
from agents.outside.settings import AgentSettings
from agents.proposers.choose import Means, proposers
from agents.report.card import export
from agents.report.records import Report
from agents.report.terminal import terminal_summary
from agents.report.writing import write_report
from agents.run.directory import RunDirectory
from agents.run.records import Decision, Ending
from harness.cli import console
from harness.cli.output import Output, shown_width
from harness.cli.settings import Settings, load
from harness.errors import SurroundingsError


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a session came to, for a program."""

    waiting: str | None = None
    """The candidate that waits for a person."""
    ending: Ending | None = None
    report: Report | None = None


def is_over(run: RunDirectory, out: Output) -> bool:
    """Whether a run has ended and its caps leave nothing to do, which is said then."""
    ending = run.ending
    if ending is None or run.is_held:
        return False
    reason = Accounts(run).reached(run.request.caps, ending.rounds)
    if not reason:
        return False
    console.say(f"{run.path}: has ended, and there is nothing to do: {reason}")
    console.hint("a cap that is raised goes on, such as --rounds; rheostat report shows what came")
    out.document(Told(ending=ending), "")
    return True


def ended(
    run: RunDirectory,
    opener: Opener,
    finish: Finish,
    out: Output,
    wait: bool,
    checkpoints: str | None,
    flags: Mapping[str, object],
) -> bool:
    """Runs a session, and says what happens; ``False`` where it waits for a person, which is said.

    Args:
        run: the run.
        opener: opens what it works on.
        finish: writes the winner.
        out: where it is shown that it waits.
        wait: whether to stay while a person is waited for.
        checkpoints: the URL of a database for the state of the loop.
        flags: the settings as typed.
    """
    narrator = Narrator(run)
    threads = load(Settings, flags=flags).threads
    command = run.request.command
    try:
        outcome = session(run, opener, finish, Manner(threads, wait, checkpoints, narrator.hear))
    except (KeyboardInterrupt, OSError, SurroundingsError) as stopped:
        if "--resume" not in (getattr(stopped, "hint", None) or ""):
            stopped.add_note(
                f"rheostat {command} --run {run.path} --resume goes on where it stopped"
            )
        raise
    finally:
        narrator.close()
    if outcome.end is End.WAITING:
        console.say(f"{run.path}: {outcome.candidate} waits for a person")
        console.hint(f"rheostat approve {run.path} {outcome.candidate}, then --resume")
        out.document(Told(waiting=outcome.candidate), "")
        return False
    return True


def conduct(
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
    """Runs a session of a run to its end, or until it waits.

    Args:
        run: the run.
        out: where the end is shown.
        wait: whether to stay while a person is waited for.
        checkpoints: the URL of a database for the state of the loop.
        settings: how models are called.
        agent: what agents may use in their containers.
        before: another run, whose replies stand for the models.
        flags: the settings as typed.
        cluster: the address of a Ray cluster that plays programs.
    """

    def finish(run: RunDirectory, candidate: str | None, decision: Decision | None) -> None:
        if candidate is not None:
            export(run, candidate, decision)

    means = Means(run, run.request.asking, settings, before, agent)
    opener = discovery(proposers(run.request.proposers, means), cluster)
    if not ended(run, opener, finish, out, wait, checkpoints, flags):
        return
    # What was held out stays shut: the run may yet go on, and `rheostat report` opens it.
    report = write_report(run, held_out=False, hands=hands(flags))
    told = Told(ending=run.ending, report=report)
    out.document(told, terminal_summary(run, shown_width(out), report=report))
