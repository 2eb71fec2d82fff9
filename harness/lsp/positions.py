"""Places as the protocol counts them: lines from 0, and columns in units of an encoding."""

import re
from bisect import bisect_right
from enum import Enum
from typing import NamedTuple

from dsl.source import Span

_LINE_END = re.compile(r"\r\n|\n|\r")


class PositionEncoding(Enum):
    """What a client counts columns in."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"

    def units(self, text: str) -> int:
        """How many units a text takes."""
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
    """Turns offsets of a text into places and back. Lines end as the protocol says they do.

    Args:
        text: the whole text.
        encoding: what columns are counted in.
    """

    def __init__(self, text: str, encoding: PositionEncoding):
        self._text = text
        self._encoding = encoding
        ends = list(_LINE_END.finditer(text))
        self._starts = [0, *(end.end() for end in ends)]
        self._ends = [*(end.start() for end in ends), len(text)]

    def place(self, offset: int) -> LspPosition:
        """Return the place of an offset."""
        line = bisect_right(self._starts, offset) - 1
        return LspPosition(line, self._encoding.units(self._text[self._starts[line] : offset]))

    def offset(self, place: LspPosition) -> int:
        """The offset of a place; beyond the end of a line its end, beyond the last line the last.

        A place inside of a character is that in front of it.
        """
        if place.line >= len(self._starts):
            return len(self._text)
        start, end = self._starts[place.line], self._ends[place.line]
        units = 0
        for offset in range(start, end):
            units += self._encoding.units(self._text[offset])
            if units > place.column:
                return offset
        return end

    def places(self, span: Span) -> tuple[LspPosition, LspPosition]:
        """Where a span begins and ends."""
        return self.place(span.start), self.place(span.end)
