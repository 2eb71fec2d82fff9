"""``rheostat collect``: recordings from a served model."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.declarations import command
from harness.cli.parameter_types import FilePath, WholeNumber
from harness.cli.serving_options import (
    LONGEST,
    cluster_options,
    drawing_options,
    grouping_options,
    keeping_options,
    patience_option,
    price_options,
    probing_options,
    serving_options,
    signal_options,
)

if TYPE_CHECKING:
    from harness.cli.field_help import FieldSection


def _question_fields() -> "list[FieldSection]":
    from harness.cli.field_help import question_fields

    return question_fields()


@command(
    "collect",
    fields=_question_fields,
    examples=[
        (
            "rheostat collect --base-url http://gpu:80 --model Qwen3-8B --questions q -o a.rec",
            "Sample 128 branches per question and probe each every 500 tokens.",
        ),
        (
            "rheostat collect --base-url http://gpu:8000 --model M --questions q -o a --dry-run",
            "Estimate the cost without sampling anything.",
        ),
        (
            "rheostat collect --base-url http://gpu:8000 --model M --from chains.jsonl -o b.rec",
            "Probe existing chains.",
        ),
        (
            (
                "rheostat collect --base-url http://gpu:8000 --model M --questions q -o a.rec"
                " --scorer reward='python judge.py'"
            ),
            "Record what judge.py gives to each branch as the signal `reward`.",
        ),
    ],
)
@click.option("--questions", metavar="FILE", type=FilePath(), help="Questions, as JSON Lines.")
@click.option(
    "--from",
    "chains",
    metavar="FILE",
    type=FilePath(),
    help="Probe existing chains: JSON Lines of questions with their chains.",
)
@click.option("--benchmark", metavar="NAME", help="Benchmark name. [default: the file's stem]")
@serving_options
@patience_option(300.0)
@cluster_options
@drawing_options
@grouping_options
@probing_options
@signal_options
@click.option(
    "--scorer",
    "scorers",
    metavar="NAME=COMMAND",
    multiple=True,
    help="Record the numbers that a program gives to branches, as a named signal. The program reads"
    " and writes JSON Lines. Repeat for several signals.",
)
@click.option(
    "--signal",
    "signals",
    metavar="NAME=branch,...",
    multiple=True,
    help="Describe the signal of a scorer: higher or lower if such values are better; unit=UNIT;"
    " and last meaning=TEXT. Repeat for several signals.",
)
@keeping_options
@click.option(
    "--allow-missing",
    metavar="N",
    type=WholeNumber(0, 1 << 31),
    default=0,
    show_default=True,
    help="Finish without up to N branches that fail permanently, and record which are missing.",
)
@click.option("--licence", metavar="TEXT", help="Licence of the recording.")
@price_options
@click.option(
    "--dry-run", is_flag=True, help="Estimate requests, tokens and cost, and sample nothing."
)
@click.option(
    "--expect",
    metavar="TOKENS",
    type=WholeNumber(1, LONGEST),
    help="Expected tokens per branch for --dry-run. [default: --max-tokens]",
)
@click.option(
    "-o",
    "--output",
    "target",
    metavar="FILE",
    required=True,
    type=FilePath(dir_okay=False),
    help="Recording to write; an unfinished one is resumed.",
)
def collect(target: Path, dry_run: bool, expect: int | None, **options: object) -> None:
    """Sample and probe branches of a model, and seal a recording.

    The model is served by vLLM or llama.cpp. An interrupted collection resumes at the first missing
    branch when you run the same command again. See `rheostat explain collecting` for the requests
    that are made and for what the recording stores.

    Args:
        target: Path of the recording.
        dry_run: Whether to estimate the cost and sample nothing.
        expect: Tokens per branch to assume in the estimate; ``None`` for the maximum.
        **options: The other options, as fields of `harness.cli.collect_options.CollectOptions`.
    """
    from harness.cli import collection_run, model_servers
    from harness.cli.collect_options import build_options
    from harness.cli.output import emit_paths, emit_text
    from store.collection.scorers import ScorerError
    from store.serving.errors import ServingError

    plan_options = build_options(options)
    with model_servers.open_reading(
        plan_options.answers, plan_options.equivalence_method
    ) as reading:
        work = plan_options.work(reading.equivalence.name)
        if not dry_run:
            try:
                model_servers.run_async(
                    collection_run.run_collection(target, work, plan_options, reading)
                )
            except (KeyboardInterrupt, ServingError, ScorerError) as stopped:
                if target.exists():
                    stopped.add_note(collection_run.RESUME_HINT)
                raise
            emit_paths([target])
            return
        expected = expect or plan_options.max_tokens
        estimate = model_servers.run_async(
            collection_run.preview_collection(target, work, plan_options, reading, expected)
        )
        emit_text(collection_run.format_estimate(estimate, plan_options.prices, expected))
