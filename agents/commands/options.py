"""Options that ``discover`` and ``allocate`` share: how a run proceeds and calls models."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from harness.cli.declarations import FilePath, WholeNumber

APPROVALS = ("auto", "each", "final")

CommandFunction = TypeVar("CommandFunction", bound=Callable[..., Any])

_RUN_OPTIONS = (
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
        type=WholeNumber(1),
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


def run_options(function: CommandFunction) -> CommandFunction:
    """Adds them, in their order."""
    for option in reversed(_RUN_OPTIONS):
        function = option(function)
    return function


F = TypeVar("F", bound=Callable[..., object])


class _Temperature(click.ParamType[float | None]):
    name = "temperature"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | None:
        if value == "default":
            return None
        try:
            number = float(str(value))
        except ValueError:
            self.fail(f"{value} is no number, and not the word default", param, ctx)
        if not 0 <= number <= 2:
            self.fail(f"{value} does not lie between 0 and 2", param, ctx)
        return number


def model_options(command: F) -> F:
    """Adds the options to a command."""
    for option in reversed(_MODEL_OPTIONS):
        command = option(command)
    return command


_MODEL_OPTIONS = (
    click.option("--base-url", metavar="URL", help="Ask models at this server, http://HOST/v1."),
    click.option(
        "--temperature",
        "temperatures",
        multiple=True,
        type=_Temperature(),
        metavar="T",
        help="Of a model's candidates in turn, or default for its own; several may be given."
        " Default: 0.3, 0.7 and 1.",
    ),
    click.option(
        "--reply-tokens",
        type=WholeNumber(64, 1_000_000),
        metavar="N",
        help="Tokens of a model's reply at most, thoughts among them. Default: 8000.",
    ),
    click.option(
        "--constrain/--no-constrain",
        "constrained",
        default=None,
        help="Have the server decode under Rheo's grammar. Default: where it is vLLM.",
    ),
    click.option(
        "--agent-minutes",
        type=click.FloatRange(0, min_open=True),
        metavar="MINUTES",
        help="Minutes that a command may take in a round. Default: 10.",
    ),
    click.option(
        "--agent-image",
        metavar="IMAGE",
        help="Run commands in containers of this image. Default: with your rights.",
    ),
    click.option(
        "--agent-network",
        metavar="NETWORK",
        help="The engine's network that they are in there, such as bridge. Default: none.",
    ),
    click.option(
        "--agent-env",
        multiple=True,
        metavar="NAME",
        help="A variable that they are given there, by name; several may be given.",
    ),
    click.option(
        "--replies",
        metavar="RUN",
        type=FilePath(file_okay=False),
        help="Take models' replies from this run, and call none.",
    ),
    click.option(
        "--language",
        type=click.Choice(("rheo", "python")),
        help="What models and agents write controllers in: rheo, the default, or python, which is"
        " played in containers.",
    ),
)
