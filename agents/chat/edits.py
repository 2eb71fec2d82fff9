"""Edits of a program: blocks that say which lines to replace, and by what."""

import difflib
import re
from typing import NamedTuple

_BLOCK = re.compile(
    r"^<{5,9} ?SEARCH[^\n]*\n(?P<old>.*?)^={5,9}[^\n]*\n(?P<new>.*?)^>{5,9} ?REPLACE[^\n]*$",
    re.MULTILINE | re.DOTALL,
)


class Edit(NamedTuple):
    """Lines of a program, and what stands in their place."""

    old: str
    new: str


class Unfit(NamedTuple):
    """An edit that does not apply."""

    edit: Edit
    nearest: str
    """The lines of the program that are most like those that it looks for."""
    difference: str
    """From those to the ones that it looks for, as a diff."""
    places: int
    """Where its lines stand: none, or more than one."""


def edits_in(text: str) -> list[Edit]:
    """The edits that a text holds, in order."""
    return [Edit(found["old"], found["new"]) for found in _BLOCK.finditer(f"{text}\n")]


def applied(source: str, edits: list[Edit]) -> str | Unfit:
    """A program with edits made, one after the other, or the first that does not apply.

    Lines are found as they stand, or else but for the white space at their ends and the depth by
    which all are moved in.
    """
    lines = source.splitlines()
    for edit in edits:
        wanted = edit.old.splitlines()
        places = _places(lines, wanted) if wanted else []
        if len(places) != 1:
            return _unfit(lines, edit, len(places))
        at = places[0]
        new = _moved(edit.new.splitlines(), wanted, lines[at : at + len(wanted)])
        lines[at : at + len(wanted)] = new
    return "\n".join(lines) + "\n"


def _places(lines: list[str], wanted: list[str]) -> list[int]:
    """Where the wanted lines stand: exactly, or else moved in or out."""
    windows = range(len(lines) - len(wanted) + 1)
    exact = [at for at in windows if lines[at : at + len(wanted)] == wanted]
    if exact:
        return exact
    plain = _plain(wanted)
    return [at for at in windows if _plain(lines[at : at + len(wanted)]) == plain]


def _plain(lines: list[str]) -> list[str]:
    """Lines without the depth that all share, and without white space at their ends."""
    depth = _least(lines)
    return [each[depth:].rstrip() if each.strip() else "" for each in lines]


def _moved(new: list[str], wanted: list[str], found: list[str]) -> list[str]:
    """New lines, moved in or out as far as the wanted ones were from those that were found."""
    by = _least(found) - _least(wanted)
    if by >= 0:
        return [" " * by + each if each.strip() else each for each in new]
    return [each[min(-by, _depth(each)) :] for each in new]


def _least(lines: list[str]) -> int:
    return min((_depth(each) for each in lines if each.strip()), default=0)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _unfit(lines: list[str], edit: Edit, places: int) -> Unfit:
    wanted = edit.old.splitlines()
    size = max(1, min(len(wanted), len(lines)))

    def likeness(at: int) -> float:
        here = "\n".join(lines[at : at + size])
        return difflib.SequenceMatcher(None, here, "\n".join(wanted), autojunk=False).ratio()

    best = max(range(len(lines) - size + 1), key=likeness, default=0)
    nearest = lines[best : best + size]
    difference = difflib.unified_diff(
        nearest, wanted, "the program", "your SEARCH", lineterm="", n=1
    )
    return Unfit(edit, "\n".join(nearest), "\n".join(difference), places)
