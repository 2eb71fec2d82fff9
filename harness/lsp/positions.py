"""Positions of the Language Server Protocol: lines from 0, and columns in units of an encoding."""

import re
from bisect import bisect_right
from enum import Enum
from typing import NamedTuple

from dsl.source import Span

_LINE_END = re.compile(r"\r\n|\n|\r")


class PositionEncoding(Enum):
    """The unit of a client's columns."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"

    def units(self, text: str) -> int:
        """Return how many units a text takes."""
        match self:
            case PositionEncoding.UTF8:
                return len(text.encode("utf-8", "surrogatepass"))
            case PositionEncoding.UTF16:
                return len(text) + sum(char > "\uffff" for char in text)
            case PositionEncoding.UTF32:
                return len(text)


class LspPosition(NamedTuple):
    """A line and a column, both from 0; the column in units."""

    line: int
    column: int


class PositionMapper:
    """Convert offsets of a text to positions and back. Lines end as the protocol defines.

    Args:
        text: The whole text.
        encoding: The unit of columns.
    """

    def __init__(self, text: str, encoding: PositionEncoding):
        self._text = text
        self._encoding = encoding
        ends = list(_LINE_END.finditer(text))
        self._starts = [0, *(end.end() for end in ends)]
        self._ends = [*(end.start() for end in ends), len(text)]

    def position(self, offset: int) -> LspPosition:
        """Return the position of an offset."""
        line = bisect_right(self._starts, offset) - 1
        return LspPosition(line, self._encoding.units(self._text[self._starts[line] : offset]))

    def offset(self, position: LspPosition) -> int:
        """Return the offset of a position.

        Beyond the end of a line, return the line's end; beyond the last line, the text's end;
        inside a character, the offset before it.
        """
        if position.line >= len(self._starts):
            return len(self._text)
        start, end = self._starts[position.line], self._ends[position.line]
        units = 0
        for offset in range(start, end):
            units += self._encoding.units(self._text[offset])
            if units > position.column:
                return offset
        return end

    def positions(self, span: Span) -> tuple[LspPosition, LspPosition]:
        """Return the start and end of a span."""
        return self.position(span.start), self.position(span.end)
