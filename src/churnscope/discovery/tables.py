"""One file as far as it was looked at: its columns as texts, in the order of the file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from churnscope.config.models import Files
from churnscope.discovery.dates import read_times
from churnscope.discovery.dialect import DELIMITERS, Dialect, sniff
from churnscope.discovery.numbers import read_numbers
from churnscope.discovery.pieces import Text, look_into, whole_text
from churnscope.errors import InputError
from churnscope.sources.files import DataFile, find_files

MOST_ROWS = 48_000  # of all files together: of each the beginning, the end, and an even thinning between
FEWEST_ROWS, MOST_ROWS_OF_ONE = 1_000, 24_000
_MOST_COLUMNS = 1_000
_FEW_LINES = 2
_HEADER_WORD = re.compile(r"[^\W\d]")
_PARQUET = b"PAR1"


@dataclass(frozen=True)
class Column:
    """A column of the sample.

    Parameters
    ----------
    name : its header; empty where the file has none and nobody has named it yet.
    values : trimmed text, empty where missing.
    native : time, number, flag or text where the file says so itself (Parquet); None where it is text to be read.
    is_float : whether the file holds floating point numbers.
    is_zoned : whether the file's times carry UTC.
    """

    name: str
    values: tuple[str, ...] = field(repr=False)
    native: str | None = None
    is_float: bool = False
    is_zoned: bool = False

    @property
    def present(self) -> list[str]:
        """The values there are."""
        return [value for value in self.values if value]


@dataclass(frozen=True)
class Table:
    """A file, sampled.

    Parameters
    ----------
    file : where it is.
    format : csv or parquet.
    columns : its columns.
    rows : rows of the file, about where it was not read whole.
    is_whole : whether every row of the file is in the sample.
    has_header : whether the first record names the columns.
    header_flaw : what is wrong with the header; empty where nothing is.
    dialect, text : how it is written and what was read; None for Parquet.
    """

    file: DataFile
    format: str
    columns: tuple[Column, ...]
    rows: int
    is_whole: bool
    has_header: bool = True
    header_flaw: str = ""
    dialect: Dialect | None = None
    text: Text | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The headers."""
        return tuple(column.name for column in self.columns)

    def _parquet_records(self, most_bytes: int) -> Iterator[Sequence[str]]:
        taken = 0
        with pq.ParquetFile(self.file.path) as opened:
            for batch in opened.iter_batches(MOST_ROWS):
                columns = [_typed(field_, pa.chunked_array([batch.column(i)])) for i, field_ in enumerate(batch.schema)]
                yield from zip(*(column.values for column in columns), strict=True)
                taken += batch.nbytes
                if taken >= most_bytes:
                    return

    @property
    def header_line(self) -> str:
        """The first line as it stands, for a file whose columns stand below each other."""
        assert self.text is not None
        return next(line.strip() for line in self.text.parts[0].splitlines() if line.strip())

    @property
    def needs_names(self) -> bool:
        """Whether the config has to name the columns."""
        return not self.has_header or bool(self.header_flaw)

    @property
    def encoding(self) -> str:
        """As a config declares it."""
        return self.text.encoding if self.text else "utf-8"

    def named(self, names: Sequence[str]) -> Table:
        """The same with other names of the columns."""
        columns = tuple(replace(column, name=name) for column, name in zip(self.columns, names, strict=True))
        return replace(self, columns=columns)

    def column(self, name: str) -> Column:
        """The column of this name."""
        return next(column for column in self.columns if column.name == name)

    def records(self, most_bytes: int) -> Iterator[Sequence[str]]:
        """The file's records from its beginning, the header among them."""
        if self.dialect is None:
            yield from self._parquet_records(most_bytes)
            return
        for text in whole_text(self.file, self.encoding, most_bytes):
            yield from self.dialect.records(text)


def look_at(path: Path, most_rows: int = MOST_ROWS_OF_ONE) -> Table:
    """A file's sample, of at most about so many rows.

    Raises
    ------
    InputError : when it is no table that can be read.
    """
    (file,) = find_files((Files(path=str(path)),), "csv", where=path.name)
    with path.open("rb") as stream:
        is_parquet = stream.read(4) == _PARQUET
    return _parquet(file, most_rows) if is_parquet else _csv(file, most_rows)


def _csv(file: DataFile, most_rows: int) -> Table:
    text = look_into(file)
    dialect = sniff(text.parts[0])
    if not dialect.probed:
        raise InputError(f"{file.name} holds no record, not even a header.", "Ask for the file again.")
    if dialect.columns < 2:
        raise InputError(
            f"{file.name}: no delimiter was found: every line is one field.",
            f"Columns are told apart by {', '.join(DELIMITERS.values())} or several blanks; a customer and a time are needed.",
        )
    if dialect.columns > _MOST_COLUMNS:
        raise InputError(f"{file.name} has {dialect.columns:,} columns.", f"At most {_MOST_COLUMNS:,} are read.")
    parts = [[record for record in dialect.records(part) if len(record) == dialect.columns] for part in text.parts]
    header, has_header = _header(parts[0])
    if has_header:
        parts[0] = parts[0][1:]
    records = [record for part in parts for record in part]
    if not records and len(text.parts[0].splitlines()) > _FEW_LINES:
        raise InputError(
            f"{file.name}: no record has as many fields as the first.",
            "A quote is opened and never closed, or the delimiter changes: write it again with a standard CSV writer.",
        )
    if not records:
        raise InputError(f"{file.name} holds a header and no row.", "Ask for the file again, or leave it out.")
    kept = _thinned(records, most_rows)
    columns = tuple(Column(name, tuple(values)) for name, values in zip(header, zip(*kept, strict=True), strict=True))
    rows = len(records) if text.is_whole else int(round(len(records) / max(text.share, 1e-9), -3))
    flaw = _header_flaw(header) if has_header else ""
    is_whole = text.is_whole and len(kept) == len(records)
    return Table(file, "csv", columns, rows, is_whole, has_header, flaw, dialect, text)


def _header(records: list[list[str]]) -> tuple[list[str], bool]:
    """The first record where it names the columns, and whether it does."""
    first, rest = records[0], records[1:2_000]
    if any(_is_value(value) for value in first) or not any(_HEADER_WORD.search(value) for value in first):
        return [""] * len(first), False
    recurring = sum(value in {record[i] for record in rest} for i, value in enumerate(first) if value)
    if recurring >= max(1, len(first) / 2):
        return [""] * len(first), False
    return first, True


def _is_value(text: str) -> bool:
    """Whether a text is rather a number or a date than a name."""
    from datetime import date

    if not text:
        return False
    return read_numbers([text]) is not None or read_times([text], today=date.max, may_be_epoch=False) is not None


def _header_flaw(header: Sequence[str]) -> str:
    unnamed = [str(i) for i, name in enumerate(header, 1) if not name]
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if unnamed:
        return f"column {', '.join(unnamed)} of the header has no name"
    return f"the header names {twice[0]} more than once" if twice else ""


def _thinned(records: list[list[str]], most: int) -> list[list[str]]:
    """At most so many: beginning and end as they are, every so many between."""
    if len(records) <= most:
        return records
    third = most // 3
    middle = records[third:-third]
    return [*records[:third], *middle[:: -(-len(middle) // third)], *records[-third:]]


def _parquet(file: DataFile, most_rows: int) -> Table:
    try:
        with pq.ParquetFile(file.path) as opened:
            rows, schema = opened.metadata.num_rows, opened.schema_arrow
            if not rows:
                raise InputError(f"{file.name} holds no row.", "Ask for the file again, or leave it out.")
            sample = _parquet_rows(opened, most_rows)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{file.name} is a damaged Parquet file.", "Copy the file again.") from error
    columns = tuple(_typed(schema.field(i), sample.column(i)) for i in range(len(schema)))
    if len(columns) < 2:
        raise InputError(f"{file.name} has one column.", "A customer and a time are needed.")
    return Table(file, "parquet", columns, rows, is_whole=sample.num_rows == rows)


def _parquet_rows(opened: pq.ParquetFile, most: int) -> pa.Table:
    """Rows of the first, the middle and the last row group."""
    groups = opened.num_row_groups
    if opened.metadata.num_rows <= most:
        return opened.read()
    inner = sorted({0, groups // 2} - {groups - 1})
    batches = [next(opened.iter_batches(most // 4, row_groups=[group])) for group in inner]
    end = _ends(opened.iter_batches(most // 4, row_groups=[groups - 1]))
    return pa.Table.from_batches([*batches, *end])


def _ends(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The first batch and the last."""
    last = None
    for number, batch in enumerate(batches):
        if number == 0:
            yield batch
        else:
            last = batch
    if last is not None:
        yield last


def _typed(field_: pa.Field, values: pa.ChunkedArray) -> Column:
    kind = field_.type
    if pa.types.is_dictionary(kind):
        kind, values = kind.value_type, values.cast(kind.value_type)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        texts = values.cast(pa.timestamp("us"), safe=False).cast(pa.string())
        return Column(field_.name, _texts(texts), "time", is_zoned=getattr(kind, "tz", None) is not None)
    if pa.types.is_boolean(kind):
        return Column(field_.name, _texts(values.cast(pa.string())), "flag")
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return Column(field_.name, _texts(values.cast(pa.string())), "number", is_float=pa.types.is_floating(kind))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return Column(field_.name, _texts(values), "string")
    return Column(field_.name, tuple("" for _ in range(len(values))), "other")


def _texts(values: pa.ChunkedArray) -> tuple[str, ...]:
    return tuple("" if value is None or value == "nan" else value.strip() for value in values.to_pylist())
