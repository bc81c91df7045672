"""Where the records of a CSV file begin and end: a compiled state machine over bytes.

It knows nothing of values. What it counts is the proof that a reader has lost no row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churnscope.events.compiled import kernel

LINE_FEED, CARRIAGE_RETURN = 10, 13
# Numbers and not an enumeration: compiled code reads them.
_FIELD_START, _IN_FIELD, _QUOTED, _QUOTE_IN_QUOTES = 0, 1, 2, 3
Bytes = NDArray[np.uint8]
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Records:
    """The records found in a piece of a file; empty lines are none.

    Parameters
    ----------
    starts, ends : int64, shape (n_records,), byte offsets in the piece; `ends` stands before the line end.
    fields : int32, shape (n_records,), number of fields.
    lines : int64, shape (n_records,), physical line on which the record begins.
    ascii : bool, shape (n_records,), no byte above 127.
    consumed : bytes up to the end of the last whole record.
    next_line : physical line at `consumed`.
    last_line : physical line reached at the end of the piece.
    is_quoted : whether any field is quoted.
    is_open : whether the piece ends inside quotes.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    fields: NDArray[np.int32]
    lines: NDArray[np.int64]
    ascii: NDArray[np.bool_]
    consumed: int
    next_line: int
    last_line: int
    is_quoted: bool
    is_open: bool

    def __len__(self) -> int:
        return len(self.starts)


def find_records(piece: NDArray[np.uint8], *, delimiter: int, quote: int, line: int, is_last: bool) -> Records:
    """The whole records of a piece that begins at a record.

    Parameters
    ----------
    piece : bytes of the file.
    delimiter, quote : the bytes of the dialect; a quote counts only as the first character of a field, and doubled inside one.
    line : physical line of the first byte.
    is_last : whether the file ends with the piece, so that a record without line end is whole.
    """
    most = int(np.count_nonzero(piece == LINE_FEED) + np.count_nonzero(piece == CARRIAGE_RETURN)) + 1
    starts, ends, lines = (np.empty(most, np.int64) for _ in range(3))
    fields, ascii_only = np.empty(most, np.int32), np.empty(most, np.bool_)
    columns = (starts, ends, fields, lines, ascii_only)
    count, consumed, next_line, last_line, is_quoted, is_open = _scan(piece, delimiter, quote, line, is_last, *columns)
    return Records(
        *(starts[:count], ends[:count], fields[:count], lines[:count], ascii_only[:count]),
        consumed=consumed,
        next_line=next_line,
        last_line=last_line,
        is_quoted=is_quoted,
        is_open=is_open,
    )


@kernel
def _scan(  # noqa: PLR0917 - compiled functions take no keywords
    piece: Bytes,
    delimiter: int,
    quote: int,
    line: int,
    is_last: bool,  # noqa: FBT001
    starts: Numbers,
    ends: Numbers,
    fields: NDArray[np.int32],
    lines: Numbers,
    ascii_only: NDArray[np.bool_],
) -> tuple[int, int, int, int, bool, bool]:
    """Fill the arrays; (records, bytes of whole ones, line there, line reached, any quoted, ends inside quotes)."""
    position, count, is_quoted = 0, 0, False
    while position < piece.size:
        end, after, n_fields, breaks, is_ascii, has_quote, is_open = _record(piece, position, delimiter, quote, is_last)
        is_quoted |= has_quote
        if end < 0:
            return count, position, line, line + breaks, is_quoted, is_open
        if end > position:
            starts[count], ends[count], fields[count] = position, end, n_fields
            lines[count], ascii_only[count] = line, is_ascii
            count += 1
        position = after
        line += breaks
    return count, position, line, line, is_quoted, False


@kernel
def _record(
    piece: Bytes,
    start: int,
    delimiter: int,
    quote: int,
    is_last: bool,  # noqa: FBT001
) -> tuple[int, int, int, int, bool, bool, bool]:
    """One record: (end or -1 when it is not whole, start of the next, fields, lines, ASCII only, any quoted, inside quotes)."""
    state, fields, breaks, is_ascii, is_quoted = _FIELD_START, 1, 0, True, False
    position = start
    while position < piece.size:
        byte = piece[position]
        is_ascii &= byte < 128
        if state == _QUOTED:
            if byte == quote:
                state = _QUOTE_IN_QUOTES
            elif _ends_line(piece, position):
                breaks += 1
        elif state == _QUOTE_IN_QUOTES and byte == quote:
            state = _QUOTED
        elif byte == delimiter:
            fields += 1
            state = _FIELD_START
        elif byte in (LINE_FEED, CARRIAGE_RETURN):
            break
        elif byte == quote and state == _FIELD_START:
            state, is_quoted = _QUOTED, True
        else:
            state = _IN_FIELD
        position += 1
    after = _after_line_end(piece, position, is_last)
    is_whole = after >= 0 and state != _QUOTED
    return position if is_whole else -1, after, fields, breaks + is_whole, is_ascii, is_quoted, state == _QUOTED


@kernel
def _after_line_end(piece: Bytes, position: int, is_last: bool) -> int:  # noqa: FBT001
    """Where the next line begins; -1 when that cannot be told yet: a carriage return may be half of a line end."""
    if position == piece.size or (piece[position] == CARRIAGE_RETURN and position + 1 == piece.size):
        return piece.size if is_last else -1
    is_pair = piece[position] == CARRIAGE_RETURN and piece[position + 1] == LINE_FEED
    return position + 2 if is_pair else position + 1


@kernel
def _ends_line(piece: Bytes, position: int) -> bool:
    """Whether a line ends at this byte; of a CRLF only the second byte does."""
    if piece[position] == LINE_FEED:
        return True
    if piece[position] != CARRIAGE_RETURN:
        return False
    return position + 1 == piece.size or piece[position + 1] != LINE_FEED
