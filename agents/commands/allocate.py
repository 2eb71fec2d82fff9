"""``rheostat allocate``: search for the best allocation across the stages of a pipeline."""

from pathlib import Path

import click

from agents.commands.options import model_options, run_options
from harness.cli.declarations import command, document_options
from harness.cli.options import DEFAULT_BETA
from harness.cli.output import Output
from harness.cli.parameter_types import FilePath, WholeNumber

INSIGHTS = ("sizes", "saturation", "coupling")


@command(
    "allocate",
    examples=[
        (
            "rheostat allocate --budget 1800 --trials 50 --seed 0",
            "Search for the best allocation of a simulated pipeline.",
        ),
        (
            "rheostat allocate --on digits.toml --budget 40 --base-url http://HOST/v1 --run a",
            "Run trials on servers, and record them in a/trials.record.",
        ),
        (
            "rheostat allocate --on digits.toml --budget 40 --record a/trials.record",
            "Search recorded trials, without a server.",
        ),
        (
            "rheostat allocate --budget 1800 --objective meet:users.toml",
            "Search for allocations within the limits of user profiles.",
        ),
    ],
)
@click.option(
    "--on",
    "pipeline",
    metavar="PIPELINE",
    type=FilePath(dir_okay=False),
    help="Pipeline file. [default: simulate a random pipeline]",
)
@click.option(
    "--budget",
    type=click.FloatRange(0, min_open=True),
    metavar="B",
    help="Budget of a trial, in the unit of the pipeline. Required unless the pipeline is"
    " simulated.",
)
@click.option(
    "--trials", type=WholeNumber(1), metavar="N", help="Maximum number of trials. [default: 50]"
)
@click.option(
    "--seed",
    type=WholeNumber(0, 1 << 31),
    metavar="N",
    help="Random seed, also for the simulated pipeline. [default: 0]",
)
@click.option(
    "--draw",
    type=WholeNumber(0, 1 << 31),
    metavar="N",
    help="Random seed for the simulated pipeline. [default: --seed]",
)
@click.option(
    "--proposer",
    "proposers",
    multiple=True,
    metavar="NAME",
    help='Proposer: agent, bayes, evolve, random, chat:PROVIDER:MODEL or command:"..."; repeat'
    " the option to share the rounds among several. [default: agent]",
)
@click.option(
    "--objective",
    metavar="NAME",
    help="Objective to maximise: score, or meet:FILE for user profiles. [default: score]",
)
@click.option(
    "--record",
    metavar="FILE",
    type=FilePath(dir_okay=False),
    help="Replay trials from this record of the pipeline.",
)
@click.option(
    "--execute/--no-execute",
    default=None,
    help="Run trials that are not recorded. [default: if the pipeline file or --base-url gives a"
    " server and there is no --record]",
)
@click.option(
    "--governor",
    "governors",
    multiple=True,
    metavar="STAGE=CONTROLLER@BETA",
    help="Let a controller decide the number of samples of a stage; may be repeated.",
)
@click.option(
    "--without",
    multiple=True,
    type=click.Choice(INSIGHTS),
    help="Ablation: simulate without one of the three observations.",
)
@click.option(
    "--sampled",
    is_flag=True,
    help="Simulate 50 questions with outcomes that are correct or wrong, instead of probabilities.",
)
@click.option(
    "--play",
    metavar="FILE",
    type=FilePath(dir_okay=False),
    help="Play this Rheo allocation at every --beta, without a search.",
)
@click.option(
    "--beta",
    metavar="BETAS",
    default=DEFAULT_BETA,
    show_default=True,
    help="Values of beta for --play: a list or a range first:last:step.",
)
@click.option(
    "--run",
    "directory",
    metavar="DIR",
    type=FilePath(file_okay=False),
    help="Save the run in DIR. [default: do not save it]",
)
@click.option(
    "--rounds",
    type=WholeNumber(1),
    metavar="N",
    help="Maximum number of rounds. [default: 3 per trial]",
)
@click.option(
    "--per-round",
    type=WholeNumber(1, 100),
    metavar="N",
    help="Maximum number of trials per proposer and round. [default: 1]",
)
@model_options
@run_options
@document_options  # fmt: skip
def allocate(
    out: Output, language: str | None, play: Path | None, beta: str, **options: object
) -> None:
    """Search for the best allocation of a budget over a pipeline.

    An allocation gives each stage a model and a number of samples. Proposers suggest trials; each
    is played on every question, within the budget, and compared with the best so far. With --run,
    the run is saved: its best allocation is written to selected.rheo, and rheostat runs, report,
    approve and tui can read the run.

    Args:
        out: Where to write the result, and in which format.
        language: Language of the proposals; ``None`` for Rheo, the only one for allocations.
        play: Allocation to play instead of a search; ``None`` to search.
        beta: Values of β for ``play`` as typed: a list, or a range ``first:last:step``.
        **options: Fields of `AllocateOptions`, one for each other option.

    Raises:
        InputError: An option does not apply, or a file cannot be used.
    """
    from agents.commands.allocation_run import AllocateOptions, play_allocation, run_allocation
    from harness.errors import InputError

    if language == "python":
        raise InputError("--language python: allocations are written in Rheo")
    allocate_options = AllocateOptions(**options)  # type: ignore[arg-type]
    if play is not None:
        play_allocation(out, allocate_options, play, beta)
    else:
        run_allocation(out, allocate_options)
