"""Edits of a program: blocks that say which lines to replace, and by what."""

import difflib
import re
from collections.abc import Callable
from typing import NamedTuple

_BLOCK = re.compile(
    r"^<{5,9} ?SEARCH[^\n]*\n(?P<old>.*?)^={5,9}[^\n]*\n(?P<new>.*?)^>{5,9} ?REPLACE[^\n]*$",
    re.MULTILINE | re.DOTALL,
)

_SPACES = re.compile(r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
"""Spaces that no program needs and that editors and models put in."""

_TABS = (4, 2, 8, 3, 1)
"""Widths that a tab may stand for."""


class SourceEdit(NamedTuple):
    """Lines of a program, and what stands in their place."""

    old: str
    new: str


class EditMismatch(NamedTuple):
    """An edit that does not apply."""

    edit: SourceEdit
    nearest: str
    """The lines of the program that are most like those that it looks for."""
    difference: str
    """From those to the ones that it looks for, as a diff."""
    places: int
    """Where its lines stand: none, or more than one."""


class _Match(NamedTuple):
    """Lines of the program that an edit replaces."""

    start: int
    end: int


def parse_edits(text: str) -> list[SourceEdit]:
    """The edits that a text holds, in order."""
    return [SourceEdit(found["old"], found["new"]) for found in _BLOCK.finditer(f"{text}\n")]


def apply_edits(source: str, edits: list[SourceEdit]) -> str | EditMismatch:
    """A program with edits made, one after the other, or the first that does not apply.

    Lines are found as they stand, or else but for blank lines at their ends and the depth by which
    all are moved in, or else but for all white space. They have to be in one place alone.
    """
    lines = _lines(source)
    for edit in edits:
        wanted, new = _lines(edit.old), _lines(_SPACES.sub(" ", edit.new))
        matches = _matches(lines, wanted)
        if len(matches) != 1:
            return _mismatch(lines, edit, len(matches))
        found = lines[matches[0].start : matches[0].end]
        if len(found) != len(wanted) or found != wanted:
            # What is blank at the ends of both is no part of the change.
            new = _trimmed(new, *_blank_ends(wanted))
        lines[matches[0].start : matches[0].end] = _moved(new, wanted, found)
    return "\n".join(lines) + "\n"


def _lines(text: str) -> list[str]:
    # `splitlines` would also cut at what may stand inside of a text of the program.
    return text.removesuffix("\n").split("\n") if text else []


def _matches(lines: list[str], wanted: list[str]) -> list[_Match]:
    """Where the wanted lines stand, by the strictest reading that finds any."""
    bare = _trimmed(wanted, *_blank_ends(wanted))
    if not bare:
        return []
    readings: list[tuple[list[str], Callable[[list[str]], list[str]]]] = [
        (wanted, list), (bare, list), (wanted, _plain), (bare, _plain),
    ]  # fmt: skip
    for sought, read in readings:
        size, key = len(sought), read(sought)
        found = [
            _Match(at, at + size)
            for at in range(len(lines) - size + 1)
            if read(lines[at : at + size]) == key
        ]
        if found:
            return found
    return _loose_matches(lines, bare)


def _loose_matches(lines: list[str], wanted: list[str]) -> list[_Match]:
    """Where lines stand but for all white space, blank lines between them included."""
    key = [_words(each) for each in wanted if each.strip()]
    filled = [at for at, each in enumerate(lines) if each.strip()]
    parts = [filled[at : at + len(key)] for at in range(len(filled) - len(key) + 1)]
    return [
        _Match(part[0], part[-1] + 1) for part in parts if [_words(lines[at]) for at in part] == key
    ]


def _words(line: str) -> str:
    return " ".join(line.split())


def _blank_ends(lines: list[str]) -> tuple[int, int]:
    """How many lines are blank at the beginning, and at the end."""
    filled = [at for at, each in enumerate(lines) if each.strip()]
    return (filled[0], len(lines) - 1 - filled[-1]) if filled else (len(lines), 0)


def _trimmed(lines: list[str], before: int, after: int) -> list[str]:
    """Lines without blank ones at their ends, at most so many."""
    start, end = 0, len(lines)
    while start < end and start < before and not lines[start].strip():
        start += 1
    while end > start and len(lines) - end < after and not lines[end - 1].strip():
        end -= 1
    return lines[start:end]


def _plain(lines: list[str]) -> list[str]:
    """Lines without the depth that all share, and without white space at their ends."""
    depth = _least(lines)
    return [each[depth:].rstrip() if each.strip() else "" for each in lines]


def _moved(new: list[str], wanted: list[str], found: list[str]) -> list[str]:
    """New lines, indented as the lines that were found, as far as the wanted ones differ."""
    width = _tab_width(wanted, found)
    by = _least(_expanded(found, width)) - _least(_expanded(wanted, width))
    tabs = any(each.startswith("\t") for each in found)
    if by == 0 and not any("\t" in each for each in (*new, *found)):
        return new
    return [_indented(each, by, width, tabs=tabs) for each in _expanded(new, width)]


def _tab_width(wanted: list[str], found: list[str]) -> int:
    """The width of a tab by which wanted lines are as deep as those that were found."""

    def differences(width: int) -> int:
        pairs = [
            [each for each in _expanded(lines, width) if each.strip()] for lines in (wanted, found)
        ]
        return len({_depth(one) - _depth(two) for one, two in zip(*pairs, strict=False)})

    return min(_TABS, key=differences)


def _expanded(lines: list[str], width: int) -> list[str]:
    """Lines whose indentation is of spaces alone."""
    spaced = [_SPACES.sub(" ", each) for each in lines]
    return [
        each[: len(each) - len(each.lstrip())].expandtabs(width) + each.lstrip() for each in spaced
    ]


def _indented(line: str, by: int, width: int, *, tabs: bool) -> str:
    """A line moved in or out, in the manner of the program."""
    if not line.strip():
        return ""
    depth = max(0, _depth(line) + by)
    lead = "\t" * (depth // width) + " " * (depth % width) if tabs else " " * depth
    return lead + line.lstrip(" ")


def _least(lines: list[str]) -> int:
    return min((_depth(each) for each in lines if each.strip()), default=0)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _mismatch(lines: list[str], edit: SourceEdit, places: int) -> EditMismatch:
    wanted = _lines(edit.old)
    size = max(1, min(len(wanted), len(lines)))

    def likeness(at: int) -> float:
        here = "\n".join(lines[at : at + size])
        return difflib.SequenceMatcher(None, here, "\n".join(wanted), autojunk=False).ratio()

    best = max(range(len(lines) - size + 1), key=likeness, default=0)
    nearest = lines[best : best + size]
    difference = difflib.unified_diff(
        nearest, wanted, "the program", "your SEARCH", lineterm="", n=1
    )
    return EditMismatch(edit, "\n".join(nearest), "\n".join(difference), places)
