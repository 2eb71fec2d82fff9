"""``rheostat approve``, ``reject`` and ``propose``: commands for user input to a run."""

from pathlib import Path

import click

from harness.cli.declarations import command
from harness.cli.options import combine_options, renamed_option
from harness.cli.parameter_types import FilePath

_decision_options = combine_options(
    click.argument(
        "directory", metavar="RUN", type=FilePath(file_okay=False), help="Directory of the run."
    ),
    click.argument("candidate", metavar="CANDIDATE", help="Name of the candidate, such as r003-2."),
    click.option(
        "--note",
        default="",
        metavar="TEXT",
        help="Reason for the decision; the next brief includes it.",
    ),
    click.option("--by", metavar="NAME", help="Name of the reviewer. [default: the login name]"),
)


@command(
    "approve",
    examples=[
        ("rheostat approve runs/first r003-2", "Approve the candidate."),
        (
            'rheostat approve runs/first r003-2 --note "short, and gives its reasons"',
            "Add a note, which the next brief includes.",
        ),
    ],
)
@_decision_options
def approve(directory: Path, candidate: str, note: str, by: str | None) -> None:
    """Approve a candidate that waits for review, from any terminal.

    An active run continues immediately; a stopped run continues when you resume it.

    Args:
        directory: Directory of the run.
        candidate: Name of the candidate, such as ``r003-2``.
        note: Reason for the decision; may be empty.
        by: Name of the reviewer; ``None`` for the login name.

    Raises:
        InputError: The run cannot be read, or the candidate does not wait for a decision.
    """
    from agents.commands.decisions import decide
    from harness.cli import console

    console.info(decide(directory, candidate, approved=True, note=note, by=by))


@command(
    "reject",
    examples=[
        ("rheostat reject runs/first r003-2", "Reject the candidate."),
        (
            'rheostat reject runs/first r003-2 --note "better on one model only"',
            "Add a note, which the next brief includes.",
        ),
    ],
)
@_decision_options
def reject(directory: Path, candidate: str, note: str, by: str | None) -> None:
    """Reject a candidate that waits for review, from any terminal.

    The candidate is not selected and proposers do not build on it; the run continues its search.

    Args:
        directory: Directory of the run.
        candidate: Name of the candidate, such as ``r003-2``.
        note: Reason for the decision; may be empty.
        by: Name of the reviewer; ``None`` for the login name.

    Raises:
        InputError: The run cannot be read, or the candidate does not wait for a decision.
    """
    from agents.commands.decisions import decide
    from harness.cli import console

    console.info(decide(directory, candidate, approved=False, note=note, by=by))


@command(
    "propose",
    examples=[
        ("rheostat propose runs/first mine.rheo", "Submit a controller for the next round."),
        (
            'rheostat propose runs/first mine.rheo --summary "stops on two that agree"',
            "Describe what is new about it.",
        ),
    ],
)
@click.argument(
    "directory", metavar="RUN", type=FilePath(file_okay=False), help="Directory of the run."
)
@click.argument(
    "file",
    metavar="FILE",
    type=FilePath(dir_okay=False),
    help="A controller in Rheo or Python, or an allocation, depending on the run.",
)
@click.option(
    "--summary", default="", metavar="TEXT", help="Description of what is new about it, and why."
)
@renamed_option("--words", "--summary")
@click.option(
    "--beta",
    metavar="B",
    type=click.FloatRange(0, 1),
    help="Value of beta at which to evaluate an allocation that depends on beta.",
)
def propose(directory: Path, file: Path, summary: str, beta: float | None) -> None:
    """Submit your own controller or allocation to a run.

    It works from any terminal. The proposal is checked immediately; an allocation also against the
    pipeline and the budget of the run. The next round plays and reviews it like any other, and
    proposers may build on it.

    Args:
        directory: Directory of the run.
        file: File of the controller or allocation.
        summary: What is new about the proposal; may be empty.
        beta: β at which an allocation is evaluated; ``None`` if it does not follow β.

    Raises:
        InputError: The file does not suit the run, the run has ended, or ``beta`` is given for a
            controller.
        DslError: The program does not check, or does not fit the pipeline.
    """
    from agents.commands.proposal_submission import submit_allocation, submit_controller
    from agents.run.directory import open_run
    from harness.errors import InputError

    run = open_run(directory)
    allocation = run.request.allocation
    if allocation is not None:
        submit_allocation(run, allocation, file, summary, beta)
    elif beta is not None:
        raise InputError("--beta: applies to allocations, but this run searches for controllers")
    else:
        submit_controller(run, file, summary)
