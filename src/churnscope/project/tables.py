"""Tables in memory as sources: kept as Parquet in a folder of their own, and so read, checked and hashed like files."""

from __future__ import annotations

import re
import weakref
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Protocol, runtime_checkable

import pyarrow as pa
import pyarrow.parquet as pq

from churnscope.config.tables import KeptTable
from churnscope.errors import InputError
from churnscope.files import storage_errors

_COLUMN = re.compile(r"Conversion failed for column (.+) with type")


@runtime_checkable
class Streamed(Protocol):
    """Anything that offers its rows as Arrow: frames of pandas and Polars, tables of PyArrow, relations of DuckDB."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The rows as a stream of Arrow arrays."""


class Spool:
    """The folder that tables are written to; it vanishes with this object."""

    def __init__(self) -> None:
        self._folder = Path(mkdtemp(prefix="churnscope-"))
        weakref.finalize(self, rmtree, self._folder, ignore_errors=True)

    def keep(self, name: str, table: Streamed) -> KeptTable:
        """Write a table, a piece at a time.

        Raises
        ------
        InputError : when it offers no Arrow stream, or holds values that have no Arrow type.
        """
        if not isinstance(table, Streamed):
            raise InputError(
                f"{name} is a {type(table).__name__}, which offers no Arrow stream.",
                "Give a frame of pandas or Polars (a lazy one collected), a table of PyArrow, or a relation of DuckDB.",
            )
        path = self._folder / f"{name}.parquet"
        with storage_errors(path):
            try:
                rows = pa.RecordBatchReader.from_stream(table)
                _write(rows, path)
            except (ValueError, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:  # pandas and PyArrow raise them
                raise _unreadable(name, error) from error
        return KeptTable(path, rows.schema.names)


def _write(rows: pa.RecordBatchReader, path: Path) -> None:
    schema = pa.schema([pa.field(field.name, _plain(field.type)) for field in rows.schema])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in rows:
            writer.write_table(pa.table(list(map(_decoded, batch.columns)), batch.schema.names).cast(schema))


def _decoded(column: pa.Array) -> pa.Array:
    """The values of a categorical column; a category that is a view of text cannot be cast through its codes."""
    if not pa.types.is_dictionary(column.type):
        return column
    return column.dictionary.cast(_plain(column.type)).take(column.indices)


def _plain(kind: pa.DataType) -> pa.DataType:
    """The type without the ways of storing it that only some libraries know."""
    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    if pa.types.is_string_view(kind) or pa.types.is_large_string(kind):
        return pa.string()
    return kind


def _unreadable(name: str, error: Exception) -> InputError:
    """What is wrong with a table, without a value of it: only the names of columns are taken from what PyArrow says."""
    said = " ".join(map(str, error.args))
    if said.startswith("Duplicate column names"):
        return InputError(f"{name} has two columns of the same name.", "Rename one of them, or leave it out.")
    column = _COLUMN.search(said)
    where = f"{name}, column {column[1]}: it" if column else name
    return InputError(
        f"{where} holds values of a type that cannot be read.", "Give each column values of one type: text, number, time."
    )
