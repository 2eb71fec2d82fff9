"""Rows of CSV and its relatives: commas, semicolons, tabs or bars between the fields."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from store.errors import SourceError

DELIMITED = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
"""By suffix: the separator that is expected."""

_SEPARATORS = (",", ";", "\t", "|")
_DECLARED = re.compile(r"sep=(.)\r?\n")
_SAMPLED = 200
"""Number of records that are read to detect the separator."""

_LETTERS = "ABCDEFGHIJ"


class Record(NamedTuple):
    """One record below the header."""

    values: Mapping[str, str]
    fault: str | None = None


class _Dialect(NamedTuple):
    separator: str
    quoting: Literal[0, 3]
    """``csv.QUOTE_MINIMAL`` or ``csv.QUOTE_NONE``."""


def read_delimited(text: str, suffix: str, path: Path) -> list[Record]:
    """Read the records of a delimited file.

    The separator is the one under which most records have as many fields as the header. A file
    without a header is read if it is laid out as MMLU's: question, choices, letter.

    Args:
        text: the file's content.
        suffix: of its name, in lower case: what separator to prefer.
        path: the file, for errors.

    Raises:
        SourceError: the quotes of the file do not match.
    """
    expected = DELIMITED.get(suffix, ",")
    if declared := _DECLARED.match(text):  # as Excel declares the separator
        expected, text = declared[1], text[declared.end() :]
    limit = csv.field_size_limit(max(len(text), 131_072))
    try:
        dialect = _dialect(text, expected)
        records = list(_records(text, dialect))
    except csv.Error as error:
        raise SourceError(f"is not valid CSV: {error}", path=path) from error
    finally:
        csv.field_size_limit(limit)
    if not records:
        return []
    header = [name.strip() for name in records[0]]
    if _is_headerless_choices(header):
        header = ["question", *_LETTERS[: len(header) - 2], "answer"]
    else:
        records = records[1:]
    return [_record(header, record) for record in records]


def _record(header: list[str], record: list[str]) -> Record:
    if len(record) > len(header):
        fault = (
            f"has {len(record)} fields for {len(header)} columns; a field that holds the separator"
            " must be put in quotes"
        )
        return Record({}, fault)
    return Record(dict(zip(header, record, strict=False)))


def _records(text: str, dialect: _Dialect) -> Iterator[list[str]]:
    # newline="" keeps every character of a field; only csv itself decides where a record ends.
    source = io.StringIO(text, newline="")
    for record in csv.reader(source, delimiter=dialect.separator, quoting=dialect.quoting):
        if any(field.strip() for field in record):
            yield record


def _dialect(text: str, expected: str) -> _Dialect:
    """Return the separator and quoting under which the most of the first records fit the header."""
    separators = (expected, *(separator for separator in _SEPARATORS if separator != expected))
    candidates = [_Dialect(separator, csv.QUOTE_MINIMAL) for separator in separators]
    candidates.append(_Dialect("\t", csv.QUOTE_NONE))
    best, most = candidates[0], (-1.0, 0)
    for candidate in candidates:
        sample = []
        for record in _records(text, candidate):
            sample.append(record)
            if len(sample) > _SAMPLED:
                break
        if not sample or len(sample[0]) < 2:
            continue
        fitting = sum(len(record) == len(sample[0]) for record in sample)
        # Stray quotes swallow line ends: the reading with more fitting records is the right one.
        score = (fitting / len(sample), fitting)
        if score > most:
            best, most = candidate, score
    return best


def _is_headerless_choices(first: list[str]) -> bool:
    """Return whether a first record is MMLU's: a question, its choices, and the letter of one."""
    letters = _LETTERS[: max(len(first) - 2, 0)]
    return len(letters) >= 2 and first[-1] in letters and first[-1] != "" and len(first[-1]) == 1
