"""A question of a recording, as a command line names it: by its id, or by its number from 0."""

import re

from dsl.spelling import nearest
from harness.errors import InputError
from store.reader import Recording

_LISTED = 5
"""How many ids an error lists where none is near."""


def question_number(recording: Recording, name: str) -> int:
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
