"""``rheostat allocate``: looks for the best allocation across the stages of a pipeline."""

from pathlib import Path

import click

from agents.commands.options import model_options, run_options
from harness.cli.declarations import FilePath, WholeNumber, command, document_options
from harness.cli.options import DEFAULT_BETA
from harness.cli.output import Output

INSIGHTS = ("sizes", "saturation", "coupling")


@command(
    "allocate",
    examples=[
        (
            "rheostat allocate --budget 1800 --trials 50 --seed 0",
            "Looks for the best allocation of a simulated pipeline.",
        ),
        (
            "rheostat allocate --on digits.toml --budget 40 --base-url http://HOST/v1 --run a",
            "Carries trials out on servers, and keeps them in a/trials.record.",
        ),
        (
            "rheostat allocate --on digits.toml --budget 40 --record a/trials.record",
            "Searches what was recorded, without any server.",
        ),
    ],
)
@click.option(
    "--on",
    "pipeline",
    metavar="PIPELINE",
    type=FilePath(dir_okay=False),
    help="A pipeline file; left out, one is drawn and simulated.",
)
@click.option(
    "--budget",
    type=click.FloatRange(0, min_open=True),
    metavar="B",
    help="Of a trial, in the pipeline's unit. Needed but for a simulation, which has a usual one.",
)
@click.option("--trials", type=WholeNumber(1), metavar="N", help="Trials at most. Default: 50.")
@click.option(
    "--seed",
    type=WholeNumber(0, 1 << 31),
    metavar="N",
    help="Of all chance, a simulated pipeline among it. Default: 0.",
)
@click.option(
    "--draw",
    type=WholeNumber(0, 1 << 31),
    metavar="N",
    help="Draw the simulated pipeline from another seed than --seed.",
)
@click.option(
    "--proposer",
    "proposers",
    multiple=True,
    metavar="NAME",
    help="Who proposes: agent, the default, bayes, evolve, random, chat:PROVIDER:MODEL or"
    ' command:"..."; several may be given, and share the rounds.',
)
@click.option(
    "--record",
    metavar="FILE",
    type=FilePath(dir_okay=False),
    help="Trials that were recorded of the pipeline; they are replayed.",
)
@click.option(
    "--execute/--no-execute",
    default=None,
    help="Carry out what is not recorded. Default: where the pipeline file or --base-url names a"
    " server and no --record is given.",
)
@click.option(
    "--governor",
    "governors",
    multiple=True,
    metavar="STAGE=CONTROLLER@BETA",
    help="Let a controller govern a stage in place of samples; several may be given.",
)
@click.option(
    "--without",
    multiple=True,
    type=click.Choice(INSIGHTS),
    help="Simulate without one of the three observations: an ablation.",
)
@click.option(
    "--sampled",
    is_flag=True,
    help="Simulate 50 questions that are right or wrong, and not their chances.",
)
@click.option(
    "--play",
    metavar="FILE",
    type=FilePath(dir_okay=False),
    help="Play this allocation of Rheo at every --beta, and search nothing.",
)
@click.option(
    "--beta",
    metavar="BETAS",
    default=DEFAULT_BETA,
    show_default=True,
    help="The values of beta of --play, as for sweep.",
)
@click.option(
    "--run",
    "directory",
    metavar="DIR",
    type=FilePath(file_okay=False),
    help="Keep the run in DIR; left out, it is not kept.",
)
@click.option(
    "--rounds", type=WholeNumber(1), metavar="N", help="Rounds at most. Default: 3 a trial."
)
@click.option(
    "--per-round",
    type=WholeNumber(1, 100),
    metavar="N",
    help="Trials of a proposer in a round at most. Default: 1.",
)
@model_options
@run_options
@document_options  # fmt: skip
def allocate(
    out: Output, language: str | None, play: Path | None, beta: str, **asked: object
) -> None:
    """Looks for the allocation of a budget across a pipeline's stages with the best score.

    Each stage is given a model and a number of samples. Proposers put trials forward; each is
    played on every question, within the budget, and held to the best so far. With --run the run is
    kept: its best ends as selected.rheo, and rheostat runs, report, approve and tui read it.
    """
    from agents.commands.allocation_run import AllocateOptions, play_allocation, run_allocation
    from harness.errors import InputError

    if language == "python":
        raise InputError("--language python: allocations are written in Rheo")
    wanted = AllocateOptions(**asked)  # type: ignore[arg-type]
    if play is not None:
        play_allocation(out, wanted, play, beta)
    else:
        run_allocation(out, wanted)
