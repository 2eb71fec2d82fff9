"""The options of commands that speak to a served model, group by group.

They are received under the names of the fields of `harness.cli.collect_options.CollectOptions`.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from harness.cli.options import combine_options, ray_address_option
from harness.cli.parameter_types import FilePath, FiniteNumber, Temperature, WholeNumber

F = TypeVar("F", bound=Callable[..., Any])

LONGEST = 1 << 30
"""Tokens that no branch needs."""

FAMILIES = ("think", "harmony", "magistral", "plain")
"""The names of `store.forcing.FAMILIES`, which costs an import of msgspec."""

SERVERS = ("vllm", "llama.cpp")
"""The software that serves a model, as `store.serving.engine` names it."""


serving_options = combine_options(
    click.option("--base-url", "base_urls", metavar="URL[,URL...]", multiple=True,
                 help="Base URLs of the servers of the model: http://HOST:PORT."),
    click.option("--server", type=click.Choice(SERVERS),
                 help="Software of the servers. [default: detected]"),
    click.option("--model", metavar="NAME", required=True,
                 help="Model name as the server lists it; with --offline, its directory."),
    click.option("--offline", "python", metavar="PYTHON", type=FilePath(dir_okay=False),
                 help="Run vLLM without a server, in this Python interpreter."),
    click.option("--engine-arg", "engine_args", metavar="KEY=VALUE", multiple=True,
                 help="Engine argument of vLLM for --offline, such as max_model_len=32768."),
    click.option("--ranks", metavar="N", type=WholeNumber(1, 4096), default=1, show_default=True,
                 help="Number of data-parallel engines of each server; probes go to the"
                     " engine that caches their prefix."),
    click.option("--concurrency", metavar="N", type=WholeNumber(1, 1 << 16), default=256,
                 show_default=True, help="Maximum number of concurrent completions per server."),
)  # fmt: skip
"""Gives a command what says where the model is served."""


def patience_option(default: float) -> Callable[[F], F]:
    """Give a command ``--patience``, received as ``patience: float``."""
    return click.option(
        "--patience", metavar="SECONDS", type=FiniteNumber(0), default=default,
        show_default=True, help="How long to wait for a server that is unreachable or overloaded.",
    )  # fmt: skip


drawing_options = combine_options(
    click.option("--branches", metavar="N", type=WholeNumber(1, 1 << 20), default=128,
                  show_default=True, help="Number of branches per question."),
    click.option("--interval", metavar="TOKENS", type=WholeNumber(1, LONGEST), default=500,
                  show_default=True, help="Number of tokens between two probes."),
    click.option("--max-tokens", metavar="TOKENS", type=WholeNumber(1, LONGEST), default=32_000,
                  show_default=True, help="Maximum number of tokens per branch."),
    click.option("--temperature", metavar="T", type=Temperature(), default=0.7,
                  show_default=True,
                  help="Sampling temperature of branches, 0 to 2; probes always use 0."),
    click.option("--top-p", metavar="P", type=FiniteNumber(0, 1, min_open=True), default=1.0,
                  show_default=True,
                  help="Sample from the most likely tokens whose probabilities add up to P."),
    click.option("--top-k", metavar="N", type=WholeNumber(0, LONGEST), default=0, show_default=True,
                  help="Sample from the N most likely tokens; 0 for all."),
    click.option("--min-p", metavar="P", type=FiniteNumber(0, 1), default=0.0,
                  show_default=True,
                  help="Sample only tokens at least P times as probable as the most likely one."),
    click.option("--repetition-penalty", metavar="X", type=FiniteNumber(0, min_open=True),
                  default=1.0, show_default=True, help="Repetition penalty, as in vLLM."),
    click.option("--seed", metavar="N", type=WholeNumber(0, 1 << 62), default=0, show_default=True,
                  help="Random seed from which all others are derived."),
)  # fmt: skip
"""Gives a command what decides how branches are drawn."""

grouping_options = combine_options(
    click.option("--stepwise", is_flag=True,
                  help="Request every interval separately with its own seed, as live episodes do."),
    click.option("--group", metavar="N", type=WholeNumber(1, 1024), default=16, show_default=True,
                  help="Number of branches per request."),
)  # fmt: skip
"""Gives a command what decides how whole branches are asked for."""

probing_options = combine_options(
    click.option(
        "--family",
        type=click.Choice(FAMILIES),
        help="How the model marks its thinking. [default: detected from the chat template or the"
        " model's name]",
    ),
    click.option(
        "--force-end", "end", metavar="TEXT", help="Override the text that ends the thinking."
    ),
    click.option(
        "--force-ask", "ask", metavar="TEXT", help="Override the text that starts the answer."
    ),
    click.option(
        "--answers",
        metavar="HOW",
        default="boxed",
        show_default=True,
        help="How to extract answers: boxed, choice or pattern:REGEX.",
    ),
    click.option(
        "--equivalence",
        type=click.Choice(["exact", "math-verify"]),
        help="How to decide that two answers are equal. [default: math-verify for boxed answers,"
        " otherwise exact]",
    ),
    click.option(
        "--instruction",
        metavar="TEXT",
        help="Append this text to each question. [default: depends on --answers]",
    ),
    click.option(
        "--template",
        metavar="KEY=VALUE",
        multiple=True,
        help="Argument of the chat template, such as enable_thinking=true.",
    ),
    click.option(
        "--probe-tokens",
        metavar="N",
        type=WholeNumber(1, 4096),
        default=32,
        show_default=True,
        help="Maximum number of tokens per probe.",
    ),
    click.option(
        "--probe-stop",
        metavar="TEXT",
        multiple=True,
        default=("\\n",),
        show_default=True,
        help="Stop a probe at this text.",
    ),
    click.option(
        "--probe-regex", metavar="REGEX", help="Constrain probes to this regular expression."
    ),
    click.option(
        "--probe-choices",
        is_flag=True,
        help="Constrain probes to the letters of the question's choices.",
    ),
)
"""Gives a command what decides how it asks, probes and reads answers."""

signal_options = combine_options(
    click.option("--entropy", is_flag=True,
                 help="Record the entropy of the token after the end of thinking."),
    click.option("--logprobs", is_flag=True,
                 help="Record mean log-probabilities for each interval."),
    click.option("--self-certainty", is_flag=True,
                 help="Record self-certainty for each interval, as the named signal"
                      " self_certainty; implies --logprobs."),
    click.option("--mean-logprob", is_flag=True,
                 help="Record the mean log-probability of all tokens so far for each interval, as"
                      " the named signal mean_logprob; implies --logprobs."),
    click.option("--lowest-group-logprob", metavar="TOKENS", type=WholeNumber(1, LONGEST),
                 help="Record the lowest mean log-probability so far of TOKENS tokens in a row for"
                      " each interval, as the named signal lowest_group_logprob; implies"
                      " --logprobs."),
    click.option("--p-true", is_flag=True,
                 help="Ask the model after each branch whether its answer is true, and record the"
                      " probability of that, as the named signal p_true."),
    click.option("--p-true-ask", metavar="TEXT",
                 help="Override the question of --p-true; {answer} is the branch's answer."),
    click.option("--p-true-word", metavar="TEXT",
                 help="Override the reply whose probability --p-true records. [default: True after"
                      " a space]"),
)  # fmt: skip
"""Gives a command the signals that may be asked for."""

keeping_options = combine_options(
    click.option("--text", is_flag=True, help="Record the text of the chains."),
    click.option("--token-ids", is_flag=True, help="Record the token ids of the chains."),
)  # fmt: skip
"""Gives a command what may be recorded besides."""

cluster_options = combine_options(
    click.option(
        "--engine",
        type=click.Choice(["process", "ray"]),
        default="process",
        show_default=True,
        help="Where clients of model servers, or engines, run: in this process, or in workers of"
        " a Ray cluster.",
    ),
    ray_address_option,
    click.option(
        "--engines",
        metavar="N",
        type=WholeNumber(1, 4096),
        default=1,
        show_default=True,
        help="Number of --offline engines on the cluster.",
    ),
    click.option(
        "--engine-gpus",
        "gpus",
        metavar="N",
        type=click.FloatRange(0),
        default=0.0,
        show_default=True,
        help="GPUs per --offline engine.",
    ),
)
"""Gives a command what spreads engines over machines."""

price_options = combine_options(
    click.option("--price-per-hour", metavar="USD", type=FiniteNumber(0), default=0.0,
                  help="Price per hour of all servers together, in dollars."),
    click.option("--price-in", metavar="USD", type=FiniteNumber(0), default=0.0,
                  help="Price per million prompt tokens, in dollars."),
    click.option("--price-out", metavar="USD", type=FiniteNumber(0), default=0.0,
                  help="Price per million generated tokens, in dollars."),
)  # fmt: skip
"""Gives a command what tokens and hours cost."""
