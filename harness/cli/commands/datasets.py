"""Commands that make or convert data: ``rheostat sample``, ``questions`` and ``export``."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from harness.cli.declarations import FilePath, command
from harness.cli.output import Output

if TYPE_CHECKING:
    from store.collection.converters import InvalidRow


@command(
    "sample",
    examples=[
        ("rheostat sample", "Writes six recordings under ./sample."),
        ("rheostat sample -o data/sample", "Writes them elsewhere."),
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
    help="Write under DIR.",
)
def sample(directory: Path) -> None:
    """Writes six simulated recordings to try everything on.

    Three simulated models over two benchmarks, search and heldout. No language model was involved:
    figures made from them say nothing about any. Recordings that are already there are kept.
    """
    from harness.cli import console
    from harness.cli.output import emit_paths
    from store.simulation import BENCHMARKS, REASONERS, write_sample

    with console.progress("simulating", len(BENCHMARKS) * len(REASONERS)) as advance:
        written = []
        for each in write_sample(directory):
            written.append(each)
            advance(1)
    emit_paths(each.path for each in written)
    kept = sum(each.kept for each in written)
    if kept:
        console.info(f"{kept} of {len(written)} were there already and are the same; kept")


BENCHMARKS = ("aime", "aqua", "arc", "gpqa", "gsm8k", "hmmt", "math", "mmlu")
"""The names of `store.collection.converters.BENCHMARKS`, which costs an import of msgspec."""

_NAMED = 5
"""How many bad rows are named one by one."""


@command(
    "questions",
    examples=[
        ("rheostat questions aime aime2024.parquet -o aime24.jsonl", "Converts one file."),
        ("rheostat questions gpqa gpqa_diamond.csv -o gpqa.jsonl", "Letters the choices too."),
        ("rheostat questions math MATH/test/algebra -o algebra.jsonl", "Converts a directory."),
    ],
)
@click.argument("benchmark", type=click.Choice(BENCHMARKS), help="Whose columns to look for.")
@click.argument(
    "file", type=FilePath(), help="JSON, JSON Lines, CSV, TSV or Parquet; or a directory of them."
)
@click.option(
    "--skip-bad-rows", is_flag=True, help="Leave rows out that are no questions, and report them."
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
    """Makes a file of questions for `rheostat collect` from a local copy of a benchmark.

    Files may be compressed (.gz, .bz2, .xz, .zst). A question keeps its own id where the file has
    one. Nothing is downloaded. The questions stay their owners'; what may be done with them is for
    their source to say.

    hmmt reads any problems with short answers, mmlu any multiple choice.
    """
    from harness.cli import console
    from store.collection.converters import convert_benchmark
    from store.collection.questions import write_lines

    found = convert_benchmark(benchmark, file)
    if found.bad and not skip_bad_rows:
        _refuse(file, found.bad, len(found.bad) + len(found.asked))
    for row in found.bad[:_NAMED]:
        console.warn(f"{file}, {row.place}: {row.reason}: left out")
    if len(found.bad) > _NAMED:
        console.warn(f"{len(found.bad) - _NAMED} more rows were left out")
    for note in found.notes:
        console.info(f"{file}: {note}")
    Output(path=target).text(write_lines(found.asked))


def _refuse(file: Path, bad: "Sequence[InvalidRow]", rows: int) -> NoReturn:
    from harness.errors import InputError

    first = bad[0]
    others = ", ".join(row.place for row in bad[1:_NAMED])
    more = len(bad) - _NAMED
    beside = f" (also {others}{f' and {more} more' if more > 0 else ''})" if others else ""
    raise InputError(
        f"{file}, {first.place}: {first.reason}{beside}",
        hint=f"--skip-bad-rows leaves out {len(bad)} of {rows} rows and reports them",
    )


@command(
    "export",
    examples=[
        (
            "rheostat export sample/search/sim-large.recording --to tables",
            "Writes tables/questions.parquet, branches.parquet and probes.parquet.",
        ),
        (
            "rheostat export sample/search/sim-large.recording --to branches.parquet",
            "Writes one table with a row for each branch.",
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
    help="A directory to make, or one .parquet file.",
)
def export(recording: Path, target: Path) -> None:
    """Writes a recording as Parquet, for analysis with other tools.

    Nothing is written over. `rheostat explain importing` documents the columns.
    """
    from harness.cli.output import emit_paths
    from store.parquet import export_flat, export_tables
    from store.reader import open_recording

    opened = open_recording(recording)
    if target.suffix == ".parquet":
        export_flat(opened, target)
        emit_paths([target])
    else:
        emit_paths(export_tables(opened, target))
