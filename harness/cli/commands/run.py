"""``rheostat run``: a controller on a model that is being served."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.declarations import command, output_options
from harness.cli.options import beta_option, controller_argument, rules_options, set_option
from harness.cli.output import Output
from harness.cli.parameter_types import FilePath, WholeNumber
from harness.cli.serving_options import (
    drawing_options,
    patience_option,
    probing_options,
    serving_options,
    signal_options,
)

if TYPE_CHECKING:
    from harness.cli.field_help import FieldSection
    from harness.cli.live_run import LiveRunRequest, LiveRunResult, ReferenceRecording
    from harness.request.plan import Plan

SAMPLING_OPTIONS = frozenset({
    "branches", "interval", "max_tokens", "temperature", "top_p", "top_k", "min_p",
    "repetition_penalty", "seed", "family", "end", "ask", "answers", "equivalence", "instruction",
    "template", "probe_tokens", "probe_stop", "probe_regex", "probe_choices",
})  # fmt: skip
"""Options that a recording has its own values of."""


def _question_fields() -> "list[FieldSection]":
    from harness.cli.field_help import question_fields

    return question_fields()


@command(
    "run",
    fields=_question_fields,
    plays=True,
    examples=[
        (
            "rheostat run cmc --base-url http://gpu:8000 --model M --questions q --beta 0.5",
            "Play an episode of each question on the model itself.",
        ),
        (
            "rheostat run cmc --base-url http://gpu:8000 --model M --against r.recording",
            "Compare live episodes with the replay of a recording, question by question.",
        ),
    ],
)
@controller_argument
@click.option("--questions", metavar="FILE", type=FilePath(), help="Questions, as JSON Lines.")
@click.option(
    "--against",
    metavar="RECORDING",
    type=FilePath(),
    help="Sample with the settings of this recording, and compare with its replay.",
)
@beta_option
@set_option
@rules_options
@click.option(
    "--seeds",
    metavar="N",
    type=WholeNumber(1, 100_000),
    default=1,
    show_default=True,
    help="Play each question with the seeds 0 to N - 1.",
)
@click.option(
    "--at-once",
    metavar="N",
    type=WholeNumber(1, 1 << 16),
    default=64,
    show_default=True,
    help="Maximum number of concurrent episodes.",
)
@click.option(
    "--traces",
    metavar="FILE",
    type=FilePath(dir_okay=False),
    help="Write every episode to a new file, one per line, for `rheostat trace --from`.",
)
@serving_options
@patience_option(300.0)
@drawing_options
@probing_options
@signal_options
@output_options
@click.pass_context
def run(
    ctx: click.Context,
    /,
    out: Output,
    controller: str,
    beta: str,
    settings: tuple[str, ...],
    budget: int | None,
    kappa: int,
    seeds: int,
    at_once: int,
    traces: Path | None,
    against: Path | None,
    **options: object,
) -> None:
    """Run a controller live on a served model, by vLLM or llama.cpp.

    Each action becomes a request to the server, and the requests of a step are sent as one batch.
    An episode with seed S samples the branches that replay uses for seed S. With --against,
    episodes are compared with the replay of a recording: token by token if it was collected with
    --stepwise on a deterministic server, and otherwise as distributions. See `rheostat explain
    live` for the rules.

    Args:
        ctx: Context of the command, for the options that were typed.
        out: Where to write the result, and in which format.
        controller: A Rheo file, or the name of a library controller.
        beta: The value of β as typed.
        settings: Knobs to set, each as ``[CONTROLLER.]KNOB=VALUES``.
        budget: Most tokens of an episode; ``None`` for no limit.
        kappa: Cost of a probe in tokens.
        seeds: Number of seeds for each question; they are 0 to ``seeds - 1``.
        at_once: Most concurrent episodes.
        traces: New file for the episodes; ``None`` to write none.
        against: Recording to compare with; ``None`` for none.
        **options: The other options, as fields of `harness.cli.collect_options.CollectOptions`.
    """
    from harness.cli import collect_options, live_run
    from harness.engines import EpisodeRules
    from harness.request.plan import parse_plan

    plan = parse_plan(controller, beta, settings, EpisodeRules(budget, kappa))
    recorded = None
    if against is not None:
        _refuse_what_is_recorded(ctx)
        recorded = live_run.open_reference(against)
    sampling = collect_options.build_options({**options, **live_run.UNUSED_OPTIONS})
    request = live_run.LiveRunRequest(plan, sampling, seeds, at_once)
    _play(out, request, recorded, traces)


def _play(
    out: Output,
    request: "LiveRunRequest",
    recorded: "ReferenceRecording | None",
    traces: Path | None,
) -> None:
    """Play the episodes, write their traces, and show the results."""
    import time

    from harness.cli import console, live_run, model_servers
    from harness.live import trace_file

    plan = request.plan
    recordings = [] if recorded is None else [recorded.named]
    began = time.monotonic()
    with trace_file.open_trace_file(traces) as write:
        outcome = model_servers.run_async(
            live_run.play_live(
                request,
                recorded,
                lambda served, live_result: write(
                    trace_file.build_document(plan, served, recordings, live_result)
                ),
            )
        )
    live_results = outcome.live_results
    summary = live_run.summarise_run(live_results, time.monotonic() - began)
    if recorded is not None:
        _compare(out, plan, recorded, outcome, summary)
        return
    out.table(live_run.episode_table(live_results))
    console.info(summary)


def _refuse_what_is_recorded(ctx: click.Context) -> None:
    """Raise where an option was typed of which the recording has a value of its own."""
    from harness.errors import InputError

    for parameter in ctx.command.params:
        name = parameter.name or ""
        typed = ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if name in SAMPLING_OPTIONS and typed:
            raise InputError(
                f"{parameter.opts[0]}: the recording of --against sets how branches are sampled;"
                " leave it out"
            )


def _compare(
    out: Output,
    plan: "Plan",
    recorded: "ReferenceRecording",
    outcome: "LiveRunResult",
    summary: str,
) -> None:
    """Show live episodes beside their replays.

    Args:
        out: Where to write the result, and in which format.
        plan: The controller and its setting.
        recorded: The recording.
        outcome: The live episodes, and the server that played them.
        summary: The run in one line.

    Raises:
        NegativeResult: they are to be equal, and are not.
    """
    from harness.cli import console, live_run
    from harness.cli.model_servers import describe_inexactness
    from harness.errors import NegativeResult
    from harness.live.replay_comparison import compare_distributions, pair_with_replays

    live_results, served = outcome.live_results, outcome.served
    compared = pair_with_replays(plan, recorded.replay_environment, live_results)
    out.table(live_run.paired_table(compared))
    console.info(summary)
    same = sum(pair.same for pair in compared)
    sentence = f"{same} of {len(compared)} episodes match the recording, token by token"
    if recorded.settings.stepwise and same == len(compared):
        console.info(sentence)
        return
    console.say_block(
        live_run.format_distribution(
            compare_distributions(plan, recorded.replay_environment, live_results)
        )
    )
    if not recorded.settings.stepwise:
        return
    if served.repeats:
        raise NegativeResult(sentence)
    console.info(f"{sentence}; {describe_inexactness(served)}")
