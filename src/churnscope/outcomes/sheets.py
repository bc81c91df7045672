"""Files that people send back, as rows of cells: CSV as any spreadsheet writes it, and XLSX, within limits."""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from churnscope.errors import InputError
from churnscope.files import storage_errors

MOST_BYTES = 64 << 20
MOST_UNPACKED_BYTES = 256 << 20
MOST_ROWS = 1_048_576  # of a sheet, as in a spreadsheet
MOST_COLUMNS = 1_000
DELIMITERS = ",;\t"
_BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
_OLD_OR_LOCKED = b"\xd0\xcf\x11\xe0"  # the container of XLS, and of an XLSX with a password


class Formula:
    """What stands in a cell that holds a formula: it is never read."""


@dataclass(frozen=True)
class Sheet:
    """Rows with a value in them, each with its number as a spreadsheet shows it; the cells of empty ones are None."""

    name: str
    rows: tuple[tuple[int, tuple[object, ...]], ...]


def read_sheets(path: Path) -> tuple[Sheet, ...]:
    """The sheets of a file; a CSV file is one.

    Raises
    ------
    InputError : when it is of another kind, too large, or damaged.
    StorageError : when it cannot be read.
    """
    readers = {".csv": _csv, ".xlsx": _workbook}
    kind = path.suffix.lower()
    if kind not in readers:
        raise InputError(f"{path.name}: a list comes back as .csv or .xlsx.", "Save it as one of the two and add it again.")
    with storage_errors(path, right="read"):
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise InputError(
                f"{path.name}: {size:,} bytes are more than a list has ({MOST_BYTES:,}).",
                "Save the list alone.",
            )
        return readers[kind](path, path.read_bytes())


def _csv(path: Path, content: bytes) -> tuple[Sheet, ...]:
    text = _decoded(content)
    first_line = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first_line.count)
    try:
        records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        return (Sheet("", _kept(path, enumerate(records, start=1))),)
    except csv.Error as error:
        raise InputError(f"{path.name}: it is no CSV file that can be read ({error}).", "Save it as CSV again.") from error


def _decoded(content: bytes) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")  # as spreadsheets under Windows write it


def _workbook(path: Path, content: bytes) -> tuple[Sheet, ...]:
    damaged = InputError(f"{path.name}: it is no XLSX workbook that can be read.", "Open it and save it as .xlsx again.")
    if content.startswith(_OLD_OR_LOCKED):
        raise InputError(
            f"{path.name}: it is protected by a password, or an old .xls file.", "Save it as .xlsx without a password."
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            unpacked = sum(entry.file_size for entry in packed.infolist())
    except (zipfile.BadZipFile, ValueError) as error:
        raise damaged from error
    if unpacked > MOST_UNPACKED_BYTES:
        raise InputError(f"{path.name}: it unpacks to {unpacked:,} bytes, more than a list has.", "Save the list alone.")
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    broken = (zipfile.BadZipFile, zlib.error, InvalidFileException, ParseError, EOFError)
    strange = (KeyError, ValueError, TypeError, IndexError, AttributeError)  # what openpyxl says of parts that do not fit
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it does not keep, which nobody asked for
        try:
            workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
            return tuple(Sheet(sheet.title, _kept(path, _rows(sheet))) for sheet in workbook.worksheets)
        except (*broken, *strange) as error:
            raise damaged from error


def _rows(sheet: Any) -> Iterator[tuple[int, list[object]]]:
    sheet.reset_dimensions()  # what a file says of its own size need not be true
    for number, cells in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), start=1):
        yield number, [Formula() if cell.data_type == "f" else cell.value for cell in cells]


def _kept(path: Path, rows: Iterable[tuple[int, Iterable[object]]]) -> tuple[tuple[int, tuple[object, ...]], ...]:
    kept = []
    for number, cells in rows:
        if number > MOST_ROWS:
            raise InputError(f"{path.name}: it has more than {MOST_ROWS:,} rows.", "Delete the empty ones, or split it.")
        row = tuple(map(_cell, cells))[:MOST_COLUMNS]
        if any(cell is not None for cell in row):
            kept.append((number, row))
    return tuple(kept)


def _cell(cell: object) -> object:
    """Nothing where there are only blanks; text without the apostrophe that keeps a spreadsheet from running it."""
    if not isinstance(cell, str):
        return cell
    text = cell.removeprefix("'").strip()
    return text or None
