"""``rheostat discover``: looks for controllers."""

from pathlib import Path

import click

from agents.commands.options import model_options, run_options
from harness.cli.declarations import (
    FilePath,
    SpreadingOption,
    WholeNumber,
    command,
    document_options,
    setting_option,
)
from harness.cli.options import DEFAULT_BETA, ray_address_option, rules_options
from harness.cli.output import Output

FEEDBACKS = ("full", "scalar")


@command(
    "discover",
    examples=[
        (
            "rheostat discover --on sample/search/*.recording --run runs/first --max-minutes 2",
            "Looks for two minutes; the winner is runs/first/selected.rheo.",
        ),
        (
            "rheostat discover --on a.recording --held-out b.recording --run a --approve final",
            "Waits for a person before a winner counts; the report shows it on new recordings.",
        ),
        ("rheostat discover --run runs/first --resume --max-minutes 10", "Goes on, for longer."),
    ],
)
@click.option(
    "--on",
    cls=SpreadingOption,
    multiple=True,
    metavar="RECORDINGS...",
    type=FilePath(),
    help="The search set: sealed recordings, every word up to the next option.",
)
@click.option(
    "--held-out",
    cls=SpreadingOption,
    multiple=True,
    metavar="RECORDINGS...",
    type=FilePath(),
    help="Recordings that the report alone opens, likewise.",
)
@click.option(
    "--run",
    "directory",
    required=True,
    metavar="DIR",
    type=FilePath(file_okay=False),
    help="The directory of the run.",
)
@click.option(
    "--proposer",
    "proposers",
    multiple=True,
    metavar="NAME",
    help='Who proposes: evolve, the default, random, chat:PROVIDER:MODEL or command:"..."; several'
    " may be given, and share the rounds.",
)
@click.option(
    "--baseline",
    "baselines",
    multiple=True,
    metavar="CONTROLLER[:KNOB=VALUES]",
    help="Hold candidates against it, and not against sc, asc, esc and parallel_probe; several may"
    " be given.",
)
@click.option(
    "--objective",
    metavar="NAME",
    help="What is made large: frontier, the default, accuracy, or tradeoff:GAMMA.",
)
@click.option("--tune/--no-tune", default=None, help="Fit the constants of proposals. Default: no.")
@click.option(
    "--feedback", type=click.Choice(FEEDBACKS), help="What proposers are told. Default: full."
)
@click.option(
    "--free-knobs", is_flag=True, default=None, help="Free knobs in place of beta: an ablation."
)
@click.option(
    "--seed", type=WholeNumber(0, 1 << 31), metavar="N", help="Of all chance. Default: 0."
)
@click.option(
    "--seeds",
    type=WholeNumber(1, 10_000),
    metavar="N",
    help="Review under the shuffles 0 to N - 1. Default: 40.",
)
@click.option(
    "--screening",
    type=WholeNumber(1, 10_000),
    metavar="N",
    help="Screen variants under the shuffles 0 to N - 1. Default: 12.",
)
@click.option(
    "--beta", metavar="BETAS", help=f"The values of beta, as for sweep. Default: {DEFAULT_BETA}."
)
@click.option(
    "--rounds", type=WholeNumber(1, 100_000), metavar="N", help="Rounds at most. Default: 20."
)
@click.option(
    "--max-evaluations", type=WholeNumber(1), metavar="N", help="Programs played at most."
)
@click.option(
    "--per-round",
    type=WholeNumber(1, 100),
    metavar="N",
    help="Candidates of a proposer in a round at most. Default: 3.",
)
@click.option(
    "--round-evaluations",
    type=WholeNumber(1),
    metavar="N",
    help="Programs that a proposer may play in a round. Default: 240.",
)
@click.option(
    "--brief-tokens",
    type=WholeNumber(200),
    metavar="N",
    help="Tokens of a brief at most. Default: 6000.",
)
@model_options
@run_options
@rules_options
@click.option(
    "--engine",
    type=click.Choice(["processes", "ray"]),
    default="processes",
    show_default=True,
    help="Where programs are played: here, or over a Ray cluster.",
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
    **asked: object,
) -> None:
    """Looks for controllers that beat the hand-made ones on recordings, round after round.

    Proposers put programs forward; each is checked, replayed and held to the best so far. The
    winner ends as selected.rheo in the run's directory, with its card and a report. A run that was
    stopped goes on with --resume; its caps may be raised then.
    """
    from agents.chat.settings import ChatSettings
    from agents.commands.discovery_run import begin_run, resume_run
    from agents.commands.session_runner import is_run_over, run_discovery
    from agents.external_agents.settings import AgentSettings
    from agents.run.directory import open_run
    from harness.settings import load

    chat, agent = load(ChatSettings, "chat"), load(AgentSettings, "agent")
    before = open_run(replies) if replies is not None else None
    typed = click.get_current_context().get_parameter_source("kappa")
    if typed is not click.core.ParameterSource.COMMANDLINE:
        del asked["kappa"]
    if resume:
        run = resume_run(directory, on, held_out, asked)
        if is_run_over(run, out):
            return
    else:
        run = begin_run(directory, on, held_out, asked, settings=chat, agent=agent, before=before)
    run_discovery(
        run, out, wait=wait, checkpoints=checkpoints, settings=chat, agent=agent, before=before,
        flags={"threads": threads, "cache_dir": cache_dir},
        cluster=ray_address if engine == "ray" else None,
    )  # fmt: skip
