"""Clean CSV records become text columns, and their number is compared with what the door has counted."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
from pyarrow import csv as arrow_csv

from churnscope.errors import InputError
from churnscope.sources.door import CleanRecords, Door

FILE, LINE = "source_file", "source_line"


def parse_records(door: Door, records: CleanRecords, columns: Mapping[str, str], *, file: int) -> pa.Table:
    """The wanted columns of clean records as text, with file number and line.

    Parameters
    ----------
    columns : header of this file -> name of the column in the result.
    file : number of the file within its source.

    Raises
    ------
    InputError : when the parser finds another number of records or fields than the door.
    """
    positions = [f"p{i}" for i in range(len(door.header))]
    wanted = {name: positions[door.header.index(header)] for header, name in columns.items()}
    if not len(records.lines):
        return pa.table({**{name: pa.array([], pa.string()) for name in wanted}, **_places(records, file)})
    parsed = _parsed(door, records, positions, sorted(set(wanted.values())))
    if len(parsed) != len(records.lines):
        raise _disagreement(door, f"{len(parsed):,} of {len(records.lines):,} records")
    return pa.table({**{name: parsed[position] for name, position in wanted.items()}, **_places(records, file)})


def _parsed(door: Door, records: CleanRecords, positions: list[str], wanted: list[str]) -> pa.Table:
    # A table without any wanted column would have no rows, so one column is always read.
    include = wanted or positions[:1]
    try:
        return arrow_csv.read_csv(
            pa.BufferReader(records.text),
            read_options=arrow_csv.ReadOptions(column_names=positions),
            parse_options=arrow_csv.ParseOptions(
                delimiter=door.csv.delimiter,
                quote_char=door.csv.quote,
                double_quote=True,
                escape_char=False,
                newlines_in_values=records.is_quoted,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(positions, pa.string()), strings_can_be_null=False, include_columns=include
            ),
        )
    except pa.ArrowInvalid as error:
        # The parser's own message quotes the record, and with it a person's values.
        raise _disagreement(door, "other fields") from error


def _places(records: CleanRecords, file: int) -> dict[str, pa.Array]:
    return {FILE: pa.repeat(pa.scalar(file, pa.int32()), len(records.lines)), LINE: pa.array(records.lines)}


def _disagreement(door: Door, what: str) -> InputError:
    return InputError(
        f"{door.file.name}: the parser finds {what} after the records were counted.",
        "The quotes in it are not regular; write it again with a standard CSV writer. Nothing was read.",
    )
