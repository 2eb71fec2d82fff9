"""Commands that make or convert data: ``rheostat sample``, ``questions`` and ``export``."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from harness.cli.declarations import command
from harness.cli.output import Output
from harness.cli.parameter_types import FilePath

if TYPE_CHECKING:
    from store.collection.converters import InvalidRow


@command(
    "sample",
    examples=[
        ("rheostat sample", "Write six recordings to ./sample."),
        ("rheostat sample -o data/sample", "Write them to another directory."),
    ],
)
@click.option(
    "-o",
    "--output",
    "directory",
    metavar="DIR",
    type=FilePath(file_okay=False),
    default=Path("sample"),
    show_default=True,
    help="Write to DIR.",
)
def sample(directory: Path) -> None:
    """Write six simulated recordings to try the commands on.

    They cover three simulated models on two benchmarks, search and heldout. No language model was
    involved, so their figures say nothing about real models. Existing recordings are kept.
    """
    from harness.cli import console
    from harness.cli.output import emit_paths
    from store.simulation import BENCHMARKS, REASONERS, write_sample

    with console.progress("simulating", len(BENCHMARKS) * len(REASONERS)) as advance:
        written = []
        for recording in write_sample(directory):
            written.append(recording)
            advance(1)
    emit_paths(recording.path for recording in written)
    existing = sum(recording.kept for recording in written)
    if existing:
        console.info(f"{existing} of {len(written)} already existed with the same content; kept")


BENCHMARKS = ("aime", "aqua", "arc", "gpqa", "gsm8k", "hmmt", "math", "mmlu")
"""The names of `store.collection.converters.BENCHMARKS`, which costs an import of msgspec."""

_NAMED = 5
"""How many bad rows are named one by one."""


@command(
    "questions",
    examples=[
        ("rheostat questions aime aime2024.parquet -o aime24.jsonl", "Convert one file."),
        ("rheostat questions gpqa gpqa_diamond.csv -o gpqa.jsonl", "Add letters to the choices."),
        ("rheostat questions math MATH/test/algebra -o algebra.jsonl", "Convert a directory."),
    ],
)
@click.argument(
    "benchmark",
    metavar="BENCHMARK",
    type=click.Choice(BENCHMARKS),
    help=f"Benchmark whose columns to look for: {', '.join(BENCHMARKS)}.",
)
@click.argument(
    "file", type=FilePath(), help="JSON, JSON Lines, CSV, TSV or Parquet; or a directory of them."
)
@click.option(
    "--skip-bad-rows", is_flag=True, help="Skip rows that are not questions, and report them."
)
@click.option(
    "-o",
    "--output",
    "target",
    metavar="FILE",
    type=FilePath(dir_okay=False),
    help="Write the questions to FILE.",
)
def questions(benchmark: str, file: Path, skip_bad_rows: bool, target: Path | None) -> None:
    """Convert a local benchmark to questions for collections.

    Files may be compressed (.gz, .bz2, .xz, .zst). Question ids in the file are kept.
    Nothing is downloaded. The questions keep the licence of their source.

    Use hmmt for any problems with short answers, and mmlu for any multiple-choice questions.

    Args:
        benchmark: Name of the benchmark whose columns the file has.
        file: The file, or a directory of files.
        skip_bad_rows: Whether to skip rows that are not questions.
        target: File for the questions; ``None`` for stdout.
    """
    from harness.cli import console
    from store.collection.converters import convert_benchmark
    from store.collection.questions import write_lines

    conversion = convert_benchmark(benchmark, file)
    if conversion.bad and not skip_bad_rows:
        _refuse(file, conversion.bad, len(conversion.bad) + len(conversion.questions))
    for row in conversion.bad[:_NAMED]:
        console.warn(f"{file}, {row.location}: {row.reason}: skipped")
    if len(conversion.bad) > _NAMED:
        console.warn(f"{len(conversion.bad) - _NAMED} more rows were skipped")
    for note in conversion.notes:
        console.info(f"{file}: {note}")
    Output(path=target).text(write_lines(conversion.questions))


def _refuse(file: Path, bad: "Sequence[InvalidRow]", rows: int) -> NoReturn:
    from harness.errors import InputError

    first = bad[0]
    others = ", ".join(row.location for row in bad[1:_NAMED])
    more = len(bad) - _NAMED
    beside = f" (also {others}{f' and {more} more' if more > 0 else ''})" if others else ""
    raise InputError(
        f"{file}, {first.location}: {first.reason}{beside}",
        hint=f"use --skip-bad-rows to skip {len(bad)} of {rows} rows and report them",
    )


@command(
    "export",
    examples=[
        (
            "rheostat export sample/search/sim-large.recording --to tables",
            "Write tables/questions.parquet, branches.parquet and probes.parquet.",
        ),
        (
            "rheostat export sample/search/sim-large.recording --to branches.parquet",
            "Write one table with a row per branch.",
        ),
    ],
)
@click.argument("recording", type=FilePath(), help="The sealed recording to export.")
@click.option(
    "--to",
    "target",
    required=True,
    metavar="DIR|FILE.parquet",
    type=FilePath(),
    help="Directory to create, or one .parquet file.",
)
def export(recording: Path, target: Path) -> None:
    """Export a recording as Parquet, for analysis with other tools.

    Existing files are never overwritten. See `rheostat explain importing` for the columns.
    """
    from harness.cli.output import emit_paths
    from harness.errors import InputError
    from store.parquet import export_flat, export_tables
    from store.reader import open_recording

    if target.suffix.lower() in (".arrow", ".csv", ".feather", ".json", ".jsonl", ".tsv"):
        raise InputError(
            f"--to {target}: a recording is exported as Parquet; give a directory, or a file that"
            " ends in .parquet"
        )
    opened = open_recording(recording)
    if target.suffix == ".parquet":
        export_flat(opened, target)
        emit_paths([target])
    else:
        emit_paths(export_tables(opened, target))
