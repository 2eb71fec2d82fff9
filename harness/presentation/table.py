"""A table as data, and its formats: rich on a terminal, aligned text, CSV and JSON rows.

Numbers stay numbers until they are formatted: CSV and JSON have them in full, formats for people
round them per column.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from dsl.text_width import cut_text, measure_text
from harness.escaping import escape_line, escape_xml

if TYPE_CHECKING:
    from rich.table import Table as RichTable

Cell = str | int | float | bool | None

_GAP = 2
"""Spaces between two columns."""
_NAME = 8
"""The minimum width of a shortened name, in columns."""
_WORD = 18
"""Columns wider than this may break words, if nothing else saves enough space."""

_SHORT = 32
"""Cells of so many characters or fewer are not broken in HTML."""


class Column(NamedTuple):
    """One column."""

    key: str
    """Its name in CSV and JSON."""
    title: str | None = None
    """Its heading for people; the key by default."""
    decimals: int | None = None
    """Decimals of floats for people; ``None`` shows them in full."""
    name: bool = False
    """Whether its cells are names, which are shortened rather than broken if space is short."""
    grouped: bool = False
    """Whether integers have thousands separators, for people."""

    @property
    def heading(self) -> str:
        """The text above the column; it may hold a controller's name."""
        return escape_line(self.key if self.title is None else self.title)


class Table(NamedTuple):
    """Columns, and rows with one cell for each column."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]

    @property
    def keys(self) -> list[str]:
        """The keys of the columns."""
        return [column.key for column in self.columns]

    def records(self) -> list[Mapping[str, Cell]]:
        """Return the rows as JSON objects, keyed by column."""
        return [dict(zip(self.keys, row, strict=True)) for row in self.rows]

    def csv(self) -> str:
        """Return RFC 4180 CSV with line feeds and a heading.

        ``None`` is an empty cell, an empty text a pair of quotes.
        """
        lines = [self.keys, *self.rows]
        return "".join(",".join(map(_quoted, line)) + "\n" for line in lines)

    def text(self, width: int | None = None) -> str:
        """Return aligned columns, two spaces apart, one row per line; ``None`` is ``-``.

        Args:
            width: The width at which names are shortened; ``None`` shows all.
        """
        lines = [[column.heading for column in self.columns], *self._cell_texts()]
        widths = [max(map(measure_text, cells)) for cells in zip(*lines, strict=True)]
        if width is not None:
            floors = [
                min(_NAME, size) if column.name else size
                for column, size in zip(self.columns, widths, strict=True)
            ]
            widths = _narrowed(widths, floors, width - _GAP * (len(widths) - 1))
        right = self._right()
        return "".join(
            (" " * _GAP)
            .join(
                align(truncate(cell, size), size, right=number)
                for cell, size, number in zip(line, widths, right, strict=True)
            )
            .rstrip()
            + "\n"
            for line in lines
        )

    def html(self) -> str:
        """Return an HTML table."""
        right = self._right()

        def line(tag: str, cells: Sequence[str]) -> str:
            aligned = zip(cells, ("right" if number else "left" for number in right), strict=True)
            styled = (
                f'<{tag} style="text-align: {side}{_wrapping(cell)}">{escape_xml(cell)}</{tag}>'
                for cell, side in aligned
            )
            return f"<tr>{''.join(styled)}</tr>"

        heading = line("th", [column.heading for column in self.columns])
        body = "".join(line("td", cells) for cells in self._cell_texts())
        return f"<table><thead>{heading}</thead><tbody>{body}</tbody></table>"

    def rich(self, width: int) -> "RichTable":
        """Return the table as rich draws it, in ``width`` columns if no word is longer."""
        from rich.box import SIMPLE_HEAD
        from rich.table import Table as RichTable
        from rich.text import Text

        rich_table = RichTable(
            box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0)
        )
        texts = self._cell_texts()
        widths = self._column_widths(texts, width)
        for column, number, size in zip(self.columns, self._right(), widths, strict=True):
            rich_table.add_column(
                Text(column.heading),
                justify="right" if number else "left",
                overflow="fold",
                width=size,
            )
        for line in texts:
            rich_table.add_row(
                *(
                    Text(truncate(cell, size) if column.name else cell)
                    for cell, column, size in zip(line, self.columns, widths, strict=True)
                )
            )
        return rich_table

    def _column_widths(self, texts: Sequence[Sequence[str]], width: int) -> list[int]:
        """Return column widths: first wrap words, then shorten names, then break words."""
        lines = [[column.heading for column in self.columns], *texts]
        widths = [max(map(measure_text, cells)) for cells in zip(*lines, strict=True)]
        words = [
            max(measure_text(word) for cell in cells for word in cell.split() or [""])
            for cells in zip(*lines, strict=True)
        ]
        names = [column.name for column in self.columns]
        numbers = self._right()
        room = width - _GAP * (len(widths) - 1)
        floors = [
            size if name else word for size, word, name in zip(widths, words, names, strict=True)
        ]
        widths = _narrowed(widths, floors, room)
        floors = [
            min(_NAME, size) if name else size for size, name in zip(widths, names, strict=True)
        ]
        widths = _narrowed(widths, floors, room)
        floors = [
            size if number or size <= _WORD else _WORD
            for size, number in zip(widths, numbers, strict=True)
        ]
        return _narrowed(widths, floors, room)

    def _cell_texts(self) -> list[list[str]]:
        return [
            [_format_cell(cell, column) for cell, column in zip(row, self.columns, strict=True)]
            for row in self.rows
        ]

    def _right(self) -> list[bool]:
        """Return which columns contain only numbers."""
        return [
            any(_is_number(row[index]) for row in self.rows)
            and all(row[index] is None or _is_number(row[index]) for row in self.rows)
            for index in range(len(self.columns))
        ]


def truncate(text: str, width: int) -> str:
    """Return the text, with its end replaced by ``…`` if it takes more than ``width`` columns."""
    return text if measure_text(text) <= width else f"{cut_text(text, width - 1)}…"


def align(text: str, width: int, *, right: bool = False) -> str:
    """Return the text, filled with spaces to ``width`` columns.

    Args:
        text: The text; one that is wider stays as it is.
        width: Columns of a terminal.
        right: Whether the spaces are before the text.
    """
    spaces = " " * (width - measure_text(text))
    return f"{spaces}{text}" if right else f"{text}{spaces}"


def _narrowed(widths: Sequence[int], floors: Sequence[int], room: int) -> list[int]:
    """Return the widths, narrowing the widest until all fit or all are at their minimum."""
    narrowed = list(widths)
    for _ in range(sum(widths) - room):
        open_ = [index for index, floor in enumerate(floors) if narrowed[index] > floor]
        if not open_:
            break
        narrowed[max(open_, key=lambda index: narrowed[index])] -= 1
    return narrowed


def _quoted(cell: Cell) -> str:
    """Quote a CSV cell. The csv module does not quote a lone carriage return."""
    if cell is None:
        return ""
    text = str(cell)
    bare = text and not any(special in text for special in ',"\r\n')
    return text if bare else '"' + text.replace('"', '""') + '"'


def _wrapping(cell: str) -> str:
    """Return the style of a cell in HTML that keeps names and numbers on one line."""
    return "; white-space: nowrap" if len(cell) <= _SHORT else ""


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def _format_cell(cell: Cell, column: Column) -> str:
    match cell:
        case None | "":
            return "-"
        case bool():
            return "yes" if cell else "no"
        case float() if column.decimals is not None:
            return f"{cell:.{column.decimals}f}"
        case int() if column.grouped:
            return f"{cell:,}"
        case str():
            # A line break inside a cell would break the row.
            return escape_line(cell)
        case _:
            return str(cell)
