"""``rheostat import``: recordings from what other programs wrote."""

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from harness.cli import import_run
from harness.cli.declarations import group
from harness.cli.parameter_types import FilePath, WholeNumber

if TYPE_CHECKING:
    from harness.cli.field_help import FieldSection

_FILE = FilePath()


@group(
    "import",
    examples=[
        ("rheostat import autotts aime24/*.json -o recordings", "Import released environments."),
        (
            "rheostat import jsonl a.jsonl --model m --benchmark b --interval 500 -o a.rec",
            "Import branches of your own.",
        ),
        ("rheostat import inspect logs/*.eval -o recordings", "Import logs of inspect_ai."),
    ],
)
def import_() -> None:
    """Convert files of other programs to recordings."""


@import_.command(
    "autotts",
    examples=[
        (
            "rheostat import autotts aime24/*.json -o recordings",
            "Write a recording for each file, named after it.",
        ),
        (
            "rheostat import autotts Qwen3-4B.json --benchmark aime24 -o recordings",
            "Give the benchmark instead of guessing it from the path.",
        ),
        (
            "rheostat import autotts hmmt25/*.json --equivalence math-verify -o recordings",
            "Merge answers that are equal but written differently.",
        ),
    ],
)
@click.argument(
    "files", nargs=-1, required=True, type=_FILE, metavar="FILES...", help="The released files."
)
@click.option(
    "--model",
    metavar="NAME",
    help="Model name, for a single file. [default: guessed from the path]",
)
@click.option(
    "--benchmark", metavar="NAME", help="Benchmark name. [default: guessed from the path]"
)
@import_run.answer_options
@import_run.directory_option
def autotts(
    files: tuple[Path, ...],
    model: str | None,
    benchmark: str | None,
    extraction: str | None,
    equivalence: str,
    directory: Path,
) -> None:
    """Import the JSON released with AutoTTS and Parallel-Probe.

    A file is one environment. Two layouts are recognised: BENCHMARK/MODEL.json and
    MODEL/BENCHMARK.json. The name of a known benchmark shows which one it is; if there is none, the
    layout is guessed and the guess is reported. All files are read and checked before anything is
    written. The data keeps the licence of its source.

    Args:
        files: The released files.
        model: Model name, for a single file; ``None`` to guess it from the path.
        benchmark: Benchmark name; ``None`` to guess it from the path.
        extraction: How to extract answers from free text; ``None`` to keep them as they are.
        equivalence: How answers are compared: ``exact`` or ``math-verify``.
        directory: Directory in which the recordings are created.
    """
    from harness.errors import InputError
    from harness.request.misplaced import refuse_misplaced
    from store.autotts import name_source, read_autotts
    from store.file_kinds import FileKind
    from store.importing.answers import extract_answers

    for file in files:
        refuse_misplaced(file, {FileKind.RELEASED}, "released JSON of branches")
    if model is not None and len(files) > 1:
        raise InputError(
            f"--model gives one model, but there are {len(files)} files",
            hint="leave it out to name each model after its file, or import the files one by one",
        )
    reader = import_run.answer_reader(extraction)
    sources, unclear = [], []
    for target, file in _targets(files, directory).items():
        named = name_source(file, model=model, benchmark=benchmark)
        environment = read_autotts(file, model=named.model, benchmark=named.benchmark)
        if reader is not None:
            environment = extract_answers(environment, reader)
        notes = [named.guess] if named.guess else []
        sources.append(import_run.ImportSource(environment, target, notes))
        if named.unclear is not None:
            unclear.append(f"{file}: {named.unclear}")
    # Last, so that a file that is missing or malformed is reported as that.
    if unclear:
        raise InputError(unclear[0])
    import_run.write_recordings(sources, reader, equivalence)


def _targets(files: tuple[Path, ...], directory: Path) -> dict[Path, Path]:
    """Return the file that each recording is made from; no recording is there yet."""
    from harness.errors import InputError
    from store.environment import refuse_existing
    from store.sources import COMPRESSION_SUFFIXES

    targets: dict[Path, Path] = {}
    for file in files:
        stem = Path(file.stem).stem if file.suffix in COMPRESSION_SUFFIXES else file.stem
        target = directory / f"{stem}.recording"
        if target in targets:
            raise InputError(
                f"{file}: would be written to {target}, as would {targets[target]}",
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
            "Read one question with its branches per line.",
        ),
        (
            (
                "rheostat import jsonl a.jsonl --model m --benchmark b --interval 500 -o a.rec"
                " --signal reward=branch,higher"
            ),
            "State that the signal `reward` has one value per branch.",
        ),
    ],
)
@click.argument("file", type=_FILE, help="JSON Lines file, one question per line.")
@click.option("--model", metavar="NAME", required=True, help="Model name.")
@click.option("--benchmark", metavar="NAME", required=True, help="Benchmark name.")
@click.option(
    "--interval",
    metavar="TOKENS",
    required=True,
    type=WholeNumber(1, 1 << 48),
    help="Number of tokens between two probes.",
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
@click.option(
    "--signal",
    "signals",
    metavar="NAME=SCOPE,...",
    multiple=True,
    help="State what a named signal is: branch, probe or interval; higher or lower if such values"
    " are better; unit=UNIT; and last meaning=TEXT. Repeat for several signals. [default: the scope"
    " that the number of its values shows]",
)
@import_run.tokenizer_option
@import_run.answer_options
def jsonl(
    file: Path,
    model: str,
    benchmark: str,
    interval: int,
    target: Path,
    signals: tuple[str, ...],
    tokenizer: Path | None,
    extraction: str | None,
    equivalence: str,
) -> None:
    """Import JSON Lines, a question and its branches per line.

    Unknown fields are an error, so that a misspelt signal is not lost. If the branches have no
    probes, the recording can only be replayed with controllers that sample complete branches. A
    branch may be just a text: its final answer is then extracted from the text (boxed, or choice
    for multiple choice, unless --answers is given), and its tokens are counted with --tokenizer.
    See `rheostat explain importing` for more on each field.

    Args:
        file: JSON Lines of questions with their branches.
        model: Model name.
        benchmark: Benchmark name.
        interval: Tokens between two probes.
        target: Path of the recording.
        signals: Statements about named signals, as on the command line.
        tokenizer: Path of a tokenizer.json that counts tokens; ``None`` to require counts in the
            file.
        extraction: How to extract answers from free text; ``None`` to keep those of the file.
        equivalence: How answers are compared: ``exact`` or ``math-verify``.
    """
    from harness.cli.signal_statements import parse_statements
    from harness.request.misplaced import refuse_misplaced
    from store.environment import refuse_existing
    from store.file_kinds import FileKind
    from store.importing.answers import AnswerReader
    from store.jsonl import read_jsonl

    refuse_misplaced(file, {FileKind.BRANCHES}, "JSON Lines of branches")
    refuse_existing(target)
    reader = import_run.answer_reader(extraction)
    texts = AnswerReader()
    environment = read_jsonl(
        file,
        model=model,
        benchmark=benchmark,
        interval=interval,
        reader=reader,
        texts=texts,
        counter=import_run.token_counter(tokenizer),
        stated=parse_statements(signals),
    )
    import_run.refuse_language_names(file, environment.provenance.signals)
    notes = import_run.describe_signals(environment)
    import_run.write_recordings(
        [import_run.ImportSource(environment, target, notes)], reader or texts, equivalence
    )


@import_.command(
    "inspect",
    examples=[
        (
            "rheostat import inspect logs/*.eval -o recordings",
            "Write a recording for each log, with a branch per epoch.",
        ),
        (
            "rheostat import inspect gpqa.eval --answers choice -o recordings",
            "Extract the letters of choices.",
        ),
    ],
)
@click.argument(
    "files", nargs=-1, required=True, type=_FILE, metavar="FILES...", help="The log files."
)
@import_run.log_options
def inspect(files: tuple[Path, ...], **chosen: Unpack[import_run.LogOptionValues]) -> None:
    """Import logs of inspect_ai: .eval or .json.

    A branch is an epoch of a sample. The model, the task and the sampling settings come from the
    log. Lengths come from the usage of each call; where several choices were sampled in one call
    (num_choices), --tokenizer counts them. The branches have no intermediate answers, so such a
    recording cannot be replayed with controllers that probe.
    """
    from store.importing.inspect_logs import read_inspect

    import_run.import_logs(_targets(files, chosen["directory"]), read_inspect, chosen)


@import_.command(
    "lm-eval",
    examples=[
        (
            "rheostat import lm-eval samples_gsm8k.jsonl --tokenizer tokenizer.json -o recordings",
            "Make a branch of each repeat.",
        ),
        (
            "rheostat import lm-eval a.jsonl --tokenizer Qwen3-8B --gold-field answer -o r",
            "Take the correct answer from doc.answer.",
        ),
    ],
)
@click.argument(
    "files", nargs=-1, required=True, type=_FILE, metavar="FILES...", help="The log files."
)
@click.option(
    "--gold-field", metavar="NAME",
    help="Field of `doc` that holds the correct answer. [default: the sample's `target`]",
)  # fmt: skip
@import_run.log_options
def lm_eval(
    files: tuple[Path, ...], gold_field: str | None, **chosen: Unpack[import_run.LogOptionValues]
) -> None:
    """Import samples of lm-evaluation-harness (--log_samples).

    A branch is a repeat. Replies are the unfiltered `resps` of the log. The log has no token
    counts, so --tokenizer FILE is needed. The branches have no intermediate answers, so such a
    recording cannot be replayed with controllers that probe.
    """
    from functools import partial

    from store.importing.lm_eval_logs import read_lm_eval

    read = partial(read_lm_eval, gold_field=gold_field)
    import_run.import_logs(_targets(files, chosen["directory"]), read, chosen)
