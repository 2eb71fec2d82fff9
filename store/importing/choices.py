"""Multiple choice in its common forms, brought into one: a list of choices and a letter.

- ``choices`` or ``options``: a list (MMLU, MMLU-Pro), ``{"text": […], "label": […]}`` or a list of
  ``{"text", "label"}`` (ARC), or an object by letter;
- the choices in columns of their own: ``A`` to ``J``, ``option_a``, ``choice1``, …;
- letters in front of the choices, ``A) 12`` (AQuA), are taken off where every choice has its own.

The answer is a letter, a label, the position from 0, or the text of a choice.
"""

import json
import re
from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import Any, NamedTuple

from store.importing.cells import BadCell, as_text, find, missing

LISTS = ("choices", "options", "question.choices", "endings")
ANSWERS = (
    "answer", "answerkey", "answer_key", "answer_letter", "correct", "correct_answer",
    "correct option", "answer_index", "answer_idx", "gold", "label", "target", "cop",
)  # fmt: skip
_COLUMNS = ("{}", "option_{}", "option {}", "option{}", "choice_{}", "choice{}", "op{}")
_PREFIX = re.compile(r"\(?([A-Z])\s*[).:\]]\s*(?=\S)", re.DOTALL)
_LETTER = re.compile(r"\(?([A-Za-z])[).:]?")


class Choices(NamedTuple):
    """What a question offers."""

    texts: list[str]
    labels: list[str]
    """As the file names them; letters from A where it does not."""


class Chosen(NamedTuple):
    """The choices of a question, and the letter of the right one."""

    texts: list[str]
    letter: str


def read_choices(row: Mapping[str, Any]) -> Chosen:
    """Read the choices and the right letter of a row.

    Raises:
        BadCell: there are no choices, no answer, or the answer is none of them.
    """
    choices = _listed(row) or _in_columns(row)
    if choices is None:
        raise BadCell(f"{missing(row, LISTS, 'choices')}, nor A, B, …")
    count = len(choices.texts)
    if not 2 <= count <= len(ascii_uppercase):
        raise BadCell(f"has {count} choices; from 2 to 26 can be lettered")
    cell = find(row, ANSWERS)
    if cell is None:
        raise BadCell(missing(row, ANSWERS, "answer"))
    column, value = cell
    return Chosen(choices.texts, ascii_uppercase[_position(value, choices, column)])


def _listed(row: Mapping[str, Any]) -> Choices | None:
    cell = find(row, LISTS)
    if cell is None:
        return None
    column, value = cell
    if isinstance(value, str):
        value = _parsed(value, column)
    labels: Sequence[object] | None = None
    if isinstance(value, Mapping):
        if isinstance(value.get("text"), list):
            value, labels = value["text"], value.get("label")
        else:
            value, labels = list(value.values()), list(value)
    elif value and all(isinstance(item, Mapping) for item in value):
        labels = [item.get("label") for item in value]
        value = [item.get("text") for item in value]
    if not isinstance(value, (list, tuple)):
        raise BadCell(f"column `{column}` is not a list of choices")
    return _labelled([as_text(item, column) for item in value], labels, column)


def _parsed(text: str, column: str) -> object:
    """Return a list that CSV holds as JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        reason = f"column `{column}` is text, but not a JSON list of choices"
        raise BadCell(reason) from None


def _in_columns(row: Mapping[str, Any]) -> Choices | None:
    for pattern in _COLUMNS:
        for names in (ascii_uppercase[:10], "1234567890"):
            choices = []
            for name in names:
                cell = find(row, [pattern.format(name).casefold()])
                if cell is None:
                    break
                choices.append(as_text(cell[1], cell[0]))
            if len(choices) >= 2:
                return Choices(choices, list(names[: len(choices)]))
    return None


def _labelled(texts: list[str], labels: Sequence[object] | None, column: str) -> Choices:
    """Return the choices with their labels, and without letters in front of them."""
    if labels is not None:
        if not isinstance(labels, (list, tuple)) or len(labels) != len(texts):
            raise BadCell(f"column `{column}` does not have one label for each choice")
        return Choices(texts, [as_text(label, column) for label in labels])
    letters = list(ascii_uppercase[: len(texts)])
    prefixes = [_PREFIX.match(text) for text in texts]
    own = [prefix[1] for prefix in prefixes if prefix]
    if own == letters:
        texts = [
            text[prefix.end() :] for text, prefix in zip(texts, prefixes, strict=True) if prefix
        ]
    return Choices(texts, letters)


def _position(value: object, choices: Choices, column: str) -> int:
    """Which of the choices an answer is.

    Raises:
        BadCell: none, or it can be read in two ways.
    """
    count = len(choices.texts)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        answer = as_text(value, column)
        if answer in choices.labels and choices.labels[0] != "A":
            return choices.labels.index(answer)
        if not (answer.isdecimal() and int(answer) < count):
            reason = f"column `{column}`: {answer} is none of {count} choices, counted from 0"
            raise BadCell(reason)
        return int(answer)
    answer = as_text(value, column)
    if answer in choices.labels:
        return choices.labels.index(answer)
    texts = [index for index, text in enumerate(choices.texts) if text == answer]
    counted = int(answer) if answer.isdecimal() and int(answer) < count else None
    if counted is not None and texts and texts != [counted]:
        reason = (
            f"column `{column}`: {answer!r} is the text of one choice and the position of another"
        )
        raise BadCell(reason)
    if counted is not None:
        return counted
    if len(texts) == 1:
        return texts[0]
    letter = _LETTER.fullmatch(answer)
    if letter and letter[1].upper() in choices.labels:
        return choices.labels.index(letter[1].upper())
    if letter and letter[1].upper() in ascii_uppercase[:count]:
        return ascii_uppercase.index(letter[1].upper())
    raise BadCell(f"column `{column}`: {answer!r} is none of the {count} choices")
