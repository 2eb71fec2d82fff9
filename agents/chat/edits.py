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
    match_count: int
    """Number of matches: none, or more than one."""


class _Match(NamedTuple):
    """Lines of the program that an edit replaces."""

    start: int
    end: int


def parse_edits(text: str) -> list[SourceEdit]:
    """Parse the edits of a text, in order."""
    return [SourceEdit(match["old"], match["new"]) for match in _BLOCK.finditer(f"{text}\n")]


def apply_edits(source: str, edits: list[SourceEdit]) -> str | EditMismatch:
    """Apply edits one after the other; return the program, or the first edit that does not apply.

    Lines must match exactly, or else up to blank lines at the ends and common indentation, or else
    up to all white space. They must match exactly once.
    """
    lines = _lines(source)
    for edit in edits:
        wanted, new = _lines(edit.old), _lines(_SPACES.sub(" ", edit.new))
        matches = _matches(lines, wanted)
        if len(matches) != 1:
            return _mismatch(lines, edit, len(matches))
        matched = lines[matches[0].start : matches[0].end]
        if len(matched) != len(wanted) or matched != wanted:
            # Blank lines at the ends of both texts are not part of the change.
            new = _trimmed(new, *_blank_ends(wanted))
        lines[matches[0].start : matches[0].end] = _moved(new, wanted, matched)
    return "\n".join(lines) + "\n"


def _lines(text: str) -> list[str]:
    # `splitlines` would also split at characters that may be inside a string literal.
    return text.removesuffix("\n").split("\n") if text else []


def _matches(lines: list[str], wanted: list[str]) -> list[_Match]:
    """Find the wanted lines, by the strictest comparison that matches."""
    bare = _trimmed(wanted, *_blank_ends(wanted))
    if not bare:
        return []
    comparisons: list[tuple[list[str], Callable[[list[str]], list[str]]]] = [
        (wanted, list), (bare, list), (wanted, _plain), (bare, _plain),
    ]  # fmt: skip
    for pattern, normalise in comparisons:
        size, key = len(pattern), normalise(pattern)
        matches = [
            _Match(index, index + size)
            for index in range(len(lines) - size + 1)
            if normalise(lines[index : index + size]) == key
        ]
        if matches:
            return matches
    return _loose_matches(lines, bare)


def _loose_matches(lines: list[str], wanted: list[str]) -> list[_Match]:
    """Find lines up to all white space, including blank lines between them."""
    key = [_words(line) for line in wanted if line.strip()]
    filled = [index for index, line in enumerate(lines) if line.strip()]
    parts = [filled[index : index + len(key)] for index in range(len(filled) - len(key) + 1)]
    return [
        _Match(part[0], part[-1] + 1)
        for part in parts
        if [_words(lines[index]) for index in part] == key
    ]


def _words(line: str) -> str:
    return " ".join(line.split())


def _blank_ends(lines: list[str]) -> tuple[int, int]:
    """Count the blank lines at the beginning and at the end."""
    filled = [index for index, line in enumerate(lines) if line.strip()]
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
    return [line[depth:].rstrip() if line.strip() else "" for line in lines]


def _moved(new: list[str], wanted: list[str], matched: list[str]) -> list[str]:
    """Indent new lines like the matched lines, as far as the wanted lines differ from them."""
    width = _tab_width(wanted, matched)
    shift = _least(_expanded(matched, width)) - _least(_expanded(wanted, width))
    tabs = any(line.startswith("\t") for line in matched)
    if shift == 0 and not any("\t" in line for line in (*new, *matched)):
        return new
    return [_indented(line, shift, width, tabs=tabs) for line in _expanded(new, width)]


def _tab_width(wanted: list[str], matched: list[str]) -> int:
    """Find the tab width at which the wanted lines are indented like the matched ones."""

    def differences(width: int) -> int:
        pairs = [
            [line for line in _expanded(lines, width) if line.strip()]
            for lines in (wanted, matched)
        ]
        return len(
            {
                _depth(wanted_line) - _depth(matched_line)
                for wanted_line, matched_line in zip(*pairs, strict=False)
            }
        )

    return min(_TABS, key=differences)


def _expanded(lines: list[str], width: int) -> list[str]:
    """Expand tabs in indentation."""
    spaced = [_SPACES.sub(" ", line) for line in lines]
    return [
        line[: len(line) - len(line.lstrip())].expandtabs(width) + line.lstrip() for line in spaced
    ]


def _indented(line: str, by: int, width: int, *, tabs: bool) -> str:
    """Change a line's indentation in the style of the program."""
    if not line.strip():
        return ""
    depth = max(0, _depth(line) + by)
    lead = "\t" * (depth // width) + " " * (depth % width) if tabs else " " * depth
    return lead + line.lstrip(" ")


def _least(lines: list[str]) -> int:
    return min((_depth(line) for line in lines if line.strip()), default=0)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _mismatch(lines: list[str], edit: SourceEdit, match_count: int) -> EditMismatch:
    wanted = _lines(edit.old)
    size = max(1, min(len(wanted), len(lines)))

    def likeness(index: int) -> float:
        candidate = "\n".join(lines[index : index + size])
        return difflib.SequenceMatcher(None, candidate, "\n".join(wanted), autojunk=False).ratio()

    best = max(range(len(lines) - size + 1), key=likeness, default=0)
    nearest = lines[best : best + size]
    difference = difflib.unified_diff(
        nearest, wanted, "the program", "your SEARCH", lineterm="", n=1
    )
    return EditMismatch(edit, "\n".join(nearest), "\n".join(difference), match_count)
