"""Rows of the files in which benchmarks are passed around.

JSON (a list, a wrapper around one list, columns, or an object for each id), JSON Lines under
either name, CSV and TSV with any usual separator, Parquet, each of them compressed or not, and a
directory that holds any of these, such as one file for each problem.

One malformed row is a row with a `fault`, so that the caller can report it or leave it out; a file
that is not of its format at all is a `SourceError`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from store.errors import SourceError
from store.importing.delimited import DELIMITED, read_delimited
from store.sources import data_suffix, read_data, read_text

Values = Mapping[str, Any]

JSON_LINES = frozenset({".jsonl", ".ndjson", ".jsonlines"})
READ = frozenset({".json", ".parquet", *JSON_LINES, *DELIMITED})
"""Suffixes of the files that a directory is searched for."""


_WRAPPERS = frozenset({"rows", "data", "questions", "problems", "examples", "samples", "items"})
"""Names of the one list that is meant where a JSON object holds several."""


class Row(NamedTuple):
    """One row of a file."""

    location: str
    """Its location, for messages: ``row 3``, ``algebra/12.json``."""
    values: Values
    """By column."""
    name: str | None = None
    """What the file calls the row, outside its values: its key, or its own file's path."""
    fault: str | None = None
    """Why it could not be read; then it has no values."""


def read_rows(path: Path) -> list[Row]:
    """Read the rows of a file, or of all files of a directory.

    Raises:
        SourceError: it is not of the format of its name or content, or has no rows.
        OSError: the file cannot be read.
    """
    rows = _directory(path) if path.is_dir() else _file(path)
    if not rows:
        raise SourceError("the file contains no rows", path=path)
    return rows


def _directory(path: Path) -> list[Row]:
    """Return the rows of every file below a directory, in the natural order of their paths."""
    files = [
        file
        for file in path.rglob("*")
        if file.is_file()
        and data_suffix(file) in READ
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
    ]
    if not files:
        kinds = ", ".join(sorted(READ))
        raise SourceError(f"the directory contains no file of questions ({kinds})", path=path)
    rows: list[Row] = []
    for file in sorted(files, key=lambda file: _natural(file.relative_to(path).as_posix())):
        relative = file.relative_to(path)
        file_rows = _file(file)
        if len(file_rows) == 1:
            name = file_rows[0].name or relative.with_suffix("").as_posix()
            rows.append(file_rows[0]._replace(location=relative.as_posix(), name=name))
        else:
            rows.extend(
                row._replace(location=f"{relative.as_posix()}, {row.location}") for row in file_rows
            )
    return rows


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts numbers inside names by their value: 2 before 10."""
    return [
        (int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)
    ]


def _file(path: Path) -> list[Row]:
    suffix = data_suffix(path)
    if suffix == ".parquet":
        return _parquet(path)
    if suffix in {".xlsx", ".xls", ".ods"}:
        raise SourceError("is a spreadsheet; save the sheet as CSV", path=path)
    text = read_text(path)
    # A name without a known suffix gives no format, so the first character decides.
    if suffix in DELIMITED or (suffix not in READ and text.lstrip()[:1] not in ("{", "[")):
        return [
            Row(f"row {number}", record.values, fault=record.fault)
            for number, record in enumerate(read_delimited(text, suffix, path), start=1)
        ]
    return list(_json(text, path, lines=suffix in JSON_LINES))


def _parquet(path: Path) -> list[Row]:
    from pyarrow import ArrowException, BufferReader
    from pyarrow.parquet import read_table

    try:
        rows = read_table(BufferReader(read_data(path))).to_pylist()
    except ArrowException as error:
        raise SourceError(f"is not valid Parquet: {error}", path=path) from error
    return [Row(f"row {number}", row) for number, row in enumerate(rows, start=1)]


def _json(text: str, path: Path, *, lines: bool) -> Iterator[Row]:
    """Return the rows of a JSON document, or of JSON Lines, whatever the file is called."""
    if not (lines and text.lstrip()[:1] == "{"):
        try:
            document = json.loads(text)
        except ValueError as error:
            if not str(error).startswith("Extra data"):
                raise SourceError(f"is not JSON: {error}", path=path) from error
        except RecursionError:
            raise SourceError("the JSON is nested too deeply", path=path) from None
        else:
            return _document(document, path)
    return _json_lines(text, path)


def _json_lines(text: str, path: Path) -> Iterator[Row]:
    # Only a line feed ends a line: JSON text may hold U+2028 and its like.
    lines = [
        (line_number, line)
        for line_number, line in enumerate(text.split("\n"), start=1)
        if line.strip()
    ]
    rows = [
        _json_line(
            f"row {number}" if number == line_number else f"row {number} (line {line_number})", line
        )
        for number, (line_number, line) in enumerate(lines, start=1)
    ]
    if rows and all(row.fault for row in rows):
        raise SourceError(rows[0].fault or "", path=path, location=rows[0].location)
    return iter(rows)


def _json_line(location: str, line: str) -> Row:
    try:
        values = json.loads(line)
    except ValueError as error:
        return Row(location, {}, fault=f"is not JSON: {error}")
    except RecursionError:
        return Row(location, {}, fault="the JSON is nested too deeply")
    if not isinstance(values, dict):
        return Row(location, {}, fault="is not a JSON object with a value for each column")
    return Row(location, values)


def _document(document: object, path: Path) -> Iterator[Row]:
    """Return the rows of one JSON document."""
    if isinstance(document, dict):
        yield from _object(document, path)
        return
    if not isinstance(document, list):
        raise SourceError("does not have a row for each question", path=path)
    for number, values in enumerate(document, start=1):
        location = f"row {number}"
        if not isinstance(values, dict):
            yield Row(location, {}, fault="is not a JSON object with a value for each column")
        elif isinstance(values.get("row"), dict) and "row_idx" in values:
            yield Row(location, values["row"])  # as dataset servers wrap each row
        else:
            yield Row(location, values)


def _object(document: Values, path: Path) -> Iterator[Row]:
    """Return the rows of a JSON object: a wrapper, columns, an object for each id, or one row."""
    columns = document.get("columns")
    if isinstance(columns, list) and isinstance(document.get("data"), list):
        for number, values in enumerate(document["data"], start=1):
            yield Row(f"row {number}", dict(zip(map(str, columns), values, strict=False)))
        return
    tables = {
        key: value
        for key, value in document.items()
        if isinstance(value, list) and value and all(isinstance(row, dict) for row in value)
    }
    if tables and not _is_row(document):
        named = [key for key in tables if key.casefold() in _WRAPPERS]
        if len(named) == 1:
            tables = {named[0]: tables[named[0]]}
        if len(tables) > 1:
            names = ", ".join(f"`{key}`" for key in tables)
            reason = (
                f"contains several lists of rows, {names}; save the intended one as a separate file"
            )
            raise SourceError(reason, path=path)
        yield from _document(next(iter(tables.values())), path)
        return
    values = list(document.values())
    if len(values) == 1 and isinstance(values[0], dict) and _holds_rows(values[0]):
        yield from _object(values[0], path)
    elif document and all(isinstance(value, dict) for value in values):
        yield from _objects(document)
    elif values and all(isinstance(value, list) and len(value) > 1 for value in values):
        yield from _columns(document, path)
    else:
        yield Row("row 1", document)


def _is_row(document: Values) -> bool:
    """Whether an object with a list of objects in it is a row: a chat prompt is such a list."""
    return any(isinstance(value, str) for value in document.values()) and any(
        str(key).casefold() in {"answer", "solution", "reward_model", "answerkey"}
        for key in document
    )


def _holds_rows(document: Values) -> bool:
    """Return whether an object is a wrapper itself: a list of objects, and no row."""
    return not _is_row(document) and any(
        isinstance(value, list) and value and isinstance(value[0], dict)
        for value in document.values()
    )


def _objects(document: Mapping[str, Values]) -> Iterator[Row]:
    """Return an object for each id, or (as pandas writes a table) one for each column."""
    inner = [tuple(value) for value in document.values()]
    is_table = len(set(inner)) == 1 and all(key.isdecimal() for key in inner[0])
    if is_table and not all(key.isdecimal() for key in document):
        for number, key in enumerate(inner[0], start=1):
            yield Row(f"row {number}", {name: column[key] for name, column in document.items()})
        return
    for key, values in document.items():
        yield Row(f"row {key!r}", values, name=key)


def _columns(document: Mapping[str, list[Any]], path: Path) -> Iterator[Row]:
    lengths = {key: len(column) for key, column in document.items()}
    if len(set(lengths.values())) != 1:
        lengths_text = ", ".join(f"`{key}` {length}" for key, length in lengths.items())
        raise SourceError(f"has columns of different lengths: {lengths_text}", path=path)
    for number, values in enumerate(zip(*document.values(), strict=True), start=1):
        yield Row(f"row {number}", dict(zip(document, values, strict=True)))
