"""How the records of a text file are written: delimiter, quotes, columns kept apart by blanks, a header or none."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "blank"}
_PROBED_LINES = 300
_UNUSED = ("\t", "|", ";", "~", "^")
csv.field_size_limit(1_000_000)


@dataclass(frozen=True)
class Dialect:
    """How records are written.

    Parameters
    ----------
    delimiter : one character.
    quote : one character.
    is_aligned : columns stand below each other, with one or more blanks between them: `delimiter` is a character that
        does not occur, so that a line is one field.
    columns : fields of a record.
    consistent, probed : lines with that many fields, of so many.
    """

    delimiter: str
    quote: str
    is_aligned: bool
    columns: int
    consistent: int
    probed: int

    def records(self, text: str) -> Iterator[list[str]]:
        """The records of some text, values trimmed; empty lines are none."""
        if self.is_aligned:
            yield from (fields for line in text.splitlines() if (fields := line.split()))
            return
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=self.delimiter, quotechar=self.quote):
            if record and record != [""]:
                yield [value.strip() for value in record]


def sniff(text: str) -> Dialect:
    r"""The dialect in which most lines of a text have the same number of fields.

    Examples
    --------
    >>> found = sniff("id;betrag\n1;2,50\n2;3,50\n")
    >>> found.delimiter, found.columns
    (';', 2)
    >>> sniff(" 00001 19970101  1   11.77\n 00002 19970112 12   12.00\n").is_aligned
    True
    """
    lines = [line for line in text.splitlines()[: _PROBED_LINES + 1] if line.strip()][:_PROBED_LINES]
    quote = "'" if _is_quoted_by("'", lines) and not _is_quoted_by('"', lines) else '"'
    found = [_with(delimiter, quote, lines) for delimiter in DELIMITERS if delimiter != " "]
    best = max(found, key=lambda dialect: (dialect.columns > 1, dialect.consistent, dialect.columns))
    if best.columns > 1:
        return best
    blank, aligned = _with(" ", quote, lines), _aligned(lines, quote)
    if blank.columns > 1 and blank.consistent >= aligned.consistent and blank.columns == aligned.columns:
        return blank
    return aligned if aligned.columns > 1 else best


def _with(delimiter: str, quote: str, lines: Sequence[str]) -> Dialect:
    counts = [len(fields) for fields in csv.reader(lines, delimiter=delimiter, quotechar=quote) if fields]
    return Dialect(delimiter, quote, False, *_usual(counts))


def _aligned(lines: Sequence[str], quote: str) -> Dialect:
    unused = next((sign for sign in _UNUSED if not any(sign in line for line in lines)), "\x1f")
    return Dialect(unused, quote, True, *_usual(len(line.split()) for line in lines))


def _usual(counts: Iterable[int]) -> tuple[int, int, int]:
    """The first record's number of fields where most agree with it, else the usual one; how many have it; of how many."""
    counts = list(counts)
    if not counts:
        return 0, 0, 0
    common, times = Counter(counts).most_common(1)[0]
    return common, times, len(counts)


def _is_quoted_by(quote: str, lines: Sequence[str]) -> bool:
    """Whether fields begin and end with the character."""
    return sum(line.lstrip().startswith(quote) or line.rstrip().endswith(quote) for line in lines) > len(lines) / 2
