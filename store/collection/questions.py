"""Question files to collect on, and the prompts that are made of their questions.

A file is JSON Lines: ``{"id", "question", "answer", "choices"}`` a line.
"""

from collections.abc import Sequence
from pathlib import Path
from string import ascii_uppercase
from typing import NamedTuple

import msgspec

from store.errors import SourceError
from store.file_kinds import FileKind, wrong_kind
from store.forcing import Forcing, ForcingTokens
from store.records import Question
from store.serving.engine import Engine
from store.sources import decode, join_location, read_text

INSTRUCTIONS = {
    "boxed": "Please reason step by step, and put your final answer within \\boxed{}.",
    "choice": (
        "Please reason step by step, and put the letter of your choice, and nothing else, within"
        " \\boxed{}."
    ),
}
"""By the way in which answers are read; a pattern of one's own needs an instruction to match."""


def format_prompt(text: str, choices: Sequence[str] | None, instruction: str) -> str:
    """Return the text of the one message that the model gets.

    Args:
        text: the question.
        choices: what it offers; they are lettered from A.
        instruction: how to answer; empty for none.
    """
    parts = [text.strip()]
    if choices:
        parts.append(
            "\n".join(
                f"({letter}) {choice}"
                for letter, choice in zip(ascii_uppercase, choices, strict=False)
            )
        )
    if instruction:
        parts.append(instruction)
    return "\n\n".join(parts)


def choice_letters(choices: Sequence[str]) -> list[str]:
    """Return the letters of the choices."""
    return list(ascii_uppercase[: len(choices)])


def question_letters(question: Question) -> str | None:
    """Return the letters of a question's choices in a row; ``None`` where it has none."""
    return None if question.choices is None else "".join(choice_letters(question.choices))


async def tokenise_forcing(engine: Engine, forcing: Forcing) -> ForcingTokens:
    """Return a forcing in the tokens of the engine's model.

    Raises:
        ServingError: the engine does not report it.
    """
    parts = [
        tuple(await engine.tokenize(text)) if text else ()
        for text in (forcing.end, forcing.ask, forcing.text, forcing.mark)
    ]
    return ForcingTokens(*parts)


class CollectionQuestion(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One line."""

    id: str
    """Names the question, and enters its seeds."""
    question: str
    answer: str
    """The right answer; the letter of a choice where there are choices."""
    choices: list[str] | None = None


class QuestionFile(NamedTuple):
    """A file of questions."""

    path: Path
    questions: list[CollectionQuestion]


_DECODER = msgspec.json.Decoder(CollectionQuestion)


def read_questions(path: Path) -> QuestionFile:
    """Read a file of questions; empty lines are skipped.

    Raises:
        SourceError: it is malformed, holds none, or two have one id.
        OSError: the file cannot be read.
    """
    if misplaced := wrong_kind(path, {FileKind.QUESTIONS}, "a file of questions"):
        raise SourceError(misplaced, path=path)
    questions: dict[str, CollectionQuestion] = {}
    for number, text in enumerate(read_text(path).split("\n"), start=1):
        if not text.strip():
            continue
        line = decode(_DECODER, text, path, number)
        if problem := _problem(line, questions):
            raise SourceError(problem[1], path=path, location=join_location(number, problem[0]))
        questions[line.id] = line
    if not questions:
        raise SourceError("the file contains no questions", path=path)
    return QuestionFile(path, list(questions.values()))


def _problem(
    line: CollectionQuestion, before: dict[str, CollectionQuestion]
) -> tuple[str, str] | None:
    """Return the field that is wrong, and why."""
    if not line.id:
        return "$.id", "the id is empty; every question needs a unique id"
    if line.id in before:
        return "$.id", f"the id {line.id!r} is used by an earlier line; ids must be unique"
    if not line.question.strip():
        return "$.question", "the question is empty"
    if line.choices is None:
        return None
    if not 2 <= len(line.choices) <= 26:
        return "$.choices", f"there are {len(line.choices)} choices; 2 to 26 are supported"
    named = choice_letters(line.choices)
    if line.answer not in named:
        return "$.answer", f"the answer must be a letter from {named[0]} to {named[-1]}"
    return None


def write_lines(questions: list[CollectionQuestion]) -> str:
    """Return the same as text."""
    return "".join(msgspec.json.encode(question).decode() + "\n" for question in questions)
