"""Widgets for untrusted text: no markup in it is parsed, no control character is passed on.

Names, rationales, answers and error messages come from a run's files. Screens show them only
through these widgets, and `Sanitizer` filters every line that is drawn.
"""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from rich.cells import get_character_cell_size
from rich.segment import Segment
from rich.text import Text
from textual.color import Color
from textual.filter import LineFilter
from textual.widgets import DataTable, Static
from textual.widgets.data_table import CellType, ColumnKey, RowKey

from harness.escaping import escape_block, escape_line, is_visible

_SUSPECT = re.compile(r"[^\x20-\x7e]")


def block(text: str | Text) -> Text:
    """Return text of several lines with its styles, without control characters."""
    if isinstance(text, str):
        return Text(escape_block(text))
    return _escaped(text, allowed="\n\t")


def line(text: str | Text) -> Text:
    """Return the same on one line."""
    if isinstance(text, str):
        return Text(escape_line(text))
    return _escaped(text, allowed="")


def _escaped(text: Text, allowed: str) -> Text:
    matches = [
        match.start()
        for match in _SUSPECT.finditer(text.plain)
        if match[0] not in allowed and not is_visible(match[0])
    ]
    if not matches:
        return text
    bounds = sorted({0, len(text), *matches, *(match + 1 for match in matches)})
    escaped = text.blank_copy()
    for begin, end in pairwise(bounds):
        part = text[begin:end]
        if begin in matches:
            written = Text(escape_line(part.plain), part.style)
            for span in part.spans:
                written.stylize(span.style)
            part = written
        escaped.append_text(part)
    return escaped


class OutsideStatic(Static):
    """Static text of several lines.

    Args:
        content: Initial text.
        id: Widget ID.
        classes: Widget classes.
    """

    def __init__(
        self,
        content: str | Text = "",
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
    ) -> None:
        super().__init__(block(content), id=id, classes=classes, markup=False)

    def update(self, content: str | Text = "", *, layout: bool = True) -> None:  # type: ignore[override]
        """Show another text."""
        super().update(block(content), layout=layout)


class LiveCell:
    """Table cell whose text is made when it is drawn, so only visible rows cost anything.

    Args:
        row_name: What identifies the row, to sort by.
        content: Function that returns the present text; control characters are escaped.
    """

    def __init__(self, row_name: str, content: Callable[[], Text | str]):
        self.row_name = row_name
        self._content = content

    def __rich__(self) -> Text:
        """Return the present text, for drawing."""
        return line(self._content())

    def __str__(self) -> str:
        """Return the present text without styles."""
        return self.__rich__().plain


class OutsideTable(DataTable[Text | LiveCell]):
    """Table with one-line cells."""

    def add_row(
        self,
        *cells: CellType | str,
        height: int | None = 1,
        key: str | None = None,
        label: str | Text | None = None,
    ) -> RowKey:
        """Add a row of one-line cells at the end.

        Args:
            cells: The content of each cell; control characters are escaped.
            height: Lines of the row; ``None`` to fit the content.
            key: Key of the row; ``None`` to have one made.
            label: Label at the left of the row.

        Returns:
            The key of the row.
        """
        return super().add_row(*map(_cell, cells), height=height, key=key, label=label)

    def order_rows(self, names: Sequence[str]) -> None:
        """Order rows of live cells, and draw all cells again.

        Args:
            names: Name of every row, in the new order.
        """
        order = {name: position for position, name in enumerate(names)}
        self.sort(self.ordered_columns[0].key, key=lambda cell: order[cell.row_name])

    def update_cell(
        self,
        row_key: RowKey | str,
        column_key: ColumnKey | str,
        value: CellType | str,
        *,
        update_width: bool = False,
    ) -> None:
        """Replace the content of a cell.

        Args:
            row_key: Key of the row.
            column_key: Key of the column.
            value: The new content; control characters are escaped.
            update_width: Whether to fit the width of the column to it.
        """
        super().update_cell(row_key, column_key, _cell(value), update_width=update_width)


def _cell(value: object) -> Text | LiveCell:
    if isinstance(value, LiveCell):
        return value
    return line(value if isinstance(value, Text) else str(value))


class Sanitizer(LineFilter):
    """Remove control characters from every line that is drawn.

    This covers text that nothing else filters, such as edited text. Measured widths are kept.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """See `LineFilter`."""
        return [
            segment if segment.control or segment.text.isprintable()
            else Segment(_SUSPECT.sub(_escape_match, segment.text), segment.style)
            for segment in segments
        ]  # fmt: skip


def _escape_match(match: re.Match[str]) -> str:
    character = match[0]
    if is_visible(character):
        return character
    return "\ufffd" * get_character_cell_size(character)
