"""Recordings and questions as a command line names them.

Recordings are opened and given distinct labels. A question is named by its id, or by its number
from 0; an id comes before a number that is spelt like it.
"""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from dsl.vocabulary import nearest
from harness.errors import InputError
from store.reader import Recording, open_recording


class NamedRecording(NamedTuple):
    """An open recording and what results call it."""

    label: str
    """``model/benchmark``; the path, where two recordings share that."""
    recording: Recording


def open_recordings(paths: Sequence[Path]) -> list[NamedRecording]:
    """Opens recordings, in the order given.

    Raises:
        StoreError: one of them cannot be used.
        InputError: one holds no questions, or two are the same.
    """
    opened = [open_recording(path) for path in paths]
    seen: dict[str, Recording] = {}
    for recording in opened:
        if not recording.questions:
            raise InputError(f"{recording.path}: holds no questions, so there is nothing to play")
        twin = seen.setdefault(recording.digest, recording)
        if twin is not recording:
            raise InputError(
                f"{recording.path}: is the same recording as {twin.path}; name it once"
            )
    names = Counter(map(_name, opened))
    return [
        NamedRecording(str(each.path) if names[_name(each)] > 1 else _name(each), each)
        for each in opened
    ]


def branch_counts(recording: Recording) -> tuple[int, int]:
    """The branches of the question that has the fewest, and of the one that has the most.

    Raises:
        StoreError: the recording is damaged.
    """
    counts = [len(recording.core(at).counts) for at in range(len(recording.questions))]
    return min(counts), max(counts)


def _name(recording: Recording) -> str:
    provenance = recording.provenance
    return f"{provenance.model}/{provenance.benchmark}"


_LISTED = 5
"""How many ids an error lists where none is near."""


def find_question(recording: Recording, name: str) -> int:
    """The position of a question. An id comes before a number that is spelt like it.

    Args:
        recording: what the question belongs to.
        name: as it was typed.

    Raises:
        InputError: there is none of that name; with the nearest id.
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
    # A number without the noughts in front of it is a nearer miss than another letter.
    same = {_unpadded(each): each for each in ids}
    near = same.get(_unpadded(name)) or nearest(name, ids)
    listed = f"its ids are {', '.join(ids[:_LISTED])}{', …' if last >= _LISTED else ''}"
    raise InputError(
        f"{recording.path}: there is no question {name!r};"
        f" {f'did you mean {near}?' if near else listed}",
        hint=f"a question is named by its id or by its number, 0 to {last}",
    )


def _unpadded(name: str) -> str:
    return re.sub(r"0+(?=\d)", "", name)


def _is_number(name: str) -> bool:
    # No recording holds so many questions; and Python refuses to read a number of 5,000 digits.
    return name.isascii() and name.isdecimal() and len(name) < 10
