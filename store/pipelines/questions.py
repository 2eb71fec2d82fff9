"""Files of questions, one JSON object a line: read strictly, each error with its line."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec

from store.errors import StoreError
from store.pipelines.records import Question


class Placed(NamedTuple):
    """A question, and the line that it stands on."""

    question: Question
    line: int
    """From 1."""


def read_questions(path: Path, named_in: Path) -> list[Placed]:
    """Reads the questions of a file.

    Args:
        path: of the file.
        named_in: the pipeline file that names it.

    Raises:
        StoreError: there is no such file, it holds no question, or a line is none.
    """
    try:
        lines = path.read_bytes().splitlines()
    except (FileNotFoundError, IsADirectoryError):
        raise StoreError(
            f"there is no such file of questions; {named_in} names it", path=path
        ) from None
    found: dict[str, Placed] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            question = msgspec.json.decode(line, type=Question)
        except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
            raise StoreError(
                f"is no question: {problem}", path=path, place=f"line {number}"
            ) from None
        if question.id in found:
            raise StoreError(
                f"the id {question.id!r} stands twice", path=path, place=f"line {number}"
            )
        found[question.id] = Placed(question, number)
    if not found:
        raise StoreError("holds no question", path=path)
    return list(found.values())


def refuse_shared(
    searched: Iterable[Placed], held_out: Iterable[Placed], path: Path, searched_path: Path
) -> None:
    """Refuses held-out questions that a search meets, by their ids or by their texts.

    Args:
        searched: the questions of the search.
        held_out: those that are held out.
        path: of the latter's file.
        searched_path: of the former's.

    Raises:
        StoreError: the first that stands in both, with its lines.
    """
    ids, texts = dict[str, int](), dict[str, int]()
    for each in searched:
        ids[each.question.id] = each.line
        texts.setdefault(_plain(each.question.question), each.line)
    for each in held_out:
        where = f"line {each.line}"
        if each.question.id in ids:
            line = ids[each.question.id]
            raise StoreError(
                f"the id {each.question.id!r} stands in line {line} of {searched_path} too, so it"
                " cannot be held out",
                path=path, place=where,
            )  # fmt: skip
        line = texts.get(_plain(each.question.question), 0)
        if line:
            raise StoreError(
                f"the question {each.question.id!r} is that of line {line} of {searched_path}, so"
                " it cannot be held out",
                path=path, place=where,
            )  # fmt: skip


def _plain(text: str) -> str:
    """A text by which questions are told apart: not by case or white space."""
    return " ".join(text.casefold().split())
