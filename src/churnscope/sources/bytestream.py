"""The bytes of a CSV file, read once: decompressed, hashed and decoded to UTF-8 piece by piece."""

from __future__ import annotations

import codecs
import hashlib
import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from churnscope.errors import InputError, StorageError

PIECE_BYTES = 1 << 24
_READ_BYTES = 1 << 20
_GZIP = b"\x1f\x8b"
_OTHER_CONTAINERS = {
    b"PK\x03\x04": "a zip or XLSX file",
    b"PAR1": "a Parquet file",
    b"BZh": "a bzip2 file",
    b"\x28\xb5\x2f\xfd": "a zstd file",
}
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Text tables shrink 3 to 30 times; deflate itself ends at 1,032. Small files are let through: their whole content is harmless.
MOST_EXPANSION = 200
_HARMLESS_BYTES = 1 << 26


class ByteStream:
    """Decoded bytes of one file. `sha256` is whole once the pieces have been taken to the end.

    Parameters
    ----------
    path : a plain or gzip-compressed text file; its first bytes decide, not its name.
    name : how errors call the file.
    encoding : as declared: "utf-8", "latin-1" or "utf-16".
    """

    def __init__(self, path: Path, name: str, encoding: str) -> None:
        self._path = path
        self._name = name
        self._encoding = encoding
        self._digest = hashlib.sha256()
        self.has_mark = False

    @property
    def sha256(self) -> str:
        """Hash of the file's own bytes, as far as they have been read."""
        return self._digest.hexdigest()

    def pieces(self) -> Iterator[bytes]:
        """UTF-8 bytes without byte order mark, in pieces of up to 16 MiB.

        Bytes of a file declared as UTF-8 are passed on unchecked: one bad record must not cost the file.

        Raises
        ------
        InputError : for another container than declared, a damaged or absurdly compressed file, bytes of another encoding.
        """
        gathered = _gathered(self._decoded(self._unpacked()))
        first = next(gathered)
        if self._encoding == "utf-8" and first.startswith(_UTF16_MARKS):
            raise InputError(f"{self._name} is written in UTF-16.", 'Declare it: csv.encoding = "utf-16" under the source.')
        self.has_mark = first.startswith(codecs.BOM_UTF8)
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from gathered

    def _raw(self) -> Iterator[bytes]:
        try:
            with self._path.open("rb") as file:
                while part := file.read(_READ_BYTES):
                    self._digest.update(part)
                    yield part
        except OSError as error:
            raise StorageError(f"{self._name} cannot be read: {error.strerror}.", "Check disk and permissions.") from error

    def _unpacked(self) -> Iterator[bytes]:
        raw = self._raw()
        first = next(raw, b"")
        for mark, what in _OTHER_CONTAINERS.items():
            if first.startswith(mark):
                advice = "Give plain or gzip-compressed CSV, or declare the format."
                raise InputError(f"{self._name} is {what}, not text.", advice)
        if first.startswith(_GZIP):
            yield from self._inflated(first, raw)
        else:
            yield first
            yield from raw

    def _inflated(self, first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
        """The content of one or more gzip members, never more than a piece at a time."""
        taken = given = 0
        inflater = None
        for part_of_file in chain((first,), rest):
            waiting = part_of_file
            taken += len(waiting)
            while waiting := waiting if inflater else waiting.lstrip(b"\0"):  # tapes pad with zeros after a member
                inflater = inflater or zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
                part = self._inflate(inflater, waiting)
                given += len(part)
                self._refuse_bomb(taken, given)
                yield part
                waiting = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
                inflater = None if inflater.eof else inflater
        if inflater:
            raise InputError(f"{self._name} ends in the middle: the gzip file is truncated.", "Copy the file again.")

    def _inflate(self, inflater: zlib._Decompress, waiting: bytes) -> bytes:
        try:
            return inflater.decompress(waiting, PIECE_BYTES)
        except zlib.error as error:
            raise InputError(f"{self._name} is a damaged gzip file.", "Copy the file again.") from error

    def _refuse_bomb(self, taken: int, given: int) -> None:
        if given > _HARMLESS_BYTES and given > MOST_EXPANSION * taken:
            raise InputError(
                f"{self._name} grows more than {MOST_EXPANSION} times when it is unpacked.",
                "No table of events does that: check where the file comes from, or give it unpacked.",
            )

    def _decoded(self, parts: Iterator[bytes]) -> Iterator[bytes]:
        return parts if self._encoding == "utf-8" else self._recoded(parts)

    def _recoded(self, parts: Iterator[bytes]) -> Iterator[bytes]:
        decoder = codecs.getincrementaldecoder(self._encoding)()
        try:
            for part in parts:
                yield decoder.decode(part).encode("utf-8")
            yield decoder.decode(b"", final=True).encode("utf-8")
        except UnicodeError as error:
            raise InputError(
                f"{self._name} is not written in {self._encoding}.", "Declare the right csv.encoding under the source."
            ) from error


def _gathered(parts: Iterator[bytes]) -> Iterator[bytes]:
    """At least one piece; all but the last have the full size."""
    waiting, size = [], 0
    for part in parts:
        waiting.append(part)
        size += len(part)
        if size >= PIECE_BYTES:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)
