"""Tables of one group after another into CSV or Parquet files, without ever holding more than one group."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from churnscope.simulation.flaws import STATE, Row

FileFormat = Literal["csv", "parquet"]
_NO_TIME = "2024-02-31 25:61:00"
_DAY = 86_400  # seconds


class Log:
    """One log in one file, or cut into two files that share some days. A Parquet row group is a group of customers.

    Parameters
    ----------
    path : the files' path without its ending; of two files it gets `_1` and `_2`.
    shared_days : first day number that stands in both files, and the first one after them; None for one file.
    """

    def __init__(self, path: Path, file_format: FileFormat, shared_days: tuple[int, int] | None = None) -> None:
        self.states: Counter[Row] = Counter()
        numbers = ("_1", "_2") if shared_days else ("",)
        self.paths = tuple(path.with_name(f"{path.name}{number}.{file_format}") for number in numbers)
        self.rows = [0] * len(self.paths)
        self._format = file_format
        self._shared_days = shared_days
        self._writers: list[pq.ParquetWriter | pa_csv.CSVWriter] = []

    def write(self, table: pa.Table) -> None:
        """Append a group's rows to the file or files where they belong."""
        if STATE in table.column_names:
            self.states.update({Row(item["values"]): item["counts"] for item in pc.value_counts(table[STATE]).to_pylist()})
        parts = [self._as_written(part) for part in self._parts(table)]
        if not self._writers:
            self._writers = [_writer(path, part.schema) for path, part in zip(self.paths, parts, strict=True)]
        for i, (writer, part) in enumerate(zip(self._writers, parts, strict=True)):
            writer.write_table(part)
            self.rows[i] += len(part)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for writer in self._writers:
            writer.close()

    def _parts(self, table: pa.Table) -> tuple[pa.Table, ...]:
        """The rows of each file; a row without time goes into the first."""
        if self._shared_days is None:
            return (table,)
        first, after = (pa.scalar(day * _DAY, pa.int64()).cast(pa.timestamp("s")) for day in self._shared_days)
        early = pc.fill_null(pc.less(table["time"], after), True)
        late = pc.fill_null(pc.greater_equal(table["time"], first), False)
        return table.filter(early), table.filter(late)

    def _as_written(self, table: pa.Table) -> pa.Table:
        """Without the column that says what a row is; in CSV, with a text where the time is broken."""
        if STATE not in table.column_names:
            return table
        if self._format == "csv":
            text = pc.fill_null(table["time"].cast("string"), _NO_TIME)
            table = table.set_column(table.schema.get_field_index("time"), "time", text)
        return table.drop_columns([STATE])


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter | pa_csv.CSVWriter:
    if path.suffix == ".parquet":
        return pq.ParquetWriter(path, schema, compression="zstd")
    return pa_csv.CSVWriter(path, schema, write_options=pa_csv.WriteOptions(quoting_style="needed"))
