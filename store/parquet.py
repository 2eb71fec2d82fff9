"""Export a recording as Parquet, for analysis with other tools. docs/importing.md has the columns.

There are two shapes: three flat tables in a directory, joined by ``question`` and ``branch``, or
one table with a row for each branch and lists inside. The metadata of every file name the recording
by its digest, under the key ``rheostat``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
import pyarrow as pa
from pyarrow.parquet import ParquetWriter

from store.errors import StoreError, attribute_os_errors
from store.files import draft_path
from store.reader import Recording
from store.records import Branch, Question, SignalDeclaration

METADATA_KEY = "rheostat"

_GROUP = 4096
"""Rows of one row group: few enough to hold with their texts, enough to compress well."""

_WORD = pa.string()
_WORDS = pa.list_(pa.string())
_INTS = pa.list_(pa.int64())
_REALS = pa.list_(pa.float64())

_QUESTION = {
    "question": _WORD, "position": pa.int32(), "gold": _WORD, "text": _WORD, "choices": _WORDS,
    "difficulty": pa.int64(), "greedy_answer": _WORD, "greedy_tokens": pa.int64(),
    "branches": pa.int32(),
}  # fmt: skip
_BRANCH = {
    "question": _WORD, "branch": pa.int32(), "tokens": pa.int64(), "probes": pa.int32(),
    "final": _WORD, "right": pa.bool_(), "finish": _WORD, "seed": pa.int64(),
    "final_raw": _WORD, "text": _WORD, "token_ids": _INTS, "sentences": _INTS,
    "paragraphs": _INTS,
}  # fmt: skip
_TAIL = {"tail_logprob": pa.float64(), "tail_top_logprob": pa.float64()}
_PROBE = {
    "question": _WORD, "branch": pa.int32(), "probe": pa.int32(), "tokens": pa.int64(),
    "answer": _WORD, "right": pa.bool_(), "raw": _WORD, "probe_tokens": pa.int64(),
    "entropy": pa.float64(), "logprob": pa.float64(), "top_logprob": pa.float64(),
}  # fmt: skip
_NESTED = {
    "gold": _WORD, **_BRANCH, "answers": _WORDS, "raw": _WORDS, "probe_tokens": _INTS,
    "entropy": _REALS, "logprob": _REALS, "top_logprob": _REALS,
}  # fmt: skip

ParquetRow = Mapping[str, object]


class _Source(NamedTuple):
    """One question with all that its rows are made of."""

    position: int
    question: Question
    branches: list[Branch]
    interval: int
    signals: Mapping[str, SignalDeclaration]
    """The named signals that the recording declares."""

    def named(self, *scopes: str) -> list[str]:
        """Return the named signals of some scopes, in order."""
        return [name for name, declared in self.signals.items() if declared.scope in scopes]


class _Sheet(NamedTuple):
    """One table: its columns, and the rows that a question adds to it."""

    schema: pa.Schema
    rows: Callable[[_Source], Iterator[ParquetRow]]


def export_tables(recording: Recording, directory: Path) -> list[Path]:
    """Write ``questions.parquet``, ``branches.parquet`` and ``probes.parquet``.

    Args:
        recording: an open one.
        directory: is made, and appears complete or not at all; an empty one may be there.

    Returns:
        The three files.

    Raises:
        StoreError: ``directory`` is there and not empty, or the recording is damaged.
        OSError: the file system fails; it names ``directory``.
    """
    with attribute_os_errors(directory):
        if directory.exists() and not (directory.is_dir() and not any(directory.iterdir())):
            reason = "already exists; name a new directory"
            raise StoreError(reason, path=directory)
    with draft_path(directory) as draft:
        tables = _tables(recording.provenance.signals)
        sheets = {draft / f"{name}.parquet": sheet for name, sheet in tables.items()}
        with attribute_os_errors(directory):
            draft.mkdir(parents=True)
        _write(recording, sheets, directory)
        with attribute_os_errors(directory):
            draft.rename(directory)
    return [directory / f"{name}.parquet" for name in tables]


TABLE_NAMES = ("questions", "branches", "probes")
"""The flat tables."""

TEXT_COLUMNS = ("text", "token_ids", "sentences", "paragraphs", "final_raw", "raw")
"""Columns that hold what a model wrote; they are most of a recording."""


def load_table(recording: Recording, name: str, *, texts: bool = False) -> pa.Table:
    """Return one of the flat tables as an Arrow table, in memory.

    Args:
        recording: an open one.
        name: one of `TABLE_NAMES`.
        texts: whether to include `TEXT_COLUMNS`; the text of a question is always included.

    Raises:
        StoreError: the recording is damaged, or has a number that is too large for Arrow.
    """
    schema, rows = _tables(recording.provenance.signals)[name]
    if not texts and name != "questions":
        schema = pa.schema([column for column in schema if column.name not in TEXT_COLUMNS])
    parts = [_arrow(list(rows(source)), schema, recording.path) for source in _sources(recording)]
    return pa.concat_tables([schema.empty_table(), *parts]).combine_chunks()


def export_flat(recording: Recording, path: Path) -> None:
    """Write one table with a row for each branch; the file appears complete or not at all.

    Raises:
        StoreError: ``path`` exists, or the recording is damaged.
        OSError: the file system fails; it names ``path``.
    """
    with attribute_os_errors(path):
        if path.exists():
            raise StoreError("already exists; name a new file", path=path)
    with draft_path(path) as draft:
        with attribute_os_errors(path):
            draft.parent.mkdir(parents=True, exist_ok=True)
        columns = _NESTED | {
            name: pa.float64() if declared.scope == "branch" else _REALS
            for name, declared in recording.provenance.signals.items()
        }
        _write(recording, {draft: _Sheet(pa.schema(columns), _nested_rows)}, path)
        with attribute_os_errors(path):
            draft.rename(path)


def _write(recording: Recording, sheets: Mapping[Path, _Sheet], target: Path) -> None:
    """Write every sheet, with one question at a time in memory; errors of writing name ``target``.

    The recording is read outside of what names the target: its errors are its own.
    """
    about = msgspec.json.encode(
        {"recording": recording.digest, "provenance": recording.provenance}, order="sorted"
    )
    with ExitStack() as stack:
        open_sheets = [
            (sheet, stack.enter_context(_writer(path, sheet.schema, about, recording.path, target)))
            for path, sheet in sheets.items()
        ]
        for source in _sources(recording):
            for sheet, write in open_sheets:
                for row in sheet.rows(source):
                    write(row)


def _sources(recording: Recording) -> Iterator[_Source]:
    """Yield the questions with their branches, each read when it is needed."""
    interval, signals = recording.provenance.interval, recording.provenance.signals
    for position, question in enumerate(recording.questions):
        yield _Source(position, question, recording.branches(position), interval, signals)


def _arrow(rows: list[ParquetRow], schema: pa.Schema, recording: Path) -> pa.Table:
    try:
        return pa.Table.from_pylist(rows, schema=schema)
    except OverflowError as error:
        reason = f"contains a whole number that is too large for Parquet: {error}"
        raise StoreError(reason, path=recording) from error


@contextmanager
def _writer(
    path: Path, schema: pa.Schema, about: bytes, recording: Path, target: Path
) -> Iterator[Callable[[ParquetRow], None]]:
    schema = schema.with_metadata({METADATA_KEY: about})
    rows: list[ParquetRow] = []
    with attribute_os_errors(target):
        # Given a path, Arrow opens it by itself and words its own errors.
        stream = path.open("xb")
    with stream, ParquetWriter(stream, schema, compression="zstd") as writer:

        def flush() -> None:
            table = _arrow(rows, schema, recording)
            with attribute_os_errors(target):
                writer.write_table(table)
            rows.clear()

        def write(row: ParquetRow) -> None:
            rows.append(row)
            if len(rows) == _GROUP:
                flush()

        yield write
        if rows:
            flush()
        with attribute_os_errors(target):
            writer.close()


def _question_rows(source: _Source) -> Iterator[ParquetRow]:
    question, greedy = source.question, source.question.greedy
    yield {
        "question": question.id,
        "position": source.position,
        "gold": question.gold,
        "text": question.text,
        "choices": question.choices,
        "difficulty": question.difficulty,
        "greedy_answer": None if greedy is None else greedy.answer,
        "greedy_tokens": None if greedy is None else greedy.tokens,
        "branches": len(source.branches),
    }


def _branch_rows(source: _Source) -> Iterator[dict[str, object]]:
    intervals, whole = source.named("interval"), source.named("branch")
    for index, branch in enumerate(source.branches):
        row = {name: getattr(branch, name, None) for name in _BRANCH}
        yield row | {
            "question": source.question.id,
            "branch": index,
            "probes": len(branch.answers),
            "right": branch.final == source.question.gold,
            "tail_logprob": _tail(branch, branch.logprob),
            "tail_top_logprob": _tail(branch, branch.top_logprob),
            **{f"tail_{name}": _tail(branch, branch.signals.get(name)) for name in intervals},
            **{name: _value(branch.signals.get(name), 0) for name in whole},
        }


def _probe_rows(source: _Source) -> Iterator[ParquetRow]:
    signals = source.named("probe", "interval")
    for index, branch in enumerate(source.branches):
        for probe, answer in enumerate(branch.answers):
            yield {
                "question": source.question.id,
                "branch": index,
                "probe": probe + 1,
                "tokens": (probe + 1) * source.interval,
                "answer": answer,
                "right": answer == source.question.gold,
                "raw": branch.raw and branch.raw[probe],
                "probe_tokens": branch.probe_tokens and branch.probe_tokens[probe],
                "entropy": branch.entropy and branch.entropy[probe],
                "logprob": branch.logprob and branch.logprob[probe],
                "top_logprob": branch.top_logprob and branch.top_logprob[probe],
                **{name: _value(branch.signals.get(name), probe) for name in signals},
            }


def _nested_rows(source: _Source) -> Iterator[ParquetRow]:
    signals = source.named("probe", "interval")
    for row, branch in zip(_branch_rows(source), source.branches, strict=True):
        lists = ("answers", "raw", "probe_tokens", "entropy", "logprob", "top_logprob")
        row |= {"gold": source.question.gold} | {name: getattr(branch, name) for name in lists}
        yield row | {name: branch.signals.get(name) for name in signals}


def _value(signal: Sequence[float] | None, position: int) -> float | None:
    """Return a value of a signal that a branch may lack."""
    return None if signal is None else signal[position]


def _tail(branch: Branch, signal: list[float] | None) -> float | None:
    """Return what a signal over intervals has for the stretch after the last probe."""
    has_tail = signal is not None and len(signal) > len(branch.answers)
    return signal[-1] if signal is not None and has_tail else None


def _tables(signals: Mapping[str, SignalDeclaration]) -> dict[str, _Sheet]:
    """Return the three tables, with a column for each named signal where its values belong."""
    branch, probe = _BRANCH | _TAIL, dict(_PROBE)
    for name, declared in signals.items():
        if declared.scope == "branch":
            branch[name] = pa.float64()
        else:
            probe[name] = pa.float64()
        if declared.scope == "interval":
            branch[f"tail_{name}"] = pa.float64()
    return {
        "questions": _Sheet(pa.schema(_QUESTION), _question_rows),
        "branches": _Sheet(pa.schema(branch), _branch_rows),
        "probes": _Sheet(pa.schema(probe), _probe_rows),
    }
