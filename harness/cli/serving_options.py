"""Options of commands that use a served model, by group.

They are passed under the names of the fields of `harness.cli.collect_options.CollectOptions`.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from harness.cli.declarations import FilePath, FiniteNumber, Temperature, WholeNumber
from harness.cli.options import ray_address_option

F = TypeVar("F", bound=Callable[..., Any])

LONGEST = 1 << 30
"""More tokens than any branch needs."""

FAMILIES = ("think", "harmony", "magistral", "plain")
"""The names of `store.forcing.FAMILIES`, which costs an import of msgspec."""


def _all(*options: Callable[[Any], Any]) -> Callable[[F], F]:
    """Return a decorator for all of these options, listed in this order."""

    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


serving_options = _all(
    click.option("--base-url", "base_urls", metavar="URL[,URL...]", multiple=True,
                 help="vLLM servers that serve the model; http://HOST:PORT."),
    click.option("--model", metavar="NAME", required=True,
                 help="The model, as the server calls it; its directory for --offline."),
    click.option("--offline", "python", metavar="PYTHON", type=FilePath(dir_okay=False),
                 help="Run vLLM without a server, by the Python that has it."),
    click.option("--engine-arg", "engine_args", metavar="KEY=VALUE", multiple=True,
                 help="An argument of vLLM's engine for --offline, such as max_model_len=32768."),
    click.option("--ranks", metavar="N", type=WholeNumber(1, 4096), default=1, show_default=True,
                 help="Data-parallel engines behind each server: probes go where the prefix is."),
    click.option("--concurrency", metavar="N", type=WholeNumber(1, 1 << 16), default=256,
                 show_default=True, help="Completions under way at once, for each server."),
)  # fmt: skip
"""Adds the options that name the model's servers."""


def patience_option(default: float) -> Callable[[F], F]:
    """Add ``--patience`` to a command, passed as ``patience: float``."""
    return click.option(
        "--patience", metavar="SECONDS", type=FiniteNumber(0), default=default,
        show_default=True, help="Wait so long for a server that is gone or too busy.",
    )  # fmt: skip


drawing_options = _all(
    click.option("--branches", metavar="N", type=WholeNumber(1, 1 << 20), default=128,
                  show_default=True, help="Branches of each question."),
    click.option("--interval", metavar="TOKENS", type=WholeNumber(1, LONGEST), default=500,
                  show_default=True, help="The tokens between two probes."),
    click.option("--max-tokens", metavar="TOKENS", type=WholeNumber(1, LONGEST), default=32_000,
                  show_default=True, help="The most tokens of one branch."),
    click.option("--temperature", metavar="T", type=Temperature(), default=0.7,
                  show_default=True, help="Of branches, 0 to 2; probes are made at 0."),
    click.option("--top-p", metavar="P", type=FiniteNumber(0, 1, min_open=True), default=1.0,
                  show_default=True, help="Keep the likeliest tokens of so much probability."),
    click.option("--top-k", metavar="N", type=WholeNumber(0, LONGEST), default=0, show_default=True,
                  help="Keep so many likeliest tokens; 0 for all."),
    click.option("--min-p", metavar="P", type=FiniteNumber(0, 1), default=0.0,
                  show_default=True, help="Keep tokens of so much of the likeliest's probability."),
    click.option("--repetition-penalty", metavar="X", type=FiniteNumber(0, min_open=True),
                  default=1.0, show_default=True, help="As vLLM has it."),
    click.option("--seed", metavar="N", type=WholeNumber(0, 1 << 62), default=0, show_default=True,
                  help="The base of all seeds."),
)  # fmt: skip
"""Adds the options for sampling branches."""

grouping_options = _all(
    click.option("--stepwise", is_flag=True,
                  help="Draw every interval by its own seeded request, as a live episode does."),
    click.option("--group", metavar="N", type=WholeNumber(1, 1024), default=16, show_default=True,
                  help="Branches of one request."),
)  # fmt: skip
"""Adds the options for requesting whole branches."""

probing_options = _all(
    click.option(
        "--family",
        type=click.Choice(FAMILIES),
        help="How the model thinks; found in its chat template or name if absent.",
    ),
    click.option("--force-end", "end", metavar="TEXT", help="Ends the thinking, instead."),
    click.option("--force-ask", "ask", metavar="TEXT", help="Begins the answer, instead."),
    click.option(
        "--answers",
        metavar="HOW",
        default="boxed",
        show_default=True,
        help="How answers are read: boxed, choice or pattern:REGEX.",
    ),
    click.option(
        "--equivalence",
        type=click.Choice(["exact", "math-verify"]),
        help="When answers are the same; math-verify for boxed ones, else exact.",
    ),
    click.option(
        "--instruction", metavar="TEXT", help="Behind each question, instead of the usual."
    ),
    click.option(
        "--template",
        metavar="KEY=VALUE",
        multiple=True,
        help="An argument of the chat template, such as enable_thinking=true.",
    ),
    click.option(
        "--probe-tokens",
        metavar="N",
        type=WholeNumber(1, 4096),
        default=32,
        show_default=True,
        help="The most tokens of one probe.",
    ),
    click.option(
        "--probe-stop",
        metavar="TEXT",
        multiple=True,
        default=("\\n",),
        show_default=True,
        help="Ends a probe.",
    ),
    click.option("--probe-regex", metavar="REGEX", help="What a probe is constrained to."),
    click.option(
        "--probe-choices",
        is_flag=True,
        help="Constrain probes to the letters of the question's choices.",
    ),
)
"""Adds the options for prompts, probes and answers."""

signal_options = _all(
    click.option("--entropy", is_flag=True, help="Ask for the entropy after the end of thinking."),
    click.option("--logprobs", is_flag=True,
                 help="Ask for mean log-probabilities of each interval."),
)  # fmt: skip
"""Adds the options for signals."""

keeping_options = _all(
    click.option("--text", is_flag=True, help="Record the chains' text."),
    click.option("--token-ids", is_flag=True, help="Record the chains in tokens."),
)  # fmt: skip
"""Adds the options for additional recorded data."""

cluster_options = _all(
    click.option(
        "--engine",
        type=click.Choice(["process", "ray"]),
        default="process",
        show_default=True,
        help="Speak to engines from this process, or from workers of a Ray cluster.",
    ),
    ray_address_option,
    click.option(
        "--engines",
        metavar="N",
        type=WholeNumber(1, 4096),
        default=1,
        show_default=True,
        help="Engines of --offline on the cluster.",
    ),
    click.option(
        "--engine-gpus",
        "gpus",
        metavar="N",
        type=click.FloatRange(0),
        default=0.0,
        show_default=True,
        help="GPUs of each of them.",
    ),
)
"""Adds the options for distributed engines."""

price_options = _all(
    click.option("--price-per-hour", metavar="USD", type=FiniteNumber(0), default=0.0,
                  help="Of all that serves."),
    click.option("--price-in", metavar="USD", type=FiniteNumber(0), default=0.0,
                  help="Of a million tokens of prompts."),
    click.option("--price-out", metavar="USD", type=FiniteNumber(0), default=0.0,
                  help="Of a million tokens generated."),
)  # fmt: skip
"""Adds the options for prices."""
