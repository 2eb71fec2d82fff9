"""``rheostat questions``: files of questions from local copies of usual benchmarks."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from harness.cli.declare import FilePath, command
from harness.cli.output import Output

if TYPE_CHECKING:
    from store.collection.converters import BadRow

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
    from store.collection.converters import convert
    from store.collection.questions import write_lines

    found = convert(benchmark, file)
    if found.bad and not skip_bad_rows:
        _refuse(file, found.bad, len(found.bad) + len(found.asked))
    for row in found.bad[:_NAMED]:
        console.warn(f"{file}, {row.place}: {row.reason}: left out")
    if len(found.bad) > _NAMED:
        console.warn(f"{len(found.bad) - _NAMED} more rows were left out")
    for note in found.notes:
        console.say(f"{file}: {note}")
    Output(path=target).text(write_lines(found.asked))


def _refuse(file: Path, bad: "Sequence[BadRow]", rows: int) -> NoReturn:
    from harness.errors import InputError

    first = bad[0]
    others = ", ".join(row.place for row in bad[1:_NAMED])
    more = len(bad) - _NAMED
    beside = f" (also {others}{f' and {more} more' if more > 0 else ''})" if others else ""
    raise InputError(
        f"{file}, {first.place}: {first.reason}{beside}",
        hint=f"--skip-bad-rows leaves out {len(bad)} of {rows} rows and reports them",
    )
