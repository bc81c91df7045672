"""Tables as files: CSV that no spreadsheet takes for a formula, and Parquet that holds the values as they are.

A spreadsheet runs a text cell that begins with `=`, `+`, `-` or `@`, also behind blanks and invisible characters. In CSV such a
cell gets one leading apostrophe, and so does a cell that begins with an apostrophe already. The rule back is therefore exact:
**take one leading apostrophe from every text cell that begins with one.** Numbers and dates come from typed columns and are
written as they are, so -5.2 stays a number. Parquet is never escaped.

References
----------
CWE-1236, Improper Neutralization of Formula Elements in a CSV File; OWASP ASVS 4.0, 1.2.10; RFC 4180.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from churnscope.errors import ConfigError
from churnscope.files import storage_errors

Pieces = Iterable[pa.Table]
"""A table in pieces, at least one, that need not fit into memory as a whole."""

_ROW_GROUP = 1 << 17
# Skipped by spreadsheets in front of a formula: controls, blanks, soft hyphen, zero-width and direction marks, byte order mark.
_IGNORED = (
    r"\x{01}-\x{20}\x{7f}-\x{a0}\x{ad}\x{61c}\x{115f}\x{1160}\x{1680}\x{180e}\x{2000}-\x{200f}\x{2028}-\x{202f}"
    r"\x{205f}-\x{206f}\x{2800}\x{3000}\x{3164}\x{feff}\x{ffa0}"
)
_FORMULA = r"=+\-@\t\r\n\x{00}\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}\x{2212}\x{fe62}-\x{fe63}\x{fe66}\x{fe6b}"
_DANGEROUS = rf"^(?:[{_IGNORED}]*[{_FORMULA}]|')"


def export(path: Path) -> Callable[[pa.Table | Pieces, BinaryIO], int]:
    """The writer for the ending of `path`: `.csv` or `.parquet`.

    Raises
    ------
    ConfigError : for any other ending.
    """
    try:
        return WRITERS[path.suffix.lower()]
    except KeyError as error:
        known = " or ".join(sorted(WRITERS))
        raise ConfigError(f"{path.name}: unknown kind of output file.", f"Let its name end in {known}.") from error


def write_csv(table: pa.Table | Pieces, stream: BinaryIO) -> int:
    r"""Write `table` as UTF-8 CSV with a header, text in quotes, lines ending in \n; missing cells are empty, unquoted.

    Returns
    -------
    Number of rows.
    """
    options = pyarrow.csv.WriteOptions(quoting_header="none")
    safe = map(_csv_table, _pieces(table))
    return _written(safe, lambda schema: pyarrow.csv.CSVWriter(stream, schema, write_options=options))


def write_parquet(table: pa.Table | Pieces, stream: BinaryIO) -> int:
    """Write `table` as Parquet, values unchanged.

    Returns
    -------
    Number of rows.
    """
    plain = (piece.replace_schema_metadata(None) for piece in _pieces(table))
    return _written(plain, lambda schema: pyarrow.parquet.ParquetWriter(stream, schema, compression="zstd"), _ROW_GROUP)


def _pieces(table: pa.Table | Pieces) -> Pieces:
    return [table] if isinstance(table, pa.Table) else table


def _written(pieces: Pieces, opened: Callable[[pa.Schema], Any], *most: int) -> int:
    """Write one piece after the other and close; how many rows they had."""
    ahead = iter(pieces)
    first = next(ahead)
    with opened(first.schema) as writer:
        rows = 0
        for piece in chain([first], ahead):
            writer.write_table(piece, *most)
            rows += int(piece.num_rows)
    return rows


def read_export(path: Path) -> pa.Table:
    """The table in a file that `export` wrote; text cells of CSV as they were before they were made safe.

    Raises
    ------
    StorageError : when the file cannot be read.
    """
    with storage_errors(path, right="read"):
        if path.suffix.lower() == ".parquet":
            return pyarrow.parquet.read_table(path)
        options = pyarrow.csv.ConvertOptions(
            column_types={"customer_id": pa.string()},  # 007 is not 7
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        )
        table = pyarrow.csv.read_csv(path, convert_options=options)
    columns = [_as_it_was(table.column(name)) for name in table.column_names]
    return pa.table(columns, names=table.column_names)


def _as_it_was(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.replace_substring_regex(column, "^'", "") if pa.types.is_string(column.type) else column


def spreadsheet_safe(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text cells with one apostrophe before those a spreadsheet might run, and before those that begin with an apostrophe.

    Examples
    --------
    >>> spreadsheet_safe(pa.chunked_array([["=1+1", "C-17", None]])).to_pylist()
    ["'=1+1", 'C-17', None]
    """
    escaped = pc.binary_join_element_wise("'", cells, "")
    return pc.if_else(pc.match_substring_regex(cells, _DANGEROUS), escaped, cells)


def _csv_table(table: pa.Table) -> pa.Table:
    return pa.Table.from_arrays([_csv_column(column) for column in table.columns], table.column_names)


def _csv_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return spreadsheet_safe(column)
    if pa.types.is_floating(column.type):
        return pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type))  # CSV knows no NaN and no infinity
    return column


WRITERS: dict[str, Callable[[pa.Table | Pieces, BinaryIO], int]] = {".csv": write_csv, ".parquet": write_parquet}
