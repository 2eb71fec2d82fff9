"""Questions to collect on: JSON Lines, ``{"id", "question", "answer", "choices"}`` a line."""

from pathlib import Path
from typing import NamedTuple

import msgspec

from store.collection.prompts import letters
from store.errors import SourceError
from store.file_kinds import FileKind, wrong_kind
from store.sources import decode, join_place, read_text


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line."""

    id: str
    """Names the question, and enters its seeds."""
    question: str
    answer: str
    """The right answer; the letter of a choice where there are choices."""
    choices: list[str] | None = None


class Questions(NamedTuple):
    """A file of questions."""

    path: Path
    asked: list[Asked]


_DECODER = msgspec.json.Decoder(Asked)


def read_questions(path: Path) -> Questions:
    """Reads a file of questions; empty lines are passed over.

    Raises:
        SourceError: it is malformed, holds none, or two have one id.
        OSError: it cannot be read.
    """
    if misplaced := wrong_kind(path, {FileKind.QUESTIONS}, "a file of questions"):
        raise SourceError(misplaced, path=path)
    found: dict[str, Asked] = {}
    for number, text in enumerate(read_text(path).split("\n"), start=1):
        if not text.strip():
            continue
        line = decode(_DECODER, text, path, number)
        if problem := _problem(line, found):
            raise SourceError(problem[1], path=path, place=join_place(number, problem[0]))
        found[line.id] = line
    if not found:
        raise SourceError("the file holds no questions", path=path)
    return Questions(path, list(found.values()))


def _problem(line: Asked, before: dict[str, Asked]) -> tuple[str, str] | None:
    """The field that is wrong, and why."""
    if not line.id:
        return "$.id", "the id is empty; every question needs one of its own"
    if line.id in before:
        return "$.id", f"the id {line.id!r} is taken by an earlier line; ids name one question each"
    if not line.question.strip():
        return "$.question", "the question is empty"
    if line.choices is None:
        return None
    if not 2 <= len(line.choices) <= 26:
        return "$.choices", f"there are {len(line.choices)} choices; from 2 to 26 can be lettered"
    named = letters(line.choices)
    if line.answer not in named:
        return "$.answer", f"with choices, the answer is a letter from {named[0]} to {named[-1]}"
    return None


def write_lines(asked: list[Asked]) -> str:
    """The same as text."""
    return "".join(msgspec.json.encode(each).decode() + "\n" for each in asked)
