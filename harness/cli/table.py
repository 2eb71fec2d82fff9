"""A table as data, and its faces: rich on a terminal, aligned text, CSV and JSON rows elsewhere.

Numbers stay numbers until a face is drawn: CSV and JSON give them in full, the faces for people
round them as their column says.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from harness.cli.terminal import printable

if TYPE_CHECKING:
    from rich.table import Table as RichTable

Cell = str | int | float | bool | None


class Column(NamedTuple):
    """One column."""

    key: str
    """Its name in CSV and JSON."""
    title: str | None = None
    """Its heading for people; the key where there is none."""
    decimals: int | None = None
    """How floats are rounded for people; ``None`` shows them in full."""

    @property
    def heading(self) -> str:
        """What stands above the column."""
        return self.key if self.title is None else self.title


class Table(NamedTuple):
    """Columns, and rows with one cell for each."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]

    def records(self) -> list[Mapping[str, Cell]]:
        """The rows as JSON objects, keyed by column."""
        keys = [column.key for column in self.columns]
        return [dict(zip(keys, row, strict=True)) for row in self.rows]

    def csv(self) -> str:
        """RFC 4180 with line feeds and a heading; an absent cell is empty, an empty one quoted."""
        lines = [[column.key for column in self.columns], *self.rows]
        return "".join(",".join(map(_quoted, line)) + "\n" for line in lines)

    def text(self) -> str:
        """Aligned columns, two spaces apart, one row a line; an absent cell is ``-``."""
        lines = [[column.heading for column in self.columns], *self._shown()]
        widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
        right = self._right()
        return "".join(
            "  ".join(
                cell.rjust(width) if number else cell.ljust(width)
                for cell, width, number in zip(line, widths, right, strict=True)
            ).rstrip()
            + "\n"
            for line in lines
        )

    def rich(self) -> "RichTable":
        """The table as rich draws it."""
        from rich.box import SIMPLE_HEAD
        from rich.table import Table as RichTable
        from rich.text import Text

        drawn = RichTable(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for column, number in zip(self.columns, self._right(), strict=True):
            drawn.add_column(
                Text(column.heading), justify="right" if number else "left", overflow="fold"
            )
        for line in self._shown():
            drawn.add_row(*(Text(cell) for cell in line))
        return drawn

    def _shown(self) -> list[list[str]]:
        return [
            [_shown(cell, column) for cell, column in zip(row, self.columns, strict=True)]
            for row in self.rows
        ]

    def _right(self) -> list[bool]:
        """Which columns hold numbers and nothing else."""
        return [
            any(_is_number(row[at]) for row in self.rows)
            and all(row[at] is None or _is_number(row[at]) for row in self.rows)
            for at in range(len(self.columns))
        ]


def _quoted(cell: Cell) -> str:
    """A cell of CSV. The csv module leaves a lone carriage return bare, and readers break there."""
    if cell is None:
        return ""
    text = str(cell)
    bare = text and not any(special in text for special in ',"\r\n')
    return text if bare else '"' + text.replace('"', '""') + '"'


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def _shown(cell: Cell, column: Column) -> str:
    match cell:
        case None | "":
            return "-"
        case bool():
            return "yes" if cell else "no"
        case float() if column.decimals is not None:
            return f"{cell:.{column.decimals}f}"
        case str():
            # A line break inside a cell would break the row.
            return printable(cell).replace("\n", "\\n").replace("\t", "\\t")
        case _:
            return str(cell)
