"""Options that ``discover`` and ``allocate`` share: how a run proceeds and calls models."""

import click

from harness.cli.options import combine_options
from harness.cli.parameter_types import FilePath, WholeNumber

APPROVALS = ("auto", "each", "final")

run_options = combine_options(
    click.option("--resume", is_flag=True, help="Resume an existing run."),
    click.option(
        "--approve",
        type=click.Choice(APPROVALS),
        help="Approval mode: auto for none, or require a reviewer for each new best or for the"
        " final winner. [default: auto]",
    ),
    click.option(
        "--max-minutes",
        type=click.FloatRange(0, min_open=True),
        metavar="MINUTES",
        help="Begin no round after this many minutes of work; the present one is completed.",
    ),
    click.option(
        "--max-usd",
        type=click.FloatRange(0, min_open=True),
        metavar="DOLLARS",
        help="Maximum cost of proposing language models, in dollars.",
    ),
    click.option(
        "--max-tokens",
        type=WholeNumber(1),
        metavar="N",
        help="Maximum number of tokens that proposing language models use in the whole run; it does"
        " not limit branches.",
    ),
    click.option(
        "--wait/--no-wait",
        default=True,
        show_default=True,
        help="Wait for the reviewer, or exit so that the run can be resumed later.",
    ),
    click.option(
        "--checkpoints",
        metavar="URL",
        help="Store the state of the loop in Postgres (postgresql://…) instead of in the run.",
    ),
)


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
            self.fail(f"{value} is not a number, and not the word default", param, ctx)
        if not 0 <= number <= 2:
            self.fail(f"{value} is not between 0 and 2", param, ctx)
        return number


model_options = combine_options(
    click.option(
        "--base-url", metavar="URL", help="Base URL of an OpenAI-compatible server, http://HOST/v1."
    ),
    click.option(
        "--temperature",
        "temperatures",
        multiple=True,
        type=_Temperature(),
        metavar="T",
        help="Temperature of a model's candidates, used in turn, or default for the model's own;"
        " may be repeated. [default: 0.3, 0.7 and 1]",
    ),
    click.option(
        "--reply-tokens",
        type=WholeNumber(64, 1_000_000),
        metavar="N",
        help="Maximum number of tokens of a model's reply, including its thinking. [default: 8000]",
    ),
    click.option(
        "--constrain/--no-constrain",
        "constrained",
        default=None,
        help="Have the server decode with Rheo's grammar. [default: if it is vLLM]",
    ),
    click.option(
        "--agent-minutes",
        type=click.FloatRange(0, min_open=True),
        metavar="MINUTES",
        help="Maximum time of a command per round, in minutes. [default: 10]",
    ),
    click.option(
        "--agent-image",
        metavar="IMAGE",
        help="Run commands in containers of this image. [default: run them with your permissions]",
    ),
    click.option(
        "--agent-network",
        metavar="NETWORK",
        help="Docker network for these containers, such as bridge. [default: none]",
    ),
    click.option(
        "--agent-env",
        multiple=True,
        metavar="NAME",
        help="Environment variable to pass to these containers, by name; may be repeated.",
    ),
    click.option(
        "--replies",
        metavar="RUN",
        type=FilePath(file_okay=False),
        help="Replay model replies from this run, without calling a model.",
    ),
    click.option(
        "--language",
        type=click.Choice(("rheo", "python")),
        help="Language that models and agents write controllers in: rheo, or python, which is"
        " played in containers. [default: rheo]",
    ),
)
