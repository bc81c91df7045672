"""Refused rows, kept for whoever has to mend them: file, line, rule and the columns the config reads."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from churnscope.errors import StorageError

# A spreadsheet runs a cell that begins so as a formula, whatever blanks stand before; full-width forms count too.
_FORMULA = "^[\\s\ufeff\u200b-\u200f\u2060]*[=+\\-@\t\r\n\x00\uff1d\uff0b\uff0d\uff20]"


def write_quarantine(path: Path, tables: Iterable[pa.Table], schema: pa.Schema) -> None:
    """Write refused rows as CSV whose text cells are harmless in a spreadsheet.

    The file appears whole or not at all.

    Raises
    ------
    StorageError : when the folder cannot be written.
    """
    waiting = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(waiting, tables, schema)
        waiting.replace(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}.", "Check the folder's rights and space.") from error
    finally:
        waiting.unlink(missing_ok=True)


def _write(path: Path, tables: Iterable[pa.Table], schema: pa.Schema) -> None:
    with path.open("wb") as file:
        with arrow_csv.CSVWriter(file, schema) as writer:
            for table in tables:
                writer.write_table(pa.table([_harmless(column) for column in table.columns], schema=schema))
        file.flush()
        os.fsync(file.fileno())


def _harmless(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_string(column.type):
        return column
    filled = pc.fill_null(column, "")
    escaped = pc.binary_join_element_wise("'", filled, "")
    return pc.if_else(pc.match_substring_regex(filled, _FORMULA), escaped, filled)
