"""``rheostat discover``: search for controllers."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from agents.commands.options import model_options, run_options
from harness.cli.declarations import SpreadingOption, command, document_options, setting_option
from harness.cli.options import DEFAULT_BETA, ray_address_option, rules_options
from harness.cli.output import Output
from harness.cli.parameter_types import FilePath, WholeNumber

if TYPE_CHECKING:
    from agents.run.directory import RunDirectory

FEEDBACKS = ("full", "scalar")


@command(
    "discover",
    examples=[
        (
            "rheostat discover --on sample/search/*.recording --run runs/first --max-minutes 2",
            "Search for two minutes; the winner is runs/first/selected.rheo.",
        ),
        (
            "rheostat discover --on a.recording --held-out b.recording --run a --approve final",
            "Wait for approval before a winner counts; the report evaluates it on new recordings.",
        ),
        ("rheostat discover --run runs/first --resume --max-minutes 10", "Resume, with more time."),
    ],
)
@click.option(
    "--on",
    cls=SpreadingOption,
    multiple=True,
    metavar="RECORDINGS...",
    type=FilePath(),
    help="Search set: sealed recordings, all arguments up to the next option.",
)
@click.option(
    "--held-out",
    cls=SpreadingOption,
    multiple=True,
    metavar="RECORDINGS...",
    type=FilePath(),
    help="Held-out recordings, opened by the report only: all arguments up to the next option.",
)
@click.option(
    "--run",
    "directory",
    required=True,
    metavar="DIR",
    type=FilePath(file_okay=False),
    help="Directory of the run.",
)
@click.option(
    "--proposer",
    "proposers",
    multiple=True,
    metavar="NAME",
    help='Proposer: templates, evolve, random, chat:PROVIDER:MODEL or command:"..."; repeat the'
    " option to share the rounds among several. [default: templates and evolve]",
)
@click.option(
    "--baseline",
    "baselines",
    multiple=True,
    metavar="CONTROLLER[:KNOB=VALUES]",
    help="Compare candidates with this controller; may be repeated. [default: sc, asc, esc and"
    " parallel_probe]",
)
@click.option(
    "--start-from",
    multiple=True,
    metavar="NAME",
    help="Programs to start from: handmade, library, the name of a library controller, a file of a"
    " program or template, or the directory of an earlier run; repeat the option for several."
    " [default: handmade and library]",
)
@click.option(
    "--objective",
    metavar="NAME",
    help="Objective to maximise: frontier, accuracy, tradeoff:GAMMA, tokens-at:CONTROLLER, or"
    " meet:FILE for user profiles. [default: frontier]",
)
@click.option(
    "--latency",
    type=click.FloatRange(0, 1),
    metavar="WEIGHT",
    help="Weight of sequential tokens in the price of a point, from 0 (tokens only) to 1."
    " [default: 0]",
)
@click.option(
    "--max-sequential",
    type=WholeNumber(1),
    metavar="N",
    help="Ignore points with more than N sequential tokens per question.",
)
@click.option(
    "--tune/--no-tune", default=None, help="Tune the constants of proposals. [default: no]"
)
@click.option(
    "--feedback",
    type=click.Choice(FEEDBACKS),
    help="How much detail proposers receive in their brief. [default: full]",
)
@click.option(
    "--free-knobs",
    is_flag=True,
    default=None,
    help="Ablation: write programs with free knobs instead of beta.",
)
@click.option("--seed", type=WholeNumber(0, 1 << 31), metavar="N", help="Random seed. [default: 0]")
@click.option(
    "--seeds",
    type=WholeNumber(1, 10_000),
    metavar="N",
    help="Review candidates with the seeds 0 to N - 1. [default: 40]",
)
@click.option(
    "--screening",
    type=WholeNumber(1, 10_000),
    metavar="N",
    help="Screen variants with the seeds 0 to N - 1. [default: 12]",
)
@click.option(
    "--beta",
    metavar="BETAS",
    help=f"Values of beta: a list or a range first:last:step. [default: {DEFAULT_BETA}]",
)
@click.option(
    "--rounds",
    type=WholeNumber(1, 100_000),
    metavar="N",
    help="Maximum number of rounds. [default: 20, or 1000 with --max-minutes]",
)
@click.option(
    "--max-evaluations",
    type=WholeNumber(1),
    metavar="N",
    help="Maximum number of programs to play.",
)
@click.option(
    "--per-round",
    type=WholeNumber(1, 100),
    metavar="N",
    help="Maximum number of candidates per proposer and round. [default: 3]",
)
@click.option(
    "--round-evaluations",
    type=WholeNumber(1),
    metavar="N",
    help="Maximum number of programs that a proposer may play per round. [default: 240]",
)
@click.option(
    "--brief-tokens",
    type=WholeNumber(200),
    metavar="N",
    help="Maximum number of tokens of a brief. [default: 6000]",
)
@model_options
@run_options
@rules_options
@click.option(
    "--engine",
    type=click.Choice(["processes", "ray"]),
    default="processes",
    show_default=True,
    help="Where programs are played, by the compiled engine: in processes of this machine, or on a"
    " Ray cluster.",
)
@ray_address_option
@setting_option("threads")
@setting_option("cache_dir")
@document_options  # fmt: skip
def discover(
    out: Output,
    on: tuple[Path, ...],
    held_out: tuple[Path, ...],
    directory: Path,
    resume: bool,
    wait: bool,
    checkpoints: str | None,
    replies: Path | None,
    engine: str,
    ray_address: str,
    threads: int | None,
    cache_dir: Path | None,
    **options: object,
) -> None:
    """Search for controllers that beat the baselines on recordings.

    In each round, proposers write programs; each is checked, replayed and compared with the best so
    far. The winner is written to selected.rheo in the directory of the run, with its card and a
    report. Use --resume to continue an interrupted run; you may raise its limits then.

    Args:
        out: Where to write the result, and in which format.
        on: Recordings of the search set; empty to resume.
        held_out: Held-out recordings, which the search never opens.
        directory: Directory of the run.
        resume: Whether to continue the run in ``directory``.
        wait: Whether to wait for a decision on a candidate instead of ending.
        checkpoints: URL of Postgres for the state of the loop; ``None`` to keep it in the run.
        replies: Run whose stored replies of models and agents are replayed; ``None`` to call them.
        engine: Where programs are played: ``processes`` or ``ray``.
        ray_address: Ray cluster as typed; used with the engine ``ray`` only.
        threads: Most threads; ``None`` to read the setting.
        cache_dir: Directory of cached results; ``None`` to read the setting.
        **options: Fields of the run's request and limits, one for each other option.
    """
    from agents.chat.settings import ChatSettings
    from agents.commands.session_runner import is_run_over, run_discovery
    from agents.external_agents.settings import AgentSettings
    from agents.setup.discovery_request import begin_run, resume_run
    from harness.cli import console
    from harness.settings import load

    chat, agent = load(ChatSettings, "chat"), load(AgentSettings, "agent")
    before = _open_replies(replies)
    _drop_default_kappa(options)
    if resume:
        run = resume_run(directory, on, held_out, options)
        if is_run_over(run, out):
            return
    else:
        run = begin_run(
            directory, on, held_out, options, settings=chat, agent=agent, before=before,
            warn=console.warn,
        )  # fmt: skip
    run_discovery(
        run, out, wait=wait, checkpoints=checkpoints, settings=chat, agent=agent, before=before,
        flags={"threads": threads, "cache_dir": cache_dir},
        cluster=ray_address if engine == "ray" else None,
    )  # fmt: skip


def _open_replies(path: Path | None) -> "RunDirectory | None":
    """Open the run whose replies are replayed, if there is one."""
    from agents.run.directory import open_run

    return None if path is None else open_run(path)


def _drop_default_kappa(options: dict[str, object]) -> None:
    """Remove κ from the options if it was not typed, so that resuming does not compare it."""
    typed = click.get_current_context().get_parameter_source("kappa")
    if typed is not click.core.ParameterSource.COMMANDLINE:
        del options["kappa"]
