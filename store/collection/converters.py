"""Questions from local copies of usual benchmarks, in the files in which they are passed around.

JSON, JSON Lines, CSV and Parquet are read. Each benchmark knows the names that its columns go by in
the copies that are about; what it cannot find, it says.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from store.answers.extraction import NO_ANSWER, extractor
from store.collection.prompts import letters
from store.collection.questions import Asked
from store.environment import question_id
from store.errors import SourceError
from store.sources import read_text

Row = Mapping[str, Any]


class Converted(NamedTuple):
    """What a row says, before it has an id."""

    question: str
    answer: str
    choices: list[str] | None = None


class Missing(Exception):
    """A row lacks what is needed; the message says what."""


def convert(benchmark: str, path: Path) -> list[Asked]:
    """Reads a benchmark's questions.

    Args:
        benchmark: one of `BENCHMARKS`.
        path: a file of it.

    Raises:
        SourceError: the file is malformed, or a row lacks the question or the answer.
        OSError: it cannot be read.
    """
    rows = _rows(path)
    if not rows:
        raise SourceError("the file holds no rows", path=path)
    read = BENCHMARKS[benchmark]
    asked = []
    for number, row in enumerate(rows):
        try:
            found = read(row)
        except Missing as missing:
            raise SourceError(str(missing), path=path, place=f"row {number + 1}") from missing
        name = question_id(benchmark, number, len(rows))
        asked.append(Asked(name, found.question, found.answer, found.choices))
    return asked


def _rows(path: Path) -> list[Row]:
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return _parquet(path)
    text = read_text(path)
    if suffix == ".csv":
        import csv

        return list(csv.DictReader(text.splitlines(keepends=True)))
    try:
        if suffix == ".json":
            told = json.loads(text)
            rows = list(told.values()) if isinstance(told, dict) and "problem" not in told else told
            rows = rows if isinstance(rows, list) else [rows]
        else:
            rows = [json.loads(line) for line in text.split("\n") if line.strip()]
    except ValueError as error:
        raise SourceError(f"is not the JSON that its name says: {error}", path=path) from error
    if not all(isinstance(row, dict) for row in rows):
        raise SourceError("does not hold a row for each question", path=path)
    return rows


def _parquet(path: Path) -> list[Row]:
    from pyarrow import ArrowException
    from pyarrow.parquet import read_table

    try:
        rows: list[Row] = read_table(path).to_pylist()
    except ArrowException as error:
        raise SourceError(f"is no Parquet: {error}", path=path) from error
    return rows


def _text(row: Row, names: Sequence[str], what: str) -> str:
    """The first of these columns that is there, whatever its case."""
    folded = {str(key).strip().casefold(): value for key, value in row.items()}
    for name in names:
        value = folded.get(name)
        if value is not None and str(value).strip():
            return str(value).strip()
    raise Missing(f"has no {what}: none of the columns {', '.join(names)}")


def _competition(row: Row) -> Converted:
    """AIME and HMMT: a problem and its answer."""
    question = _text(row, ("problem", "question", "prompt"), "problem")
    return Converted(question, _text(row, ("answer", "expected_answer", "final_answer"), "answer"))


def _aime(row: Row) -> Converted:
    """An answer of AIME is a whole number from 0 to 999, with or without leading zeros."""
    found = _competition(row)
    digits = re.fullmatch(r"0*(\d{1,3})(\.0+)?", found.answer.strip("$ "))
    if digits is None:
        raise Missing(f"has the answer {found.answer!r}, and AIME's are whole numbers to 999")
    return found._replace(answer=digits[1])


def _math(row: Row) -> Converted:
    """MATH: the answer by itself, or in the box of the solution."""
    question = _text(row, ("problem", "question"), "problem")
    try:
        return Converted(question, _text(row, ("answer",), "answer"))
    except Missing:
        boxed = extractor("boxed").read(_text(row, ("solution",), "solution"))
        if boxed == NO_ANSWER:
            raise Missing("has no answer, and no box in its solution") from None
        return Converted(question, boxed)


def _gsm8k(row: Row) -> Converted:
    """GSM8K: the answer stands behind four hashes."""
    question = _text(row, ("question", "problem"), "question")
    answer = _text(row, ("answer", "solution"), "answer").rpartition("####")[2]
    return Converted(question, answer.strip().replace(",", ""))


def _gpqa(row: Row) -> Converted:
    """GPQA: one right and three wrong answers, in an order that its words alone decide."""
    question = _text(row, ("question", "problem"), "question")
    right = _text(row, ("correct answer",), "right answer")
    wrong = [_text(row, (f"incorrect answer {k}",), f"wrong answer {k}") for k in (1, 2, 3)]
    choices = [right, *wrong]
    seed = blake2b(question.encode(), digest_size=8).digest()
    order = list(range(len(choices)))
    Random(int.from_bytes(seed, "little")).shuffle(order)
    letter = letters(choices)[order.index(0)]
    return Converted(question, letter, [choices[at] for at in order])


BENCHMARKS: dict[str, Callable[[Row], Converted]] = {
    "aime": _aime,
    "gpqa": _gpqa,
    "gsm8k": _gsm8k,
    "hmmt": _competition,
    "math": _math,
}
"""How each benchmark's rows are read."""
