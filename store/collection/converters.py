"""Questions from local copies of usual benchmarks, in the files in which they are passed around.

`store.importing.rows` reads the files. Each benchmark knows the names that its columns go by in
common copies; what cannot be found or is no text is reported by row and column.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from store.answers.extraction import NO_ANSWER, extractor
from store.collection.questions import CollectionQuestion, choice_letters
from store.environment import question_id
from store.errors import SourceError
from store.importing.cells import BadCell, as_prompt, as_text, find, missing
from store.importing.choices import LISTS, read_choices
from store.importing.rows import Row, Values, read_rows

QUESTION = (
    "problem", "question.stem", "question", "prompt", "problem_statement", "question_text",
    "question_stem", "query", "input", "messages", "statement", "ctx", "extra_info.question",
)  # fmt: skip
"""Columns that hold the question, the surest first."""

ANSWER = (
    "answer", "expected_answer", "final_answer", "gold_answer", "correct_answer", "ground_truth",
    "groundtruth", "gold", "target", "answer_key", "label", "reward_model.ground_truth",
    "extra_info.answer",
)  # fmt: skip
"""Columns that hold the right answer."""

IDS = (
    "unique_id", "question_id", "problem_id", "task_id", "id", "record id", "uid", "uuid", "qid",
    "example_id", "question_idx", "problem_idx", "idx", "index", "extra_info.index", "name",
)  # fmt: skip
"""Columns that may name the question; one counts if it has another value in every row."""

_BOX = re.compile(r"[$ ]*\\(?:boxed|fbox)\b")
_DEGREES = re.compile(r"\s*(?:°|\^\s*\{?\s*\\circ\s*\}?|\\degree|\\textdegree|degrees?)\s*$")
_MATH_MARKS = re.compile(
    r"^(?:\$+|\\\(|\\\[|\*\*)\s*(?P<inside>.*?)\s*(?:\$+|\\\)|\\\]|\*\*)$", re.S
)
_TEXT_MARKS = re.compile(r"^\\(?:text|textbf|mathrm|mathbf|mbox|ang)\s*\{(?P<inside>[^{}]*)\}$")
_NUMBER = re.compile(r"[-+]?\$?[\d.,/ ]*\d\s*%?")


class ConvertedRow(NamedTuple):
    """The content of a row, before it has an id."""

    question: str
    answer: str
    choices: list[str] | None = None
    system: str | None = None
    """A system message that came with the question."""


class InvalidRow(NamedTuple):
    """A row that is no question."""

    location: str
    reason: str


class Conversion(NamedTuple):
    """What a file gave."""

    questions: list[CollectionQuestion]
    bad: list[InvalidRow]
    """Rows that are no questions; the caller rejects or reports them."""
    notes: list[str]
    """What a user should know of how the file was read."""


def convert_benchmark(benchmark: str, path: Path) -> Conversion:
    """Read a benchmark's questions.

    Args:
        benchmark: one of `BENCHMARKS`.
        path: a file of it, or a directory of such files.

    Raises:
        SourceError: the file is not of its format, or no row is a question.
        OSError: the file cannot be read.
    """
    read = BENCHMARKS[benchmark]
    rows: list[Row] = []
    converted: list[ConvertedRow] = []
    bad: list[InvalidRow] = []
    for row in read_rows(path):
        if row.fault is not None:
            bad.append(InvalidRow(row.location, row.fault))
            continue
        try:
            converted.append(read(row.values))
        except BadCell as problem:
            bad.append(InvalidRow(row.location, str(problem)))
        else:
            rows.append(row)
    if not rows:
        raise SourceError(bad[0].reason, path=path, location=bad[0].location)
    names, notes = _name(benchmark, rows)
    system = [row.system for row in converted if row.system]
    if system:
        notes.append(
            f"dropped the system message {system[0][:60]!r}{_also(len(system) - 1)}; add it with"
            " `rheostat collect --instruction` if the model needs it"
        )
    questions = [
        CollectionQuestion(name, row.question, row.answer, row.choices)
        for name, row in zip(names, converted, strict=True)
    ]
    return Conversion(questions, bad, notes)


def _also(others: int) -> str:
    return f" (and that of {others} more)" if others else ""


def _name(benchmark: str, rows: Sequence[Row]) -> tuple[list[str], list[str]]:
    """Return the id of each row, from a column of distinct values if there is one, and notes."""
    repeated = None
    for column in IDS:
        cells = [find(row.values, [column]) for row in rows]
        names = [_id_text(cell[1]) for cell in cells if cell is not None]
        if len(names) == len(rows) and None not in names:
            if len(set(names)) == len(rows):
                return [name for name in names if name is not None], []
            repeated = repeated or next(cell[0] for cell in cells if cell is not None)
    keys = [row.name for row in rows if row.name is not None]
    if len(keys) == len(rows) == len(set(keys)):
        return keys, []
    notes = []
    if repeated is not None:
        notes.append(f"the column `{repeated}` repeats values; questions are named by position")
    return [question_id(benchmark, k, len(rows)) for k in range(len(rows))], notes


def _id_text(value: object) -> str | None:
    try:
        return as_text(value, "id")
    except BadCell:
        return None


def _question(row: Values) -> ConvertedRow:
    """Return the question of a row, without its answer."""
    column, value = _cell(row, QUESTION, "question")
    message = as_prompt(value, column)
    return ConvertedRow(message.text, "", system=message.system)


def _cell(row: Values, names: Sequence[str], what: str) -> tuple[str, Any]:
    cell = find(row, names)
    if cell is None:
        raise BadCell(missing(row, names, what))
    return cell


def _boxed(row: Values, columns: Sequence[str]) -> str | None:
    """Return the content of the last box of a worked solution."""
    cell = find(row, columns)
    if cell is None:
        return None
    boxed = extractor("boxed").read(as_text(cell[1], cell[0]))
    return None if boxed == NO_ANSWER else boxed


def _competition(row: Values) -> ConvertedRow:
    """AIME, HMMT and MATH: the answer by itself, or in the box of the solution."""
    converted = _question(row)
    cell = find(row, ANSWER)
    if cell is not None:
        answer = as_text(cell[1], cell[0])
        if _BOX.match(answer):
            answer = extractor("boxed").read(answer)
        return converted._replace(answer=answer)
    boxed = _boxed(row, ("solution", "output", "response"))
    if boxed is None:
        raise BadCell(f"{missing(row, ANSWER, 'answer')}, and no box in its solution")
    return converted._replace(answer=boxed)


def _aime(row: Values) -> ConvertedRow:
    """Return an AIME answer as a whole number from 0 to 999, however it is typeset."""
    converted = _competition(row)
    digits = re.fullmatch(r"0*(\d{1,3})(?:\.0*)?", _bare(converted.answer))
    if digits is None:
        raise BadCell(
            f"has the answer {converted.answer!r}, but AIME answers are whole numbers up to 999"
        )
    return converted._replace(answer=str(int(digits[1])))


def _bare(answer: str) -> str:
    """Return a number without its box, dollars, degrees and full stop."""
    boxed = extractor("boxed").read(answer)
    bare = answer if boxed == NO_ANSWER else boxed
    while True:
        before = bare
        bare = re.sub(r"\\[,;:! ]|~|\s+", " ", bare).strip().rstrip(".").strip()
        for marks in (_MATH_MARKS, _TEXT_MARKS):
            if match := marks.match(bare):
                bare = match["inside"]
        bare = _DEGREES.sub("", bare)
        if bare == before:
            return bare


def _gsm8k(row: Values) -> ConvertedRow:
    """GSM8K: the answer follows four hashes; a number by itself is taken too."""
    converted = _question(row)
    column, value = _cell(row, ("answer", "solution", *ANSWER[1:]), "answer")
    _, hashes, answer = as_text(value, column).rpartition("####")
    answer = answer.strip().replace(",", "")
    if not answer or not (hashes or _NUMBER.fullmatch(answer)):
        raise BadCell(f"column `{column}` has no answer after ####, and is not a number")
    return converted._replace(answer=answer)


def _multiple_choice(row: Values) -> ConvertedRow:
    """MMLU, ARC, AQuA and their like: choices, and which of them is right."""
    chosen = read_choices(row)
    return _question(row)._replace(answer=chosen.letter, choices=chosen.texts)


def _gpqa(row: Values) -> ConvertedRow:
    """GPQA: one right and three wrong answers, in an order that the question alone decides."""
    if find(row, ("correct answer",)) is None and find(row, LISTS) is not None:
        return _multiple_choice(row)
    converted = _question(row)
    names = ("correct answer", *(f"incorrect answer {k}" for k in (1, 2, 3)))
    choices = []
    for name in names:
        column, value = _cell(row, (name, name.replace(" ", "_")), f"`{name}`")
        choices.append(as_text(value, column))
    seed = blake2b(converted.question.encode(), digest_size=8).digest()
    order = list(range(len(choices)))
    Random(int.from_bytes(seed, "little")).shuffle(order)
    letter = choice_letters(choices)[order.index(0)]
    return converted._replace(answer=letter, choices=[choices[index] for index in order])


BENCHMARKS: Mapping[str, Callable[[Values], ConvertedRow]] = {
    "aime": _aime,
    "aqua": _multiple_choice,
    "arc": _multiple_choice,
    "gpqa": _gpqa,
    "gsm8k": _gsm8k,
    "hmmt": _competition,
    "math": _competition,
    "mmlu": _multiple_choice,
}
"""How each benchmark's rows are read."""
