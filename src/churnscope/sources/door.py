"""The door every CSV file passes once: its records are counted, malformed ones turned away, before any parser sees them.

The count is independent of the parser that makes columns of the records. Rows that the two do not agree on are a refused file,
never a silent loss.
"""

from __future__ import annotations

import csv as csv_format
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from churnscope.config.models import Csv
from churnscope.errors import InputError
from churnscope.sources.bytestream import ByteStream
from churnscope.sources.files import DataFile
from churnscope.sources.scanner import Records, find_records

RAGGED, NOT_UTF8 = "ragged_row", "invalid_utf8"
MOST_RECORD_BYTES, MOST_RECORD_LINES, MOST_COLUMNS = 1_000_000, 1_000, 1_000
_LIKELY_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


@dataclass(frozen=True)
class CleanRecords:
    """Well-formed records: `text` is their bytes, `lines` (int64, shape (n_records,)) the physical line of each."""

    text: bytes | memoryview
    lines: NDArray[np.int64]
    is_quoted: bool


@dataclass
class Door:
    """One pass over one CSV file.

    Parameters
    ----------
    file : the file.
    csv : its declared dialect.

    Attributes
    ----------
    header : column names, known once `open` has been called.
    records : data records met so far, malformed ones included.
    rejected : rule -> physical lines of the records turned away.
    """

    file: DataFile
    csv: Csv
    header: tuple[str, ...] = ()
    records: int = 0
    rejected: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._stream = ByteStream(self.file.path, self.file.name, self.csv.encoding)
        self._pieces = self._stream.pieces()
        self._delimiter, self._quote = ord(self.csv.delimiter), ord(self.csv.quote)

    @property
    def sha256(self) -> str:
        """Hash of the file, whole after the last record."""
        return self._stream.sha256

    @property
    def has_mark(self) -> bool:
        """Whether the file begins with a byte order mark."""
        return self._stream.has_mark

    def open(self) -> tuple[str, ...]:
        """Read up to the header and return it.

        Raises
        ------
        InputError : when there is none, or it names a column twice or not at all, or it is written with another delimiter.
        """
        first = next(self._pieces, b"")
        self._pieces = chain((first,), self._pieces)
        if self.csv.names:
            self.header = self.csv.names
        else:
            self.header = self._header(first)
        return self.header

    def clean_records(self) -> Iterator[CleanRecords]:
        """The well-formed records after the header, piece by piece, with the line each begins on."""
        rest, line, is_header = b"", 1, not self.csv.names
        for piece, is_last in _with_last(self._pieces):
            text = rest + piece
            found = self._found(text, line, is_last=is_last)
            begin = 1 if is_header and len(found) else 0
            is_header = is_header and not begin
            yield self._cleaned(text, found, begin)
            rest, line = text[found.consumed :], found.next_line
        self.file.refuse_if_changed()

    def _header(self, first: bytes) -> tuple[str, ...]:
        found = self._found(first, 1, is_last=False)
        if not len(found):
            found = self._found(first, 1, is_last=True)
        if not len(found):
            raise InputError(f"{self.file.name} holds no record, not even a header.", "Ask for the file again.")
        names = split_record(first[found.starts[0] : found.ends[0]], self.csv, self.file.name)
        check_header(names, self.csv.delimiter, self.file.name)
        return names

    def _found(self, text: bytes, line: int, *, is_last: bool) -> Records:
        piece = np.frombuffer(text, np.uint8)
        if b"\0" in text:
            raise InputError(
                f"{self.file.name} holds NUL bytes.", "It is damaged, no text, or UTF-16: then declare csv.encoding."
            )
        found = find_records(piece, delimiter=self._delimiter, quote=self._quote, line=line, is_last=is_last)
        self._refuse_endless(found, len(text), is_last=is_last)
        return found

    def _refuse_endless(self, found: Records, size: int, *, is_last: bool) -> None:
        """A quote that is opened and never closed would swallow the rest of the file as one value."""
        spans = np.diff(np.append(found.starts, found.consumed))
        heights = np.diff(np.append(found.lines, found.next_line))
        too_large = np.flatnonzero((spans > MOST_RECORD_BYTES) | (heights > MOST_RECORD_LINES))
        if len(too_large):
            raise self._endless(int(found.lines[too_large[0]]))
        is_too_long = size - found.consumed > MOST_RECORD_BYTES or found.last_line - found.next_line > MOST_RECORD_LINES
        if is_too_long:
            raise self._endless(found.next_line)
        if is_last and found.is_open:
            self.file.refuse_if_changed()
            raise InputError(
                f"{self.file.name} ends inside a quoted value, in the record that begins in line {found.next_line:,}.",
                "The file is cut off: copy it again. Or a quote is opened there and not closed.",
            )

    def _endless(self, line: int) -> InputError:
        return InputError(
            f"{self.file.name}: the record that begins in line {line:,} does not end within "
            f"{MOST_RECORD_BYTES // 1_000_000} MB and {MOST_RECORD_LINES:,} lines.",
            "A quote is opened there and not closed, or csv.quote under the source is not this file's.",
        )

    def _cleaned(self, text: bytes, found: Records, begin: int) -> CleanRecords:
        is_ragged = found.fields != len(self.header)
        is_foreign = self._not_utf8(text, found) & ~is_ragged
        is_ragged[:begin] = is_foreign[:begin] = False
        self.records += len(found) - begin
        self._reject(RAGGED, found.lines[is_ragged])
        self._reject(NOT_UTF8, found.lines[is_foreign])
        good = ~(is_ragged | is_foreign)
        good[:begin] = False
        return CleanRecords(_kept(text, found, good), found.lines[good], found.is_quoted)

    def _not_utf8(self, text: bytes, found: Records) -> NDArray[np.bool_]:
        flawed = np.zeros(len(found), np.bool_)
        if _is_utf8(text[: found.consumed]):
            return flawed
        for i in np.flatnonzero(~found.ascii):
            flawed[i] = not _is_utf8(text[found.starts[i] : found.ends[i]])
        return flawed

    def _reject(self, rule: str, lines: NDArray[np.int64]) -> None:
        if len(lines):
            self.rejected.setdefault(rule, []).extend(lines.tolist())


def split_record(record: bytes, csv: Csv, name: str) -> tuple[str, ...]:
    """The values of one record, trimmed, as a header is read."""
    try:
        text = record.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: the header is not UTF-8.", "Declare csv.encoding under the source.") from error
    rows = csv_format.reader(io.StringIO(text, newline=""), delimiter=csv.delimiter, quotechar=csv.quote)
    return tuple(value.strip() for value in next(rows, []))


def check_header(names: tuple[str, ...], delimiter: str, name: str) -> None:
    """Refuse a header that cannot be one.

    Raises
    ------
    InputError : for missing or repeated names, too many of them, or a header written with another delimiter.
    """
    if len(names) > MOST_COLUMNS:
        raise InputError(f"{name} has {len(names):,} columns.", f"At most {MOST_COLUMNS:,} are read.")
    others = [word for sign, word in _LIKELY_DELIMITERS.items() if sign != delimiter and sign in names[0]]
    if len(names) == 1 and others:
        raise InputError(
            f"{name}: the header is one field and holds a {others[0]}.", "Declare this file's csv.delimiter under the source."
        )
    if "" in names:
        raise InputError(f"{name}: column {names.index('') + 1} of the header has no name.", "Name it, or give csv.names.")
    repeated = sorted({column for column in names if names.count(column) > 1})
    if repeated:
        raise InputError(f"{name}: the header names {repeated[0]} more than once.", "Give each column a name of its own.")
    if all(_is_number(column) for column in names):
        raise InputError(f"{name} has no header: its first record is all numbers.", "Give the names as csv.names.")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _kept(text: bytes, found: Records, good: NDArray[np.bool_]) -> bytes | memoryview:
    """The bytes of the good records, without a copy where all of a run are good."""
    view = memoryview(text)
    stops = np.append(found.starts[1:], found.consumed)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], good, [False])).astype(np.int8)))
    runs = [view[found.starts[first] : stops[last - 1]] for first, last in zip(edges[::2], edges[1::2], strict=True)]
    return runs[0] if len(runs) == 1 else b"".join(runs)


def _with_last(pieces: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each piece, and whether it is the last."""
    waiting = next(pieces, b"")
    for piece in pieces:
        yield waiting, False
        waiting = piece
    yield waiting, True
