"""``rheostat questions``: files of questions from local copies of usual benchmarks."""

from pathlib import Path

import click

from harness.cli.declare import FilePath, command
from harness.cli.output import Output

BENCHMARKS = ("aime", "gpqa", "gsm8k", "hmmt", "math")
"""The names of `store.collection.converters.BENCHMARKS`, which costs an import of msgspec."""


@command(
    "questions",
    examples=[
        ("rheostat questions aime aime2024.parquet -o aime24.jsonl", "Converts one file."),
        ("rheostat questions gpqa gpqa_diamond.csv -o gpqa.jsonl", "Letters the choices too."),
    ],
)
@click.argument("benchmark", type=click.Choice(BENCHMARKS), help="Whose columns to look for.")
@click.argument("file", type=FilePath(), help="JSON, JSON Lines, CSV or Parquet.")
@click.option(
    "-o",
    "--output",
    "target",
    metavar="FILE",
    type=FilePath(dir_okay=False),
    help="Write the questions to FILE.",
)
def questions(benchmark: str, file: Path, target: Path | None) -> None:
    """Makes a file of questions for `rheostat collect` from a local copy of a benchmark.

    Nothing is downloaded. The questions stay their owners'; what may be done with them is for their
    source to say.
    """
    from store.collection.converters import convert
    from store.collection.questions import write_lines

    Output(path=target).text(write_lines(convert(benchmark, file)))
