"""Resolve recordings and questions from a command line.

Recordings are opened and get distinct labels. A question is named by its id or by its number from
0; an id takes precedence over a number with the same spelling.
"""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from dsl.vocabulary import nearest
from harness.errors import InputError
from harness.messages import did_you_mean
from store.reader import Recording, open_recording


class NamedRecording(NamedTuple):
    """An open recording and its label in results."""

    label: str
    """``model/benchmark``, or the path if two recordings share that."""
    recording: Recording


def open_recordings(paths: Sequence[Path]) -> list[NamedRecording]:
    """Open recordings, in the order given.

    Raises:
        StoreError: One of them cannot be used.
        InputError: One holds no questions, or two are the same.
    """
    return name_recordings([open_recording(path) for path in paths])


def name_recordings(opened: Sequence[Recording]) -> list[NamedRecording]:
    """Give open recordings distinct labels.

    Raises:
        InputError: One holds no questions, or two are the same.
    """
    seen: dict[str, Recording] = {}
    for recording in opened:
        if not recording.questions:
            raise InputError(f"{recording.path}: has no questions, so there is nothing to play")
        if twin := seen.get(recording.digest):
            raise InputError(
                f"{recording.path}: is the same recording as {twin.path}; give it once"
            )
        seen[recording.digest] = recording
    names = Counter(map(_name, opened))
    return [
        NamedRecording(
            str(recording.path) if names[_name(recording)] > 1 else _name(recording), recording
        )
        for recording in opened
    ]


def branch_counts(recording: Recording) -> tuple[int, int]:
    """Return the fewest and the most branches of a question.

    Raises:
        StoreError: The recording is damaged.
    """
    counts = [recording.branch_count(index) for index in range(len(recording.questions))]
    return min(counts), max(counts)


def _name(recording: Recording) -> str:
    provenance = recording.provenance
    return f"{provenance.model}/{provenance.benchmark}"


_LISTED = 5
"""How many ids an error lists where none is near."""


def find_question(recording: Recording, name: str) -> int:
    """Return the position of a question. An id takes precedence over a number.

    Args:
        recording: The recording with the question.
        name: The id or number as typed.

    Raises:
        InputError: There is no such question. The message names the nearest id.
    """
    ids = [question.id for question in recording.questions]
    if name in ids:
        return ids.index(name)
    last = len(ids) - 1
    if _is_number(name):
        if int(name) <= last:
            return int(name)
        raise InputError(
            f"{recording.path}: there is no question {name}; its questions are numbered 0 to {last}"
        )
    # Compare numbers without leading zeros: they are closer than ids with another letter.
    same = {_unpadded(question_id): question_id for question_id in ids}
    near = same.get(_unpadded(name)) or nearest(name, ids)
    listed = f"its ids are {', '.join(ids[:_LISTED])}{', …' if last >= _LISTED else ''}"
    raise InputError(
        f"{recording.path}: there is no question {name!r};"
        f" {did_you_mean(near) if near else listed}",
        hint=f"give a question by its id or by its number, 0 to {last}",
    )


def _unpadded(name: str) -> str:
    return re.sub(r"0+(?=\d)", "", name)


def _is_number(name: str) -> bool:
    # Limit the length: Python raises ValueError for numbers of more than 4,300 digits.
    return name.isascii() and name.isdecimal() and len(name) < 10
