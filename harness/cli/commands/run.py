"""``rheostat run``: a controller on a model that is being served."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.declare import FilePath, Whole, command, output_options
from harness.cli.options import beta_option, controller_argument, rules_options, set_option
from harness.cli.output import Output
from harness.cli.serving_options import (
    drawing_options,
    patience_option,
    probing_options,
    serving_options,
    signal_options,
)

if TYPE_CHECKING:
    from harness.cli.field_help import FieldSection
    from harness.cli.living import Against
    from harness.live.running import Lived
    from harness.request.configured import Plan

DRAWN_BY = frozenset({
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
            "Plays an episode of each question on the model itself.",
        ),
        (
            "rheostat run cmc --base-url http://gpu:8000 --model M --against r.recording",
            "Holds live episodes against those of a recording, question by question.",
        ),
    ],
)
@controller_argument
@click.option("--questions", metavar="FILE", type=FilePath(), help="JSON Lines of questions.")
@click.option(
    "--against",
    metavar="RECORDING",
    type=FilePath(),
    help="Draw as this recording was drawn, and compare with its replay.",
)
@beta_option
@set_option
@rules_options
@click.option(
    "--seeds",
    metavar="N",
    type=Whole(1, 100_000),
    default=1,
    show_default=True,
    help="Episodes of each question: under the seeds 0 to N - 1.",
)
@click.option(
    "--at-once",
    metavar="N",
    type=Whole(1, 1 << 16),
    default=64,
    show_default=True,
    help="Episodes under way at once.",
)
@click.option(
    "--traces",
    metavar="FILE",
    type=FilePath(dir_okay=False),
    help="Write every episode to a new file, a line each, for `rheostat trace --from`.",
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
    """Plays a controller on a model behind vLLM: its verbs are requests, one batch a barrier.

    An episode under seed S draws the branches that replay deals under S. With --against, it is held
    against the replay of a recording: equal to the last token where that was drawn --stepwise on a
    server that repeats itself; otherwise as distributions. `rheostat explain live` has the rules.
    """
    import time

    from harness.cli import collect_options, console, living, run_page, serving
    from harness.engines import Rules
    from harness.live import kept
    from harness.request.configured import configured_any

    plan = configured_any(controller, beta, settings, Rules(budget, kappa))
    recorded = None
    if against is not None:
        _refuse_what_is_recorded(ctx)
        recorded = living.against(against)
    drawn = collect_options.options({**options, **living.UNUSED})
    asked = living.Asked(plan, drawn, seeds, at_once)
    recordings = [] if recorded is None else [recorded.named]
    began = time.monotonic()
    with kept.traces(traces) as write:
        outcome = serving.run(
            living.played(
                asked,
                recorded,
                lambda served, lived: write(kept.document(plan, served, recordings, lived)),
            )
        )
    lived = outcome.lived
    said = run_page.summary(lived, time.monotonic() - began)
    if recorded is not None:
        _compare(out, plan, recorded, lived, said)
        return
    out.table(run_page.table(lived))
    console.say(said)


def _refuse_what_is_recorded(ctx: click.Context) -> None:
    """Raises where an option was typed of which the recording has a value of its own."""
    from harness.errors import InputError

    for parameter in ctx.command.params:
        name = parameter.name or ""
        typed = ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if name in DRAWN_BY and typed:
            raise InputError(
                f"{parameter.opts[0]}: the recording of --against says how branches are drawn;"
                " leave it out"
            )


def _compare(
    out: Output, plan: "Plan", recorded: "Against", lived: "list[Lived]", said: str
) -> None:
    """Shows live episodes beside their replays.

    Raises:
        AnswerIsNo: they are to be equal, and are not.
    """
    from harness.cli import console, run_page
    from harness.errors import AnswerIsNo
    from harness.live.against import differences, held

    compared = held(plan, recorded.world, lived)
    out.table(run_page.held_table(compared))
    console.say(said)
    same = sum(each.same for each in compared)
    sentence = f"{same} of {len(compared)} episodes are those of the recording, token by token"
    if recorded.settings.stepwise and same == len(compared):
        console.say(sentence)
        return
    console.say_block(run_page.distribution(differences(plan, recorded.world, lived)))
    if recorded.settings.stepwise:
        raise AnswerIsNo(sentence)
