"""Source text and positions in it."""

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple


class Span(NamedTuple):
    """A stretch of source: character offsets, the end excluded."""

    start: int
    end: int

    def to(self, other: "Span") -> "Span":
        """Return the stretch from the start of this one to the end of the other."""
        return Span(self.start, other.end)


class Position(NamedTuple):
    """A position for readers: line and column from 1, columns in characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Source:
    """A program's text and the name under which messages speak of it."""

    text: str
    name: str = "<text>"
    _starts: list[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        starts = [0]
        starts.extend(index + 1 for index, char in enumerate(self.text) if char == "\n")
        object.__setattr__(self, "_starts", starts)

    def position(self, offset: int) -> Position:
        """Return the line and column of a character offset."""
        line = bisect_right(self._starts, offset)
        return Position(line, offset - self._starts[line - 1] + 1)

    def offset(self, position: Position) -> int:
        """Return the character offset of a line and column, kept inside the text."""
        line = min(max(position.line, 1), len(self._starts))
        return min(self._starts[line - 1] + position.column - 1, len(self.text))

    def line(self, number: int) -> str:
        """Return the text of a line, counted from 1, without its end."""
        start = self._starts[number - 1]
        end = self._starts[number] - 1 if number < len(self._starts) else len(self.text)
        return self.text[start:end].removesuffix("\r")

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return len(self._starts)

    def excerpt(self, span: Span) -> str:
        """Return the text of a span."""
        return self.text[span.start : span.end]


_ALLOCATION = re.compile(r"\s*(?:#[^\n]*\n\s*)*allocation\b")


def is_allocation(source: Source) -> bool:
    """Return whether a text is meant for an allocation: it starts with that word."""
    return _ALLOCATION.match(source.text) is not None
