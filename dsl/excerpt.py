"""Draw lines of source with marks under them, in columns as a terminal shows them.

Tabs are expanded, wide characters take two columns, and what a terminal would act on (control
characters, changes of writing direction) is written out. A line too long to read is shown by a
window around its marks.
"""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import NamedTuple

from dsl.source import Source, Span
from dsl.text_width import measure_text

TAB = 4
"""Columns between two tab stops."""

WINDOW = 100
"""The most columns that are shown of a line."""

_LEFT_CONTEXT = 30
_CUT = "…"


class Part(Enum):
    """The parts of a rendered message, for a style to distinguish."""

    ERROR = "error"
    WARNING = "warning"
    MESSAGE = "message"
    GUTTER = "gutter"
    PRIMARY = "primary"
    SECONDARY = "secondary"
    HELP = "help"


Style = Callable[[Part, str], str]
"""Dresses a part of a message, in colours for one."""


class MarkedSpan(NamedTuple):
    """A stretch to mark, and what is to be written at it."""

    span: Span
    label: str
    primary: bool


class _LineMark(NamedTuple):
    """A mark on one line: in characters first, then in columns, both counted from 0."""

    start: int
    end: int
    label: str
    primary: bool


def line_numbers(source: Source, marks: Sequence[MarkedSpan]) -> list[int]:
    """Return the lines that the marks begin and end on, in order."""
    return sorted({number for mark in marks for number in _ends(source, mark.span)})


def draw_line(
    source: Source, number: int, marks: Sequence[MarkedSpan], style: Style
) -> tuple[str, list[str]]:
    """Return one line of source as displayed, and the lines to print under it.

    Args:
        source: the program.
        number: line number, from 1.
        marks: marks on this line.
        style: styles the parts of the text.
    """
    text = source.line(number)
    line_marks = [piece for mark in marks for piece in _pieces(source, number, text, mark)]
    text, line_marks = _near(text, line_marks)
    columns, cells = _columns(text)
    pieces = sorted(_in_columns(piece, columns) for piece in line_marks)
    if columns[-1] > WINDOW:
        cells, pieces = _window(cells, columns[-1], pieces)
    return "".join(cells).rstrip(), _under(pieces, style)


def escape_control_characters(text: str) -> str:
    """Text that a terminal shows as it is: what it would act on is written out."""
    return "".join(char if char.isprintable() else _written_out(char) for char in text)


def _written_out(char: str) -> str:
    return f"\\u{{{ord(char):x}}}"


def _ends(source: Source, span: Span) -> tuple[int, int]:
    """Return the first and last line of a span; one that stops at a line's start ends before it."""
    last = max(span.start, span.end - 1)
    return source.position(span.start).line, source.position(last).line


def _columns(text: str) -> tuple[list[int], list[str]]:
    """For each character the column where it begins, and how it is shown; one column more."""
    columns, cells, column = [0], [], 0
    for char in text:
        if char == "\t":
            cell = " " * (TAB - column % TAB)
        elif char.isprintable():
            cell = char
        else:
            cell = _written_out(char)
        cells.append(cell)
        column += measure_text(cell)
        columns.append(column)
    return columns, cells


def _pieces(source: Source, number: int, text: str, mark: MarkedSpan) -> list[_LineMark]:
    """Return the marks of a line; a mark over several lines shows on its first and its last."""
    first, last = _ends(source, mark.span)
    if number not in (first, last):
        return []
    line_start = mark.span.start - source.position(mark.span.start).column + 1
    if first == last:
        start, end = mark.span.start - line_start, mark.span.end - line_start
        label = mark.label
    elif number == first:
        start, end = mark.span.start - line_start, len(text)
        label = "from here …"
    else:
        start = len(text) - len(text.lstrip())
        end = source.position(max(mark.span.start, mark.span.end - 1)).column
        label = f"… to here{': ' if mark.label else ''}{mark.label}"
    start = min(max(start, 0), len(text))
    end = min(max(end, start), len(text))
    return [_LineMark(start, end, escape_control_characters(label), mark.primary)]


def _main(pieces: list[_LineMark]) -> _LineMark:
    return next((piece for piece in pieces if piece.primary), pieces[0])


def _near(text: str, pieces: list[_LineMark]) -> tuple[str, list[_LineMark]]:
    """Cut a huge line to the characters that can be visible, so that the others cost nothing."""
    reach = 10 * WINDOW
    if len(text) <= 2 * reach:
        return text, pieces
    middle = _main(pieces).start if pieces else 0
    first = max(0, middle - reach)
    excerpt = text[first : middle + reach]
    moved = [
        piece._replace(
            start=min(max(piece.start - first, 0), len(excerpt)),
            end=min(max(piece.end - first, 0), len(excerpt)),
        )
        for piece in pieces
    ]
    return excerpt, moved


def _in_columns(piece: _LineMark, columns: list[int]) -> _LineMark:
    left, right = columns[piece.start], columns[piece.end]
    return piece._replace(start=left, end=max(right, left + 1))


def _window(
    cells: list[str], width: int, pieces: list[_LineMark]
) -> tuple[list[str], list[_LineMark]]:
    """Return a stretch of a long line around its main mark, and the marks moved with it."""
    start = _main(pieces).start if pieces else 0
    left = max(0, min(start - _LEFT_CONTEXT, width - WINDOW))
    right = left + WINDOW
    visible: list[str] = []
    column = 0
    for cell in cells:
        wide = measure_text(cell)
        if left <= column and column + wide <= right:
            visible.append(cell)
        elif column < left < column + wide:
            visible.append(" " * (column + wide - left))  # half of a wide character is truncated
        column += wide
    front = _CUT if left else ""
    moved = []
    for piece in pieces:
        start = min(max(piece.start - left, 0), WINDOW) + len(front)
        end = min(max(piece.end - left, 0), WINDOW) + len(front)
        moved.append(piece._replace(start=start, end=max(end, start + 1)))
    back = _CUT if right < width else ""
    return [front, *visible, back], sorted(moved)


def _under(pieces: list[_LineMark], style: Style) -> list[str]:
    """Return the signs under a line, then the labels, the rightmost first.

    The rightmost label is beside its sign where nothing reaches further; the others hang below.
    """
    if not pieces:
        return []
    lines = [_signs(pieces, style)]
    labelled = [piece for piece in pieces if piece.label]
    last = pieces[-1]
    beside = last.label and all(piece.end <= last.start for piece in pieces[:-1])
    if beside:
        labelled.remove(last)
        lines[0] += " " + style(_part(last), last.label)
    elif len(labelled) == 1 and len({(piece.start, piece.end) for piece in pieces}) == 1:
        lines[0] += " " + style(_part(labelled[0]), labelled[0].label)
        labelled = []
    if labelled:
        lines.append(_hung(labelled, None, style))
    while labelled:
        piece = labelled.pop()
        lines.append(_hung([one for one in labelled if one.start < piece.start], piece, style))
    return lines


def _signs(pieces: list[_LineMark], style: Style) -> str:
    """Each column shows one sign; the main mark covers the others, the inner ones the outer."""
    width = max(piece.end for piece in pieces)
    owners: list[_LineMark | None] = [None] * width
    for piece in sorted(pieces, key=lambda one: (one.primary, one.start - one.end)):
        owners[piece.start : piece.end] = [piece] * (piece.end - piece.start)
    # A main mark that would hide a smaller one altogether gives way to it.
    primary = [(piece.start, piece.end) for piece in pieces if piece.primary]
    for piece in pieces:
        if piece not in owners and (piece.start, piece.end) not in primary:
            owners[piece.start : piece.end] = [piece] * (piece.end - piece.start)
    out, column = "", 0
    while column < width:
        owner, start = owners[column], column
        while column < width and owners[column] is owner:
            column += 1
        if owner is None:
            out += " " * (column - start)
        else:
            out += style(_part(owner), ("^" if owner.primary else "-") * (column - start))
    return out


def _hung(waiting: list[_LineMark], piece: _LineMark | None, style: Style) -> str:
    """One line of hanging labels: strokes for those that wait, then a label where there is one."""
    out, column = "", 0
    for start in sorted({one.start for one in waiting}):
        out += " " * (start - column)
        out += style(_part(next(one for one in waiting if one.start == start)), "|")
        column = start + 1
    if piece is not None:
        out += " " * (piece.start - column) + style(_part(piece), piece.label)
    return out


def _part(piece: _LineMark) -> Part:
    return Part.PRIMARY if piece.primary else Part.SECONDARY
