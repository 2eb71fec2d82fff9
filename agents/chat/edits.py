"""Edits of a program: search-and-replace blocks."""

import difflib
import re
from collections.abc import Callable
from typing import NamedTuple

_BLOCK = re.compile(
    r"^<{5,9} ?SEARCH[^\n]*\n(?P<old>.*?)^={5,9}[^\n]*\n(?P<new>.*?)^>{5,9} ?REPLACE[^\n]*$",
    re.MULTILINE | re.DOTALL,
)

_SPACES = re.compile(r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
"""Unusual spaces that editors and models insert and no program needs."""

_TABS = (4, 2, 8, 3, 1)
"""Candidate widths of a tab."""


class SourceEdit(NamedTuple):
    """Lines of a program and their replacement."""

    old: str
    new: str


class EditMismatch(NamedTuple):
    """An edit that does not apply."""

    edit: SourceEdit
    nearest: str
    """The lines of the program that are most similar to the search text."""
    difference: str
    """Diff from those lines to the search text."""
    places: int
    """Number of matches: none, or more than one."""


class _Match(NamedTuple):
    """Lines of the program that an edit replaces."""

    start: int
    end: int


def parse_edits(text: str) -> list[SourceEdit]:
    """Parse the edits of a text, in order."""
    return [SourceEdit(found["old"], found["new"]) for found in _BLOCK.finditer(f"{text}\n")]


def apply_edits(source: str, edits: list[SourceEdit]) -> str | EditMismatch:
    """Apply edits one after the other; return the program, or the first edit that does not apply.

    Lines must match exactly, or else up to blank lines at the ends and common indentation, or else
    up to all white space. They must match in exactly one place.
    """
    lines = _lines(source)
    for edit in edits:
        wanted, new = _lines(edit.old), _lines(_SPACES.sub(" ", edit.new))
        matches = _matches(lines, wanted)
        if len(matches) != 1:
            return _mismatch(lines, edit, len(matches))
        found = lines[matches[0].start : matches[0].end]
        if len(found) != len(wanted) or found != wanted:
            # Blank lines at the ends of both texts are not part of the change.
            new = _trimmed(new, *_blank_ends(wanted))
        lines[matches[0].start : matches[0].end] = _moved(new, wanted, found)
    return "\n".join(lines) + "\n"


def _lines(text: str) -> list[str]:
    # `splitlines` would also split at characters that may be inside a string literal.
    return text.removesuffix("\n").split("\n") if text else []


def _matches(lines: list[str], wanted: list[str]) -> list[_Match]:
    """Find the wanted lines, by the strictest comparison that matches."""
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
    """Find lines up to all white space, including blank lines between them."""
    key = [_words(each) for each in wanted if each.strip()]
    filled = [at for at, each in enumerate(lines) if each.strip()]
    parts = [filled[at : at + len(key)] for at in range(len(filled) - len(key) + 1)]
    return [
        _Match(part[0], part[-1] + 1) for part in parts if [_words(lines[at]) for at in part] == key
    ]


def _words(line: str) -> str:
    return " ".join(line.split())


def _blank_ends(lines: list[str]) -> tuple[int, int]:
    """Count the blank lines at the beginning and at the end."""
    filled = [at for at, each in enumerate(lines) if each.strip()]
    return (filled[0], len(lines) - 1 - filled[-1]) if filled else (len(lines), 0)


def _trimmed(lines: list[str], before: int, after: int) -> list[str]:
    """Strip at most the given numbers of blank lines from the ends."""
    start, end = 0, len(lines)
    while start < end and start < before and not lines[start].strip():
        start += 1
    while end > start and len(lines) - end < after and not lines[end - 1].strip():
        end -= 1
    return lines[start:end]


def _plain(lines: list[str]) -> list[str]:
    """Strip common indentation and trailing white space."""
    depth = _least(lines)
    return [each[depth:].rstrip() if each.strip() else "" for each in lines]


def _moved(new: list[str], wanted: list[str], found: list[str]) -> list[str]:
    """Indent new lines like the matched lines, as far as the wanted lines differ from them."""
    width = _tab_width(wanted, found)
    by = _least(_expanded(found, width)) - _least(_expanded(wanted, width))
    tabs = any(each.startswith("\t") for each in found)
    if by == 0 and not any("\t" in each for each in (*new, *found)):
        return new
    return [_indented(each, by, width, tabs=tabs) for each in _expanded(new, width)]


def _tab_width(wanted: list[str], found: list[str]) -> int:
    """Find the tab width at which the wanted lines are indented like the matched ones."""

    def differences(width: int) -> int:
        pairs = [
            [each for each in _expanded(lines, width) if each.strip()] for lines in (wanted, found)
        ]
        return len({_depth(one) - _depth(two) for one, two in zip(*pairs, strict=False)})

    return min(_TABS, key=differences)


def _expanded(lines: list[str], width: int) -> list[str]:
    """Expand tabs in indentation."""
    spaced = [_SPACES.sub(" ", each) for each in lines]
    return [
        each[: len(each) - len(each.lstrip())].expandtabs(width) + each.lstrip() for each in spaced
    ]


def _indented(line: str, by: int, width: int, *, tabs: bool) -> str:
    """Change a line's indentation in the style of the program."""
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
