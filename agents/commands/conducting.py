"""Runs a session behind a command line: says what happens, and shows the end."""

from collections.abc import Mapping

from agents.commands.progress import Narrator
from agents.commands.reporting import hands
from agents.loop.session import End, Manner, session
from agents.proposers.choose import proposers
from agents.report.card import export
from agents.report.terminal import terminal_summary
from agents.report.writing import write_report
from agents.run.directory import RunDirectory
from agents.run.records import Decision
from harness.cli import console
from harness.cli.output import Output, shown_width
from harness.cli.settings import Settings, load
from harness.errors import RheostatError


def conduct(
    run: RunDirectory,
    out: Output,
    *,
    wait: bool,
    checkpoints: str | None,
    flags: Mapping[str, object],
) -> None:
    """Runs a session of a run to its end, or until it waits.

    Args:
        run: the run.
        out: where the end is shown.
        wait: whether to stay while a person is waited for.
        checkpoints: the URL of a database for the state of the loop.
        flags: the settings as typed.
    """
    chosen = load(Settings, flags=flags)
    narrator = Narrator(run)

    def finish(run: RunDirectory, candidate: str | None, decision: Decision | None) -> None:
        if candidate is not None:
            export(run, candidate, decision)

    try:
        outcome = session(
            run,
            proposers(run.request.proposers),
            finish,
            Manner(chosen.threads, wait, checkpoints, narrator.hear),
        )
    except KeyboardInterrupt:
        console.hint(f"rheostat discover --run {run.path} --resume goes on where it stopped")
        raise
    except RheostatError:
        raise
    if outcome.end is End.WAITING:
        console.say(f"{run.path}: {outcome.candidate} waits for a person")
        console.hint(f"rheostat approve {run.path} {outcome.candidate}, then --resume")
        return
    # What was held out stays shut: the run may yet go on, and `rheostat report` opens it.
    report = write_report(run, held_out=False, hands=hands(flags))
    out.document(run.ending, terminal_summary(run, shown_width(out), report=report))
