"""Shared parts of ``rheostat import`` commands: options, answer extraction, summaries."""

import re
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict, TypeVar

import click

from harness.cli.options import combine_options
from harness.cli.parameter_types import FilePath

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from store.answers.equivalence import Equivalence
    from store.environment import Environment
    from store.importing.answers import AnswerReader, JoinedAnswers
    from store.importing.harness_logs import HarnessLog, LogOptions
    from store.importing.token_counts import TokenCounter

F = TypeVar("F", bound=Callable[..., Any])

EXTRACTIONS = ("boxed", "choice", "last-number")
"""Extractions with a name; any other value is a pattern."""

answers_option = click.option(
    "--answers",
    "extraction",
    metavar="HOW",
    help="Read answers as free text and extract them with this method: boxed, choice,"
    " last-number, or a regular expression.",
)
equivalence_option = click.option(
    "--equivalence",
    type=click.Choice(("exact", "math-verify")),
    default="exact",
    show_default=True,
    help="How to decide that two answers are equal; equal answers are recorded in one form.",
)
tokenizer_option = click.option(
    "--tokenizer",
    metavar="FILE",
    type=FilePath(),
    help="Count the tokens of texts with this tokenizer.json.",
)
directory_option = click.option(
    "-o",
    "--output",
    "directory",
    metavar="DIR",
    required=True,
    type=FilePath(file_okay=False),
    help="Write a recording into DIR for each FILE, named after it.",
)


class ImportSource(NamedTuple):
    """A file that was read, and notes about it."""

    environment: "Environment"
    target: Path
    notes: Sequence[str] = ()
    """Notes for the summary."""


log_options = combine_options(
    click.option("--model", metavar="NAME", help="Record this model name in place of the log's."),
    click.option(
        "--benchmark", metavar="NAME",
        help="Record this benchmark name in place of the log's task.",
    ),
    click.option(
        "--answers", "extraction", metavar="HOW",
        help="How to extract answers: boxed, choice, last-number, or a regular expression."
            " [default: choice for multiple choice, otherwise boxed]",
    ),
    equivalence_option,
    tokenizer_option,
    click.option(
        "--skip-bad-samples", "skip_bad", is_flag=True,
        help="Skip samples that failed or cannot be read, and report them.",
    ),
    directory_option,
)  # fmt: skip
_NAMED = 5
"""The most omitted samples that are listed."""


class LogOptionValues(TypedDict):
    """The values of `log_options`."""

    model: str | None
    benchmark: str | None
    extraction: str | None
    equivalence: str
    tokenizer: Path | None
    skip_bad: bool
    directory: Path


def import_logs(
    targets: "Mapping[Path, Path]",
    read: "Callable[[Path, LogOptions], HarnessLog]",
    chosen: LogOptionValues,
) -> None:
    """Import logs of an evaluation harness.

    Args:
        targets: The log of each recording.
        read: Reads one log.
        chosen: The values of the options.

    Raises:
        InputError: A sample cannot be read, and bad samples are not skipped.
    """
    from harness.cli import console
    from store.importing.answers import AnswerReader
    from store.importing.harness_logs import LogOptions

    reader = answer_reader(chosen["extraction"]) or AnswerReader()
    options = LogOptions(
        reader, token_counter(chosen["tokenizer"]), chosen["skip_bad"], chosen["model"],
        chosen["benchmark"],
    )  # fmt: skip
    sources = []
    for target, file in targets.items():
        log = read(file, options)
        for sample in log.skipped[:_NAMED]:
            console.warn(f"{file}, {sample.location}: {sample.reason}: skipped")
        if len(log.skipped) > _NAMED:
            console.warn(f"{file}: {len(log.skipped) - _NAMED} more samples were skipped")
        sources.append(
            ImportSource(log.environment, target, [*log.notes, _described(log.environment)])
        )
    write_recordings(sources, reader, chosen["equivalence"])


def _described(environment: "Environment") -> str:
    items = list(environment.items)
    branches = sum(len(item.branches) for item in items)
    named = environment.provenance
    return (
        f"model {named.model}, benchmark {named.benchmark}; questions: {len(items):,}, branches:"
        f" {branches:,}, without probes"
    )


def answer_options(function: F) -> F:
    """Add ``--answers`` and ``--equivalence`` to a command."""
    return answers_option(equivalence_option(function))


def answer_reader(name: str | None) -> "AnswerReader | None":
    """Return the extraction that ``--answers`` names; ``None`` if it was not used.

    Raises:
        InputError: It is a misspelt name.
        StoreError: It is not a regular expression.
    """
    from harness.errors import InputError
    from store.importing.answers import AnswerReader

    if name is None:
        return None
    if name not in EXTRACTIONS and not name.startswith("pattern:"):
        # A plain word matches only itself, so it is a typo and not a regular expression.
        if re.fullmatch(r"[A-Za-z_-]*", name):
            raise InputError(
                f"--answers {name}: unknown extraction method",
                hint=f"use {', '.join(EXTRACTIONS)}, or pattern:REGEX",
            )
        name = f"pattern:{name}"
    return AnswerReader(name)


def token_counter(path: Path | None) -> "TokenCounter | None":
    """Return the tokenizer of ``--tokenizer``.

    Raises:
        StoreError: Its library is not installed, or the file is not a tokenizer.
    """
    from store.importing.token_counts import TokenCounter

    return None if path is None else TokenCounter(path)


def refuse_language_names(file: Path, signals: "Collection[str]") -> None:
    """Raise `InputError` if a signal has a name that a program could not read it by.

    Args:
        file: The file that has the signals.
        signals: Their names.
    """
    from dsl.builtins import signal_name_fault
    from harness.errors import InputError

    for name in signals:
        if fault := signal_name_fault(name):
            raise InputError(
                f"{file}: signal {name}: {fault}", hint="rename the signal in the file"
            )


def describe_signals(environment: "Environment") -> list[str]:
    """Return a note for each named signal: its scope, and whether all branches have it."""
    branches = [branch for item in environment.items for branch in item.branches]
    notes = []
    for name, declared in environment.provenance.signals.items():
        lacking = sum(name not in branch.signals for branch in branches)
        note = f"signal {name}, per {declared.scope}"
        if lacking:
            note += (
                f": {lacking:,} of {len(branches):,} branches lack it, so no program can read it"
            )
        notes.append(note)
    return notes


def write_recordings(
    sources: Sequence[ImportSource], reader: "AnswerReader | None", equivalence: str
) -> None:
    """Join equal answers, write every recording, and print a summary.

    Args:
        sources: The files that were read.
        reader: The answer extraction, for the summary.
        equivalence: The value of ``--equivalence``.
    """
    from harness.cli import console
    from harness.cli.output import emit_paths
    from store.environment import save
    from store.importing.answers import join_answers

    with console.progress("importing", 2 * len(sources)) as advance:
        finished: list[tuple[ImportSource, JoinedAnswers | None]] = []
        with _opened(equivalence) as opened:
            for source in sources:
                if opened is None:
                    finished.append((source, None))
                else:
                    joined = join_answers(source.environment, opened)
                    changed = source._replace(environment=joined.environment)
                    finished.append((changed, joined.joined))
                advance(1)
        for source, joined_answers in finished:
            save(source.environment, source.target)
            emit_paths([source.target])
            notes = list(source.notes)
            if joined_answers is not None:
                notes.append(
                    _describe_joined(joined_answers, source.environment.provenance.equivalence)
                )
            for note in notes:
                console.info(f"{source.target}: {note}")
            advance(1)
    if reader is not None:
        _report_unread(reader)


@contextmanager
def _opened(equivalence: str) -> "Iterator[Equivalence | None]":
    """Return the equivalence with the user's cache; ``None`` for one that joins nothing."""
    if equivalence == "exact":
        yield None
        return
    from store.answers.equivalence import open_equivalence

    with open_equivalence(equivalence, cache=find_answers_cache()) as opened:
        yield opened


def find_answers_cache() -> Path | None:
    """Return the cache of answer comparisons; ``None`` without a cache directory."""
    from harness.errors import ExternalError
    from harness.settings import GeneralSettings, load

    try:
        return load(GeneralSettings).cache_dir / "answers"
    except ExternalError:
        return None  # no home directory: compare everything again


def _describe_joined(joined: "JoinedAnswers", name: str) -> str:
    text = f"{name} merged {joined.finals:,} of {joined.of_finals:,} final answers"
    if joined.of_probes:
        text += f" and {joined.probes:,} of {joined.of_probes:,} answers at probes"
    text += " with an equal answer that is written differently"
    if joined.example is not None:
        question, answer, equal = joined.example
        text += f", such as {answer!r} to {equal!r} in {question}"
    return text


def _report_unread(reader: "AnswerReader") -> None:
    from harness.cli import console

    if not reader.read_finals:
        return
    text = f"final answers extracted by {reader.name}: {reader.read_finals:,}"
    if reader.unread_finals:
        text += f"; not found (recorded as ERR): {reader.unread_finals:,}"
    if 2 * reader.unread_finals > reader.read_finals:
        console.warn(f"{text}; check that --answers matches the answer format in the prompt")
    else:
        console.info(text)
