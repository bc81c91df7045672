"""The beginning, the middle and the end of a text file, decoded: enough to see what is in it, whatever its size."""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from churnscope.errors import InputError
from churnscope.sources.bytestream import PIECE_BYTES, ByteStream
from churnscope.sources.files import DataFile

PART_BYTES = 1 << 19
MOST_PARTS = 8
MOST_UNPACKED_BYTES = 1 << 31  # a compressed file can only be read from its beginning: what lies beyond is not looked at
_HEAD_BYTES = 1 << 16
_GZIP = b"\x1f\x8b"
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True)
class Text:
    """Parts of a text file, whole lines each, in the order of the file.

    Parameters
    ----------
    parts : the first begins where the file does.
    encoding : utf-8, latin-1 or utf-16, as a config declares it.
    is_whole : whether the parts are all of the file.
    reaches_end : whether the last part ends where the file does.
    share : how much of the file the parts are, about.
    note : what is odd about the encoding; empty where nothing is.
    """

    parts: tuple[str, ...]
    encoding: str
    is_whole: bool
    reaches_end: bool
    share: float
    note: str = ""


def look_into(file: DataFile) -> Text:
    """Some parts of a text file.

    Raises
    ------
    InputError : when it is no text, or damaged, or UTF-16 that does not say so.
    """
    head = _head(file)
    if head.startswith(_UTF16_MARKS):
        pieces, is_whole, reaches_end, share = _streamed(file, "utf-16")
        return Text(tuple(piece.decode() for piece in pieces), "utf-16", is_whole, reaches_end, share)
    pieces, is_whole, reaches_end, share = _streamed(file, "utf-8") if _is_small_or_packed(file, head) else _sought(file)
    _refuse_binary(file, head, pieces)
    encoding, note = _encoding_of(pieces)
    return Text(tuple(piece.decode(encoding, "replace") for piece in pieces), encoding, is_whole, reaches_end, share, note)


def whole_text(file: DataFile, encoding: str, most_bytes: int) -> Iterator[str]:
    """The file's text from its beginning, piece by piece, cut at line ends, until about `most_bytes` have been read."""
    rest, taken = b"", 0
    for piece in ByteStream(file.path, file.name, "utf-16" if encoding == "utf-16" else "utf-8").pieces():
        lines, end, rest = (rest + piece).rpartition(b"\n")
        taken += len(piece)
        yield (lines + end).decode("utf-8" if encoding == "utf-16" else encoding, "replace")
        if taken >= most_bytes:
            return
    yield rest.decode("utf-8" if encoding == "utf-16" else encoding, "replace")


def _head(file: DataFile) -> bytes:
    with file.path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if not head.startswith(_GZIP):
        return head
    try:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(head, _HEAD_BYTES)
    except zlib.error:
        return b""  # the stream itself says what is wrong


def _is_small_or_packed(file: DataFile, head: bytes) -> bool:
    with file.path.open("rb") as stream:
        return file.size_bytes <= PIECE_BYTES or stream.read(2) == _GZIP or not head


def _streamed(file: DataFile, encoding: str) -> tuple[list[bytes], bool, bool, float]:
    """Parts of a file that is read from its beginning: all of a small one, ever wider apart in a large one."""
    pieces = ByteStream(file.path, file.name, encoding).pieces()
    first, second = next(pieces), next(pieces, None)
    if second is None:
        return [first], True, True, 1.0
    middles: list[bytes] = []
    last, total, stride = second, len(first), 1
    for number, piece in enumerate(chain((second,), pieces)):
        total, last = total + len(piece), piece
        if number % stride == 0:
            middles.append(_inner(piece[:PART_BYTES]))
        if len(middles) > MOST_PARTS:
            middles, stride = middles[::2], stride * 2
        if total >= MOST_UNPACKED_BYTES:
            break
    is_end = next(pieces, None) is None
    end = _inner_start(last[-PART_BYTES:])
    parts = [_outer(first[:PART_BYTES]), *middles, end if is_end else _outer(end)]
    return parts, False, is_end, sum(map(len, parts)) / total


def _sought(file: DataFile) -> tuple[list[bytes], bool, bool, float]:
    """Parts of a large plain file, evenly apart."""
    next(ByteStream(file.path, file.name, "utf-8").pieces())  # refuses what is no text
    places = [i * (file.size_bytes - PART_BYTES) // (MOST_PARTS + 1) for i in range(MOST_PARTS + 2)]
    parts = []
    with file.path.open("rb") as stream:
        for place in places:
            stream.seek(place)
            parts.append(stream.read(PART_BYTES))
    kept = [_outer(parts[0].removeprefix(codecs.BOM_UTF8)), *map(_inner, parts[1:-1]), _inner_start(parts[-1])]
    return kept, False, True, sum(map(len, kept)) / file.size_bytes


def _outer(piece: bytes) -> bytes:
    """Without the line that is cut off at the end."""
    return piece[: piece.rfind(b"\n") + 1] or piece


def _inner_start(piece: bytes) -> bytes:
    """Without the line that is cut off at the beginning."""
    return piece[piece.find(b"\n") + 1 :]


def _inner(piece: bytes) -> bytes:
    return _inner_start(_outer(piece))


def _refuse_binary(file: DataFile, head: bytes, pieces: list[bytes]) -> None:
    if len(head) >= 4 and (not any(head[1:64:2]) or not any(head[0:64:2])):
        raise InputError(
            f"{file.name} looks like UTF-16 without a byte order mark.", "Save it as UTF-8, or as UTF-16 with its mark."
        )
    odd = sum(len(_BINARY.findall(piece)) for piece in pieces)
    if odd > 0.001 * sum(map(len, pieces)) or any(b"\0" in piece for piece in pieces):
        raise InputError(f"{file.name} is no text: it holds binary bytes.", "Give CSV (also gzipped) or Parquet files.")


def _encoding_of(pieces: list[bytes]) -> tuple[str, str]:
    """UTF-8 where that is possible; Latin-1 where bytes above 127 are not mostly UTF-8."""
    broken = good = 0
    for piece in pieces:
        text = piece.decode("utf-8", "replace")
        # A character cut at neither end: parts are cut at line ends.
        broken += text.count("\ufffd")
        good += sum(character > "\x7f" for character in text) - text.count("\ufffd")
    if not broken:
        return "utf-8", ""
    if good >= 10 * broken:
        return "utf-8", f"{broken:,} characters of the sample are not UTF-8: their rows will be quarantined"
    return "latin-1", f"{broken:,} characters of the sample are not UTF-8: taken for Latin-1"
