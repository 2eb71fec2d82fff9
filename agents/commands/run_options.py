"""The options that every command has which begins a run and carries it on."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from harness.cli.declare import Whole

APPROVALS = ("auto", "each", "final")

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--resume", is_flag=True, help="Go on with a run where it stopped."),
    click.option(
        "--approve",
        type=click.Choice(APPROVALS),
        help="Who has to agree: nobody, a person for each new best, or for the last."
        " Default: auto.",
    ),
    click.option(
        "--max-minutes",
        type=click.FloatRange(0, min_open=True),
        metavar="MINUTES",
        help="Minutes of work at most.",
    ),
    click.option(
        "--max-usd",
        type=click.FloatRange(0, min_open=True),
        metavar="DOLLARS",
        help="Dollars for proposing language models at most.",
    ),
    click.option(
        "--max-tokens",
        type=Whole(1),
        metavar="N",
        help="Tokens of proposing language models at most.",
    ),
    click.option(
        "--wait/--no-wait",
        default=True,
        show_default=True,
        help="Stay while a person is waited for, or leave the run to be resumed.",
    ),
    click.option(
        "--checkpoints",
        metavar="URL",
        help="Keep the state of the loop in Postgres (postgresql://…) and not inside the run.",
    ),
)


def run_options(function: F) -> F:
    """Adds them, in their order."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function
