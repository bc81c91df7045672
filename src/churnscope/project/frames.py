"""A table as every library takes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from churnscope.errors import ChurnscopeError
from churnscope.reports.wording import counted

if TYPE_CHECKING:
    import pandas as pd

ROWS_SHOWN = 10


@dataclass(frozen=True, eq=False)
class Frame:
    """Rows to go on with in any library: `to_pandas()`, `to_arrow()`, `to_polars()`, or whatever reads an Arrow stream.

    Parameters
    ----------
    table : the rows.
    what : what a row is.
    """

    table: pa.Table
    what: str

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self.table.column_names)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The rows as an Arrow stream, which Polars, DuckDB, pandas and others read without a copy."""
        return self.table.__arrow_c_stream__(requested_schema)

    def to_arrow(self) -> pa.Table:
        """A table of PyArrow."""
        return self.table

    def to_pandas(self) -> pd.DataFrame:
        """A frame of pandas."""
        frame: pd.DataFrame = self.table.to_pandas()
        return frame

    def to_polars(self) -> Any:
        """A frame of Polars.

        Raises
        ------
        ChurnscopeError : when Polars is not installed.
        """
        try:
            import polars as pl
        except ImportError as error:
            raise ChurnscopeError("Polars is not installed.", "Run: pip install polars") from error
        return pl.from_arrow(self.table)

    def __repr__(self) -> str:
        names = [*self.columns[:ROWS_SHOWN], *(["..."] if len(self.columns) > ROWS_SHOWN else [])]
        return f"Frame of {counted(len(self), 'rows')}, each {self.what}; {len(self.columns)} columns: {', '.join(names)}"

    def _repr_html_(self) -> str:
        from churnscope.reports.snippets import shown_rows

        return shown_rows(self.table, ROWS_SHOWN, self.what)
