"""A table that converts to arrays and to the data frames of other libraries."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from harness.api.exceptions import translated_errors
from harness.errors import ExternalError
from harness.messages import format_count
from harness.presentation.table import Cell, Column, Table
from store.extras import install_command

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

_SHOWN = 10
"""The most rows that are shown."""


class DataTable:
    """A table by columns. It cannot be changed.

    ``table["accuracy"]`` is a column as a numpy array. Libraries that read Arrow take the table
    itself: ``polars.DataFrame(table)``.

    Args:
        data: The columns.
        shown: How to show the table to people; by default, its first rows.
    """

    def __init__(self, data: pa.Table, shown: Table | None = None):
        self._data = data
        self._shown = shown

    @classmethod
    def from_records(
        cls,
        records: Sequence[Mapping[str, object]],
        columns: Sequence[str],
        shown: Table | None = None,
    ) -> "DataTable":
        """Build a table from rows; without rows it has the same columns.

        Args:
            records: The rows.
            columns: The keys of every row.
            shown: How to show the table to people.
        """
        values = {name: pa.array([record[name] for record in records]) for name in columns}
        return cls(pa.table(values), shown)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self._data.column_names)

    def __len__(self) -> int:
        return int(self._data.num_rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield each row, by column."""
        yield from self._data.to_pylist()

    def __getitem__(self, column: str) -> NDArray[Any]:
        """Return a column as an array that cannot be written to.

        Raises:
            KeyError: There is no such column.
        """
        if column not in self._data.column_names:
            raise KeyError(f"{column!r}; the columns are {', '.join(self.columns)}")
        values: NDArray[Any] = np.array(self._data.column(column).to_numpy())
        values.flags.writeable = False
        return values

    def to_arrow(self) -> Any:  # noqa: ANN401 - pyarrow ships no types
        """Return the table as a `pyarrow.Table`."""
        return self._data

    def to_pandas(self) -> "pd.DataFrame":
        """Return a copy as a pandas data frame.

        Raises:
            ExternalError: pandas is not installed.
        """
        _require("pandas")
        frame: pd.DataFrame = self._data.to_pandas()
        return frame

    def to_polars(self) -> "pl.DataFrame":
        """Return a copy as a polars data frame.

        Raises:
            ExternalError: polars is not installed.
        """
        _require("polars")
        import polars as pl

        frame = pl.from_arrow(self._data)
        assert isinstance(frame, pl.DataFrame)
        return frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._data.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        return self._page().text().rstrip("\n") + self._rest()

    def _repr_html_(self) -> str:
        rest = self._rest().strip()
        return self._page().html() + (f"<p>{rest}</p>" if rest else "")

    def _page(self) -> Table:
        if self._shown is not None:
            return self._shown
        rows = self._data.slice(0, _SHOWN).to_pylist()
        cells = [[_cell(row[name]) for name in self.columns] for row in rows]
        return Table([Column(name) for name in self.columns], cells)

    def _rest(self) -> str:
        more = len(self) - _SHOWN
        return f"\nand {format_count(more, 'more row')}" if self._shown is None and more > 0 else ""


def _cell(value: object) -> Cell:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)


def _require(name: str) -> None:
    """Check that a library of data frames is installed.

    Raises:
        ExternalError: It is not.
    """
    from importlib.util import find_spec

    with translated_errors():
        if find_spec(name) is not None:
            return
        raise ExternalError(
            f"{name} is not installed, so the table cannot be converted",
            hint=f"install it into this environment, or use {install_command(name)};"
            ' columns are numpy arrays without it: table["…"]',
        )
