"""``rheostat import``: recordings from what other programs wrote."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.declare import FilePath, Whole, group

if TYPE_CHECKING:
    from harness.cli.field_help import FieldSection
    from store.environment import Environment

_FILE = FilePath()


@group(
    "import",
    examples=[
        ("rheostat import autotts aime24/*.json -o recordings", "Imports released environments."),
        (
            "rheostat import jsonl a.jsonl --model m --benchmark b --interval 500 -o a.rec",
            "Imports branches of your own.",
        ),
    ],
)
def import_() -> None:
    """Makes recordings from files of other programs."""


@import_.command(
    "autotts",
    examples=[
        (
            "rheostat import autotts aime24/*.json -o recordings",
            "Writes a recording for each file, named after it.",
        ),
        (
            "rheostat import autotts Qwen3-4B.json --benchmark aime24 -o recordings",
            "Names the benchmark instead of taking the directory's name.",
        ),
    ],
)
@click.argument(
    "files", nargs=-1, required=True, type=_FILE, metavar="FILES...", help="The released files."
)
@click.option("--model", metavar="NAME", help="The model, for one file; the file's stem if absent.")
@click.option("--benchmark", metavar="NAME", help="The benchmark; the directory's name if absent.")
@click.option(
    "-o",
    "--output",
    "directory",
    metavar="DIR",
    required=True,
    type=FilePath(file_okay=False),
    help="Write FILE's stem + .recording into DIR.",
)
def autotts(
    files: tuple[Path, ...], model: str | None, benchmark: str | None, directory: Path
) -> None:
    """Imports the JSON released with AutoTTS and Parallel-Probe, one environment a file.

    All files are read and checked before anything is written. It stays other people's data: what
    may be done with it is for its source to say.
    """
    from harness.cli import console
    from harness.errors import InputError
    from harness.request.misplaced import refuse_misplaced
    from store.autotts import read_autotts
    from store.file_kinds import FileKind

    for file in files:
        refuse_misplaced(file, {FileKind.RELEASED}, "released JSON of branches")
    if model is not None and len(files) > 1:
        raise InputError(
            f"--model names one model, but there are {len(files)} files",
            hint="leave it out to name each model after its file, or import them one by one",
        )
    targets = _targets(files, directory)
    with console.progress("importing", 2 * len(files)) as advance:
        environments = {}
        for target, file in targets.items():
            environments[target] = read_autotts(file, model=model, benchmark=benchmark)
            advance(1)
        for target, environment in environments.items():
            _save(environment, target)
            advance(1)


def _targets(files: tuple[Path, ...], directory: Path) -> dict[Path, Path]:
    """The file that each recording is made from; no recording is there yet."""
    from harness.errors import InputError
    from store.environment import refuse_existing

    targets: dict[Path, Path] = {}
    for file in files:
        target = directory / f"{file.stem}.recording"
        if target in targets:
            raise InputError(
                f"{file}: would become {target}, as {targets[target]} does",
                hint="import them into different directories",
            )
        refuse_existing(target)
        targets[target] = file
    return targets


def _branch_fields() -> "list[FieldSection]":
    from harness.cli.field_help import branch_fields

    return branch_fields()


@import_.command(
    "jsonl",
    fields=_branch_fields,
    examples=[
        (
            "rheostat import jsonl a.jsonl --model m --benchmark b --interval 500 -o a.rec",
            "Reads one question a line, with its branches.",
        ),
    ],
)
@click.argument("file", type=_FILE, help="The file, one question a line.")
@click.option("--model", metavar="NAME", required=True, help="The model.")
@click.option("--benchmark", metavar="NAME", required=True, help="The benchmark.")
@click.option(
    "--interval",
    metavar="TOKENS",
    required=True,
    type=Whole(1, 1 << 48),
    help="The tokens between two probes.",
)
@click.option(
    "-o",
    "--output",
    "target",
    metavar="FILE",
    required=True,
    type=FilePath(dir_okay=False),
    help="Write the recording to FILE.",
)
def jsonl(file: Path, model: str, benchmark: str, interval: int, target: Path) -> None:
    """Imports JSON Lines: one question a line, with all its branches.

    A field of any other name is an error, so that a misspelt signal is not lost. Branches without
    probes make a recording that only whole reads can be replayed on. `rheostat explain importing`
    has more on each field.
    """
    from harness.request.misplaced import refuse_misplaced
    from store.environment import refuse_existing
    from store.file_kinds import FileKind
    from store.jsonl import read_jsonl

    refuse_misplaced(file, {FileKind.BRANCHES}, "JSON Lines of branches")
    refuse_existing(target)
    _save(read_jsonl(file, model=model, benchmark=benchmark, interval=interval), target)


def _save(environment: "Environment", target: Path) -> None:
    from harness.cli.output import emit_text
    from store.environment import save

    save(environment, target)
    emit_text(str(target))
